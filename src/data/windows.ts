import { describe } from "../describe.ts";
import { DataError, OptionError } from "../errors.ts";
import { COUNT, type Rule, readOptions, refuseMore, STRING } from "../options.ts";
import { unknownName } from "../suggest.ts";
import { valuesOf } from "./table/split.ts";
import { Table } from "./table/table.ts";

export interface WindowsOptions {
  /** Rows that the model sees. */
  readonly length: number;
  /** Rows after them that it predicts; default 1. */
  readonly horizon?: number;
  /** Columns that it sees, of numbers or dates; by default all such. */
  readonly columns?: readonly string[];
  /** Columns that it predicts; by default those that it sees. */
  readonly target?: readonly string[];
  /** A column whose values part the series: no window holds rows of two. */
  readonly groups?: string;
  /** Rows from the beginning of a window to that of the next; default 1. */
  readonly stride?: number;
}

const NAMES: Rule = [
  'an array of names, such as ["price"]',
  (list: unknown) => Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === "string"),
  "object",
];

/** Windows over time series: rows and targets as `fit` takes them, each a view of one array. */
export class SeriesWindows {
  /** Each [length * columns], row-major. */
  readonly x: Float64Array[];
  /** Each [horizon * target columns]. */
  readonly y: Float64Array[];
  readonly #last: Int32Array;
  readonly #shape: readonly [number, number];

  /** @internal */
  constructor(x: Float64Array[], y: Float64Array[], last: Int32Array, shape: readonly [number, number]) {
    this.x = x;
    this.y = y;
    this.#last = last;
    this.#shape = shape;
  }

  /** Of one window: [length, columns]. */
  get shape(): readonly [number, number] {
    return this.#shape;
  }

  /** The row of the table that each window ends with. */
  get last(): Int32Array {
    return this.#last;
  }
}

/**
 * Windows over the rows of a table, in their order: each sees `length` rows and predicts the `horizon` rows after them. The numbers
 * are copied once into rows; windows are views of them, so a hundred windows that share a row do not take a hundred times
 * the memory.
 *
 * @returns `{ x, y }` for `fit` and `fitStream`, with `shape` and `last` beside
 * @throws DataError for unknown columns, columns of text, and series that are all shorter than a window; OptionError
 * @example
 * const table = readJson(Array.from({ length: 6 }, (_, t) => ({ t, price: 10 * t })));
 * const { x, y, shape } = windows(table, { length: 3, columns: ["price"] });
 * x.map((row) => [...row]); // => [[0, 10, 20], [10, 20, 30], [20, 30, 40]]
 * y.map((row) => [...row]); // => [[30], [40], [50]]
 * shape; // => [3, 1]
 */
export function windows(table: Table, options: WindowsOptions): SeriesWindows {
  refuseMore("windows", arguments, 2, "write windows(table, { length, .. })");
  if (!(table instanceof Table))
    throw new DataError(
      `windows: takes a table, as readCsv and readJson give it; got ${describe(table)}`,
      "type",
    );
  const { length, horizon, columns, target, groups, stride } = readOptions("windows", options, {
    length: [undefined, COUNT],
    horizon: [1, COUNT],
    columns: [undefined, NAMES],
    target: [undefined, NAMES],
    groups: [undefined, STRING],
    stride: [1, COUNT],
  });
  if (length === undefined)
    throw new OptionError(
      "windows: length must be the rows that the model sees, such as { length: 24 }; got none",
    );
  const numeric = table.columns.filter(({ kind, name }) => kind !== "category" && name !== groups);
  const seen = columns ?? numeric.map(({ name }) => name);
  const predicted = target ?? seen;
  for (const name of [...seen, ...predicted, ...(groups === undefined ? [] : [groups])])
    if (!table.has(name)) throw new DataError(unknownName("windows", "column", name, table.names), "unknown");
  if (seen.length === 0)
    throw new DataError("windows: the table must have columns of numbers; got none", "missing");
  const series =
    groups === undefined
      ? [Array.from({ length: table.rows }, (_, row) => row)]
      : valuesOf(table.column(groups)).sort(([a], [b]) => a - b);
  const order = series.flat();
  const inputs = matrixOf(table, seen, order);
  const isSame = seen.length === predicted.length && seen.every((name, i) => name === predicted[i]);
  const targets = isSame ? inputs : matrixOf(table, predicted, order);
  const x: Float64Array[] = [];
  const y: Float64Array[] = [];
  const last: number[] = [];
  let start = 0;
  for (const rows of series) {
    for (let at = start; at + length + horizon <= start + rows.length; at += stride) {
      x.push(inputs.subarray(at * seen.length, (at + length) * seen.length));
      y.push(targets.subarray((at + length) * predicted.length, (at + length + horizon) * predicted.length));
      last.push(order[at + length - 1]);
    }
    start += rows.length;
  }
  if (x.length === 0)
    throw new DataError(
      `windows: a series must have at least length + horizon rows, ${length + horizon}; got ${Math.max(...series.map((rows) => rows.length))} at most`,
      "missing",
    );
  return new SeriesWindows(x, y, Int32Array.from(last), [length, seen.length]);
}

/** Columns as rows, [rows, names]. */
function matrixOf(table: Table, names: readonly string[], order: readonly number[]): Float64Array {
  const matrix = new Float64Array(order.length * names.length);
  names.forEach((name, j) => {
    const { kind, data } = table.column(name);
    if (kind === "category")
      throw new DataError(`windows: columns must be numbers or dates; got text in ${describe(name)}`, "type");
    order.forEach((row, i) => {
      matrix[i * names.length + j] = data[row];
    });
  });
  return matrix;
}
