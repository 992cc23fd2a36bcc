/** Data at the border: rows in any of the accepted forms, read into f32 with every value checked. */
import { describe } from "../describe.ts";
import { DataError, ShapeError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import { isArrayOf, isTypedArray } from "../realm.ts";
import { inStretches, type Jobs } from "../steps.ts";

export type NumericArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** One row: numbers, nested as the input's shape or flat. */
export type Row = number | NumericArray | readonly Row[];

/** Data with its shape beside it, row-major; the first dimension counts rows. Results of `predict` are of this form. */
export interface Shaped {
  readonly data: NumericArray | readonly number[];
  readonly shape: Shape;
}

/**
 * Many rows: nested arrays, an array of typed rows, one typed array whose length is a multiple of the row size, or
 * `{ data, shape }`. A list of plain numbers is one column where a row is one number, and one row where it fits.
 */
export type Rows = readonly Row[] | NumericArray | Shaped;

/**
 * A computed array: its own copy, never a view of the engine's memory. `structuredClone`, `postMessage` and
 * `JSON.stringify` keep data and shape, which every call that takes rows accepts.
 *
 * @typeParam A its numbers as nested arrays: `number[][]` where the rank is known before it is computed
 */
export interface Result<A extends NestedNumbers = NestedNumbers> {
  readonly data: Float32Array;
  /** Rows first: `[rows, units]`. */
  readonly shape: readonly number[];
  /** The numbers as nested arrays; a last axis of length 1 stays an axis. */
  toArray(): A;
  /** What `JSON.stringify` writes: the shape, and the numbers as a plain array. */
  toJSON(): { readonly data: number[]; readonly shape: readonly number[] };
}

/** Numbers in arrays nested to any depth. */
export type NestedNumbers = (number | NestedNumbers)[];

/** The nested arrays of rows of a shape: `number[][]` for `[784]`. */
export type NestedRows<S> = S extends readonly []
  ? number[]
  : S extends readonly [unknown, ...infer Rest]
    ? NestedRows<Rest>[]
    : NestedNumbers;

/** Methods stand on the prototype: structured clones and messages carry data and shape alone. */
class ComputedArray<A extends NestedNumbers> implements Result<A> {
  constructor(
    readonly data: Float32Array,
    readonly shape: readonly number[],
  ) {}

  toArray(): A {
    return nest(this.data, this.shape, 0, 0) as A;
  }

  toJSON(): { readonly data: number[]; readonly shape: readonly number[] } {
    return { data: Array.from(this.data), shape: this.shape };
  }
}

export const makeResult = <A extends NestedNumbers>(
  data: Float32Array,
  shape: readonly number[],
): Result<A> => new ComputedArray(data, shape);

function nest(
  data: Float32Array,
  shape: readonly number[],
  axis: number,
  at: number,
): number | NestedNumbers {
  if (axis === shape.length) return data[at];
  const stride = shape.slice(axis + 1).reduce((p, d) => p * d, 1);
  return Array.from({ length: shape[axis] }, (_, i) => nest(data, shape, axis + 1, at + i * stride));
}

export const isNumericArray = isTypedArray as (value: unknown) => value is NumericArray;

const isShaped = (value: unknown): value is Shaped =>
  typeof value === "object" && value !== null && "data" in value && "shape" in value;

/** The rows as one flat list where they are stored that way. */
export function flatData(data: Rows): NumericArray | readonly number[] | undefined {
  if (isNumericArray(data)) return data;
  if (isShaped(data)) return data.data;
  return undefined;
}

/**
 * How many rows `data` has.
 *
 * @param what names the data in errors: `fit: x`
 * @throws ShapeError where the data cannot be rows of `rowElements` numbers
 */
export function countRows(what: string, data: Rows, rowElements: number): number {
  if (isShaped(data)) {
    const { shape } = data;
    if (!isShape(shape) || !isList(data.data) || data.data.length !== product(shape, 0))
      throw new ShapeError(
        `${what}: data must be a list of as many numbers as its shape says; ` +
          `got ${describe(data.data)} for the shape ${isList(shape) ? JSON.stringify(shape) : describe(shape)}`,
        "rows",
      );
    if (product(shape, 1) !== rowElements)
      throw new ShapeError(
        `${what}: rows must have ${counted(rowElements)}; got shape ${JSON.stringify(shape)}`,
        "rows",
      );
    return shape[0];
  }
  const flat = isNumericArray(data) || (Array.isArray(data) && typeof data[0] === "number");
  if (!flat) {
    if (!Array.isArray(data))
      throw new ShapeError(
        `${what}: rows must be an array of arrays of numbers, a typed array or { data, shape }; got ${describe(data)}`,
        "rows",
      );
    return data.length;
  }
  const { length } = data as NumericArray;
  if (length % rowElements !== 0 || (Array.isArray(data) && rowElements > 1 && length !== rowElements))
    throw new ShapeError(
      `${what}: rows must have ${counted(rowElements)}; got ${
        Array.isArray(data)
          ? `a flat array of ${length}: write each row as an array, as in [[..], [..]], or pass { data, shape }`
          : `${describe(data)}, which is no multiple of it`
      }`,
      "rows",
    );
  return length / rowElements;
}

const isShape = (shape: unknown): shape is Shape =>
  Array.isArray(shape) && shape.length > 0 && shape.every((d) => Number.isSafeInteger(d) && d >= 0);

/**
 * Reads rows `from .. from + count - 1` into `into` at `at`; every number must be finite there.
 *
 * @param missing by column whether NaN may stand for a missing value. Default: nowhere
 */
export function readRows(
  what: string,
  data: Rows,
  rowElements: number,
  from: number,
  count: number,
  into: Float32Array | Float64Array,
  at: number,
  missing?: Uint8Array,
): void {
  const rows = data as readonly Row[];
  const flat = flatData(data) ?? (typeof rows[0] === "number" ? rows : undefined);
  if (flat) {
    const start = from * rowElements;
    for (let i = 0; i < count * rowElements; i++)
      storeChecked(what, flat[start + i], into, at + i, from, i, rowElements, missing);
    return;
  }
  for (let i = 0; i < count; i++) {
    const end = readRow(
      what,
      rows[from + i],
      from + i,
      into,
      at + i * rowElements,
      at + i * rowElements,
      rowElements,
      missing,
    );
    const got = end - at - i * rowElements;
    if (got !== rowElements)
      throw new ShapeError(`${what}: row ${from + i} must have ${counted(rowElements)}; got ${got}`, "rows");
  }
}

/** Reads one row, however nested, and returns where it ended. */
function readRow(
  what: string,
  row: unknown,
  index: number,
  into: Float32Array | Float64Array,
  start: number,
  at: number,
  rowElements: number,
  missing: Uint8Array | undefined,
): number {
  if (typeof row === "number") {
    if (at - start < rowElements) storeChecked(what, row, into, at, index, at - start, rowElements, missing);
    return at + 1;
  }
  if (!isList(row)) throw notANumber(what, row, index, at - start);
  const list = row as readonly unknown[];
  let width = -1;
  for (let j = 0; j < list.length; j++) {
    const v = list[j];
    if (typeof v === "number") {
      if (at - start < rowElements) storeChecked(what, v, into, at, index, at - start, rowElements, missing);
      at++;
      continue;
    }
    const end = readRow(what, v, index, into, start, at, rowElements, missing);
    if (width >= 0 && end - at !== width)
      throw new ShapeError(
        `${what}: row ${index} must be nested evenly; got lists of ${width} and ${end - at} numbers in it`,
        "rows",
      );
    width = end - at;
    at = end;
  }
  return at;
}

function storeChecked(
  what: string,
  value: unknown,
  into: Float32Array | Float64Array,
  at: number,
  firstRow: number,
  i: number,
  rowElements: number,
  missing?: Uint8Array,
): void {
  if (typeof value === "number") {
    into[at] = value;
    const kept = into[at];
    if (kept - kept === 0) return;
    if (missing?.[i % rowElements] && Number.isNaN(value)) return;
  }
  const row = firstRow + Math.floor(i / rowElements);
  const column = i % rowElements;
  if (typeof value !== "number") throw notANumber(what, value, row, column);
  const precision = isArrayOf(Float32Array, into) ? " in single precision" : "";
  throw new DataError(
    `${what}: numbers must be finite${precision}; got ${value} at row ${row}, column ${column}` +
      (Number.isNaN(value) ? MISSING : Number.isFinite(value) ? " (scale the column)" : ""),
    "not-finite",
  );
}

const MISSING = " (a missing value? impute it or drop the row)";

function notANumber(what: string, value: unknown, row: number, column: number): DataError {
  const advice: Readonly<Record<string, string>> = {
    undefined: MISSING,
    boolean: " (write 1 or 0)",
    bigint: " (convert it with Number)",
    string: " (encode words as numbers, such as one column for each word)",
    object: " (list its numbers in a fixed order)",
  };
  const hint =
    value === null || value === ""
      ? MISSING
      : typeof value === "string" && Number.isFinite(+value)
        ? advice.bigint
        : (advice[typeof value] ?? "");
  return new DataError(
    `${what}: numbers only; got ${describe(value)} at row ${row}, column ${column}${hint}`,
    "type",
  );
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || isNumericArray(value);

const counted = (numbers: number) => (numbers === 1 ? "1 number" : `${numbers} numbers`);

const product = (shape: Shape, from: number) => shape.slice(from).reduce((p, d) => p * d, 1);

/** All rows as flat f32, once the jobs are done: the given array itself where it already is that, after checking it. */
export function flatten32(
  what: string,
  data: Rows,
  rowElements: number,
  rows: number,
  jobs: Jobs,
): Float32Array {
  const flat = flatData(data);
  const given = isArrayOf(Float32Array, flat) ? flat : undefined;
  const into = given ?? new Float32Array(rows * rowElements);
  inStretches(jobs, rows, rowElements, (from, count) => {
    if (!given) return readRows(what, data, rowElements, from, count, into, from * rowElements);
    const end = (from + count) * rowElements;
    for (let i = from * rowElements; i < end; i++)
      if (given[i] - given[i] !== 0)
        storeChecked(what, given[i], given.slice(i, i + 1), 0, 0, i, rowElements);
  });
  return into;
}

/** All rows as flat f64, a copy, once the jobs are done. */
export function flatten64(
  what: string,
  data: Rows,
  rowElements: number,
  rows: number,
  jobs: Jobs,
): Float64Array {
  const into = new Float64Array(rows * rowElements);
  inStretches(jobs, rows, rowElements, (from, count) =>
    readRows(what, data, rowElements, from, count, into, from * rowElements),
  );
  return into;
}

/** Whether rows, in any of the accepted forms or by input name, share memory with an array. */
export function overlaps(rows: unknown, array: Float32Array): boolean {
  if (ArrayBuffer.isView(rows))
    return (
      rows.buffer === array.buffer &&
      rows.byteOffset < array.byteOffset + array.byteLength &&
      array.byteOffset < rows.byteOffset + rows.byteLength
    );
  if (typeof rows !== "object" || rows === null) return false;
  // Objects in a list are rows of a table, whose cells share nothing.
  if (Array.isArray(rows))
    return rows.some((row) => (Array.isArray(row) || ArrayBuffer.isView(row)) && overlaps(row, array));
  return Object.values(rows).some((part) => overlaps(part, array));
}

/** What was given for one input or target: all of it, or its entry of that name. */
export const entryOf = (x: unknown, name: string, named: boolean): Rows =>
  named ? (x as Record<string, Rows>)[name] : (x as Rows);
