import { DataError, ShapeError } from "../errors.ts";
import { log } from "../math/log.ts";
import { refuseMore } from "../options.ts";
import { isVector, type Matrix, type MatrixLike, readMatrix, readVector, type VectorLike } from "./matrix.ts";

const SUM = "it is the sum over the rows; divide it by their number for a mean";

/** How far the sum of a row of probabilities may be from 1: room for f32 softmax rows, not for logits. */
const ROW_SUM_TOLERANCE = 0.0009765625; // 2^-10

function read(who: string, name: string, value: MatrixLike | VectorLike): Matrix {
  const matrix = isVector(value) ? readVector(who, name, value) : readMatrix(who, name, value as MatrixLike);
  if (matrix.m === 0) throw new ShapeError(`${who}: ${name} must have at least one row; got none`);
  return matrix;
}

/** Each value in [0, 1]; each row of several columns sums to 1. */
function checkProbabilities(who: string, name: string, { m, n, data }: Matrix): void {
  for (let i = 0; i < m; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const p = data[i * n + j]!;
      if (p < 0 || p > 1) throw new DataError(`${who}: ${name} must be in [0, 1]; got ${p} at [${i}, ${j}]`);
      sum += p;
    }
    if (n > 1 && Math.abs(sum - 1) > ROW_SUM_TOLERANCE) {
      throw new DataError(`${who}: a row of ${name} must sum to 1; got ${sum} in row ${i}`);
    }
  }
}

/** Class indices as one-hot rows, [m, k]. */
function oneHot(who: string, labels: Matrix, k: number): Matrix {
  const data = new Float64Array(labels.m * k);
  labels.data.forEach((label, i) => {
    if (!Number.isInteger(label) || label < 0 || label >= k) {
      throw new DataError(`${who}: labels must be integers in [0, ${k}); got ${label} at [${i}]`);
    }
    data[i * k + label] = 1;
  });
  return { m: labels.m, n: k, data, single: false };
}

/** `p log q` with the limit 0 at p = 0, whatever q. */
function term(p: number, q: number): number {
  return p === 0 ? 0 : p * log(q);
}

function sumLogLikelihood(
  who: string,
  probabilities: MatrixLike | VectorLike,
  targets: MatrixLike | VectorLike,
): number {
  const yhat = read(who, "probabilities", probabilities);
  const given = read(who, "targets", targets);
  if (given.m !== yhat.m) {
    throw new ShapeError(
      `${who}: targets must have one row per row of probabilities; got ${given.m} for ${yhat.m}`,
    );
  }
  checkProbabilities(who, "probabilities", yhat);
  const y = given.n === 1 && yhat.n > 1 ? oneHot(who, given, yhat.n) : given;
  if (y.n !== yhat.n) {
    throw new ShapeError(`${who}: targets must be labels or have ${yhat.n} columns; got [${y.m}, ${y.n}]`);
  }
  checkProbabilities(who, "targets", y);

  let sum = 0;
  for (let i = 0; i < yhat.data.length; i++) {
    const p = y.data[i]!;
    const q = yhat.data[i]!;
    sum += term(p, q);
    if (yhat.n === 1) sum += term(1 - p, 1 - q);
  }
  return sum;
}

/**
 * The log-likelihood of targets under predicted probabilities: `log p(D) = sum_i sum_j y_ij log yhat_ij`.
 *
 * A sum over the rows, not a mean, in nats, in f64, added row by row and within a row column by column. One
 * column holds the probability of class 1 (a sigmoid output), whose row counts `y log yhat + (1 - y)
 * log(1 - yhat)`. Targets of weight 0 add 0; a target the prediction gave probability 0 makes the result
 * -Infinity.
 *
 * @param probabilities [m, k] rows that sum to 1 within 2^-10, or [m] / [m, 1] of class 1; each in [0, 1]
 * @param targets [m] class indices in [0, k), or [m, k] one-hot or probability rows; [m] or [m, 1] in [0, 1]
 *   where probabilities are of class 1
 * @returns nats, <= 0 for labels and one-hot targets
 * @throws ShapeError where the shapes do not fit or there is no row, DataError for values out of range
 *
 * Source: Goodfellow, Bengio and Courville, Deep Learning, 2016, section 5.5.
 *
 * @example
 * ```ts
 * import { logLikelihood } from "wasmgrad/analysis";
 *
 * logLikelihood([[0.5, 0.5], [0, 1]], [0, 1]); // => -0.6931471805599453
 * logLikelihood([0.5, 1], [1, 1]); // => -0.6931471805599453
 * ```
 */
export function logLikelihood(
  probabilities: MatrixLike | VectorLike,
  targets: MatrixLike | VectorLike,
): number {
  refuseMore("logLikelihood", arguments, 2);
  return sumLogLikelihood("logLikelihood", probabilities, targets);
}

/**
 * The cross-entropy of targets and predicted probabilities: `H = -sum_i sum_j y_ij log yhat_ij`.
 *
 * Exactly the negative of `logLikelihood` of the same arguments, so that the most likely parameters are those
 * of least cross-entropy. A sum in nats; divide by the number of rows for the mean that training reports.
 *
 * @param probabilities [m, k] rows that sum to 1 within 2^-10, or [m] / [m, 1] of class 1; each in [0, 1]
 * @param targets [m] class indices in [0, k), or [m, k] one-hot or probability rows; [m] or [m, 1] in [0, 1]
 *   where probabilities are of class 1
 * @returns nats, >= 0; Infinity where a target has probability 0
 * @throws ShapeError where the shapes do not fit or there is no row, DataError for values out of range
 *
 * Source: Goodfellow, Bengio and Courville, Deep Learning, 2016, sections 3.13 and 5.5.
 *
 * @example
 * ```ts
 * import { crossEntropy } from "wasmgrad/analysis";
 *
 * crossEntropy([[0.5, 0.5], [0, 1]], [[1, 0], [0, 1]]); // => 0.6931471805599453
 * ```
 */
export function crossEntropy(
  probabilities: MatrixLike | VectorLike,
  targets: MatrixLike | VectorLike,
): number {
  refuseMore("crossEntropy", arguments, 2, SUM);
  // 0 - x negates every x exactly and turns 0 into +0.
  return 0 - sumLogLikelihood("crossEntropy", probabilities, targets);
}
