import { DataError, ShapeError } from "../errors.ts";
import { isArrayOf, isTypedArray } from "../realm.ts";

/** A matrix with its shape beside its values, row-major: what the engine's parameters and results look like. */
export interface MatrixData {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** A matrix: rows of numbers (nested or typed arrays), or `{ data, shape: [m, n] }`. */
export type MatrixLike = readonly ArrayLike<number>[] | MatrixData;

/** A column of numbers: an array, a typed array, or `{ data, shape: [m] }`. */
export type VectorLike = ArrayLike<number> | MatrixData;

/** A checked copy: finite values, row-major. */
export interface Matrix {
  /** Rows. */
  readonly m: number;
  /** Columns. */
  readonly n: number;
  /** [m, n] f64. */
  readonly data: Float64Array;
  /** The values came from Float32Arrays, so they are known to f32 precision only. */
  readonly single: boolean;
}

function isMatrixData(value: unknown): value is MatrixData {
  return typeof value === "object" && value !== null && "data" in value && "shape" in value;
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedArray(value);
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function finite(who: string, name: string, value: unknown, at: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new DataError(`${who}: ${name} must hold finite numbers; got ${describe(value)} at ${at}`);
  }
  return value;
}

function fromData(who: string, name: string, { data, shape }: MatrixData): Matrix {
  const printed = `[${Array.from(shape, describe).join(", ")}]`;
  const whole = Array.from(shape).every((extent) => Number.isInteger(extent) && extent >= 0);
  if (!whole || shape.length < 1 || shape.length > 2) {
    throw new ShapeError(`${who}: ${name} must have the shape [m] or [m, n]; got ${printed}`);
  }
  const [m, n = 1] = shape as readonly [number, number?];
  if (!isArrayLike(data) || data.length !== m * n) {
    const got = isArrayLike(data) ? `${data.length} values` : describe(data);
    throw new ShapeError(
      `${who}: data of ${name} must hold ${m * n} values for the shape ${printed}; got ${got}`,
    );
  }
  const copy = Float64Array.from({ length: m * n }, (_, i) =>
    finite(who, name, data[i], shape.length === 1 ? `[${i}]` : `[${Math.floor(i / n)}, ${i % n}]`),
  );
  return { m, n, data: copy, single: isArrayOf(Float32Array, data) };
}

function fromRows(who: string, name: string, rows: ArrayLike<unknown>): Matrix {
  const m = rows.length;
  const n = m === 0 ? 0 : (rows[0] as ArrayLike<unknown>).length;
  const data = new Float64Array(m * n);
  let single = m > 0;
  for (let i = 0; i < m; i++) {
    const row = rows[i];
    if (!isArrayLike(row))
      throw new ShapeError(`${who}: ${name} must have rows of numbers; got ${describe(row)} as row ${i}`);
    if (row.length !== n) {
      throw new ShapeError(
        `${who}: rows of ${name} must have one length; got ${n} in row 0, ${row.length} in row ${i}`,
      );
    }
    for (let j = 0; j < n; j++) data[i * n + j] = finite(who, name, row[j], `[${i}, ${j}]`);
    single &&= isArrayOf(Float32Array, row);
  }
  return { m, n, data, single };
}

/** True for a 1-D array of values, and for `{ data, shape: [m] }`. */
export function isVector(value: unknown): value is VectorLike {
  if (isMatrixData(value)) return value.shape.length === 1;
  return isArrayLike(value) && value.length > 0 && !isArrayLike(value[0]);
}

/** Reads a vector as a matrix of one column. */
export function readVector(who: string, name: string, value: VectorLike): Matrix {
  if (isMatrixData(value)) return fromData(who, name, value);
  return {
    m: value.length,
    n: 1,
    data: Float64Array.from({ length: value.length }, (_, i) => finite(who, name, value[i], `[${i}]`)),
    single: isArrayOf(Float32Array, value),
  };
}

/** Reads and checks a matrix of at least one row and one column. */
export function readMatrix(who: string, name: string, value: MatrixLike): Matrix {
  if (!isMatrixData(value) && !isArrayLike(value)) {
    throw new ShapeError(
      `${who}: ${name} must be rows of numbers or { data, shape }; got ${describe(value)}`,
    );
  }
  if (isVector(value)) {
    throw new ShapeError(`${who}: ${name} must have rows and columns; got one dimension`);
  }
  const matrix = isMatrixData(value) ? fromData(who, name, value) : fromRows(who, name, value);
  if (matrix.m === 0 || matrix.n === 0) {
    throw new ShapeError(
      `${who}: ${name} must have at least one row and one column; got [${matrix.m}, ${matrix.n}]`,
    );
  }
  return matrix;
}
