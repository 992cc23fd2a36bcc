/** What a plot asks of a trainer, and how it reads the data that go with it. */
import { describe } from "../describe.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { isTypedArray } from "../realm.ts";

/** A trained model: a Trainer or a Predictor with one output. */
export interface Classifier {
  predict(x: never): unknown;
  classify(x: never): readonly { readonly label: string; readonly index: number }[];
  manifest(): Record<string, unknown>;
}

/** Rows and what should come out of them, as `fit` takes them. */
export interface PlotData {
  readonly x: unknown;
  readonly y: unknown;
}

export function checkClassifier(who: string, trainer: unknown): asserts trainer is Classifier {
  const { predict, classify } = Object(trainer) as Partial<Classifier>;
  if (typeof predict !== "function" || typeof classify !== "function")
    throw new OptionError(`${who}: needs a trainer or predictor; got ${describe(trainer)}`);
}

export function checkPlotData(who: string, data: unknown): asserts data is PlotData {
  const { x, y } = Object(data) as Partial<PlotData>;
  if (x === undefined || y === undefined)
    throw new DataError(`${who}: data must be { x, y }; got ${describe(data)}`, "missing");
}

/** Names of the classes of a trainer: those of `compile`, or their indices. */
export function labelsOf(trainer: Classifier, classes: number): string[] {
  const { labels } = Object(trainer.manifest().options) as { readonly labels?: readonly string[] };
  return Array.from({ length: classes }, (_, i) => labels?.[i] ?? `${i}`);
}

/** How many classes a trainer tells apart, of the shape of a prediction: one sigmoid tells two. */
export function countClasses({ shape }: { readonly shape: readonly number[] }): number {
  const units = shape[shape.length - 1];
  return units === 1 ? 2 : units;
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || isTypedArray(value);
const isShaped = (value: unknown): value is { data: ArrayLike<unknown>; shape: readonly number[] } =>
  isList((value as { data?: unknown } | null)?.data) && isList((value as { shape?: unknown }).shape);

/** The class of each row: targets are names, indices, `[n, 1]` or one-hot rows. */
export function classesOf(who: string, y: unknown, rows: number, labels: readonly string[]): Int32Array {
  const flat = flatten(y);
  const width = flat.length / rows;
  if (flat.length === 0 || (width !== 1 && width !== labels.length))
    throw new ShapeError(
      `${who}: y must have a class for each of ${rows} rows; got ${flat.length} values`,
      "rows",
    );
  return Int32Array.from({ length: rows }, (_, row) => {
    const cells = Array.from({ length: width }, (_, j) => flat[row * width + j]);
    const index = width === 1 ? classOf(cells[0], labels) : cells.indexOf(1);
    if (index < 0 || index >= labels.length)
      throw new DataError(
        `${who}: y must hold classes of the model; got ${describe(cells[0])} at row ${row}. ` +
          `Classes: ${labels.slice(0, 8).join(", ")}${labels.length > 8 ? ", .." : ""}`,
        "label",
      );
    return index;
  });
}

function classOf(cell: unknown, labels: readonly string[]): number {
  if (typeof cell === "string") return labels.indexOf(cell);
  return typeof cell === "number" && Number.isInteger(cell) ? cell : -1;
}

/** The values of a list, of rows, or of `{ data, shape }`, row after row. */
export function flatten(given: unknown): ArrayLike<unknown> {
  if (isShaped(given)) return given.data;
  if (isTypedArray(given)) return given;
  if (!Array.isArray(given)) return [];
  return given.some(isList) ? given.flatMap((row) => Array.from(flatten(row))) : given;
}
