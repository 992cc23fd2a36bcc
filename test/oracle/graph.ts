/**
 * Graphs evaluated node by node in f64, in plain loops: what every plan is compared with.
 *
 * Each op also says how far an f32 kernel may be off, given exact operands: a bound from the number of roundings and
 * the magnitudes they act on. `tolerances` carries these through a whole graph.
 */
import { BinaryFn, Fn, Form, LossFn, Purpose, ReduceFn, Targets } from "../../assembly/abi.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { LossAttrs, OpAttrs, OpName } from "../../src/graph/op.ts";
import { resolve } from "../../src/graph/shape.ts";
import type { DType, ValueId } from "../../src/graph/type.ts";
import { isOverRows } from "../../src/tape/blocks.ts";
import { attention, attentionGrad, type Sizes } from "./attention.ts";
import { BINARY } from "./binary.ts";
import { conv, convGradWeights, convTranspose, type Sums } from "./conv.ts";
import { LOSS, rowsOf } from "./loss.ts";
import { matMul, magnitudes as productMagnitudes } from "./mat-mul.ts";
import { POOLING } from "./pool.ts";
import { noiseDraws, philox } from "./random.ts";
import { recurrent, recurrentGrad, recurrentGradWeights } from "./recurrent.ts";
import { maxGrad, reduce, magnitudes as sumMagnitudes } from "./reduce.ts";
import { byRows, logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "./softmax.ts";
import { slopeOf, UNARY } from "./unary.ts";

type Dims = readonly number[];
type Values = ArrayLike<number>;

export interface Operand {
  readonly dims: Dims;
  readonly dtype: DType;
  readonly values: number[];
}

export interface Output {
  readonly values: Values;
  /** How far element i may be off in f32. */
  readonly error: (i: number) => number;
}

export interface Context<A> {
  readonly attrs: A;
  readonly inputs: readonly Operand[];
  /** Of each output. */
  readonly dims: readonly Dims[];
  readonly rows: number;
}

/** Half the distance between neighbours of 1 in f32: the most that one rounding changes, relatively. */
const EPS = 2 ** -24;

const product = (dims: Dims) => dims.reduce((p, d) => p * d, 1);
const asMatrix = (dims: Dims) => [product(dims.slice(0, -1)), dims[dims.length - 1]] as const;
/** Row i of x [.., n]. */
const row = (x: readonly number[], i: number, n: number) => x.slice(i * n, i * n + n);
const exact =
  (factor: number, values: Values) =>
  (i: number): number =>
    factor * EPS * Math.abs(values[i]);

/** The index of flat position `i`, outermost axis first. */
function indexOf(i: number, dims: Dims): number[] {
  const index: number[] = [];
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    index.unshift(i % dims[axis]);
    i = Math.floor(i / dims[axis]);
  }
  return index;
}

/** The element of x that NumPy's broadcasting puts at `index` of a shape of equal or higher rank. */
function broadcastElement({ dims, values }: Operand, index: readonly number[]): number {
  const own = index.slice(index.length - dims.length).map((at, axis) => (dims[axis] === 1 ? 0 : at));
  return values[own.reduce((flat, at, axis) => flat * dims[axis] + at, 0)];
}

const fill = (dims: Dims, element: (index: number[]) => number) =>
  Array.from({ length: product(dims) }, (_, i) => element(indexOf(i, dims)));

/** op(A) op(B) with the bound of its error: k products and k sums an element. */
function multiply(form: Form, a: Operand, b: Operand): Output {
  const [am, ak] = asMatrix(a.dims);
  const [bm, bn] = asMatrix(b.dims);
  const m = form === Form.TN ? ak : am;
  const k = form === Form.TN ? am : ak;
  const n = form === Form.NT ? bm : bn;
  const sizes = [form, a.values, b.values, m, n, k] as const;
  const scale = productMagnitudes(...sizes);
  return { values: matMul(...sizes), error: (i) => (k + 1) * EPS * scale[i] };
}

