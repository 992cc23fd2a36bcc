/** Metrics of probabilities: how good they are, and how well they order the rows. */
import { OptionError } from "../errors.ts";
import { log } from "../math/log.ts";
import { COUNT, check, readOptions, refuseMore } from "../options.ts";
import {
  type AveragedMetric,
  type AverageOptions,
  type Metric,
  makeMetric,
  type Prediction,
  type Truth,
} from "./metric.ts";
import { AVERAGE, readClassOptions } from "./options.ts";
import { type Probabilities, readProbabilities } from "./probabilities-of.ts";

type Numbers = ArrayLike<number>;

/** The numbers of one column, whether a row is of it. */
interface Column {
  readonly isTrue: Uint8Array;
  readonly scores: Float64Array;
}

/** A column for each class or label; one for two classes, of class 1. */
function columnsOf({ kind, count, truth, probabilities }: Probabilities): Column[] {
  const rows = probabilities.length / count;
  const isPair = kind === "classes" && count <= 2;
  return Array.from({ length: isPair ? 1 : count }, (_, i) => {
    const column = isPair ? count - 1 : i;
    const label = isPair ? 1 : i;
    return {
      isTrue: Uint8Array.from({ length: rows }, (__, row) =>
        kind === "labels" ? truth[row * count + i] : truth[row] === label ? 1 : 0,
      ),
      scores: Float64Array.from({ length: rows }, (__, row) => probabilities[row * count + column]),
    };
  });
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A number for each column, or for all: of their rows put together, or their mean. */
function averaged(
  columns: readonly Column[],
  average: AverageOptions["average"],
  measure: (column: Column) => number,
): number | number[] {
  if (average === "micro")
    return measure({
      isTrue: Uint8Array.from(columns.flatMap(({ isTrue }) => [...isTrue])),
      scores: Float64Array.from(columns.flatMap(({ scores }) => [...scores])),
    });
  const values = columns.map(measure);
  return average === "none" ? values : mean(values);
}

/** Rows by falling score, and where stretches of equal scores end. */
function* ties(scores: Float64Array): Generator<Int32Array> {
  const order = Int32Array.from(scores, (_, row) => row).sort((a, b) => scores[b] - scores[a] || a - b);
  for (let from = 0, to = 1; from < order.length; from = to, to++) {
    while (to < order.length && scores[order[to]] === scores[order[from]]) to++;
    yield order.subarray(from, to);
  }
}

const countTrue = (isTrue: Uint8Array, rows: Iterable<number>) => {
  let count = 0;
  for (const row of rows) count += isTrue[row];
  return count;
};

/** The share of pairs, of a true row and another, of which the true one has the larger score; ties count half. */
function areaUnderRoc({ isTrue, scores }: Column): number {
  let [above, pairs] = [0, 0];
  for (const rows of ties(scores)) {
    const found = countTrue(isTrue, rows);
    const others = rows.length - found;
    pairs += others * (above + found / 2);
    above += found;
  }
  return pairs / (above * (isTrue.length - above));
}

/** The sum over thresholds, from the largest score down, of precision times what recall gains. */
function averagePrecision({ isTrue, scores }: Column): number {
  const all = countTrue(isTrue, isTrue.keys());
  if (all === 0) return 0;
  let [found, seen, sum] = [0, 0, 0];
  for (const rows of ties(scores)) {
    const gained = countTrue(isTrue, rows);
    found += gained;
    seen += rows.length;
    sum += (found / seen) * (gained / all);
  }
  return sum;
}

const makeArea = (name: string, measure: (column: Column) => number): AveragedMetric =>
  makeMetric(name, "higher", "probabilities", (truth: Truth, prediction: Prediction, options: object) => {
    const { average, ...rest } = readOptions(name, options as AverageOptions, {
      ...{ labels: [], threshold: [] },
      average: [undefined, AVERAGE],
    });
    return averaged(columnsOf(readProbabilities(name, truth, prediction, rest, true)), average, measure);
  });

/**
 * The area under the ROC curve: how probable it is that a row of the class has a higher probability than another, ties
 * counting half; 0.5 for chance. Of more than two classes, each against the rest, and of labels: the mean over them, or what
 * `average` says. NaN where a class has no row, or all of them.
 *
 * @throws DataError for hard labels, whose order says nothing, among others
 * @example
 * rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // => 0.75
 */
export const rocAuc: AveragedMetric = /* @__PURE__ */ makeArea("rocAuc", areaUnderRoc);

/**
 * The area under the curve of precision over recall, as the average precision: `sum_n (R_n - R_(n-1)) P_n` over all thresholds;
 * chance gives the share of the class. For rare classes it tells more than `rocAuc`. Averages are those of `rocAuc`; 0 where
 * a class has no row.
 *
 * @throws DataError for hard labels, among others
 * @example
 * prAuc([0, 1, 1], [0.2, 0.9, 0.4]); // => 1
 */
export const prAuc: AveragedMetric = /* @__PURE__ */ makeArea("prAuc", averagePrecision);

/** What a probability is kept away from 0 and 1 by, so that one sure mistake does not make a loss infinite. */
const LEAST = 2.220446049250313e-16; // 2^-52

const logOf = (p: number) => log(Math.min(Math.max(p, LEAST), 1 - LEAST));

/** The mean over rows of classes, or over all numbers of labels and of one column. */
function meanLoss(
  { kind, count, truth, probabilities }: Probabilities,
  ofPair: (isTrue: number, p: number) => number,
  ofRow: (row: Numbers, label: number) => number,
): number {
  let sum = 0;
  if (kind === "labels" || count === 1) {
    for (let i = 0; i < probabilities.length; i++) sum += ofPair(truth[i], probabilities[i]);
    return sum / probabilities.length;
  }
  for (let row = 0; row < truth.length; row++)
    sum += ofRow(probabilities.subarray(row * count, (row + 1) * count), truth[row]);
  return sum / truth.length;
}

/**
 * The mean of `-log p` of the true class; of labels the mean over all of them. Probabilities are kept 2^-52 away from 0 and 1, as
 * scikit-learn does.
 *
 * @example
 * logLoss([1, 0], [0.5, 0.5]); // log 2
 */
export const logLoss: Metric = /* @__PURE__ */ makeMetric(
  "logLoss",
  "lower",
  "probabilities",
  (truth, prediction, options) =>
    meanLoss(
      readProbabilities("logLoss", truth, prediction, readClassOptions("logLoss", options), false),
      (isTrue, p) => -logOf(isTrue ? p : 1 - p),
      (row, label) => -logOf(row[label]),
    ),
);

/**
 * Brier's score, the mean square of what probabilities are wrong by: of one output and of labels `(p - t)^2`, of more than two
 * classes the sum over them, of two half of that, so that one output and two agree. Brier 1950.
 *
 * @example
 * brier([1, 0], [0.5, 0.5]); // => 0.25
 */
export const brier: Metric = /* @__PURE__ */ makeMetric(
  "brier",
  "lower",
  "probabilities",
  (truth, prediction, options) =>
    meanLoss(
      readProbabilities("brier", truth, prediction, readClassOptions("brier", options), false),
      (isTrue, p) => (p - isTrue) * (p - isTrue),
      (row, label) => {
        let sum = 0;
        for (let j = 0; j < row.length; j++) {
          const d = row[j] - (j === label ? 1 : 0);
          sum += d * d;
        }
        return row.length === 2 ? sum / 2 : sum;
      },
    ),
);

/**
 * Makes a metric: the share of rows whose true class is among the k most probable ones, the first of equals counting as
 * more probable. Its name is `top` and k.
 *
 * @param k a whole number >= 1
 * @example
 * const probabilities = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]];
 * topK(2)([1, 0], probabilities); // => 0.5
 */
export function topK(k: number): Metric {
  refuseMore("topK", arguments, 1, "write topK(k)(truth, prediction)");
  check("topK", "k, the first argument,", k, COUNT);
  const name = `top${k}`;
  return makeMetric(name, "higher", "probabilities", (truth, prediction, options) => {
    const read = readProbabilities(name, truth, prediction, readClassOptions(name, options), true);
    if (read.kind === "labels")
      throw new OptionError(`${name}: needs one class a row; got rows of ${read.count} labels`);
    if (read.count === 1)
      return meanLoss(
        read,
        (isTrue, p) => (k > 1 || (p >= 0.5 ? 1 : 0) === isTrue ? 1 : 0),
        () => 0,
      );
    return meanLoss(
      read,
      () => 0,
      (row, label) => {
        let before = 0;
        for (let j = 0; j < row.length; j++)
          if (row[j] > row[label] || (row[j] === row[label] && j < label)) before++;
        return before < k ? 1 : 0;
      },
    );
  });
}
