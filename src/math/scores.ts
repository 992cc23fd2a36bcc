/** What metrics of classes and of numbers are made of: counts and means, without a check of what they are given. */

type Numbers = ArrayLike<number>;

/** Rows by class, or by label where each row may have several: how often it was right, predicted, and true. */
export interface Counts {
  readonly right: readonly number[];
  readonly predicted: readonly number[];
  readonly support: readonly number[];
  /** Whether a class that neither occurs nor is predicted counts in a mean: labels do, classes do not. */
  readonly isMultiLabel: boolean;
}

export type Average = "macro" | "micro";

const zeros = (count: number) => Array<number>(count).fill(0);

/** One class a row. */
export function countClasses(truth: Numbers, predicted: Numbers, classes: number): Counts {
  const counts = {
    ...{ right: zeros(classes), predicted: zeros(classes), support: zeros(classes) },
    isMultiLabel: false,
  };
  for (let row = 0; row < truth.length; row++) {
    counts.support[truth[row]]++;
    counts.predicted[predicted[row]]++;
    if (truth[row] === predicted[row]) counts.right[truth[row]]++;
  }
  return counts;
}

/** A 0 or 1 for each label of each row. */
export function countLabels(truth: Numbers, predicted: Numbers, labels: number): Counts {
  const counts = {
    ...{ right: zeros(labels), predicted: zeros(labels), support: zeros(labels) },
    isMultiLabel: true,
  };
  for (let i = 0; i < truth.length; i++) {
    counts.support[i % labels] += truth[i];
    counts.predicted[i % labels] += predicted[i];
    counts.right[i % labels] += truth[i] * predicted[i];
  }
  return counts;
}

/** How often each class was taken for each: rows are the truth. */
export function confusionOf(truth: Numbers, predicted: Numbers, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => zeros(classes));
  for (let row = 0; row < truth.length; row++) matrix[truth[row]][predicted[row]]++;
  return matrix;
}

const ratio = (part: number, of: number) => (of === 0 ? 0 : part / of);
const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

const SCORES = {
  precision: (right: number, predicted: number, _support: number) => ratio(right, predicted),
  recall: (right: number, _predicted: number, support: number) => ratio(right, support),
  f1: (right: number, predicted: number, support: number) => ratio(2 * right, predicted + support),
};
export type ScoreName = keyof typeof SCORES;

/** Of each class: `right / predicted`, `right / true`, or their harmonic mean; 0 where nothing is counted. */
export function scoresOf(name: ScoreName, { right, predicted, support }: Counts): number[] {
  return right.map((count, i) => SCORES[name](count, predicted[i], support[i]));
}

/**
 * One number for all classes. Macro: the mean over classes that are true or predicted somewhere. Micro: of all rows together.
 * Default: class 1 of two classes, else macro.
 */
export function averageScore(name: ScoreName, counts: Counts, average?: Average): number {
  const { right, predicted, support, isMultiLabel } = counts;
  if (average === "micro") return SCORES[name](total(right), total(predicted), total(support));
  const scores = scoresOf(name, counts);
  if (average === undefined && !isMultiLabel && scores.length === 2) return scores[1];
  const counted = scores.filter((_, i) => isMultiLabel || predicted[i] + support[i] > 0);
  return total(counted) / counted.length;
}

export const accuracyOf = ({ right, support }: Counts): number => total(right) / total(support);

/** The mean recall of the classes that occur. */
export function balancedAccuracyOf(counts: Counts): number {
  const recalls = scoresOf("recall", counts).filter((_, i) => counts.support[i] > 0);
  return total(recalls) / recalls.length;
}

/** The share of rows of which every number agrees. */
export function shareOfEqualRows(truth: Numbers, predicted: Numbers, columns: number): number {
  let right = 0;
  for (let at = 0; at < truth.length; at += columns) {
    let j = 0;
    while (j < columns && truth[at + j] === predicted[at + j]) j++;
    if (j === columns) right++;
  }
  return right / (truth.length / columns);
}

/** The most probable class of each row, the first of equals; of one column 1 from the threshold on. */
export function largestOf(probabilities: Numbers, columns: number, threshold = 0.5): Int32Array {
  const classes = new Int32Array(probabilities.length / columns);
  for (let row = 0; row < classes.length; row++) {
    const at = row * columns;
    if (columns === 1) classes[row] = probabilities[at] >= threshold ? 1 : 0;
    else
      for (let j = 1; j < columns; j++)
        if (probabilities[at + j] > probabilities[at + classes[row]]) classes[row] = j;
  }
  return classes;
}

/** 1 for each probability from the threshold of its column on, else 0. */
export function decideLabels(probabilities: Numbers, thresholds: readonly number[]): Uint8Array {
  return Uint8Array.from(probabilities, (p, i) => (p >= thresholds[i % thresholds.length] ? 1 : 0));
}

/** Of numbers in rows: the mean of a value of each column. */
function meanOfColumns(count: number, columns: number, of: (column: number, rows: number) => number): number {
  let sum = 0;
  for (let column = 0; column < columns; column++) sum += of(column, count / columns);
  return sum / columns;
}

function sumOver(rows: number, value: (row: number) => number): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += value(row);
  return sum;
}

/** The mean of `|truth - prediction|`. */
export function meanAbsoluteErrorOf(truth: Numbers, predicted: Numbers): number {
  return sumOver(truth.length, (i) => Math.abs(truth[i] - predicted[i])) / truth.length;
}

const squares = (truth: Numbers, predicted: Numbers, columns: number, column: number, rows: number) =>
  sumOver(rows, (row) => {
    const d = truth[row * columns + column] - predicted[row * columns + column];
    return d * d;
  });

/** The root of the mean of `(truth - prediction)^2`, the mean over columns. */
export function rootMeanSquaredErrorOf(truth: Numbers, predicted: Numbers, columns: number): number {
  return meanOfColumns(truth.length, columns, (column, rows) =>
    Math.sqrt(squares(truth, predicted, columns, column, rows) / rows),
  );
}

/**
 * `1 - sum (truth - prediction)^2 / sum (truth - mean)^2`, the mean over columns. Of a column that is the same in all rows it
 * is 1 if the prediction is right, else 0; of one row it is NaN.
 */
export function r2Of(truth: Numbers, predicted: Numbers, columns: number): number {
  return meanOfColumns(truth.length, columns, (column, rows) => {
    if (rows < 2) return Number.NaN;
    const mean = sumOver(rows, (row) => truth[row * columns + column]) / rows;
    const spread = sumOver(rows, (row) => {
      const d = truth[row * columns + column] - mean;
      return d * d;
    });
    const error = squares(truth, predicted, columns, column, rows);
    if (spread === 0) return error === 0 ? 1 : 0;
    return 1 - error / spread;
  });
}