/** fn of a value that may be off: how much fn spreads the error, and its own few units. */
function applied(fn: Fn, alpha: number, z: Output): Output {
  const { value, derivative } = UNARY[fn];
  const y = Array.from(z.values, (v) => value(v, alpha));
  return {
    values: y,
    error(i) {
      const at = z.values[i];
      const off = z.error(i);
      const spread = Math.max(
        Math.abs(value(at + off, alpha) - y[i]),
        Math.abs(value(at - off, alpha) - y[i]),
      );
      return spread + 8 * EPS * (Math.abs(y[i]) + Math.abs(at * derivative(at, alpha)));
    },
  };
}

/** dx = dy fn'(s). */
function sloped(fn: Fn, alpha: number, dy: Output, s: Values): Output {
  const slope = Array.from(dy.values, (_, i) => (fn === Fn.Identity ? 1 : slopeOf(fn, s[i], alpha)));
  return {
    values: slope.map((v, i) => (v === 0 ? 0 : dy.values[i] * v)),
    error: (i) =>
      slope[i] === 0
        ? 8 * EPS * Math.abs(dy.values[i])
        : dy.error(i) * Math.abs(slope[i]) + 8 * EPS * Math.abs(dy.values[i]) * (1 + Math.abs(slope[i])),
  };
}

const given = (values: Values): Output => ({ values, error: () => 0 });

/** [outer, n, inner] around the reduced axes. */
const around = (dims: Dims, from: number, to: number) =>
  [product(dims.slice(0, from)), product(dims.slice(from, to)), product(dims.slice(to))] as const;

/** m, n and the targets as rows. */
function lossOperands([p, t]: readonly Operand[]) {
  const [m, n] = p.dims.length === 0 ? [1, 1] : asMatrix(p.dims);
  const targets = rowsOf(t.dtype === "i32" ? Targets.Labels : Targets.Rows, t.values, n);
  return { m, n, targets: Array.from(targets) };
}

/** Weights of rows of data as one of each element, or of each row for CrossEntropy. */
function unitWeights(units: number, weights: Operand | undefined): number[] {
  return Array.from({ length: units }, (_, i) => {
    if (!weights) return 1;
    // Below 0: the unit is left out.
    return Math.max(0, weights.values[Math.floor(i / (units / weights.values.length))]);
  });
}

function meanLoss({ fn, parameter, alpha }: LossAttrs, inputs: readonly Operand[]): Output {
  const { m, n, targets: t } = lossOperands(inputs);
  const w = unitWeights(isOverRows(fn) ? m : m * n, inputs[2]);
  const p = inputs[0].values;
  const value = LOSS[fn].value(p, t, m, n, parameter, (i) => w[i], alpha);
  let scale = 0;
  for (let i = 0; i < m * n; i++)
    scale += isOverRows(fn)
      ? (n * Math.abs(t[i]) * (n + Math.max(...row(p, Math.floor(i / n), n).map(Math.abs)))) / (m * n)
      : ((1 + Math.abs(t[i])) * (1 + Math.abs(p[i])) + (p[i] - t[i]) ** 2) / (m * n);
  const largest = Math.max(...w.map(Math.abs));
  return { values: [value], error: () => 16 * EPS * scale * largest };
}

function meanLossGradient(
  { fn, parameter, alpha }: LossAttrs,
  inputs: readonly Operand[],
  scale: number,
  weights: Operand | undefined,
): Output {
  const { m, n, targets: t } = lossOperands(inputs);
  const w = unitWeights(isOverRows(fn) ? m : m * n, weights);
  const p = inputs[0].values;
  const values = LOSS[fn].gradient(p, t, m, n, parameter, (i) => w[i], alpha).map((d) => d * scale);
  const terms = isOverRows(fn) ? m : m * n;
  return {
    values,
    error(i) {
      const beside = row(t, Math.floor(i / n), n).reduce((sum, v) => sum + Math.abs(v), 0);
      const size =
        fn === LossFn.CosineSimilarity
          ? 2 / Math.hypot(...row(p, Math.floor(i / n), n))
          : isOverRows(fn)
            ? beside * (n + Math.abs(p[i]))
            : 1 + Math.abs(t[i]);
      const weight = Math.abs(w[isOverRows(fn) ? Math.floor(i / n) : i]);
      return 16 * EPS * (Math.abs(values[i]) + (Math.abs(scale) * size * weight) / terms);
    },
  };
}

