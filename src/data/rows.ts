/** Parts of data in every form that `fit` takes. */
import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import { isTypedArray } from "../realm.ts";

/** Rows and targets in any form that `fit` takes, with weights where there are some. */
export interface AnyData {
  readonly x: unknown;
  readonly y: unknown;
  readonly sampleWeight?: unknown;
}

interface Shaped {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

export const isShaped = (value: unknown): value is Shaped =>
  typeof value === "object" &&
  value !== null &&
  "data" in value &&
  Array.isArray((value as Partial<Shaped>).shape);

/** How many rows data have, by the part that says it: a typed array alone does not tell how long its rows are. */
export function countRows(who: string, { x, y }: AnyData): number {
  const rows = rowsOf(y) ?? rowsOf(x) ?? (isTypedArray(y) ? y.length : undefined);
  if (rows === undefined)
    throw new DataError(
      `${who}: data must be { x, y } as fit takes them; got { x: ${describe(x)}, y: ${describe(y)} }`,
      "missing",
    );
  return rows;
}

function rowsOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (isShaped(value)) return value.shape[0];
  if (typeof value !== "object" || value === null || isTypedArray(value)) return undefined;
  for (const part of Object.values(value)) {
    const rows = rowsOf(part);
    if (rows !== undefined) return rows;
  }
  return undefined;
}

/**
 * Rows by their indices, in the form that they were given in.
 *
 * @param rows how many there are in all
 */
export function pickRows(who: string, value: unknown, rows: number, indices: ArrayLike<number>): unknown {
  const count = indices.length;
  if (Array.isArray(value)) {
    checkCount(who, value.length, rows);
    return Array.from({ length: count }, (_, i) => value[indices[i]]);
  }
  if (isShaped(value)) {
    checkCount(who, value.shape[0], rows);
    const width = value.data.length / rows;
    return { data: pickNumbers(value.data, width, indices), shape: [count, ...value.shape.slice(1)] };
  }
  if (isTypedArray(value)) {
    const width = value.length / rows;
    if (!Number.isInteger(width))
      throw new DataError(
        `${who}: all parts must have as many rows; got ${describe(value)} for ${rows} rows`,
        "type",
      );
    return pickNumbers(value, width, indices);
  }
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, pickRows(who, part, rows, indices)]),
    );
  throw new DataError(`${who}: data must be rows; got ${describe(value)}`, "type");
}

function checkCount(who: string, got: number, rows: number): void {
  if (got !== rows)
    throw new DataError(`${who}: all parts must have as many rows; got ${got} and ${rows}`, "type");
}

function pickNumbers(data: ArrayLike<number>, width: number, indices: ArrayLike<number>): ArrayLike<number> {
  const length = width * indices.length;
  const picked = Array.isArray(data)
    ? new Array<number>(length)
    : new (data.constructor as Float64ArrayConstructor)(length);
  for (let i = 0; i < indices.length; i++)
    for (let j = 0; j < width; j++) picked[i * width + j] = data[indices[i] * width + j];
  return picked;
}

/** The parts of data at these rows. */
export function pickData<D extends AnyData>(
  who: string,
  data: D,
  rows: number,
  indices: ArrayLike<number>,
): D {
  const { x, y, sampleWeight } = data;
  const pick = (value: unknown) => pickRows(who, value, rows, indices);
  const weights = sampleWeight === undefined ? {} : { sampleWeight: pick(sampleWeight) };
  return { x: pick(x), y: pick(y), ...weights } as D;
}

/** Whole numbers with more different values are no classes. */
const MOST_CLASSES = 20;

/** The rows of each class, where targets are names or whole numbers of few values; undefined where they are none. */
export function classRows(y: unknown): number[][] | undefined {
  const list = isShaped(y) && y.data.length === y.shape[0] ? y.data : y;
  if (!Array.isArray(list) && !isTypedArray(list)) return undefined;
  const byClass = new Map<number | string, number[]>();
  for (let row = 0; row < list.length; row++) {
    const value: unknown = list[row];
    if (typeof value !== "string" && !Number.isInteger(value)) return undefined;
    const rows = byClass.get(value as number | string);
    if (rows) rows.push(row);
    else byClass.set(value as number | string, [row]);
    if (typeof value !== "string" && byClass.size > MOST_CLASSES) return undefined;
  }
  return [...byClass].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rows]) => rows);
}
