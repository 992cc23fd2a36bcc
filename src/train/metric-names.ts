/** The option `metrics` of `compile`: the metrics that the core knows by name, and functions. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import {
  accuracyOf,
  averageScore,
  balancedAccuracyOf,
  countClasses,
  countLabels,
  decideLabels,
  largestOf,
  meanAbsoluteErrorOf,
  r2Of,
  rootMeanSquaredErrorOf,
  shareOfEqualRows,
} from "../math/scores.ts";
import { makeResult, type Result } from "../rows/data.ts";
import { listed, unknownName } from "../suggest.ts";
import type { MetricTruth, NamedMetric } from "./metrics.ts";
import type { OutputLoss } from "./training-data.ts";

/** What a metric says of itself; those of `wasmgrad/metrics` do. */
export interface MetricTraits {
  /** Its name in `evaluate`, `onEpoch`, `history` and `monitor`. */
  readonly metricName: string;
  /** Which way is better, for early stopping. */
  readonly better: "higher" | "lower";
  /** What it measures: classes or probabilities of classes, for losses of classes; numbers, for the others. */
  readonly takes: "classes" | "probabilities" | "numbers";
}

/**
 * A metric: one of `wasmgrad/metrics`, or a function of your own, which is called by its name. Truth is one class index a row,
 * or numbers with their shape (labels of several sigmoids, targets of a regression); the prediction is what `predict` gives,
 * probabilities where the model ends in logits.
 */
export type MetricFunction = ((truth: MetricTruth, prediction: Result) => number) & Partial<MetricTraits>;

/** Metrics that `compile` knows by name. */
export type MetricName = "accuracy" | "balancedAccuracy" | "f1" | "mae" | "rmse" | "r2";

type Core = Omit<MetricTraits, "metricName"> & { readonly fn: NamedMetric["fn"] };

const widthOf = ({ shape }: { readonly shape: readonly number[] }) =>
  shape.slice(1).reduce((p, q) => p * q, 1);

function countsOf(truth: MetricTruth, prediction: Result) {
  const columns = widthOf(prediction);
  if (!(truth instanceof Int32Array))
    return countLabels(truth.data, decideLabels(prediction.data, [0.5]), columns);
  return countClasses(truth, largestOf(prediction.data, columns), Math.max(2, columns));
}

const ofClasses = (fn: Core["fn"]): Core => ({ fn, better: "higher", takes: "classes" });
const ofNumbers = (
  better: Core["better"],
  fn: (truth: Float32Array, predicted: Float32Array, columns: number) => number,
): Core => ({
  fn: (truth, prediction) => fn((truth as Result).data, prediction.data, widthOf(prediction)),
  better,
  takes: "numbers",
});

const CORE: Readonly<Record<MetricName, Core>> = {
  accuracy: /* @__PURE__ */ ofClasses((truth, prediction) =>
    truth instanceof Int32Array
      ? accuracyOf(countsOf(truth, prediction))
      : shareOfEqualRows(truth.data, decideLabels(prediction.data, [0.5]), widthOf(prediction)),
  ),
  balancedAccuracy: /* @__PURE__ */ ofClasses((truth, prediction) =>
    balancedAccuracyOf(countsOf(truth, prediction)),
  ),
  f1: /* @__PURE__ */ ofClasses((truth, prediction) => averageScore("f1", countsOf(truth, prediction))),
  mae: /* @__PURE__ */ ofNumbers("lower", meanAbsoluteErrorOf),
  rmse: /* @__PURE__ */ ofNumbers("lower", rootMeanSquaredErrorOf),
  r2: /* @__PURE__ */ ofNumbers("higher", r2Of),
};

const NAMES = "accuracy balancedAccuracy f1 mae rmse r2";
/** Those of `wasmgrad/metrics` alone. */
const ELSEWHERE = "brier confusionMatrix logLoss matthews prAuc precision recall rocAuc topK";
/** What results and events of a fit hold beside metrics. */
const TAKEN = "loss validationLoss validation epoch epochs steps best reason history historyEvery notes";

/** Whether `compile` knows a metric by this name. */
export const isMetricName = (name: unknown): name is MetricName =>
  typeof name === "string" && has(NAMES, name);

const has = (names: string, name: string) => names.split(" ").includes(name);

/**
 * The metrics as they are called.
 *
 * @throws OptionError for a metric that nobody knows or that does not fit the loss
 */
