/** The tables of `ops.test.ts`: an op without cases, or without a list of what it refuses, does not compile. */

import { BinaryFn, Fn, LossFn, type OpAttrs, type OpName, ReduceFn } from "../../src/graph/op.ts";
import { formatShape, type Shape } from "../../src/graph/shape.ts";
import type { DType } from "../../src/graph/type.ts";
import { UNARY } from "../oracle/unary.ts";
import { GEOMETRIES } from "./conv-cases.ts";
import { POOL_CASES, POOL_REFUSALS } from "./pool-cases.ts";
import { RECURRENT_CASES, RECURRENT_REFUSALS } from "./recurrent-cases.ts";

export const ROWS = -1;

/** Draws one element from uniform numbers in [-1, 1). */
export type Draw = (uniform: () => number) => number;

export interface Input {
  readonly shape: Shape;
  readonly draw: Draw;
  readonly dtype: DType;
  /** Targets: the rule gives no cotangent for them. */
  readonly constant: boolean;
}

export interface Case<K extends OpName> {
  readonly name: string;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly Input[];
  readonly outputs: readonly Shape[];
  /** Made by fusion, after differentiation: the rule does not speak of it. */
  readonly fused?: boolean;
}

/** Of both signs, at least 0.1 from 0, where some derivatives jump. */
export const signed: Draw = (uniform) => {
  const u = uniform();
  return u < 0 ? u * 1.9 - 0.1 : u * 1.9 + 0.1;
};
const positive: Draw = (uniform) => 1.1 + uniform();
const unit: Draw = (uniform) => 0.5 + 0.4 * uniform();
export const classes =
  (count: number): Draw =>
  (uniform) =>
    Math.floor(((uniform() + 1) / 2) * count);

const input = (shape: Shape, draw: Draw = signed): Input => ({ shape, draw, dtype: "f32", constant: false });
const target = (shape: Shape, draw: Draw = signed): Input => ({ shape, draw, dtype: "f32", constant: true });
const labels = (shape: Shape, count: number): Input => ({
  shape,
  draw: classes(count),
  dtype: "i32",
  constant: true,
});

export const ALPHA = 0.3;
export const FNS = Object.keys(UNARY).map(Number) as Fn[];
export const argument = (fn: Fn): Draw => (UNARY[fn].positive ? positive : signed);
/** What `unary` keeps for its gradient. */
const saved =
  (fn: Fn): Draw =>
  (uniform) => {
    const x = argument(fn)(uniform);
    return UNARY[fn].saves === "y" ? UNARY[fn].value(x, ALPHA) : x;
  };

/** An operand of a binary function that is smooth there: bases of powers above 0, conditions that nothing is learned by. */
function operand(shape: Shape, fn: BinaryFn, i: number): Input {
  if (fn >= BinaryFn.Power && fn <= BinaryFn.PowerExponentSlope)
    return { ...input(shape, i === 0 ? positive : signed), constant: fn !== BinaryFn.Power };
  if (fn === BinaryFn.Keep || fn === BinaryFn.Drop)
    return i === 0 ? { ...input(shape, classes(2)), constant: true } : input(shape);
  return input(shape);
}

const NN = { transposeA: false, transposeB: false };
const TN = { transposeA: true, transposeB: false };
const NT = { transposeA: false, transposeB: true };

const BROADCASTS: readonly (readonly [Shape, Shape, Shape])[] = [
  [
    [ROWS, 5],
    [ROWS, 5],
    [ROWS, 5],
  ],
  [[ROWS, 5], [5], [ROWS, 5]],
  [[5], [ROWS, 5], [ROWS, 5]],
  [
    [ROWS, 5],
    [ROWS, 1],
    [ROWS, 5],
  ],
  [[ROWS, 2, 3], [], [ROWS, 2, 3]],
  [
    [ROWS, 1, 3],
    [2, 1],
    [ROWS, 2, 3],
  ],
  [[], [], []],
];

const sign: Draw = (uniform) => (uniform() < 0 ? -1 : 1);

export const LOSSES: readonly { fn: LossFn; parameter: number; alpha?: number; draw: Draw; of?: Draw }[] = [
  { fn: LossFn.MeanSquaredError, parameter: 0, draw: signed },
  { fn: LossFn.MeanAbsoluteError, parameter: 0, draw: signed },
  { fn: LossFn.Huber, parameter: 0.7, draw: signed },
  { fn: LossFn.BinaryCrossEntropy, parameter: 0, draw: unit },
  { fn: LossFn.CrossEntropy, parameter: 0, draw: unit },
  { fn: LossFn.BinaryCrossEntropy, parameter: 0.2, draw: unit },
  { fn: LossFn.CrossEntropy, parameter: 0.2, draw: unit },
  { fn: LossFn.CategoricalHinge, parameter: 0, draw: unit },
  { fn: LossFn.KlDivergence, parameter: 0, draw: unit },
  { fn: LossFn.CategoricalFocal, parameter: 2, draw: unit },
  { fn: LossFn.CosineSimilarity, parameter: 0, draw: signed },
  { fn: LossFn.Hinge, parameter: 0, draw: sign },
  { fn: LossFn.SquaredHinge, parameter: 0, draw: sign },
  { fn: LossFn.PoissonOfLogs, parameter: 0, draw: positive },
  { fn: LossFn.Poisson, parameter: 0, draw: positive, of: positive },
  { fn: LossFn.LogCosh, parameter: 0, draw: signed },
  { fn: LossFn.Quantile, parameter: 0.75, draw: signed },
  { fn: LossFn.Focal, parameter: 2, alpha: 0.25, draw: unit },
  { fn: LossFn.Focal, parameter: 0.5, alpha: -1, draw: unit },
  { fn: LossFn.Value, parameter: 0, draw: signed },
];
const lossOf = ({ fn, parameter, alpha }: (typeof LOSSES)[number]) => ({
  name: `${LossFn[fn]} ${parameter}`,
  attrs: alpha === undefined ? { fn, parameter } : { fn, parameter, alpha },
});

