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
    alpha?: number,
  ) => number;
  /** its gradient with respect to p */
  readonly gradient: (
    p: Values,
    t: Values,
    m: number,
    n: number,
    parameter: number,
    weight?: WeightOf,
    alpha?: number,
  ) => number[];
}

/** A mean over all elements of a loss of one prediction and one target. */
const elementwise = (
  value: (p: number, t: number, parameter: number, alpha: number) => number,
  derivative: (p: number, t: number, parameter: number, alpha: number) => number,
): LossOracle => ({
  value(p, t, m, n, parameter, weight = one, alpha = 0) {
    let sum = 0;
    for (let i = 0; i < m * n; i++) sum += weight(i) * value(p[i], t[i], parameter, alpha);
    return m * n === 0 ? 0 : sum / (m * n);
  },
  gradient(p, t, m, n, parameter, weight = one, alpha = 0) {
    const slope = (i: number) => derivative(p[i], t[i], parameter, alpha);
    return Array.from({ length: m * n }, (_, i) => (weight(i) * slope(i)) / (m * n));
  },
});

/** A mean over rows of a loss of one row. */
const rowwise = (
  value: (p: number[], t: number[], parameter: number) => number,
  derivative: (p: number[], t: number[], parameter: number) => number[],
): LossOracle => ({
  value(p, t, m, n, parameter, weight = one) {
    let sum = 0;
    for (let i = 0; i < m; i++) sum += weight(i) * value(rowOf(p, i, n), rowOf(t, i, n), parameter);
    return m * n === 0 ? 0 : sum / m;
  },
  gradient(p, t, m, n, parameter, weight = one) {
    return Array.from({ length: m }, (_, i) =>
      derivative(rowOf(p, i, n), rowOf(t, i, n), parameter).map((d) => (weight(i) * d) / m),
    ).flat();
  },
});

const add = (terms: readonly number[]) => terms.reduce((a, b) => a + b, 0);
const dot = (a: readonly number[], b: readonly number[]) => add(a.map((v, j) => v * b[j]));

/** Targets that label smoothing moved towards 1 / n, or 1 / 2 of a yes-or-no output. */
const smooth = (t: number, share: number, middle: number) => t * (1 - share) + middle * share;
const smoothRow = (t: number[], share: number) => t.map((v) => smooth(v, share, add(t) / t.length));

const crossEntropy = (p: number[], t: number[]) => {
  const y = logSoftmax(p);
  return -add(t.map((v, j) => (v === 0 ? 0 : v * y[j])));
};
const crossEntropyGradient = (p: number[], t: number[]) => {
  const total = add(t);
  return softmax(p).map((y, j) => total * y - t[j]);
};

/** Of the probability u of what is not so. */
const wrongness = (p: number, t: number) => sigmoid(p) * (1 - t) + sigmoid(-p) * t;
const binary = (p: number, t: number) => Math.max(p, 0) - p * t + Math.log1p(Math.exp(-Math.abs(p)));
const binarySlope = (p: number, t: number) => (p > 0 ? 1 - t - sigmoid(-p) : sigmoid(p) - t);
const balance = (t: number, alpha: number) => (alpha < 0 ? 1 : alpha * t + (1 - alpha) * (1 - t));

