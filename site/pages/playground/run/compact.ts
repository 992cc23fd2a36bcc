/** The content of a link as short JSON: columns of numbers as whole numbers with an exponent, words as indices. */
import type { Claim, Config, LinkContent, OwnColumn, OwnData } from "./types.ts";

/** Digits behind the point that are tried. */
const MOST_DECIMALS = 15;

interface CompactNumbers {
  readonly n: string;
  /** Digits behind the point; absent where the cells stand as they are. */
  readonly e?: number;
  /** Each whole number less the one before it; null is missing. */
  readonly d?: readonly (number | null)[];
  readonly v?: readonly (number | null)[];
}

interface CompactWords {
  readonly n: string;
  readonly w: readonly string[];
  /** Indices into `w`; -1 is missing. */
  readonly i: readonly number[];
}

type CompactColumn = CompactNumbers | CompactWords;

interface CompactOwn extends Omit<OwnData, "columns" | "target"> {
  readonly columns: readonly CompactColumn[];
  readonly target: CompactColumn;
}

/** Whole numbers that give a column back to the last bit when they are divided by a power of ten; undefined where there are none. */
function wholeNumbers(
  cells: readonly (number | null)[],
): { e: number; whole: (number | null)[] } | undefined {
  for (let e = 0; e <= MOST_DECIMALS; e++) {
    const scale = 10 ** e;
    const whole = cells.map((cell) => (cell === null ? null : Math.round(cell * scale)));
    const isExact = whole.every((n, i) => n === null || (Number.isSafeInteger(n) && n / scale === cells[i]));
    if (isExact) return { e, whole };
  }
  return undefined;
}

function deltas(whole: readonly (number | null)[]): (number | null)[] {
  let before = 0;
  return whole.map((n) => {
    if (n === null) return null;
    const delta = n - before;
    before = n;
    return delta;
  });
}

const shorter = <T>(a: T, b: T): T => (JSON.stringify(b).length < JSON.stringify(a).length ? b : a);

function packColumn(column: OwnColumn): CompactColumn {
  const { name: n } = column;
  if (column.kind === "category") {
    const w = [...new Set(column.cells)].filter((word) => word !== null);
    return { n, w, i: column.cells.map((cell) => (cell === null ? -1 : w.indexOf(cell))) };
  }
  const found = wholeNumbers(column.cells);
  if (!found) return { n, v: column.cells };
  const { e, whole } = found;
  const d = deltas(whole);
  // A larger difference is rounded.
  const isExact = d.every((delta) => delta === null || Number.isSafeInteger(delta));
  return isExact ? shorter<CompactNumbers>({ n, e, v: whole }, { n, e, d }) : { n, e, v: whole };
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** What a packed column means; what is none is left as it is, for `readConfig` to refuse. */
function unpackColumn(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return given;
  const { n, w, i, e, d, v } = given as Partial<CompactNumbers & CompactWords>;
  if (isList(w) && isList(i))
    return { name: n, kind: "category", cells: i.map((index) => (index === -1 ? null : w[index as number])) };
  const scale = typeof e === "number" && e >= 0 && e <= MOST_DECIMALS ? 10 ** e : 1;
  const scaled = (n: unknown) => (typeof n === "number" ? n / scale : n);
  if (isList(v)) return { name: n, kind: "number", cells: v.map(scaled) };
  if (!isList(d)) return given;
  let sum = 0;
  return {
    name: n,
    kind: "number",
    cells: d.map((delta) => {
      if (typeof delta !== "number") return delta;
      sum += delta;
      return sum / scale;
    }),
  };
}

function packData(data: Config["data"]): unknown {
  if (data.kind === "toy") return data;
  return {
    ...data,
    columns: data.columns.map(packColumn),
    target: packColumn(data.target),
  } satisfies CompactOwn;
}

function unpackData(given: unknown): unknown {
  if (typeof given !== "object" || given === null || !Object.hasOwn(given, "columns")) return given;
  const { columns, target } = given as Partial<CompactOwn>;
  return {
    ...given,
    columns: isList(columns) ? columns.map(unpackColumn) : columns,
    target: unpackColumn(target),
  };
}

/** As the JSON of a link has it. */
export function pack({ version, config, claim }: LinkContent): unknown {
  return {
    version,
    config: { ...config, data: packData(config.data) },
    ...(claim && { claim }),
  };
}

/** The reverse of `pack`, of anything: unchecked. */
export function unpack(given: unknown): { version?: unknown; config?: unknown; claim?: Partial<Claim> } {
  const { version, config, claim } = Object(given) as Partial<LinkContent>;
  const isConfig = typeof config === "object" && config !== null && Object.hasOwn(config, "data");
  return { version, config: isConfig ? { ...config, data: unpackData(config.data) } : config, claim };
}
