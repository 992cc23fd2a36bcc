/** What all metrics have in common: how they are called, and what they say of themselves. */
import { refuseMore } from "../options.ts";
import type { Classification } from "../program/classify.ts";
import type { Rows } from "../rows/data.ts";
import type { MetricTraits } from "../train/metric-names.ts";

/**
 * What is true, as `fit` takes `y`: class names, class indices, one-hot rows, or numbers, `[rows]`, `[rows, 1]` or
 * `[rows, outputs]`. Rows with any number of ones are those of several labels.
 */
export type Truth = Rows | readonly string[];

/** What `predict` or `classify` gives, or class indices, or class names. */
export type Prediction =
  | Rows
  | readonly string[]
  | readonly Classification[]
  | readonly (readonly Classification[])[];

export interface ClassOptions {
  /** Names of the classes, by index: of `truth` in names beside a prediction in indices or probabilities. */
  readonly labels?: readonly string[];
  /**
   * The probability from which a yes-or-no output counts as yes, in [0, 1]: one number, or one for each of several labels.
   * Where several outputs and truth in one-hot rows could be classes or labels, it says that they are labels. Default: 0.5.
   */
  readonly threshold?: number | readonly number[];
}

export interface AverageOptions extends ClassOptions {
  /**
   * - `"macro"`: the mean over classes;
   * - `"micro"`: of all rows together;
   * - `"none"`: one number for each class.
   */
  readonly average?: "macro" | "micro" | "none";
}

/** A metric: a function that says what it measures, for the option `metrics` of `compile`. */
export interface Metric<O = ClassOptions> extends MetricTraits {
  /**
   * @throws DataError or ShapeError for truth and prediction that do not fit each other, or change places;
   *   OptionError for a bad option
   */
  (truth: Truth, prediction: Prediction, options?: O): number;
}

/** A metric that has a number for each class, too. */
export interface AveragedMetric extends MetricTraits {
  (
    truth: Truth,
    prediction: Prediction,
    options?: AverageOptions & { readonly average?: "macro" | "micro" },
  ): number;
  (truth: Truth, prediction: Prediction, options: AverageOptions & { readonly average: "none" }): number[];
}

/** Makes a metric; a call of it is marked as pure, so that bundlers leave out what a page does not use. */
export function makeMetric<M extends (truth: never, prediction: never, options: never) => unknown>(
  metricName: string,
  better: MetricTraits["better"],
  takes: MetricTraits["takes"],
  measure: (truth: Truth, prediction: Prediction, options: object) => number | number[],
): M & MetricTraits {
  const metric = (truth: Truth, prediction: Prediction, options: object = {}, ...more: unknown[]) => {
    refuseMore(metricName, [truth, prediction, options, ...more], 3);
    return measure(truth, prediction, options);
  };
  return Object.assign(metric as unknown as M, { metricName, better, takes });
}
