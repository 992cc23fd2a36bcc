/** The forms that truth and predictions come in, told apart and read into f64. */
import { describe } from "../describe.ts";
import { DataError, ShapeError } from "../errors.ts";
import type { Classification } from "../program/classify.ts";
import { isArrayOf, isTypedArray } from "../realm.ts";
import type { Rows, Shaped } from "../rows/data.ts";

export interface NumberForm {
  readonly form: "numbers";
  readonly rows: number;
  /** Numbers in a row; 1 for a plain list. */
  readonly columns: number;
  readonly data: Float64Array;
  /** Whether they may be what `predict` gives: numbers in single or double precision. Whole numbers of it are probabilities. */
  readonly isComputed: boolean;
}

export interface NameForm {
  readonly form: "names";
  readonly rows: number;
  readonly names: readonly string[];
}

/** What `classify` gives: one class a row, or with `top` several. */
export interface ClassifiedForm {
  readonly form: "classified";
  readonly rows: number;
  readonly classes: readonly Classification[] | undefined;
  readonly ranked: readonly (readonly Classification[])[] | undefined;
}

export type Form = NumberForm | NameForm | ClassifiedForm;

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value) || isTypedArray(value);

const isClassification = (value: unknown): value is Classification =>
  typeof value === "object" && value !== null && "index" in value && "probability" in value;

const isShaped = (value: unknown): value is Shaped =>
  typeof value === "object" && value !== null && "data" in value && "shape" in value;

/**
 * @param what names the data in errors: `f1: truth`
 * @throws DataError or ShapeError for what is none of the forms
 */
export function formOf(what: string, given: unknown): Form {
  if (!isList(given) && !isShaped(given))
    throw new DataError(
      `${what} must be rows, class indices or class names; got ${describe(given)}`,
      given === undefined ? "missing" : "type",
    );
  if (isShaped(given)) return numbersOf(what, given, given.shape[0], given.shape.slice(1));
  if (given.length === 0) throw new DataError(`${what} must have at least one row; got none`, "missing");
  const [first] = given;
  if (typeof first === "string") return namesOf(what, given);
  if (isClassification(first))
    return { form: "classified", rows: given.length, classes: classified(what, given), ranked: undefined };
  if (
    Array.isArray(first) &&
    (isClassification(first[0]) ||
      (first.length === 0 && given.some((row) => isClassification((row as unknown[])[0]))))
  ) {
    const ranked = given.map((row) => classified(what, row as readonly unknown[]));
    return { form: "classified", rows: given.length, classes: undefined, ranked };
  }
  return numbersOf(what, given as Rows, given.length, isList(first) ? shapeOf(first) : []);
}

function namesOf(what: string, given: readonly unknown[]): NameForm {
  const at = given.findIndex((name) => typeof name !== "string");
  if (at >= 0)
    throw new DataError(
      `${what}: class names must be strings; got ${describe(given[at])} at row ${at}`,
      "type",
    );
  return { form: "names", rows: given.length, names: given as readonly string[] };
}

function classified(what: string, given: readonly unknown[]): readonly Classification[] {
  const at = given.findIndex((row) => !isClassification(row));
  if (at >= 0)
    throw new DataError(
      `${what}: rows of classify must stay what they are; got ${describe(given[at])} at row ${at}`,
      "type",
    );
  return given as readonly Classification[];
}

/** The shape of one nested row. */
const shapeOf = (row: readonly unknown[]): number[] => [
  row.length,
  ...(isList(row[0]) ? shapeOf(row[0]) : []),
];

function numbersOf(what: string, given: Rows, rows: number, shape: readonly number[]): NumberForm {
  const columns = shape.reduce((p, d) => p * d, 1);
  const list = isShaped(given) ? given.data : given;
  if (isShaped(given) && !(list.length === rows * columns && Number.isInteger(rows)))
    throw new ShapeError(
      `${what}: data must be a list of as many numbers as its shape says; ` +
        `got ${describe(list)} for the shape ${JSON.stringify(given.shape)}`,
      "rows",
    );
  if (!(rows > 0 && columns > 0))
    throw new DataError(`${what} must have at least one row, and a number in it; got none`, "missing");
  const data = new Float64Array(rows * columns);
  if (isShaped(given)) flatten(what, list as ArrayLike<unknown>, data, 0, columns);
  else
    for (let row = 0, at = 0; row < rows; row++) {
      const end = flatten(what, [list[row]], data, at, columns);
      if (end - at !== columns)
        throw new ShapeError(
          `${what}: all rows must have as many numbers as the first, ${columns}; got ${end - at} at row ${row}`,
          "rows",
        );
      at = end;
    }
  const isComputed = [list, isList(list) ? list[0] : undefined].some(
    (numbers) => isArrayOf(Float32Array, numbers) || isArrayOf(Float64Array, numbers),
  );
  return { form: "numbers", rows, columns, data, isComputed };
}

/**
 * Reads numbers, however nested, into a list from `at` on.
 *
 * @returns where they end, also where that is beyond the list
 */
function flatten(
  what: string,
  given: ArrayLike<unknown>,
  into: Float64Array,
  at: number,
  columns: number,
): number {
  for (let i = 0; i < given.length; i++) {
    const value = given[i];
    if (isList(value)) {
      at = flatten(what, value, into, at, columns);
      continue;
    }
    const where = `at row ${Math.floor(at / columns)}, column ${at % columns}`;
    if (typeof value !== "number")
      throw new DataError(`${what}: numbers only; got ${describe(value)} ${where}`, "type");
    if (value - value !== 0)
      throw new DataError(`${what}: numbers must be finite; got ${value} ${where}`, "not-finite");
    into[at++] = value;
  }
  return at;
}

/** @throws ShapeError unless truth and prediction have as many rows */
export function checkRowCounts(who: string, truth: Form, prediction: Form): void {
  if (truth.rows !== prediction.rows)
    throw new ShapeError(
      `${who}: truth and prediction must have as many rows; got ${truth.rows} and ${prediction.rows}`,
      "rows",
    );
}

/** What is said of a prediction in the place of the truth. */
export const swapped = (who: string, got: string): DataError =>
  new DataError(
    `${who}: truth comes first, as fit takes y; got ${got}: arguments swapped? write ${who}(truth, prediction)`,
    "type",
  );
