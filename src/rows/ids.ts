/** Whole numbers at the border: ids of an embedding's rows, read into i32 with every value checked. */
import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import { inStretches, type Jobs } from "../steps.ts";
import { flatData, type Rows, readRows } from "./data.ts";

/** What ids must be. */
export interface IdRules {
  /** Ids in a row. */
  readonly rowElements: number;
  /** Every id is less than this. */
  readonly below: number;
  /** One that may lie outside. Default: none. */
  readonly ignore?: number;
  /** What errors call them. Default: ids. */
  readonly noun?: string;
}

function checked(
  what: string,
  value: number,
  i: number,
  { rowElements, below, ignore, noun = "ids" }: IdRules,
): number {
  if ((Number.isInteger(value) && value >= 0 && value < below) || value === ignore) return value;
  throw new DataError(
    `${what}: ${noun} must be whole numbers from 0 to ${below - 1}; ` +
      `got ${describe(value)} at row ${Math.floor(i / rowElements)}, column ${i % rowElements}` +
      (value === below ? ` (${noun} count from 0)` : ""),
    "label",
  );
}

/** Reads rows `from .. from + count - 1` into `into` at `at`. */
export function readIds(
  what: string,
  data: Rows,
  rules: IdRules,
  from: number,
  count: number,
  into: Int32Array,
  at: number,
): void {
  const { rowElements } = rules;
  const elements = count * rowElements;
  const start = from * rowElements;
  const flat = flatData(data);
  if (flat) {
    for (let i = 0; i < elements; i++) into[at + i] = checked(what, flat[start + i], start + i, rules);
    return;
  }
  // Numbers as they were given: f32 would round them to ids.
  const read = new Float64Array(elements);
  readRows(what, data, rowElements, from, count, read, 0);
  for (let i = 0; i < elements; i++) into[at + i] = checked(what, read[i], start + i, rules);
}

/** All ids as flat i32, once the jobs are done. */
export function flattenIds(what: string, data: Rows, rules: IdRules, rows: number, jobs: Jobs): Int32Array {
  const { rowElements } = rules;
  const into = new Int32Array(rows * rowElements);
  inStretches(jobs, rows, rowElements, (from, count) =>
    readIds(what, data, rules, from, count, into, from * rowElements),
  );
  return into;
}