/** Mean and variance of each column of x [m, n]. */
function columnMoments(x: readonly number[], m: number, n: number) {
  const over = (j: number, f: (v: number) => number) =>
    Array.from({ length: m }, (_, i) => f(x[i * n + j])).reduce((p, q) => p + q, 0) / m;
  const mean = Array.from({ length: n }, (_, j) => over(j, (v) => v));
  return { mean, variance: mean.map((centre, j) => over(j, (v) => (v - centre) ** 2)) };
}

interface Statistics {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  readonly gamma: readonly number[];
  readonly beta: readonly number[];
  readonly epsilon: number;
}

/** gamma (x - mean) / sqrt(variance + epsilon) + beta, by columns. */
function normalized(
  x: readonly number[],
  n: number,
  { mean, variance, gamma, beta, epsilon }: Statistics,
): Output {
  const scale = gamma.map((v, j) => v / Math.sqrt(variance[j] + epsilon));
  const values = x.map((v, i) => (v - mean[i % n]) * scale[i % n] + beta[i % n]);
  const size = (i: number) =>
    (Math.abs(x[i]) + Math.abs(mean[i % n])) * Math.abs(scale[i % n]) + Math.abs(beta[i % n]);
  return { values, error: (i) => 8 * EPS * size(i) };
}

/** Sums of products that are rounded once each, and once more where they are added. */
const ofSums = ({ values, sizes, terms }: Sums): Output => ({
  values,
  error: (i) => (terms[i] + 2) * EPS * sizes[i],
});

/** The sizes of q [.., queries, heads size], k and v [.., keys, heads width]. */
function attended(heads: number, q: Operand, k: Operand, v: Operand): Sizes {
  const [queries, features] = q.dims.slice(-2);
  const [keys] = k.dims.slice(-2);
  const [width] = v.dims.slice(-1);
  return {
    m: product(q.dims.slice(0, -2)),
    ...{ queries, keys, heads, size: features / heads, width: width / heads },
  };
}

const bounded = ({ values, errors }: { values: number[]; errors: number[] }): Output => ({
  values,
  error: (i) => errors[i],
});