/** Cases of the three loss ops: predictions, targets, and what stands around them. */
const lossCases = <K extends "loss" | "lossGrad" | "lossAndGrad">(
  more: readonly Input[],
  outputs: (p: Shape) => readonly Shape[],
): Case<K>[] => [
  ...LOSSES.flatMap((loss) =>
    [
      [ROWS, 5],
      [ROWS, 1],
      [ROWS, 2, 3],
      [2 * ROWS, 3],
    ].map((shape) => ({
      name: `${lossOf(loss).name} of ${formatShape(shape)}, weighted`,
      attrs: lossOf(loss).attrs,
      inputs: [input(shape, loss.of), target(shape, loss.draw), ...more, target([ROWS], positive)],
      outputs: outputs(shape),
    })),
  ),
  ...LOSSES.flatMap((loss) =>
    [
      [ROWS, 5],
      [ROWS, 1],
      [ROWS, 2, 3],
    ].map((shape) => ({
      name: `${lossOf(loss).name} of ${formatShape(shape)}`,
      attrs: lossOf(loss).attrs,
      inputs: [input(shape, loss.of), target(shape, loss.draw), ...more],
      outputs: outputs(shape),
    })),
  ),
  ...[LossFn.MeanSquaredError, LossFn.CrossEntropy].map((fn) => ({
    name: `${LossFn[fn]} with a weight for each unit`,
    attrs: { fn, parameter: 0 },
    inputs: [
      input([ROWS, 2, 3]),
      target([ROWS, 2, 3], unit),
      ...more,
      target(fn === LossFn.CrossEntropy ? [ROWS, 2] : [ROWS, 2, 3], positive),
    ],
    outputs: outputs([ROWS, 2, 3]),
  })),
  ...[[ROWS], [], [7]].map((shape) => ({
    name: `meanSquaredError of ${formatShape(shape)}`,
    attrs: { fn: LossFn.MeanSquaredError, parameter: 0 },
    inputs: [input(shape), target(shape), ...more],
    outputs: outputs(shape),
  })),
  ...[LossFn.CrossEntropy, LossFn.CategoricalHinge, LossFn.KlDivergence, LossFn.CategoricalFocal].map(
    (fn) => ({
      name: `${LossFn[fn]} with labels`,
      attrs: { fn, parameter: fn === LossFn.CategoricalFocal ? 2 : 0 },
      inputs: [input([ROWS, 6]), labels([ROWS], 6), ...more],
      outputs: outputs([ROWS, 6]),
    }),
  ),
  {
    name: "crossEntropy with labels that are smoothed",
    attrs: { fn: LossFn.CrossEntropy, parameter: 0.1 },
    inputs: [input([ROWS, 6]), labels([ROWS], 6), ...more],
    outputs: outputs([ROWS, 6]),
  },
];

/** Columns of every kind of length, over rows and over more axes. */
const COLUMNS = [
  [ROWS, 5],
  [ROWS, 1],
  [6, 4],
  [ROWS, 2, 19],
];
const epsilon = 1e-3;

/** Weights of attention: all masked are 0, and so is what stands behind the keys. */
function attentionWeights(queries: number, keys: number, causal: boolean): Draw {
  const stride = Math.ceil(keys / 8) * 8;
  let at = 0;
  return (uniform) => {
    const [i, j] = [Math.floor(at / stride) % queries, at++ % stride];
    const u = (1 + uniform()) / keys;
    return j < keys && (!causal || j <= i) ? u : 0;
  };
}

/** Queries, keys, heads, features of a head, of a value. */
const ATTENDED = [
  { queries: 4, keys: 8, heads: 1, size: 8, width: 8 },
  { queries: 3, keys: 5, heads: 2, size: 3, width: 4 },
  { queries: 5, keys: 5, heads: 2, size: 4, width: 9, causal: true },
  { queries: 13, keys: 13, heads: 1, size: 2, width: 2, causal: true },
  { queries: 1, keys: 1, heads: 1, size: 1, width: 1 },
  { queries: 6, keys: 6, heads: 2, size: 2, width: 1, causal: true, rate: 0.3 },
  { queries: 2, keys: 9, heads: 1, size: 8, width: 11, rate: 0.5 },
].map(({ causal = false, rate = 0, heads, size, width, ...T }) => ({
  ...T,
  name: `${T.queries} by ${T.keys}, ${heads} heads of ${size} and ${width}${causal ? ", causal" : ""}${rate ? ", dropout" : ""}`,
  attrs: { heads, causal, rate, stream: rate === 0 ? 0 : 2 },
  q: [ROWS, T.queries, heads * size],
  k: [ROWS, T.keys, heads * size],
  v: [ROWS, T.keys, heads * width],
  y: [ROWS, T.queries, heads * width],
  w: [ROWS, heads, T.queries, Math.ceil(T.keys / 8) * 8],
}));

