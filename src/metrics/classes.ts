/** Metrics of classes: of the decisions that a classifier makes. */

import {
  accuracyOf,
  averageScore,
  balancedAccuracyOf,
  type Counts,
  confusionOf,
  countClasses,
  countLabels,
  type ScoreName,
  scoresOf,
  shareOfEqualRows,
} from "../math/scores.ts";
import { readOptions, refuseMore } from "../options.ts";
import { type Classes, type Labels, readClasses, readOneClass } from "./classes-of.ts";
import {
  type AveragedMetric,
  type AverageOptions,
  type ClassOptions,
  type Metric,
  makeMetric,
  type Prediction,
  type Truth,
} from "./metric.ts";
import { AVERAGE, readClassOptions } from "./options.ts";

const countsOf = (read: Classes | Labels): Counts =>
  (read.kind === "labels" ? countLabels : countClasses)(read.truth, read.predicted, read.count);

/**
 * The share of rows that are right: of classes the right class, of labels all of them.
 *
 * @example
 * accuracy(["ant", "bee", "bee"], ["ant", "bee", "ant"]); // 2 / 3
 */
export const accuracy: Metric = /* @__PURE__ */ makeMetric(
  "accuracy",
  "higher",
  "classes",
  (truth, prediction, options) => {
    const read = readClasses("accuracy", truth, prediction, readClassOptions("accuracy", options));
    return read.kind === "labels"
      ? shareOfEqualRows(read.truth, read.predicted, read.count)
      : accuracyOf(countsOf(read));
  },
);

/**
 * The mean of the recalls of all classes that occur in the truth: chance gives one divided by their number, however rare some
 * are.
 *
 * @example
 * balancedAccuracy([0, 0, 0, 1], [0, 0, 0, 0]); // => 0.5
 */
export const balancedAccuracy: Metric = /* @__PURE__ */ makeMetric(
  "balancedAccuracy",
  "higher",
  "classes",
  (truth, prediction, options) =>
    balancedAccuracyOf(
      countsOf(
        readOneClass("balancedAccuracy", truth, prediction, readClassOptions("balancedAccuracy", options)),
      ),
    ),
);

const makeScore = (name: ScoreName): AveragedMetric =>
  makeMetric(name, "higher", "classes", (truth: Truth, prediction: Prediction, options: object) => {
    const { average, ...rest } = readOptions(name, options as AverageOptions, {
      ...{ labels: [], threshold: [] },
      average: [undefined, AVERAGE],
    });
    const counts = countsOf(readClasses(name, truth, prediction, rest));
    return average === "none" ? scoresOf(name, counts) : averageScore(name, counts, average);
  });

/**
 * Of the rows that are said to be of a class, the share that is: `right / predicted`, 0 where none is said to be.
 *
 * Of two classes it is that of class 1, unless `average` is given; of more the mean over those that occur in truth or
 * prediction, of labels over all.
 *
 * @example
 * precision([0, 1, 1, 1], [1, 1, 1, 0]); // 2 / 3
 */
export const precision: AveragedMetric = /* @__PURE__ */ makeScore("precision");

/**
 * Of the rows of a class, the share that is found: `right / rows of the class`, 0 where there are none. Averages are those of
 * `precision`.
 *
 * @example
 * recall([0, 1, 2, 2], [0, 1, 2, 1], { average: "none" }); // => [1, 1, 0.5]
 */
export const recall: AveragedMetric = /* @__PURE__ */ makeScore("recall");

/**
 * The harmonic mean of precision and recall, `2 right / (predicted + rows of the class)`, 0 where both are. Averages are those
 * of `precision`; macro is the mean of the classes' f1.
 *
 * @example
 * f1([0, 1, 1, 1], [1, 1, 1, 0]); // 2 / 3
 */
export const f1: AveragedMetric = /* @__PURE__ */ makeScore("f1");

/**
 * How often each class was taken for each: a row for each true class, a column for each predicted one.
 *
 * @example
 * confusionMatrix([0, 0, 1, 2], [0, 1, 1, 1]); // => [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
 */
export function confusionMatrix(
  truth: Truth,
  prediction: Prediction,
  options: ClassOptions = {},
): number[][] {
  refuseMore("confusionMatrix", arguments, 3);
  const read = readOneClass(
    "confusionMatrix",
    truth,
    prediction,
    readClassOptions("confusionMatrix", options),
  );
  return confusionOf(read.truth, read.predicted, read.count);
}

/**
 * Matthews' correlation of truth and prediction, from -1 to 1: 0 for chance, and where one side has a single class.
 * Matthews 1975; for more than two classes Gorodkin 2004, https://doi.org/10.1016/j.compbiolchem.2004.09.006.
 *
 * @example
 * matthews([0, 1, 1, 0], [0, 1, 1, 0]); // => 1
 */
export const matthews: Metric = /* @__PURE__ */ makeMetric(
  "matthews",
  "higher",
  "classes",
  (truth, prediction, options) => {
    const read = readOneClass("matthews", truth, prediction, readClassOptions("matthews", options));
    const { right, predicted, support } = countsOf(read);
    const rows = read.truth.length;
    let [correct, both, squaredTruth, squaredPrediction] = [0, 0, 0, 0];
    for (let i = 0; i < right.length; i++) {
      correct += right[i];
      both += predicted[i] * support[i];
      squaredTruth += support[i] * support[i];
      squaredPrediction += predicted[i] * predicted[i];
    }
    const spread = (rows * rows - squaredTruth) * (rows * rows - squaredPrediction);
    return spread === 0 ? 0 : (correct * rows - both) / Math.sqrt(spread);
  },
);
