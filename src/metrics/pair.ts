/** Truth and prediction side by side, and what all metrics of classifiers ask of them. */
import { describe } from "../describe.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { largestOf } from "../math/scores.ts";
import type { Classification } from "../program/classify.ts";
import { unknownName } from "../suggest.ts";
import { checkRowCounts, type Form, formOf, type NumberForm, swapped } from "./forms.ts";
import type { ClassOptions, Prediction, Truth } from "./metric.ts";

const THRESHOLD = "in [0, 1]";
const isThreshold = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;

/** @throws OptionError for what is no threshold */
export function checkClassOptions(who: string, { labels, threshold }: ClassOptions): void {
  if (labels !== undefined && !(Array.isArray(labels) && labels.every((label) => typeof label === "string")))
    throw new OptionError(`${who}: labels must be an array of strings; got ${describe(labels)}`);
  if (threshold === undefined) return;
  for (const value of Array.isArray(threshold) ? threshold : [threshold])
    if (!isThreshold(value))
      throw new OptionError(
        `${who}: threshold must be ${THRESHOLD}, or an array of such; got ${describe(value)}`,
      );
}

/** One threshold for each of `count` outputs. */
export function thresholdsOf(
  who: string,
  { threshold = 0.5 }: ClassOptions,
  count: number,
): readonly number[] {
  if (typeof threshold === "number") return Array<number>(count).fill(threshold);
  if (threshold.length !== count)
    throw new OptionError(
      `${who}: threshold must be one number, or one for each of ${count} outputs; got ${threshold.length}`,
    );
  return threshold;
}

export interface Pair {
  readonly truth: Form;
  readonly prediction: Form;
}

export function pairOf(who: string, truth: Truth, prediction: Prediction): Pair {
  const pair = {
    truth: formOf(`${who}: truth`, truth),
    prediction: formOf(`${who}: prediction`, prediction),
  };
  if (pair.truth.form === "classified") throw swapped(who, "what classify gives");
  checkRowCounts(who, pair.truth, pair.prediction);
  return pair;
}

/** Truth in rows of 0 and 1: one-hot, or with any number of labels. */
export function bitsOf(
  who: string,
  { data, columns }: NumberForm,
): { readonly bits: Uint8Array; readonly isOneHot: boolean } {
  const bits = new Uint8Array(data.length);
  let isOneHot = true;
  for (let at = 0; at < data.length; at += columns) {
    let ones = 0;
    for (let j = 0; j < columns; j++) {
      const value = data[at + j];
      if (value !== 0 && value !== 1) throw swapped(who, `${value} at row ${at / columns}, column ${j}`);
      bits[at + j] = value;
      ones += value;
    }
    isOneHot &&= ones === 1;
  }
  return { bits, isOneHot };
}

/** Whether rows have several labels rather than one class, which shows in truth or in what `classify` gives of several sigmoids. */
export const isClassifiedLabels = (form: Form): boolean =>
  form.form === "classified" && form.classes?.[0].labels !== undefined;

/** Class indices of truth in whatever form but rows of labels. */
export function truthClasses(who: string, truth: Form, names: readonly string[] | undefined): Int32Array {
  if (truth.form === "names") return indicesOf(`${who}: truth`, truth.names, names as readonly string[]);
  const { data, columns } = truth as NumberForm;
  if (columns > 1) {
    const { bits } = bitsOf(who, truth as NumberForm);
    return largestOf(bits, columns);
  }
  return Int32Array.from(data, (value, row) => {
    if (!Number.isInteger(value)) throw swapped(who, `${value} at row ${row}`);
    if (value < 0 || value > 0x7fffffff)
      throw new DataError(
        `${who}: truth: class indices must be whole numbers >= 0; got ${value} at row ${row}`,
        "label",
      );
    return value;
  });
}

export function indicesOf(what: string, given: readonly string[], names: readonly string[]): Int32Array {
  const index = new Map(names.map((name, i) => [name, i]));
  return Int32Array.from(given, (name, row) => {
    const found = index.get(name);
    if (found === undefined)
      throw new DataError(`${unknownName(what, "label", name, names)}; it is at row ${row}`, "label");
    return found;
  });
}

export function labelProbabilities(
  who: string,
  prediction: Form,
  columns: number,
  isScore = false,
): Float64Array {
  if (isClassifiedLabels(prediction)) {
    const { classes = [] } = prediction as { classes?: readonly Classification[] };
    const data = classes.flatMap(({ labels = [] }) => labels.map(({ probability }) => probability));
    if (data.length === classes.length * columns) return Float64Array.from(data);
  }
  if (prediction.form === "numbers" && prediction.columns === columns) {
    if (!isScore) checkProbabilities(who, prediction);
    return prediction.data;
  }
  throw new ShapeError(
    `${who}: truth of ${columns} labels a row needs a prediction of ${columns} numbers a row; got ` +
      (prediction.form === "numbers" ? `${prediction.columns}` : "one class a row"),
    "rows",
  );
}

export function checkProbabilities(who: string, { data, columns }: NumberForm): void {
  const at = data.findIndex((p) => !(p >= 0 && p <= 1));
  if (at >= 0)
    throw new DataError(
      `${who}: prediction: probabilities must lie in [0, 1]; got ${data[at]} at row ${Math.floor(at / columns)}, ` +
        `column ${at % columns} (logits? give what classify gives, or a sigmoid or softmax of them)`,
      "label",
    );
}

export function checkRange(what: string, classes: Int32Array, count: number): void {
  const row = classes.findIndex((index) => index >= count);
  if (row >= 0)
    throw new DataError(
      `${what}: class indices must be less than ${count}, the number of classes; got ${classes[row]} at row ${row}`,
      "label",
    );
}

export const largest = (classes: Int32Array) => classes.reduce((most, index) => Math.max(most, index), 0);
