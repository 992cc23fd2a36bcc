/** Truth as classes or labels beside numbers for each of them. */
import { DataError, OptionError, ShapeError } from "../errors.ts";
import type { Classification } from "../program/classify.ts";
import type { Form, NumberForm } from "./forms.ts";
import type { ClassOptions, Prediction, Truth } from "./metric.ts";
import {
  bitsOf,
  checkClassOptions,
  checkProbabilities,
  checkRange,
  isClassifiedLabels,
  labelProbabilities,
  largest,
  pairOf,
  truthClasses,
} from "./pair.ts";

/** Numbers for each class or label of each row. */
export interface Probabilities {
  readonly kind: "classes" | "labels";
  /** Columns of `probabilities`: 1 where it is that of class 1 of two. */
  readonly count: number;
  /** Classes one a row, or for labels [rows, count] of 0 and 1. */
  readonly truth: Int32Array | Uint8Array;
  readonly probabilities: Float64Array;
}

/**
 * Truth as classes or labels, and numbers for them.
 *
 * @param isScore whether any numbers will do, because only their order counts
 * @throws DataError for hard labels, among others
 */
export function readProbabilities(
  who: string,
  given: Truth,
  predicted: Prediction,
  options: ClassOptions,
  isScore: boolean,
): Probabilities {
  checkClassOptions(who, options);
  const { truth, prediction } = pairOf(who, given, predicted);
  if (truth.form === "numbers" && truth.columns > 1) {
    const { bits, isOneHot } = bitsOf(who, truth);
    const isSeveral = prediction.form === "numbers" && options.threshold !== undefined;
    if (!isOneHot || isSeveral || isClassifiedLabels(prediction)) {
      const { columns } = truth;
      const probabilities = labelProbabilities(who, prediction, columns, isScore);
      if (prediction.form === "numbers") refuseHard(who, prediction);
      return { kind: "labels", count: columns, truth: bits, probabilities };
    }
  }
  const names = truth.form === "names" ? (options.labels ?? namesFrom(who, prediction)) : undefined;
  const classes = truthClasses(who, truth, names);
  const scores = scoresOf(who, prediction, classes);
  refuseHard(who, scores);
  if (!isScore) checkProbabilities(who, scores);
  const count = Math.max(2, scores.columns);
  if (truth.form === "numbers" && truth.columns > 1 && truth.columns !== count)
    throw new ShapeError(
      `${who}: truth and prediction must have as many classes; got ${truth.columns} and ${count}`,
      "rows",
    );
  checkRange(`${who}: truth`, classes, count);
  return { kind: "classes", count: scores.columns, truth: classes, probabilities: scores.data };
}

/** Names that the outputs have, by index, where `classify` tells all of them. */
function namesFrom(who: string, prediction: Form): readonly string[] {
  const names: string[] = [];
  if (prediction.form === "classified")
    for (const { label, index } of [...(prediction.classes ?? []), ...(prediction.ranked ?? []).flat()])
      names[index] = label;
  if (names.length === 0 || Object.keys(names).length !== names.length)
    throw new OptionError(
      `${who}: names beside indices or probabilities need labels, as in { labels: ["no", "yes"] }, in the order of the outputs; got none`,
    );
  return names;
}

const HARD = "give what predict gives";

/** Numbers by class, [rows, classes], or [rows] for class 1 of two. */
function scoresOf(who: string, prediction: Form, truth: Int32Array): NumberForm {
  if (prediction.form === "numbers") return prediction;
  const hard = (got: string) =>
    new DataError(`${who}: prediction must be probabilities; got ${got}: ${HARD}`, "type");
  if (prediction.form === "names") throw hard("class names");
  const { rows, classes, ranked } = prediction;
  const numbers = (data: number[], columns: number): NumberForm => ({
    ...({ form: "numbers", rows, columns, isComputed: true } as const),
    data: Float64Array.from(data),
  });
  if (classes) {
    if (largest(truth) > 1 || classes.some(({ index }) => index > 1))
      throw hard("the best class of each row alone");
    return numbers(
      classes.map(({ index, probability }) => (index === 1 ? probability : 1 - probability)),
      1,
    );
  }
  const all = ranked as readonly (readonly Classification[])[];
  const columns = all[0].length;
  const data = Array<number>(rows * columns).fill(Number.NaN);
  all.forEach((row, i) => {
    for (const { index, probability } of row) if (index < columns) data[i * columns + index] = probability;
  });
  if (
    columns < 2 ||
    columns <= largest(truth) ||
    data.some(Number.isNaN) ||
    all.some((row) => row.length !== columns)
  )
    throw hard("the best classes of each row alone");
  return numbers(data, columns);
}

/** @throws DataError for 0 and 1 alone, unless they come from `predict`: a network may be as sure as that */
function refuseHard(who: string, { data, columns, isComputed }: NumberForm): void {
  const isHard = columns === 1 ? Number.isInteger : (p: number) => p === 0 || p === 1;
  if (!isComputed && data.every(isHard))
    throw new DataError(
      `${who}: prediction must be probabilities; got ${columns === 1 ? "class indices" : "rows of 0 and 1"}: ${HARD}`,
      "type",
    );
}