/** One oracle an op: a missing one does not compile. */
const ORACLES: { readonly [K in OpName]: (context: Context<OpAttrs[K]>) => readonly Output[] } = {
  recurrent,
  recurrentGrad,
  recurrentGradWeights,
  matMul: ({ attrs: { transposeA, transposeB }, inputs: [a, b] }) => [
    multiply(transposeA ? Form.TN : transposeB ? Form.NT : Form.NN, a, b),
  ],
  unary: ({ attrs: { fn, alpha }, inputs: [x] }) => [applied(fn, alpha, given(x.values))],
  unaryGrad: ({ attrs: { fn, alpha }, inputs: [dy, s] }) => [sloped(fn, alpha, given(dy.values), s.values)],
  binary({ attrs: { fn }, inputs: [a, b], dims: [dims] }) {
    const values = fill(dims, (index) => BINARY[fn](broadcastElement(a, index), broadcastElement(b, index)));
    // Keep and Drop move bits; powers are rounded once more than what is inside.
    return [{ values, error: exact(fn === BinaryFn.Keep || fn === BinaryFn.Drop ? 0 : 2, values) }];
  },
  broadcast({ attrs: { divisor }, inputs: [x], dims: [dims], rows }) {
    const values = fill(dims, (index) => broadcastElement(x, index) / resolve(divisor, rows));
    return [{ values, error: divisor === 1 ? () => 0 : exact(2, values) }];
  },
  reduce({ attrs: { fn, from, to }, inputs: [x] }) {
    const [outer, n, inner] = around(x.dims, from, to);
    const scale = sumMagnitudes(x.values, outer, n, inner);
    const values = reduce(fn, x.values, outer, n, inner);
    const share = { [ReduceFn.Sum]: n + 1, [ReduceFn.Mean]: (n + 2) / n, [ReduceFn.Max]: 0 }[fn];
    return [{ values, error: (i) => share * EPS * scale[i] }];
  },
  maxGrad({ attrs: { from, to }, inputs: [dy, x] }) {
    const values = maxGrad(dy.values, x.values, ...around(x.dims, from, to));
    return [{ values, error: exact(2, values) }];
  },
  reshape: ({ inputs: [x] }) => [given(x.values)],
  transpose({ attrs: { axes }, inputs: [x], dims: [dims] }) {
    const source = (index: number[]) => x.dims.map((_, axis) => index[axes.indexOf(axis)]);
    return [given(fill(dims, (index) => broadcastElement(x, source(index))))];
  },
  softmax({ inputs: [x] }) {
    const [m, n] = asMatrix(x.dims);
    const values = byRows(m, n, (i) => softmax(row(x.values, i, n)));
    const largest = Math.max(0, ...x.values.map(Math.abs));
    return [{ values, error: exact(16 + n + 4 * largest, values) }];
  },
  softmaxGrad({ inputs: [dy, y] }) {
    const [m, n] = asMatrix(y.dims);
    const values = byRows(m, n, (i) => softmaxGrad(row(dy.values, i, n), row(y.values, i, n)));
    const dots = sumMagnitudes(
      dy.values.map((v, i) => v * y.values[i]),
      m,
      n,
      1,
    );
    const scale = (i: number) => Math.abs(y.values[i]) * (Math.abs(dy.values[i]) + dots[Math.floor(i / n)]);
    return [{ values, error: (i) => (n + 4) * EPS * scale(i) }];
  },
  logSoftmax({ inputs: [x] }) {
    const [m, n] = asMatrix(x.dims);
    const values = byRows(m, n, (i) => logSoftmax(row(x.values, i, n)));
    const largest = Math.max(0, ...x.values.map(Math.abs));
    return [{ values, error: () => (16 + n) * EPS * (1 + n + 2 * largest) }];
  },
  logSoftmaxGrad({ inputs: [dy, y] }) {
    const [m, n] = asMatrix(y.dims);
    const values = byRows(m, n, (i) => logSoftmaxGrad(row(dy.values, i, n), row(y.values, i, n)));
    const sums = sumMagnitudes(dy.values, m, n, 1);
    const scale = (i: number) =>
      Math.abs(dy.values[i]) + Math.exp(y.values[i]) * sums[Math.floor(i / n)] * (1 + Math.abs(y.values[i]));
    return [{ values, error: (i) => (n + 8) * EPS * scale(i) }];
  },
  batchNorm({ attrs: { epsilon }, inputs: [x, gamma, beta] }) {
    const [m, n] = asMatrix(x.dims);
    const { mean, variance } = columnMoments(x.values, m, n);
    const stats = { mean, variance, gamma: gamma.values, beta: beta.values, epsilon };
    return [
      normalized(x.values, n, stats),
      { values: mean, error: () => 8 * EPS * 2 },
      { values: variance, error: () => 8 * EPS * 4 },
    ];
  },
  normalizeColumns: ({ attrs: { epsilon }, inputs: [x, gamma, beta, mean, variance] }) => [
    normalized(x.values, gamma.values.length, {
      ...{ gamma: gamma.values, beta: beta.values, mean: mean.values, variance: variance.values, epsilon },
    }),
  ],
  batchNormGrad({ attrs: { epsilon }, inputs: [dy, x, gamma, mean, variance] }) {
    const [m, n] = asMatrix(x.dims);
    const column = (j: number) => Array.from({ length: m }, (_, i) => i * n + j);
    const r = variance.values.map((v) => 1 / Math.sqrt(v + epsilon));
    const h = x.values.map((v, i) => (v - mean.values[i % n]) * r[i % n]);
    const sumOf = (j: number, f: (i: number) => number) => column(j).reduce((sum, i) => sum + f(i), 0);
    const dbeta = r.map((_, j) => sumOf(j, (i) => dy.values[i]));
    const dgamma = r.map((_, j) => sumOf(j, (i) => dy.values[i] * h[i]));
    const size = r.map((_, j) => sumOf(j, (i) => Math.abs(dy.values[i]) * (1 + Math.abs(h[i]))));
    const dx = x.values.map((_, i) => {
      const j = i % n;
      return gamma.values[j] * r[j] * (dy.values[i] - dbeta[j] / m - (h[i] * dgamma[j]) / m);
    });
    const wide = (j: number, i: number) =>
      Math.abs(gamma.values[j]) * r[j] * (Math.abs(dy.values[i]) + (1 + Math.abs(h[i])) * size[j]);
    return [
      { values: dx, error: (i) => 16 * EPS * wide(i % n, i) },
      { values: dgamma, error: (j) => 16 * EPS * size[j] },
      { values: dbeta, error: (j) => 4 * EPS * size[j] },
    ];
  },
  approach({ attrs: { share, count }, inputs: [average, statistic], rows }) {
    const observations = resolve(count, rows);
    const c = observations > 1 ? observations / (observations - 1) : 1;
    const step = observations === 1 ? 0 : share;
    const values = average.values.map((v, i) => v + step * (statistic.values[i] * c - v));
    return [
      { values, error: (i) => 4 * EPS * (Math.abs(average.values[i]) + c * Math.abs(statistic.values[i])) },
    ];
  },
  layerNorm({ attrs: { epsilon }, inputs: [x, gamma, beta] }) {
    const [m, n] = asMatrix(x.dims);
    const moments = Array.from({ length: m }, (_, i) => columnMoments(row(x.values, i, n), n, 1));
    const mean = moments.map((s) => s.mean[0]);
    const rstd = moments.map((s) => 1 / Math.sqrt(s.variance[0] + epsilon));
    const h = x.values.map((v, i) => (v - mean[Math.floor(i / n)]) * rstd[Math.floor(i / n)]);
    const values = h.map((v, i) => v * gamma.values[i % n] + beta.values[i % n]);
    const size = (i: number) => {
      const at = Math.floor(i / n);
      return (Math.abs(x.values[i]) + Math.abs(mean[at])) * rstd[at] * Math.abs(gamma.values[i % n]);
    };
    return [
      { values, error: (i) => 8 * EPS * (size(i) + Math.abs(beta.values[i % n])) },
      { values: mean, error: () => 8 * EPS * 2 },
      { values: rstd, error: exact(4, rstd) },
    ];
  },
  layerNormGrad({ inputs: [dy, x, gamma, mean, rstd] }) {
    const [m, n] = asMatrix(x.dims);
    const at = (i: number) => Math.floor(i / n);
    const h = x.values.map((v, i) => (v - mean.values[at(i)]) * rstd.values[at(i)]);
    const g = dy.values.map((v, i) => v * gamma.values[i % n]);
    const average = (i: number, f: (k: number) => number) =>
      row([...x.values.keys()], at(i), n).reduce((sum, k) => sum + f(k), 0) / n;
    const dx = g.map(
      (v, i) => rstd.values[at(i)] * (v - average(i, (k) => g[k]) - h[i] * average(i, (k) => g[k] * h[k])),
    );
    const down = (j: number, f: (k: number) => number) =>
      Array.from({ length: m }, (_, i) => f(i * n + j)).reduce((p, q) => p + q, 0);
    const columns = gamma.values.map((_, j) => j);
    const size = columns.map((j) => down(j, (k) => Math.abs(dy.values[k]) * (1 + Math.abs(h[k]))));
    const wide = (i: number) => average(i, (k) => Math.abs(g[k]) * (1 + Math.abs(h[k])));
    return [
      {
        values: dx,
        error: (i) => 16 * EPS * rstd.values[at(i)] * (Math.abs(g[i]) + (1 + Math.abs(h[i])) * wide(i)),
      },
      {
        values: columns.map((j) => down(j, (k) => dy.values[k] * h[k])),
        error: (j) => (m + 8) * EPS * size[j],
      },
      { values: columns.map((j) => down(j, (k) => dy.values[k])), error: (j) => (m + 2) * EPS * size[j] },
    ];
  },
  conv: ({ attrs, inputs: [x, w, b], dims: [y] }) => [
    applied(attrs.fn, attrs.alpha, ofSums(conv(attrs, x.values, w.values, b?.values, x.dims, y))),
  ],
  convTranspose: ({ attrs, inputs: [y, w], dims: [x] }) => [
    ofSums(convTranspose(attrs, y.values, w.values, x, y.dims)),
  ],
  convGradWeights({ attrs, inputs: [x, dy] }) {
    const { dw, db } = convGradWeights(attrs, x.values, dy.values, x.dims, dy.dims);
    return attrs.bias ? [ofSums(dw), ofSums(db)] : [ofSums(dw)];
  },
  ...POOLING,
  stopGradient: ({ inputs: [x] }) => [given(x.values)],
  activityPenalty: ({ inputs: [x] }) => [given(x.values)],
  cumulativeSum({ attrs: { axis, reverse }, inputs: [x], dims: [dims] }) {
    const total = (index: number[], f: (v: number) => number) => {
      let sum = 0;
      for (let j = 0; j < dims[axis]; j++)
        if (reverse ? j >= index[axis] : j <= index[axis])
          sum += f(
            broadcastElement(
              x,
              index.map((at, i) => (i === axis ? j : at)),
            ),
          );
      return sum;
    };
    const size = fill(dims, (index) => total(index, Math.abs));
    return [{ values: fill(dims, (index) => total(index, (v) => v)), error: (i) => 2 * EPS * size[i] }];
  },
  argMax({ attrs: { axis, keepDims }, inputs: [x], dims: [dims] }) {
    const along = (index: number[]) =>
      Array.from({ length: x.dims[axis] }, (_, j) =>
        broadcastElement(x, [...index.slice(0, axis), j, ...index.slice(axis + Number(keepDims))]),
      );
    return [
      given(
        fill(dims, (index) => {
          const values = along(index);
          const nan = values.findIndex(Number.isNaN);
          return nan >= 0 ? nan : values.indexOf(Math.max(...values));
        }),
      ),
    ];
  },
  slice: ({ attrs: { axis, start, step }, inputs: [x], dims: [dims] }) => [
    given(
      fill(dims, (index) =>
        broadcastElement(
          x,
          index.map((at, i) => (i === axis ? start + at * step : at)),
        ),
      ),
    ),
  ],
  pad: ({ attrs: { axis, before, step, value }, inputs: [x], dims: [dims] }) => [
    given(
      fill(dims, (index) => {
        const j = (index[axis] - before) / step;
        if (!(Number.isInteger(j) && j >= 0 && j < x.dims[axis])) return value;
        return broadcastElement(
          x,
          index.map((at, i) => (i === axis ? j : at)),
        );
      }),
    ),
  ],
  concat: ({ attrs: { axis }, inputs, dims: [dims] }) => [
    given(
      fill(dims, (index) => {
        let at = index[axis];
        let k = 0;
        while (at >= inputs[k].dims[axis]) at -= inputs[k++].dims[axis];
        return broadcastElement(
          inputs[k],
          index.map((own, i) => (i === axis ? at : own)),
        );
      }),
    ),
  ],
  gather: ({ attrs: { axis }, inputs: [ids, x], dims: [dims] }) => [
    given(
      fill(dims, (index) => {
        const id = broadcastElement(ids, index);
        return broadcastElement(
          x,
          index.map((own, i) => (i === axis ? id : own)),
        );
      }),
    ),
  ],
  gatherGrad({ attrs: { axis }, inputs: [ids, dy], dims: [dims] }) {
    const total = (index: number[], f: (v: number) => number) => {
      let sum = 0;
      for (let j = 0; j < ids.dims[axis]; j++) {
        const from = index.map((own, i) => (i === axis ? j : own));
        if (broadcastElement(ids, from) === index[axis]) sum += f(broadcastElement(dy, from));
      }
      return sum;
    };
    const size = fill(dims, (index) => total(index, Math.abs));
    return [
      {
        values: fill(dims, (index) => total(index, (v) => v)),
        error: (i) => ids.dims[axis] * EPS * size[i],
      },
    ];
  },
  batchMatMul({ attrs: { transposeA, transposeB }, inputs: [a, b], dims: [dims] }) {
    const [k] = a.dims.slice(transposeA ? -2 : -1);
    const total = (index: number[], f: (v: number) => number) => {
      const before = index.slice(0, -2);
      const [i, j] = index.slice(-2);
      let sum = 0;
      for (let p = 0; p < k; p++)
        sum += f(
          broadcastElement(a, [...before, ...(transposeA ? [p, i] : [i, p])]) *
            broadcastElement(b, [...before, ...(transposeB ? [j, p] : [p, j])]),
        );
      return sum;
    };
    const size = fill(dims, (index) => total(index, Math.abs));
    return [{ values: fill(dims, (index) => total(index, (v) => v)), error: (i) => (k + 1) * EPS * size[i] }];
  },
  attention({ attrs, inputs: [q, k, v, mask] }) {
    const sizes = attended(attrs.heads, q, k, v);
    const { y, w } = attention(sizes, attrs, q.values, k.values, v.values, mask?.values);
    return [bounded(y), bounded(w)];
  },
  attentionGrad({ attrs, inputs: [dy, w, q, k, v] }) {
    const sizes = attended(attrs.heads, q, k, v);
    const { dq, dk, dv } = attentionGrad(
      ...([sizes, attrs, dy.values, w.values] as const),
      ...([q.values, k.values, v.values] as const),
    );
    return [bounded(dq), bounded(dk), bounded(dv)];
  },
  embedding({ inputs: [ids, table] }) {
    const units = table.dims[1];
    return [given(ids.values.flatMap((id) => row(table.values, id, units)))];
  },
  embeddingGrad({ attrs: { vocabulary, units }, inputs: [ids, dy] }) {
    const values = new Array<number>(vocabulary * units).fill(0);
    const size = values.slice();
    ids.values.forEach((id, i) => {
      for (let j = 0; j < units; j++) {
        values[id * units + j] += dy.values[i * units + j];
        size[id * units + j] += Math.abs(dy.values[i * units + j]);
      }
    });
    return [{ values, error: (i) => ids.values.length * EPS * size[i] }];
  },
  /** With the counters of a fresh program, all 0. */
  dropout({ attrs: { rate, stream }, inputs: [x] }) {
    const blocks = Array.from({ length: Math.ceil(x.values.length / 4) }, (_, block) => block);
    const words = blocks.flatMap((block) => philox([block, 0, Purpose.Dropout, stream], [0, 0]));
    const values = x.values.map((v, i) => (words[i] >= rate * 2 ** 32 ? v / (1 - rate) : 0));
    return [{ values, error: exact(4, values) }];
  },
  /** With the counters of a fresh program, all 0. */
  noise({ attrs: { uniform, spread, stream }, inputs: [x] }) {
    const draws = noiseDraws(x.values.length, 0, 0, 0, stream, uniform);
    const values = x.values.map((v, i) => v + spread * draws[i]);
    // Of the quantile, 1e-7, and of two roundings.
    return [{ values, error: (i) => 2e-7 * (Math.abs(x.values[i]) + Math.abs(spread) * 7) }];
  },
  loss: ({ attrs, inputs }) => [meanLoss(attrs, inputs)],
  lossGrad: ({ attrs, inputs }) => [meanLossGradient(attrs, inputs, inputs[2].values[0], inputs[3])],
  /** -1 says that a unit is left out. */
  lossWeights({ attrs: { ignore }, inputs: [t, w] }) {
    const counted = t.values.filter((label) => label !== ignore).length;
    const span = w ? t.values.length / w.values.length : 1;
    const values = t.values.map((label, i) =>
      label === ignore ? -1 : ((w ? w.values[Math.floor(i / span)] : 1) * t.values.length) / counted,
    );
    return [{ values, error: exact(2, values) }];
  },
  dense({ attrs: { fn, alpha }, inputs: [x, w, bias] }) {
    const xw = multiply(Form.NN, x, w);
    const n = w.dims[1];
    const b = (i: number) => (bias ? bias.values[i % n] : 0);
    const z = Array.from(xw.values, (v, i) => v + b(i));
    return [
      applied(fn, alpha, {
        values: z,
        error: (i) => xw.error(i) + EPS * (Math.abs(xw.values[i]) + Math.abs(z[i])),
      }),
    ];
  },
  denseGradWeights({ attrs: { bias }, inputs: [x, dy] }) {
    const [m, n] = asMatrix(dy.dims);
    const scale = sumMagnitudes(dy.values, 1, m, n);
    const dw = multiply(Form.TN, x, dy);
    const db = {
      values: reduce(ReduceFn.Sum, dy.values, 1, m, n),
      error: (j: number) => (m + 1) * EPS * scale[j],
    };
    return bias ? [dw, db] : [dw];
  },
  denseGradInput: ({ attrs: { fn, alpha }, inputs: [dy, w, s] }) => [
    sloped(fn, alpha, multiply(Form.NT, dy, w), s.values),
  ],
  accumulate({ inputs: [a, b] }) {
    const values = a.values.map((v, i) => v + b.values[i]);
    return [{ values, error: exact(1, values) }];
  },
  place: ({ inputs: [x], dims: [dims] }) => [given(fill(dims, (index) => broadcastElement(x, index)))],
  lossAndGrad: ({ attrs, inputs }) => [
    meanLoss(attrs, inputs),
    meanLossGradient(attrs, inputs, 1, inputs[2]),
  ],
};

