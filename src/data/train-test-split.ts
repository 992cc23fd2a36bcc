/** Rows as `fit` takes them, in two parts. */
import { describe } from "../describe.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { BOOLEAN, readOptions, refuseMore } from "../options.ts";
import { SEED_RULE, splitClasses, TEST_SHARE } from "./table/split.ts";

/** What generated sets and `columns` of a table give. */
export interface SplittableData {
  /** Shape [rows, columns]. */
  readonly x: { readonly data: Float64Array; readonly shape: readonly [number, number] };
  /** [rows] Classes, their names, or numbers. */
  readonly y: Int32Array | Float64Array | readonly string[];
}

export interface TrainTestOptions {
  /** The share of the rows that `test` gets, in (0, 1). */
  readonly test: number;
  /** Whether both parts get the values of y in the same shares. Default: where y has classes, not where it is a Float64Array. */
  readonly stratify?: boolean;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Keeps a share of the rows apart. Both parts keep the order of the rows; which rows go where follows from the seed, the row count and,
 * where it is stratified, the classes. Tables have a `split` of their own.
 *
 * @throws OptionError for a share outside (0, 1) or with too few rows for it, ShapeError for another number of targets than rows
 * @example
 * const { train, test } = trainTestSplit(makeMoons({ rows: 100 }), { test: 0.3, seed: 1 });
 * [train.y.length, test.y.length]; // => [70, 30]
 */
export function trainTestSplit<D extends SplittableData>(
  data: D,
  options: TrainTestOptions,
): { train: Pick<D, "x" | "y">; test: Pick<D, "x" | "y"> } {
  refuseMore("trainTestSplit", arguments, 2, "write trainTestSplit({ x, y }, { test: 0.2 })");
  const { test, stratify, seed } = readOptions("trainTestSplit", options, {
    test: [undefined, TEST_SHARE],
    stratify: [undefined, BOOLEAN],
    seed: [0, SEED_RULE],
  });
  const { x, y } = Object(data) as Partial<D>;
  const [rows, width] = x?.shape ?? [];
  if (!(x && y?.length === rows && x.data?.length === Number(rows) * Number(width)))
    throw new ShapeError(
      `trainTestSplit: data must be { x: { data, shape: [rows, columns] }, y } with a target for each row; got ${describe(data)}`,
    );
  if (test === undefined)
    throw new OptionError("trainTestSplit: test must be given, such as { test: 0.2 }; got none");
  const isStratified = stratify ?? !(data.y instanceof Float64Array);
  const parts = splitClasses("trainTestSplit", rowsByValue(data.y, isStratified), data.y.length, test, seed);
  const [train, held] = parts.map((part) => take(data, part));
  return { train, test: held };
}

/** The rows of each distinct value, ascending; all rows as one where values do not count. */
function rowsByValue(y: SplittableData["y"], isStratified: boolean): number[][] {
  const byValue = new Map<number | string, number[]>();
  for (let row = 0; row < y.length; row++) {
    const value = isStratified ? y[row] : 0;
    const rows = byValue.get(value);
    if (rows) rows.push(row);
    else byValue.set(value, [row]);
  }
  return [...byValue].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rows]) => rows);
}

function take<D extends SplittableData>({ x, y }: D, rows: Int32Array): Pick<D, "x" | "y"> {
  const width = x.shape[1];
  const data = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    data.set(x.data.subarray(row * width, (row + 1) * width), i * width);
  });
  const part = Array.isArray(y)
    ? []
    : y instanceof Int32Array
      ? new Int32Array(rows.length)
      : new Float64Array(rows.length);
  rows.forEach((row, i) => {
    (part as (number | string)[])[i] = y[row];
  });
  return { x: { data, shape: [rows.length, width] }, y: part } as Pick<D, "x" | "y">;
}