export const CASES: { readonly [K in OpName]: readonly Case<K>[] } = {
  ...POOL_CASES,
  attention: ATTENDED.flatMap(({ name, attrs, q, k, v, y, w, keys }) => [
    { name, attrs, inputs: [input(q), input(k), input(v)], outputs: [y, w] },
    {
      name: `${name}, with a mask`,
      attrs,
      inputs: [input(q), input(k), input(v), target([ROWS, keys], classes(2))],
      outputs: [y, w],
    },
  ]),
  attentionGrad: ATTENDED.map(({ name, attrs, q, k, v, y, w, queries, keys }) => ({
    name,
    attrs,
    inputs: [input(y), input(w, attentionWeights(queries, keys, attrs.causal)), input(q), input(k), input(v)],
    outputs: [q, k, v],
  })),
  ...RECURRENT_CASES,
  layerNorm: COLUMNS.map((shape) => ({
    name: formatShape(shape),
    attrs: { epsilon },
    inputs: [input(shape), input(shape.slice(-1)), input(shape.slice(-1))],
    outputs: [shape, shape.slice(0, -1), shape.slice(0, -1)],
  })),
  layerNormGrad: COLUMNS.map((shape) => ({
    name: formatShape(shape),
    attrs: {},
    inputs: [
      ...[input(shape), input(shape), input(shape.slice(-1))],
      ...[input(shape.slice(0, -1)), input(shape.slice(0, -1), positive)],
    ],
    outputs: [shape, shape.slice(-1), shape.slice(-1)],
  })),
  embedding: [[ROWS], [ROWS, 3], [5]].map((shape) => ({
    name: formatShape(shape),
    attrs: { vocabulary: 7 },
    inputs: [labels(shape, 7), input([7, 5])],
    outputs: [[...shape, 5]],
  })),
  embeddingGrad: [[ROWS], [ROWS, 3], [5]].map((shape) => ({
    name: formatShape(shape),
    attrs: { vocabulary: 7, units: 5 },
    inputs: [labels(shape, 7), input([...shape, 5])],
    outputs: [[7, 5]],
  })),
  batchNorm: COLUMNS.slice(2).map((shape) => {
    const n = shape.slice(-1);
    return {
      name: formatShape(shape),
      attrs: { epsilon },
      inputs: [input(shape), input(n), input(n), target(n), target(n, positive)],
      outputs: [shape, n, n],
    };
  }),
  batchNormGrad: COLUMNS.map((shape) => {
    const n = shape.slice(-1);
    return {
      name: formatShape(shape),
      attrs: { epsilon },
      inputs: [input(shape), input(shape), input(n), input(n), input(n, positive)],
      outputs: [shape, n, n],
    };
  }),
  normalizeColumns: COLUMNS.map((shape) => {
    const n = shape.slice(-1);
    return {
      name: formatShape(shape),
      attrs: { epsilon },
      inputs: [input(shape), input(n), input(n), input(n), input(n, positive)],
      outputs: [shape],
    };
  }),
  approach: [0, 1, 5, ROWS].map((count) => ({
    name: `of ${formatShape([count])} observations`,
    attrs: { share: 0.25, count },
    inputs: [input([19]), input([19])],
    outputs: [[19]],
  })),
  dropout: [0.25, 0.5].map((rate) => ({
    name: `rate ${rate}`,
    attrs: { rate, stream: rate * 8 },
    inputs: [input([ROWS, 3, 7])],
    outputs: [[ROWS, 3, 7]],
  })),
  noise: [false, true].map((uniform) => ({
    name: uniform ? "uniform" : "normal",
    attrs: { uniform, spread: 0.5, stream: 3 },
    inputs: [input([ROWS, 3, 7])],
    outputs: [[ROWS, 3, 7]],
  })),
  matMul: [
    { name: "NN", attrs: NN, inputs: [input([ROWS, 5]), input([5, 3])], outputs: [[ROWS, 3]] },
    { name: "TN", attrs: TN, inputs: [input([ROWS, 5]), input([ROWS, 3])], outputs: [[5, 3]] },
    { name: "NT", attrs: NT, inputs: [input([ROWS, 5]), input([3, 5])], outputs: [[ROWS, 3]] },
    {
      name: "NN with leading axes",
      attrs: NN,
      inputs: [input([ROWS, 2, 5]), input([5, 3])],
      outputs: [[ROWS, 2, 3]],
    },
    {
      name: "TN with leading axes",
      attrs: TN,
      inputs: [input([ROWS, 2, 5]), input([ROWS, 2, 3])],
      outputs: [[5, 3]],
    },
    {
      name: "NT with leading axes",
      attrs: NT,
      inputs: [input([2, ROWS, 5]), input([3, 5])],
      outputs: [[2, ROWS, 3]],
    },
    { name: "rows as k", attrs: NN, inputs: [input([4, ROWS]), input([ROWS, 9])], outputs: [[4, 9]] },
    { name: "rows as n", attrs: NT, inputs: [input([4, 6]), input([ROWS, 6])], outputs: [[4, ROWS]] },
    {
      name: "the packed path",
      attrs: NN,
      inputs: [input([70, 65]), input([65, 62])],
      outputs: [[70, 62]],
    },
  ],
  unary: FNS.flatMap((fn) =>
    [[ROWS, 7], [], [ROWS, 3, 4]].map((shape) => ({
      name: `${Fn[fn]} of ${formatShape(shape)}`,
      attrs: { fn, alpha: ALPHA },
      inputs: [input(shape, argument(fn))],
      outputs: [shape],
    })),
  ),
  unaryGrad: FNS.map((fn) => ({
    name: Fn[fn],
    attrs: { fn, alpha: ALPHA },
    inputs: [input([ROWS, 7]), input([ROWS, 7], saved(fn))],
    outputs: [[ROWS, 7]],
  })),
  binary: (Object.values(BinaryFn).filter((fn) => typeof fn === "number") as BinaryFn[]).flatMap((fn) =>
    BROADCASTS.map(([a, b, y]) => ({
      name: `${BinaryFn[fn]} of ${formatShape(a)} and ${formatShape(b)}`,
      attrs: { fn },
      inputs: [operand(a, fn, 0), operand(b, fn, 1)],
      outputs: [y],
    })),
  ),
  stopGradient: [
    {
      name: "of rows",
      attrs: {},
      inputs: [{ ...input([ROWS, 3]), constant: true }],
      outputs: [[ROWS, 3]],
    },
  ],
  activityPenalty: [
    { name: "of rows", attrs: { l1: 0.5, l2: 2 }, inputs: [input([ROWS, 3])], outputs: [[ROWS, 3]] },
  ],
  cumulativeSum: [false, true].flatMap((reverse) =>
    [
      { shape: [ROWS, 37], axis: 1 },
      { shape: [ROWS, 5], axis: 0 },
      { shape: [3, ROWS, 4], axis: 0 },
      { shape: [ROWS, 3, 17], axis: 1 },
    ].map(({ shape, axis }) => ({
      name: `${reverse ? "from the end" : "from the front"} of ${formatShape(shape)}, axis ${axis}`,
      attrs: { axis, reverse },
      inputs: [input(shape)],
      outputs: [shape],
    })),
  ),
  argMax: [
    {
      name: "of each row",
      attrs: { axis: 1, dtype: "f32", keepDims: false },
      inputs: [input([ROWS, 9])],
      outputs: [[ROWS]],
    },
    {
      name: "of a middle axis, with ties",
      attrs: { axis: 1, dtype: "f32", keepDims: false },
      inputs: [{ ...input([ROWS, 7, 5], classes(3)), constant: true }],
      outputs: [[ROWS, 5]],
    },
  ],
  slice: [
    {
      name: "of a middle axis",
      attrs: { axis: 1, start: 2, step: 1, length: 3 },
      inputs: [input([ROWS, 7, 3])],
      outputs: [[ROWS, 3, 3]],
    },
    {
      name: "of each third place of the last axis",
      attrs: { axis: 1, start: 1, step: 3, length: 3 },
      inputs: [input([ROWS, 9])],
      outputs: [[ROWS, 3]],
    },
    {
      name: "in front of the rows",
      attrs: { axis: 0, start: 1, step: 2, length: 2 },
      inputs: [input([5, ROWS, 2])],
      outputs: [[2, ROWS, 2]],
    },
    {
      name: "of all",
      attrs: { axis: 0, start: 0, step: 1, length: 4 },
      inputs: [input([4])],
      outputs: [[4]],
    },
  ],
  pad: [
    {
      name: "of a middle axis, more in front",
      attrs: { axis: 1, before: 3, after: 1, step: 1, value: 0 },
      inputs: [input([ROWS, 4, 5])],
      outputs: [[ROWS, 8, 5]],
    },
    {
      name: "with places between",
      attrs: { axis: 1, before: 1, after: 2, step: 3, value: -1.5 },
      inputs: [input([ROWS, 3])],
      outputs: [[ROWS, 10]],
    },
    {
      name: "by nothing",
      attrs: { axis: 0, before: 0, after: 0, step: 1, value: 0 },
      inputs: [input([4, ROWS])],
      outputs: [[4, ROWS]],
    },
  ],
  concat: [
    {
      name: "of three along the last axis",
      attrs: { axis: 1 },
      inputs: [input([ROWS, 2]), input([ROWS, 5]), input([ROWS, 1])],
      outputs: [[ROWS, 8]],
    },
    {
      name: "in front of the rows",
      attrs: { axis: 0 },
      inputs: [input([1, ROWS, 3]), input([2, ROWS, 3])],
      outputs: [[3, ROWS, 3]],
    },
    { name: "of one", attrs: { axis: 1 }, inputs: [input([ROWS, 3])], outputs: [[ROWS, 3]] },
  ],
  gather: [
    {
      name: "along the last axis",
      attrs: { axis: 1, length: 5 },
      inputs: [labels([ROWS, 7], 5), input([ROWS, 5])],
      outputs: [[ROWS, 7]],
    },
    {
      name: "along a middle axis",
      attrs: { axis: 1, length: 4 },
      inputs: [labels([ROWS, 2, 3], 4), input([ROWS, 4, 3])],
      outputs: [[ROWS, 2, 3]],
    },
    {
      name: "in front of the rows",
      attrs: { axis: 0, length: 3 },
      inputs: [labels([6, ROWS], 3), input([3, ROWS])],
      outputs: [[6, ROWS]],
    },
  ],
  gatherGrad: [
    {
      name: "along the last axis",
      attrs: { axis: 1, length: 5 },
      inputs: [labels([ROWS, 9], 5), input([ROWS, 9])],
      outputs: [[ROWS, 5]],
    },
    {
      name: "along a middle axis",
      attrs: { axis: 1, length: 4 },
      inputs: [labels([ROWS, 2, 3], 4), input([ROWS, 2, 3])],
      outputs: [[ROWS, 4, 3]],
    },
  ],
  batchMatMul: [
    ...(
      [
        ["NN", NN, [ROWS, 3, 4], [ROWS, 4, 5], [ROWS, 3, 5]],
        ["TN", TN, [ROWS, 4, 3], [ROWS, 4, 5], [ROWS, 3, 5]],
        ["NT", NT, [ROWS, 3, 4], [ROWS, 5, 4], [ROWS, 3, 5]],
        ["one A for all", NN, [3, 4], [ROWS, 4, 5], [ROWS, 3, 5]],
        ["one B for all", TN, [ROWS, 2, 4, 3], [4, 5], [ROWS, 2, 3, 5]],
        ["broadcast both ways", NT, [ROWS, 1, 3, 4], [2, 5, 4], [ROWS, 2, 3, 5]],
        ["rows inside", NN, [2, ROWS, 4], [2, 4, 3], [2, ROWS, 3]],
      ] as const
    ).map(([name, attrs, a, b, y]) => ({
      name,
      attrs,
      inputs: [input(a), input(b)],
      outputs: [y],
    })),
  ],
  conv: GEOMETRIES.flatMap(({ name, x, w, y, attrs }) => {
    const bias = [y[y.length - 1]];
    const own = { ...attrs, alpha: 0, fn: Fn.Identity };
    return [
      { name, attrs: own, inputs: [input(x), input(w)], outputs: [y] },
      { name: `${name}, with a bias`, attrs: own, inputs: [input(x), input(w), input(bias)], outputs: [y] },
      ...[Fn.Relu, Fn.Tanh].flatMap((fn) => [
        {
          ...{ name: `${name}, with a bias and ${Fn[fn]}`, attrs: { ...own, fn }, outputs: [y] },
          ...{ inputs: [input(x), input(w), input(bias)], fused: true },
        },
      ]),
    ];
  }),
  convTranspose: GEOMETRIES.map(({ name, x, w, y, attrs }) => ({
    name,
    attrs: { ...attrs, lengths: x.slice(1, -1) },
    inputs: [input(y), input(w)],
    outputs: [x],
  })),
  convGradWeights: GEOMETRIES.flatMap(({ name, x, w, y, attrs }) => {
    const inputs = [input(x), input(y)];
    return [
      { name, attrs: { ...attrs, bias: false }, inputs, outputs: [w] },
      {
        name: `${name}, with a bias`,
        attrs: { ...attrs, bias: true },
        inputs,
        outputs: [w, [y[y.length - 1]]],
      },
    ];
  }),
  broadcast: [
    { name: "a scalar", attrs: { shape: [3, 4], divisor: 1 }, inputs: [input([])], outputs: [[3, 4]] },
    {
      name: "over the rows",
      attrs: { shape: [ROWS, 4], divisor: 1 },
      inputs: [input([4])],
      outputs: [[ROWS, 4]],
    },
    {
      name: "divided by a number",
      attrs: { shape: [2, ROWS, 3], divisor: 7 },
      inputs: [input([2, 1, 1])],
      outputs: [[2, ROWS, 3]],
    },
    {
      name: "divided by the rows",
      attrs: { shape: [ROWS, 4], divisor: -4 },
      inputs: [input([1, 1])],
      outputs: [[ROWS, 4]],
    },
    { name: "a copy", attrs: { shape: [5], divisor: 1 }, inputs: [input([5])], outputs: [[5]] },
  ],
  reduce: [ReduceFn.Sum, ReduceFn.Mean, ReduceFn.Max].flatMap((fn) => [
    {
      name: `${ReduceFn[fn]} of all`,
      attrs: { fn, from: 0, to: 2 },
      inputs: [input([ROWS, 19])],
      outputs: [[]],
    },
    {
      name: `${ReduceFn[fn]} over the rows`,
      attrs: { fn, from: 0, to: 1 },
      inputs: [input([ROWS, 5])],
      outputs: [[5]],
    },
    {
      name: `${ReduceFn[fn]} of each row`,
      attrs: { fn, from: 1, to: 2 },
      inputs: [input([ROWS, 37])],
      outputs: [[ROWS]],
    },
    {
      name: `${ReduceFn[fn]} over a middle axis`,
      attrs: { fn, from: 1, to: 2 },
      inputs: [input([ROWS, 3, 5])],
      outputs: [[ROWS, 5]],
    },
    {
      name: `${ReduceFn[fn]} over no axis`,
      attrs: { fn, from: 1, to: 1 },
      inputs: [input([ROWS, 3])],
      outputs: [[ROWS, 3]],
    },
    {
      name: `${ReduceFn[fn]} of a scalar`,
      attrs: { fn, from: 0, to: 0 },
      inputs: [input([])],
      outputs: [[]],
    },
  ]),
  maxGrad: [
    {
      name: "with ties",
      attrs: { from: 1, to: 2 },
      inputs: [input([ROWS, 2]), input([ROWS, 9, 2], classes(2)), input([ROWS, 2], () => 1)],
      outputs: [[ROWS, 9, 2]],
    },
  ],
  reshape: [
    {
      name: "of the rows",
      attrs: { shape: [-2, 3] },
      inputs: [input([ROWS, 6])],
      outputs: [[-2, 3]],
    },
    { name: "to a scalar", attrs: { shape: [] }, inputs: [input([1, 1])], outputs: [[]] },
    { name: "to the same shape", attrs: { shape: [4] }, inputs: [input([4])], outputs: [[4]] },
  ],
  transpose: [
    { name: "of a matrix", attrs: { axes: [1, 0] }, inputs: [input([ROWS, 5])], outputs: [[5, ROWS]] },
    {
      name: "of four axes",
      attrs: { axes: [2, 0, 3, 1] },
      inputs: [input([2, 3, ROWS, 4])],
      outputs: [[ROWS, 2, 4, 3]],
    },
    {
      name: "that merges axes",
      attrs: { axes: [2, 0, 1] },
      inputs: [input([ROWS, 3, 5])],
      outputs: [[5, ROWS, 3]],
    },
    { name: "that moves nothing", attrs: { axes: [0, 1] }, inputs: [input([3, 5])], outputs: [[3, 5]] },
  ],
  softmax: [
    { name: "by rows", attrs: {}, inputs: [input([ROWS, 7])], outputs: [[ROWS, 7]] },
    { name: "of one class", attrs: {}, inputs: [input([ROWS, 1])], outputs: [[ROWS, 1]] },
    { name: "of three axes", attrs: {}, inputs: [input([2, ROWS, 5])], outputs: [[2, ROWS, 5]] },
  ],
  softmaxGrad: [
    {
      name: "by rows",
      attrs: {},
      inputs: [input([ROWS, 7]), input([ROWS, 7], unit)],
      outputs: [[ROWS, 7]],
    },
  ],
  logSoftmax: [
    { name: "by rows", attrs: {}, inputs: [input([ROWS, 7])], outputs: [[ROWS, 7]] },
    { name: "of one class", attrs: {}, inputs: [input([ROWS, 1])], outputs: [[ROWS, 1]] },
    { name: "of three axes", attrs: {}, inputs: [input([2, ROWS, 5])], outputs: [[2, ROWS, 5]] },
  ],
  logSoftmaxGrad: [
    {
      name: "by rows",
      attrs: {},
      inputs: [input([ROWS, 7]), input([ROWS, 7], (uniform) => -positive(uniform))],
      outputs: [[ROWS, 7]],
    },
  ],
  loss: lossCases([], () => [[]]),
  lossGrad: lossCases([input([])], (p) => [p]),
  lossAndGrad: lossCases([], (p) => [[], p]),
  lossWeights: [[ROWS], [ROWS, 5], [ROWS, 2, 9]].flatMap((shape) =>
    [[], [target([ROWS], positive)]].map((weights) => ({
      name: `${formatShape(shape)}${weights.length > 0 ? ", weighted" : ""}`,
      attrs: { ignore: 2 },
      inputs: [labels(shape, 4), ...weights],
      outputs: [shape],
    })),
  ),
  dense: FNS.flatMap((fn) => {
    const draw = argument(fn);
    const fused = fn !== Fn.Identity;
    return [
      {
        name: `${Fn[fn]} with bias`,
        attrs: { fn, alpha: ALPHA },
        inputs: [input([ROWS, 5], draw), input([5, 9], draw), input([9], draw)],
        outputs: [[ROWS, 9]],
        fused,
      },
      {
        name: `${Fn[fn]} without bias`,
        attrs: { fn, alpha: ALPHA },
        inputs: [input([ROWS, 2, 5], draw), input([5, 1], draw)],
        outputs: [[ROWS, 2, 1]],
        fused,
      },
    ];
  }),
  denseGradWeights: [
    {
      name: "of rows",
      attrs: { bias: true },
      inputs: [input([ROWS, 5]), input([ROWS, 9])],
      outputs: [[5, 9], [9]],
    },
    {
      name: "with leading axes",
      attrs: { bias: true },
      inputs: [input([ROWS, 2, 3]), input([ROWS, 2, 4])],
      outputs: [[3, 4], [4]],
    },
    {
      name: "without bias",
      attrs: { bias: false },
      inputs: [input([ROWS, 5]), input([ROWS, 9])],
      outputs: [[5, 9]],
    },
  ],
  denseGradInput: FNS.map((fn) => ({
    name: Fn[fn],
    attrs: { fn, alpha: ALPHA },
    inputs: [input([ROWS, 5]), input([9, 5]), input([ROWS, 9], saved(fn))],
    outputs: [[ROWS, 9]],
  })),
  accumulate: [
    { name: "rows", attrs: {}, inputs: [input([ROWS, 5]), input([ROWS, 5])], outputs: [[ROWS, 5]] },
    { name: "scalars", attrs: {}, inputs: [input([]), input([])], outputs: [[]] },
  ],
  place: [
    { name: "of a gradient", attrs: { shape: [3, 5] }, inputs: [input([3, 5])], outputs: [[3, 5]] },
    { name: "of a zero", attrs: { shape: [3, 5] }, inputs: [input([])], outputs: [[3, 5]] },
  ],
};

