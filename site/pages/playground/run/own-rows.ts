/** The visitor's own rows as numbers: a word as its index, NaN for what is missing. */
import type { Column } from "wasmgrad";
import { ConfigError, shown } from "./config.ts";
import { axesOf, type Rows, type RunRows, splitRows } from "./rows.ts";
import type { OwnColumn, OwnData } from "./types.ts";

/** Rows with the columns that the model reads. */
export interface OwnRows extends RunRows {
  readonly columns: readonly Column[];
}

const isNumber = (word: string) => word.trim() !== "" && Number.isFinite(Number(word));

/** The different words of a column: numbers ascending, others by code units. */
export function wordsOf(column: OwnColumn): readonly string[] {
  const words = [
    ...new Set((column.cells as readonly (string | null)[]).filter((word) => word !== null)),
  ].sort();
  // A stable sort: "1" and "1.0" stay by code units.
  return words.every(isNumber) ? words.sort((a, b) => Number(a) - Number(b)) : words;
}

/** Rows before they are split. */
export function encodeRows({ columns, target }: OwnData): Rows & { readonly columns: readonly Column[] } {
  const rows = target.cells.length;
  const width = columns.length;
  const data = new Float64Array(rows * width);
  const read = columns.map((column, j): Column => {
    const words = column.kind === "category" ? wordsOf(column) : [];
    column.cells.forEach((cell, row) => {
      data[row * width + j] =
        cell === null ? NaN : column.kind === "category" ? words.indexOf(cell as string) : (cell as number);
    });
    return column.kind === "category"
      ? { name: column.name, kind: "category", categories: words }
      : { name: column.name, kind: "number" };
  });
  const classes = target.kind === "category" ? wordsOf(target) : [];
  const y =
    target.kind === "category"
      ? Int32Array.from(target.cells, (cell) => classes.indexOf(cell as string))
      : Float64Array.from(target.cells, Number);
  return { x: { data, shape: [rows, width] }, y, columns: read };
}

/** @throws ConfigError for rows that cannot be split, or of which no training row has a value of some column */
export function ownRows(data: OwnData): OwnRows {
  const { columns, ...rows } = encodeRows(data);
  const parts = splitRows(rows, data.train, data.seed);
  const { target, axes } = data;
  const numbers = data.columns.map(({ name }) => name);
  const shownColumns = [numbers.indexOf(axes[0]), numbers.indexOf(axes[1])] as const;
  const typical = Float64Array.from(data.columns, (column, j) => typicalOf(column, parts.train, j));
  const outputs = target.kind === "category" ? wordsOf(target) : [target.name];
  return {
    ...parts,
    columns,
    task: target.kind === "category" ? "classes" : "numbers",
    outputs,
    axes: axesOf(parts, axes, shownColumns),
    inputs: data.columns.flatMap((column) =>
      column.kind === "number"
        ? column.name
        : [...wordsOf(column).map((word) => `${column.name} = ${word}`), `${column.name} = other`],
    ),
    notes: target.kind === "category" ? notesOf(parts, outputs) : [],
    shown: shownColumns,
    typical,
  };
}

/** The most frequent word; of numbers NaN, which the model takes for the mean. */
function typicalOf(column: OwnColumn, { x }: Rows, j: number): number {
  const counts = new Map<number, number>();
  for (let at = j; at < x.data.length; at += x.shape[1])
    if (!Number.isNaN(x.data[at])) counts.set(x.data[at], (counts.get(x.data[at]) ?? 0) + 1);
  if (column.kind === "category") return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? NaN;
  if (counts.size === 0)
    throw new ConfigError(
      "data.columns",
      `${shown(column.name)} has no value in any training row: leave the column out, or train on more rows.`,
    );
  return NaN;
}

function notesOf({ train, test }: { readonly train: Rows; readonly test: Rows }, classes: readonly string[]) {
  const without = ({ y }: Rows) => classes.filter((_, i) => !y.includes(i as never));
  return [
    ...without(train).map((name) => `Class ${shown(name)} has no training row.`),
    ...without(test).map((name) => `Class ${shown(name)} has no test row.`),
  ];
}
