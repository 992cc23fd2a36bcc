/** Truth and prediction as one class a row, or as labels. */
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { decideLabels, largestOf } from "../math/scores.ts";
import type { Classification } from "../program/classify.ts";
import type { Form } from "./forms.ts";
import type { ClassOptions, Prediction, Truth } from "./metric.ts";
import {
  bitsOf,
  checkClassOptions,
  checkProbabilities,
  checkRange,
  indicesOf,
  isClassifiedLabels,
  labelProbabilities,
  largest,
  type Pair,
  pairOf,
  thresholdsOf,
  truthClasses,
} from "./pair.ts";

/** One class a row. */
export interface Classes {
  readonly kind: "classes";
  readonly count: number;
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
}

/** A yes or no for each label of each row. */
export interface Labels {
  readonly kind: "labels";
  readonly count: number;
  /** [rows, count] of 0 and 1. */
  readonly truth: Uint8Array;
  readonly predicted: Uint8Array;
}

/**
 * The names by which truth and prediction are told, if one of them comes in names: those given, or all that occur in both, by
 * code units.
 */
function namesOf(who: string, { truth, prediction }: Pair, labels: readonly string[] | undefined) {
  if (truth.form !== "names" && prediction.form !== "names") return undefined;
  if (labels) return labels;
  const named = [truth, prediction].map((form) => {
    if (form.form === "names") return form.names;
    return form.form === "classified" ? form.classes?.map(({ label }) => label) : undefined;
  });
  if (!named[0] || !named[1])
    throw new OptionError(
      `${who}: names beside indices or probabilities need labels, as in { labels: ["no", "yes"] }, in the order of the outputs; got none`,
    );
  return [...new Set([...named[0], ...named[1]])].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function predictedClasses(
  who: string,
  prediction: Form,
  names: readonly string[] | undefined,
  options: ClassOptions,
): Int32Array {
  if (prediction.form === "names")
    return indicesOf(`${who}: prediction`, prediction.names, names as readonly string[]);
  if (prediction.form === "classified") {
    const classes =
      prediction.classes ?? firstOf(who, prediction.ranked as readonly (readonly Classification[])[]);
    // Names that are not the order of the outputs: those of truth, sorted.
    if (names && !options.labels)
      return indicesOf(
        `${who}: prediction`,
        classes.map(({ label }) => label),
        names,
      );
    return Int32Array.from(classes, ({ index }) => index);
  }
  const { data, columns } = prediction;
  if (columns > 1) return largestOf(data, columns);
  if (data.every((value) => Number.isInteger(value) && value >= 0)) return Int32Array.from(data);
  checkProbabilities(who, prediction);
  return largestOf(data, 1, thresholdsOf(who, options, 1)[0]);
}

const firstOf = (who: string, ranked: readonly (readonly Classification[])[]) =>
  ranked.map((row, at) => {
    if (row.length === 0)
      throw new DataError(
        `${who}: prediction: rows of classify must have a class; got none at row ${at}`,
        "missing",
      );
    return row[0];
  });

/** How many classes there are: as many as outputs or labels, else as many as occur. */
function countOf(
  who: string,
  { truth, prediction }: Pair,
  names: readonly string[] | undefined,
  ...found: Int32Array[]
): number {
  const widths = [truth, prediction].flatMap((form) =>
    form.form === "numbers" && form.columns > 1 ? [form.columns] : [],
  );
  if (widths.length === 2 && widths[0] !== widths[1])
    throw new ShapeError(
      `${who}: truth and prediction must have as many classes; got ${widths[0]} and ${widths[1]}`,
      "rows",
    );
  const isOneSigmoid =
    prediction.form === "numbers" &&
    prediction.columns === 1 &&
    prediction.data.some((p) => !Number.isInteger(p));
  const [known] = [names?.length, ...widths, ...(isOneSigmoid ? [2] : [])].filter(
    (count) => count !== undefined,
  );
  return known ?? Math.max(2, ...found.map((classes) => largest(classes) + 1));
}

/** Truth and prediction as one class a row, or as labels. */
export function readClasses(
  who: string,
  given: Truth,
  predicted: Prediction,
  options: ClassOptions,
): Classes | Labels {
  checkClassOptions(who, options);
  const pair = pairOf(who, given, predicted);
  const asLabels = readLabels(who, pair, options);
  if (asLabels) return asLabels;
  const names = namesOf(who, pair, options.labels);
  const truth = truthClasses(who, pair.truth, names);
  const classes = predictedClasses(who, pair.prediction, names, options);
  const count = countOf(who, pair, names ?? options.labels, truth, classes);
  checkRange(`${who}: truth`, truth, count);
  checkRange(`${who}: prediction`, classes, count);
  return { kind: "classes", count, truth, predicted: classes };
}

/** The same for metrics that know no labels. */
export function readOneClass(
  who: string,
  truth: Truth,
  prediction: Prediction,
  options: ClassOptions,
): Classes {
  const read = readClasses(who, truth, prediction, options);
  if (read.kind === "labels")
    throw new DataError(
      `${who}: needs one class a row; got rows of ${read.count} labels: call it on each column`,
      "label",
    );
  return read;
}

/** Rows of labels: where truth is not one-hot, a threshold is given for several outputs, or `classify` tells of several sigmoids. */
function readLabels(who: string, { truth, prediction }: Pair, options: ClassOptions): Labels | undefined {
  if (truth.form !== "numbers" || truth.columns === 1) return undefined;
  const { bits, isOneHot } = bitsOf(who, truth);
  const isSeveral = prediction.form === "numbers" && prediction.columns > 1;
  if (isOneHot && !(isSeveral && options.threshold !== undefined) && !isClassifiedLabels(prediction))
    return undefined;
  const { columns } = truth;
  const probabilities = labelProbabilities(who, prediction, columns);
  const decided =
    prediction.form === "classified" && options.threshold === undefined
      ? Uint8Array.from(
          (prediction.classes as readonly Classification[]).flatMap(({ labels = [] }) =>
            labels.map(({ isOver }) => (isOver ? 1 : 0)),
          ),
        )
      : decideLabels(probabilities, thresholdsOf(who, options, columns));
  return { kind: "labels", count: columns, truth: bits, predicted: decided };
}