export interface Refusal<K extends OpName> {
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly Shape[];
  readonly message: string;
}

/** A window of 2 by 2. */
const TINY = {
  ...{
    size: [2, 2],
    stride: [1, 1],
    dilation: [1, 1],
    paddingBefore: [0, 0],
    paddingAfter: [0, 0],
    groups: 1,
  },
  ...{ fn: Fn.Identity, alpha: 0 },
};
const mse = { fn: LossFn.MeanSquaredError, parameter: 0 };
const ce = { fn: LossFn.CrossEntropy, parameter: 0 };
const sum = ReduceFn.Sum;

/** Inputs that an op must refuse, and what it says; none where every shape will do or only fusion makes the op. */
const ATTENDS = { heads: 2, causal: false, rate: 0, stream: 0 };

export const REFUSALS: { readonly [K in OpName]: readonly Refusal<K>[] } = {
  ...POOL_REFUSALS,
  attention: [
    {
      attrs: ATTENDS,
      inputs: [
        [3, 4],
        [3, 4],
        [ROWS, 4],
      ],
      message:
        "layer: attention needs queries, keys and values [.., T, features] with T and features of fixed length; got [3, 4], [3, 4], [rows, 4]",
    },
    {
      attrs: ATTENDS,
      inputs: [
        [ROWS, 3, 4],
        [ROWS, 3, 4],
        [ROWS, 2, 4],
      ],
      message:
        "layer: attention needs queries, keys and values of the same rows, and a value for each key; got [rows, 3, 4], [rows, 3, 4], [rows, 2, 4]",
    },
    {
      attrs: ATTENDS,
      inputs: [
        [ROWS, 3, 4],
        [ROWS, 3, 6],
        [ROWS, 3, 4],
      ],
      message:
        "layer: attention needs queries and keys with equally many features; got [rows, 3, 4], [rows, 3, 6], [rows, 3, 4]",
    },
    {
      attrs: ATTENDS,
      inputs: [
        [ROWS, 3, 4],
        [ROWS, 3, 4],
        [ROWS, 3, 5],
      ],
      message:
        "layer: attention needs features that 2 heads divide; got [rows, 3, 4], [rows, 3, 4], [rows, 3, 5]",
    },
    {
      attrs: { ...ATTENDS, causal: true },
      inputs: [
        [ROWS, 2, 4],
        [ROWS, 3, 4],
        [ROWS, 3, 4],
      ],
      message:
        "layer: attention needs as many keys as queries where it is causal; got [rows, 2, 4], [rows, 3, 4], [rows, 3, 4]",
    },
    {
      attrs: ATTENDS,
      inputs: [
        [ROWS, 2, 4],
        [ROWS, 3, 4],
        [ROWS, 3, 4],
        [ROWS, 2],
      ],
      message:
        "layer: attention needs a mask [.., T] of the keys; got [rows, 2, 4], [rows, 3, 4], [rows, 3, 4], [rows, 2]",
    },
  ],
  attentionGrad: [],
  ...RECURRENT_REFUSALS,
  stopGradient: [],
  activityPenalty: [],
  cumulativeSum: [
    {
      attrs: { axis: 2, reverse: false },
      inputs: [[ROWS, 3]],
      message: "layer: cumulativeSum needs an axis of the shape; got 2 of [rows, 3]",
    },
  ],
  argMax: [
    {
      attrs: { axis: 0, dtype: "f32", keepDims: false },
      inputs: [[ROWS, 3]],
      message: "layer: argMax needs an axis of fixed length; got axis 0 of [rows, 3]",
    },
  ],
  slice: [
    {
      attrs: { axis: 0, start: 0, step: 1, length: 1 },
      inputs: [[ROWS, 3]],
      message: "layer: slice needs an axis of fixed length; got axis 0 of [rows, 3]",
    },
    {
      attrs: { axis: 1, start: 1, step: 2, length: 2 },
      inputs: [[ROWS, 3]],
      message:
        "layer: slice must take 1 or more places of its axis; got 2 from 1 on by 2, axis 1 of [rows, 3]",
    },
  ],
  pad: [
    {
      attrs: { axis: 0, before: 1, after: 0, step: 1, value: 0 },
      inputs: [[ROWS, 3]],
      message: "layer: pad needs an axis of fixed length; got axis 0 of [rows, 3]",
    },
  ],
  concat: [
    {
      attrs: { axis: 1 },
      inputs: [
        [ROWS, 3],
        [4, 3],
      ],
      message:
        "layer: concat needs shapes that differ in one axis of fixed length alone; got axis 1 of [rows, 3], [4, 3]",
    },
    {
      attrs: { axis: 0 },
      inputs: [
        [ROWS, 3],
        [ROWS, 3],
      ],
      message:
        "layer: concat needs shapes that differ in one axis of fixed length alone; got axis 0 of [rows, 3], [rows, 3]",
    },
  ],
  gather: [],
  gatherGrad: [],
  batchMatMul: [
    {
      attrs: NN,
      inputs: [
        [ROWS, 3, 4],
        [ROWS, 3, 4],
      ],
      message:
        "layer: matMul needs A [.., m, k] and B [.., k, n], with axes in front that broadcast to one shape; " +
        "got A [rows, 3, 4], B [rows, 3, 4]",
    },
    {
      attrs: NT,
      inputs: [
        [ROWS, 3, 4],
        [2, 3, 4],
      ],
      message:
        "layer: matMul needs A [.., m, k] and B [.., n, k], with axes in front that broadcast to one shape; " +
        "got A [rows, 3, 4], B [2, 3, 4]",
    },
  ],
  conv: [
    {
      attrs: TINY,
      inputs: [
        [ROWS, 4, 4],
        [2, 2, 4, 3],
      ],
      message:
        "layer: conv2d needs an input [rows, height, width, channels] with all but rows fixed; got [rows, 4, 4]",
    },
    {
      attrs: TINY,
      inputs: [
        [ROWS, 1, 4, 4],
        [2, 2, 4, 3],
      ],
      message:
        "layer: conv2d: a window must not be larger than the padded input; got 2 of 1 places along axis 1 of [rows, 1, 4, 4]",
    },
    {
      attrs: TINY,
      inputs: [
        [ROWS, 4, 4, 4],
        [2, 2, 3, 3],
      ],
      message:
        "layer: conv2d needs X [rows, .., c], W [2, 2, c / groups, filters] and b [filters]; " +
        "got X [rows, 4, 4, 4], W [2, 2, 3, 3], 1 groups",
    },
    {
      attrs: TINY,
      inputs: [[ROWS, 4, 4, 4], [2, 2, 4, 3], [2]],
      message:
        "layer: conv2d needs X [rows, .., c], W [2, 2, c / groups, filters] and b [filters]; " +
        "got X [rows, 4, 4, 4], W [2, 2, 4, 3], b [2], 1 groups",
    },
    {
      attrs: { ...TINY, groups: 3 },
      inputs: [
        [ROWS, 4, 4, 4],
        [2, 2, 1, 3],
      ],
      message: "layer: conv2d: groups must divide channels and filters; got 3 groups, 4 channels, 3 filters",
    },
  ],
  convTranspose: [
    {
      attrs: { ...TINY, lengths: [5, 5] },
      inputs: [
        [ROWS, 4, 4],
        [2, 2, 3, 4],
      ],
      message:
        "layer: conv2dTranspose needs an input [rows, .., in] and W [.., out / groups, in] of 4 axes; " +
        "got [rows, 4, 4], W [2, 2, 3, 4]",
    },
    {
      attrs: { ...TINY, lengths: [6, 5] },
      inputs: [
        [ROWS, 4, 4, 4],
        [2, 2, 3, 4],
      ],
      message:
        "layer: conv2dTranspose: a convolution of the output must have the input's shape; " +
        "got [rows, 5, 4, 4] of [rows, 6, 5, 3] for an input [rows, 4, 4, 4]",
    },
  ],
  convGradWeights: [],
  layerNorm: [
    {
      attrs: { epsilon },
      inputs: [[ROWS, 3], [3], [2]],
      message: "layer: layerNorm needs X [.., n], gamma [n] and beta [n]; got X [rows, 3], [3], [2]",
    },
  ],
  layerNormGrad: [],
  embedding: [],
  embeddingGrad: [],
  batchNorm: [
    {
      attrs: { epsilon },
      inputs: [[ROWS, 3], [3], [3], [3], [2]],
      message: "layer: batchNorm needs X [.., n] and statistics [n]; got X [rows, 3], [3], [3], [3], [2]",
    },
  ],
  batchNormGrad: [],
  normalizeColumns: [
    {
      attrs: { epsilon },
      inputs: [[3], [3], [3], [3], [3]],
      message: "layer: normalizeColumns needs X [.., n] and statistics [n]; got X [3], [3], [3], [3], [3]",
    },
  ],
  approach: [],
  dropout: [],
  noise: [],
  matMul: [
    {
      attrs: NN,
      inputs: [
        [ROWS, 3],
        [4, 2],
      ],
      message: "layer: matMul needs A [.., k] and B [k, n]; got A [rows, 3], B [4, 2]",
    },
    {
      attrs: TN,
      inputs: [
        [ROWS, 3],
        [4, 2],
      ],
      message: "layer: matMul needs A [.., m] and B [.., n]; got A [rows, 3], B [4, 2]",
    },
    {
      attrs: TN,
      inputs: [
        [ROWS, 1, 3],
        [ROWS, 2],
      ],
      message: "layer: matMul needs A [.., m] and B [.., n]; got A [rows, 1, 3], B [rows, 2]",
    },
    {
      attrs: NT,
      inputs: [
        [ROWS, 3],
        [3, 2],
      ],
      message: "layer: matMul needs A [.., k] and B [n, k]; got A [rows, 3], B [3, 2]",
    },
    {
      attrs: NN,
      inputs: [[3], [3, 2]],
      message:
        "layer: matMul needs A [.., k] and B [k, n]; got A [3], B [3, 2]: reshape a list to [1, k] as A, to [k, 1] as B",
    },
    {
      attrs: NN,
      inputs: [
        [ROWS, 3],
        [2, 3, 2],
      ],
      message: "layer: matMul needs A [.., k] and B [k, n]; got A [rows, 3], B [2, 3, 2]",
    },
    {
      attrs: { transposeA: true, transposeB: true },
      inputs: [
        [3, 3],
        [3, 3],
      ],
      message: "layer: matMul needs A [.., m] and B [.., n]; got A [3, 3], B [3, 3]",
    },
    {
      attrs: NT,
      inputs: [
        [ROWS, 3],
        [ROWS, 3],
      ],
      message: "layer: matMul may give one dimension that depends on the rows; got [rows, rows]",
    },
  ],
  unary: [],
  unaryGrad: [
    {
      attrs: { fn: Fn.Tanh, alpha: 0 },
      inputs: [[3], [4]],
      message: "layer: unaryGrad needs dy and s alike; got [3], [4]",
    },
  ],
  binary: [
    {
      attrs: { fn: BinaryFn.Multiply },
      inputs: [[ROWS, 3], [4]],
      message: "layer: mul needs shapes that broadcast to one; got [rows, 3], [4]",
    },
    {
      attrs: { fn: BinaryFn.Add },
      inputs: [
        [ROWS, 3],
        [5, 3],
      ],
      message: "layer: add needs shapes that broadcast to one; got [rows, 3], [5, 3]",
    },
    {
      attrs: { fn: BinaryFn.Add },
      inputs: [
        [ROWS, 1],
        [1, ROWS],
      ],
      message: "layer: binary may give one dimension that depends on the rows; got [rows, rows]",
    },
  ],
  broadcast: [
    {
      attrs: { shape: [4], divisor: 1 },
      inputs: [[3]],
      message: "layer: broadcast needs a shape that x can be repeated to; got [3] to [4]",
    },
    {
      attrs: { shape: [3], divisor: 1 },
      inputs: [[2, 3]],
      message: "layer: broadcast needs a shape that x can be repeated to; got [2, 3] to [3]",
    },
  ],
  reduce: [
    {
      attrs: { fn: sum, from: 1, to: 3 },
      inputs: [[ROWS, 3]],
      message: "layer: axes must lie within the shape; got axes 1..2 of [rows, 3]",
    },
    {
      attrs: { fn: sum, from: -1, to: 1 },
      inputs: [[ROWS, 3]],
      message: "layer: axes must lie within the shape; got axes -1..0 of [rows, 3]",
    },
  ],
  maxGrad: [],
  reshape: [
    {
      attrs: { shape: [3, 3] },
      inputs: [[2, 4]],
      message: "layer: reshape must keep the number of elements; got [2, 4] to [3, 3]",
    },
    {
      attrs: { shape: [ROWS, 4] },
      inputs: [[2, 4]],
      message: "layer: reshape must keep the number of elements; got [2, 4] to [rows, 4]",
    },
    {
      attrs: { shape: [0.5, 16] },
      inputs: [[2, 4]],
      message: "layer: reshape needs whole dimensions; got [2, 4] to [0.5, 16]",
    },
  ],
  transpose: [
    {
      attrs: { axes: [0, 0] },
      inputs: [[2, 4]],
      message: "layer: transpose needs each axis of the shape once; got axes [0, 0] of [2, 4]",
    },
    {
      attrs: { axes: [0] },
      inputs: [[2, 4]],
      message: "layer: transpose needs each axis of the shape once; got axes [0] of [2, 4]",
    },
  ],
  softmax: [
    { attrs: {}, inputs: [[]], message: "layer: softmax needs a last axis of fixed length; got []" },
    { attrs: {}, inputs: [[ROWS]], message: "layer: softmax needs a last axis of fixed length; got [rows]" },
  ],
  softmaxGrad: [],
  logSoftmax: [
    {
      attrs: {},
      inputs: [[4, ROWS]],
      message: "layer: logSoftmax needs a last axis of fixed length; got [4, rows]",
    },
  ],
  logSoftmaxGrad: [],
  loss: [
    {
      attrs: mse,
      inputs: [
        [ROWS, 2],
        [ROWS, 1],
      ],
      message:
        "layer: meanSquaredError needs targets shaped like the predictions; got predictions [rows, 2], targets [rows, 1]",
    },
    {
      attrs: ce,
      inputs: [[], []],
      message: "layer: crossEntropy needs a class axis of fixed length; got predictions []",
    },
    {
      attrs: ce,
      inputs: [[ROWS], [ROWS]],
      message: "layer: crossEntropy needs a class axis of fixed length; got predictions [rows]",
    },
    ...[[ROWS, 3], [2 * ROWS], [4], []].map((weights) => ({
      attrs: mse,
      inputs: [[ROWS, 2], [ROWS, 2], weights],
      message:
        "layer: meanSquaredError needs one weight a row of data, or one for each element; " +
        `got predictions [rows, 2], weights ${formatShape(weights)}`,
    })),
    {
      attrs: ce,
      inputs: [[3], [3], [3]],
      message:
        "layer: crossEntropy needs one weight a row of data, or one for each position; got predictions [3], weights [3]",
    },
  ],
  lossGrad: [],
  lossWeights: [
    {
      attrs: { ignore: 2 },
      inputs: [[ROWS, 3]],
      message: "layer: lossWeights needs labels [rows, ..] and weights [rows]; got [rows, 3] of f32",
    },
  ],
  dense: [
    {
      attrs: { fn: Fn.Identity, alpha: 0 },
      inputs: [
        [ROWS, 3],
        [4, 2],
      ],
      message: "layer: dense needs X [.., k], W [k, n] and b [n]; got X [rows, 3], W [4, 2]",
    },
    {
      attrs: { fn: Fn.Identity, alpha: 0 },
      inputs: [[ROWS, 4], [4, 2], [3]],
      message: "layer: dense needs X [.., k], W [k, n] and b [n]; got X [rows, 4], W [4, 2], b [3]",
    },
    {
      attrs: { fn: Fn.Identity, alpha: 0 },
      inputs: [[4], [4, 2]],
      message: "layer: dense needs X [.., k], W [k, n] and b [n]; got X [4], W [4, 2]",
    },
  ],
  denseGradWeights: [],
  denseGradInput: [],
  lossAndGrad: [],
  accumulate: [],
  place: [],
};