export function readMetrics(given: unknown, losses: readonly OutputLoss[]): readonly NamedMetric[] {
  if (given === undefined) return [];
  if (!Array.isArray(given))
    throw new OptionError(
      `compile: metrics must be an array of names and functions, such as ["accuracy", rocAuc]; got ${describe(given)}`,
    );
  if (given.length > 0 && losses.length > 1)
    throw new OptionError(
      `compile: metrics need one loss; got ${losses.length}: call them on what predict gives`,
    );
  const metrics = given.map((metric: unknown) => readMetric(metric, losses[0]));
  const names = metrics.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new OptionError(`compile: metrics must differ in their names; got ${twice} twice`);
  return metrics;
}

function readMetric(given: unknown, loss: OutputLoss): NamedMetric {
  if (typeof given === "string") {
    if (!has(NAMES, given)) throw unknownMetric(given);
    const core = CORE[given as MetricName];
    checkFits(given, core.takes, loss);
    return { name: given, fn: decided(core.fn, loss), better: core.better };
  }
  if (typeof given !== "function")
    throw new OptionError(
      `compile: metrics: a metric must be a name or a function of (truth, prediction); got ${describe(given)}`,
    );
  const { metricName: name = given.name, takes, better } = given as MetricFunction;
  if (name === "")
    throw new OptionError(
      "compile: metrics: a function must have a name, under which its values stand; got none",
    );
  if (has(TAKEN, name))
    throw new OptionError(
      `compile: metrics: results have another ${name}; got a metric of that name: rename it`,
    );
  if (takes) checkFits(name, takes, loss);
  const metric = given as (...args: unknown[]) => number;
  // Rows that happen to have one label each look like classes: a threshold says that they are labels.
  const isOfLabels = takes && takes !== "numbers" && hasLabels(loss);
  const fn: NamedMetric["fn"] = isOfLabels
    ? (truth, prediction) => metric(truth, prediction, { threshold: 0.5 })
    : metric;
  return { name, fn: takes ? decided(fn, loss) : fn, better };
}

/** A metric of classes as a loss of signs has them: scores from 0 on are yes, which a metric is given as 1. */
function decided(fn: NamedMetric["fn"], { loss }: OutputLoss): NamedMetric["fn"] {
  if (loss.family !== "signs") return fn;
  const decide = <T extends { readonly data: Result["data"] | Float64Array }>(given: T): T => ({
    ...given,
    data: Float32Array.from(given.data, (score) => (score >= 0 ? 1 : 0)),
  });
  return (truth, prediction) =>
    fn(
      truth instanceof Int32Array ? truth : decide(truth),
      makeResult(decide(prediction).data, prediction.shape),
    );
}

function unknownMetric(given: string): OptionError {
  const name = ELSEWHERE.split(" ").find((other) => other.toLowerCase() === given.toLowerCase());
  if (name === undefined)
    return new OptionError(unknownName("compile: metrics", "metric", given, NAMES.split(" ")), "unknown");
  return new OptionError(
    `compile: metrics: ${describe(given)} is given as a function: import { ${name} } from "wasmgrad/metrics"; ` +
      `got its name. By name: ${listed(NAMES.split(" "))}`,
    "unknown",
  );
}

/** Whether each row has a yes or no for each of several labels. */
const hasLabels = ({ loss, rowElements }: OutputLoss) =>
  (loss.family === "binary" || loss.family === "signs") && rowElements > 1;

function checkFits(name: string, takes: MetricTraits["takes"], output: OutputLoss): void {
  const { loss, rowElements } = output;
  const isClassifier = loss.family !== "numbers";
  const hasScores = loss.family === "signs" || loss.family === "scores";
  if (isClassifier !== (takes !== "numbers") || (hasScores && takes === "probabilities"))
    throw new OptionError(
      `compile: metrics: ${name} measures ${takes}, which ${loss.kind} does not have; ` +
        `try ${isClassifier ? "accuracy, balancedAccuracy or f1" : "mae, rmse or r2"}`,
    );
  if (/^(balancedAccuracy|matthews|top\d+)$/.test(name) && hasLabels(output))
    throw new OptionError(
      `compile: metrics: ${name} needs one class a row; got ${rowElements} yes-or-no outputs: try accuracy or f1`,
    );
}