export type Feeds = ReadonlyMap<ValueId, Values>;

/**
 * The values of a graph for a pass of `rows` rows.
 *
 * @param feeds elements of each input, target and parameter
 * @param noise a number in [-1, 1]: that part of its error bound is added to each computed element
 */
export function evaluate(
  graph: Graph,
  rows: number,
  feeds: Feeds,
  noise: () => number = () => 0,
): Map<ValueId, number[]> {
  const values = new Map<ValueId, number[]>();
  for (const [id, data] of feeds) values.set(id, Array.from(data));
  for (const { value, data } of graph.constants) values.set(value, Array.from(data));
  const dimsOf = (id: ValueId) => graph.shape(id).map((d) => resolve(d, rows));
  for (const node of graph.nodes) {
    const outputs = ORACLES[node.op]({
      attrs: node.attrs as never,
      inputs: node.inputs.map((id) => {
        const data = values.get(id);
        if (!data) throw new Error(`oracle: ${node.op} reads %${id} before it is made`);
        return { dims: dimsOf(id), dtype: graph.values[id].dtype, values: data };
      }),
      dims: node.outputs.map(dimsOf),
      rows,
    });
    outputs.forEach((output, j) => {
      values.set(
        node.outputs[j],
        Array.from(output.values, (v, i) => v + noise() * output.error(i)),
      );
    });
  }
  return values;
}

/** Uniform numbers in [-1, 1), the same for the same seed. */
export function noiseOf(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const NOISY_RUNS = 8;
const SAFETY = 4;

/**
 * How far f32 results may be from these: the errors of all nodes drawn at random within their bounds, several times
 * (Monte Carlo arithmetic, Parker 1997), and the largest change seen in any element of a value, `SAFETY` times.
 */
export function tolerances(
  graph: Graph,
  rows: number,
  feeds: Feeds,
  wanted: readonly ValueId[],
): { readonly values: Map<ValueId, number[]>; readonly tolerance: Map<ValueId, number> } {
  const values = evaluate(graph, rows, feeds);
  const tolerance = new Map<ValueId, number>(wanted.map((id) => [id, 2 ** -120]));
  for (let run = 0; run < NOISY_RUNS; run++) {
    const noisy = evaluate(graph, rows, feeds, noiseOf(run));
    for (const id of wanted)
      (values.get(id) as number[]).forEach((v, i) => {
        const off = SAFETY * Math.abs((noisy.get(id) as number[])[i] - v);
        if (off > (tolerance.get(id) as number)) tolerance.set(id, off);
      });
  }
  return { values, tolerance };
}