/** What `poisson` and `cosineSimilarity` add, so that nothing divides by 0. */
const RATE = 1e-8;
const LENGTH = 1e-12;

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
    (p, t, share) => binary(p, smooth(t, share, 0.5)),
    (p, t, share) => binarySlope(p, smooth(t, share, 0.5)),
  ),
  [LossFn.CrossEntropy]: rowwise(
    (p, t, share) => crossEntropy(p, smoothRow(t, share)),
    (p, t, share) => crossEntropyGradient(p, smoothRow(t, share)),
  ),
  [LossFn.CategoricalHinge]: rowwise(
    (p, t) => Math.max(0, Math.max(...p.map((v, j) => (1 - t[j]) * v)) - dot(p, t) + 1),
    (p, t) => {
      const others = p.map((v, j) => (1 - t[j]) * v);
      const worst = others.indexOf(Math.max(...others));
      const isOver = others[worst] - dot(p, t) + 1 > 0;
      return p.map((_, j) => (isOver ? (j === worst ? 1 - t[j] : 0) - t[j] : 0));
    },
  ),
  [LossFn.KlDivergence]: rowwise(
    (p, t) => crossEntropy(p, t) + add(t.map((v) => (v === 0 ? 0 : v * Math.log(v)))),
    crossEntropyGradient,
  ),
  [LossFn.CategoricalFocal]: rowwise(
    (p, t, gamma) => {
      const y = softmax(p);
      return -add(t.map((v, j) => (v === 0 ? 0 : v * (1 - y[j]) ** gamma * logSoftmax(p)[j])));
    },
    (p, t, gamma) => {
      const y = softmax(p);
      const a = y.map((q, j) => {
        const logarithm = logSoftmax(p)[j];
        // A certain class: 0 times a power that may be infinite.
        const first = logarithm === 0 ? 0 : gamma * q * (1 - q) ** (gamma - 1) * logarithm;
        return t[j] === 0 ? 0 : t[j] * (first - (1 - q) ** gamma);
      });
      return a.map((v, j) => v - y[j] * add(a));
    },
  ),
  [LossFn.CosineSimilarity]: rowwise(
    (p, t) => 1 - dot(p, t) / Math.sqrt((dot(p, p) + LENGTH) * (dot(t, t) + LENGTH)),
    (p, t) => {
      const length = Math.sqrt((dot(p, p) + LENGTH) * (dot(t, t) + LENGTH));
      return p.map((v, j) => ((dot(p, t) / length) * v) / (dot(p, p) + LENGTH) - t[j] / length);
    },
  ),
  [LossFn.Hinge]: elementwise(
    (p, t) => Math.max(0, 1 - t * p),
    (p, t) => (1 - t * p > 0 ? -t : 0),
  ),
  [LossFn.SquaredHinge]: elementwise(
    (p, t) => Math.max(0, 1 - t * p) ** 2,
    (p, t) => -2 * t * Math.max(0, 1 - t * p),
  ),
  [LossFn.PoissonOfLogs]: elementwise(
    (p, t) => Math.exp(p) - t * p,
    (p, t) => Math.exp(p) - t,
  ),
  [LossFn.Poisson]: elementwise(
    (p, t) => p - t * Math.log(p + RATE),
    (p, t) => 1 - t / (p + RATE),
  ),
  [LossFn.LogCosh]: elementwise(
    (p, t) =>
      Math.abs(p - t) < 1
        ? Math.log1p((Math.expm1(p - t) * -Math.expm1(t - p)) / 2)
        : Math.abs(p - t) - Math.LN2 + Math.log1p(Math.exp(-2 * Math.abs(p - t))),
    (p, t) => Math.tanh(p - t),
  ),
  [LossFn.Quantile]: elementwise(
    (p, t, q) => Math.max(q * (t - p), (q - 1) * (t - p)),
    (p, t, q) => (p > t ? 1 - q : p < t ? -q : 0),
  ),
  [LossFn.Value]: elementwise(
    (p) => p,
    () => 1,
  ),
  [LossFn.Focal]: elementwise(
    (p, t, gamma, alpha) => balance(t, alpha) * wrongness(p, t) ** gamma * binary(p, t),
    (p, t, gamma, alpha) => {
      const u = wrongness(p, t);
      const turn = sigmoid(p) * sigmoid(-p) * (1 - 2 * t);
      return (
        balance(t, alpha) * (binarySlope(p, t) * u ** gamma + gamma * binary(p, t) * u ** (gamma - 1) * turn)
      );
    },
  ),
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
