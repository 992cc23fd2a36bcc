/** Mean losses and their gradients in f64. */
import { LossFn, Targets } from "../../assembly/abi.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { sigmoid } from "./unary.ts";

type Values = ArrayLike<number>;

/** The weight of an element, or of a row for CrossEntropy. */
export type WeightOf = (unit: number) => number;

const one: WeightOf = () => 1;

export interface LossOracle {
  /** the mean loss of p against t, both [m, n]; labels as one-hot rows; each term times its weight */
  readonly value: (
    p: Values,
    t: Values,
    m: number,
    n: number,
    parameter: number,
    weight?: WeightOf,
  ) => number;
  /** its gradient with respect to p */
  readonly gradient: (
    p: Values,
    t: Values,
    m: number,
    n: number,
    parameter: number,
    weight?: WeightOf,
  ) => number[];
}

/** A mean over all elements of a loss of one prediction and one target. */
const elementwise = (
  value: (p: number, t: number, parameter: number) => number,
  derivative: (p: number, t: number, parameter: number) => number,
): LossOracle => ({
  value(p, t, m, n, parameter, weight = one) {
    let sum = 0;
    for (let i = 0; i < m * n; i++) sum += weight(i) * value(p[i], t[i], parameter);
    return m * n === 0 ? 0 : sum / (m * n);
  },
  gradient(p, t, m, n, parameter, weight = one) {
    return Array.from({ length: m * n }, (_, i) => (weight(i) * derivative(p[i], t[i], parameter)) / (m * n));
  },
});

const rowOf = (x: Values, i: number, n: number) => Array.from({ length: n }, (_, j) => x[i * n + j]);

export const LOSS: Readonly<Record<LossFn, LossOracle>> = {
  [LossFn.MeanSquaredError]: elementwise(
    (p, t) => (p - t) ** 2,
    (p, t) => 2 * (p - t),
  ),
  [LossFn.MeanAbsoluteError]: elementwise(
    (p, t) => Math.abs(p - t),
    (p, t) => Math.sign(p - t),
  ),
  [LossFn.Huber]: elementwise(
    (p, t, delta) => (Math.abs(p - t) <= delta ? (p - t) ** 2 / 2 : delta * (Math.abs(p - t) - delta / 2)),
    (p, t, delta) => Math.max(-delta, Math.min(delta, p - t)),
  ),
  [LossFn.BinaryCrossEntropy]: elementwise(
    (p, t) => Math.max(p, 0) - p * t + Math.log1p(Math.exp(-Math.abs(p))),
    (p, t) => (p > 0 ? 1 - t - sigmoid(-p) : sigmoid(p) - t),
  ),
  [LossFn.CrossEntropy]: {
    value(p, t, m, n, _, weight = one) {
      let sum = 0;
      for (let i = 0; i < m; i++) {
        const y = logSoftmax(rowOf(p, i, n));
        for (let j = 0; j < n; j++) if (t[i * n + j] !== 0) sum -= weight(i) * t[i * n + j] * y[j];
      }
      return m * n === 0 ? 0 : sum / m;
    },
    gradient(p, t, m, n, _, weight = one) {
      const dx: number[] = [];
      for (let i = 0; i < m; i++) {
        const y = softmax(rowOf(p, i, n));
        const weights = rowOf(t, i, n).reduce((a, b) => a + b, 0);
        for (let j = 0; j < n; j++) dx.push((weight(i) * (weights * y[j] - t[i * n + j])) / m);
      }
      return dx;
    },
  },
};

/** Class indices as the rows of weights they stand for. */
export function oneHot(labels: ArrayLike<number>, n: number): Float32Array {
  const t = new Float32Array(labels.length * n);
  for (let i = 0; i < labels.length; i++) t[i * n + labels[i]] = 1;
  return t;
}

/** The targets of a record as rows. */
export const rowsOf = (targets: Targets, t: ArrayLike<number>, n: number): ArrayLike<number> =>
  targets === Targets.Labels ? oneHot(t, n) : t;
