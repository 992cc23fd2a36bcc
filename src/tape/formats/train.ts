/** Formats of the records that only train. One constant each, so that a page carries those that its ops write. */
import { Fn, Form, Hyper, LossFn, Opcode, Targets } from "../../../assembly/abi.ts";
import { clipBlocks, isOverRows, lossBlocks } from "../blocks.ts";
import {
  counter,
  dim,
  doubles,
  f32,
  guard,
  inout,
  input,
  int,
  mirror,
  oneOf,
  optional,
  output,
  rate,
  record,
  run,
  setting,
  sharedScratch,
} from "../operands.ts";
import { mk, mn, n, nk, productScratch } from "./spans.ts";

const lossOperands = () =>
  ({
    dx: output(mn, optional),
    scale: input(() => 1, optional),
    p: input(mn),
    t: input((r) => (r.targets === Targets.Labels ? r.m : r.m * r.n), { dtype: "any" }),
    weights: input((r) => Math.ceil((isOverRows(r.fn) ? r.m : r.m * r.n) / Math.max(1, r.span)), optional),
    m: dim,
    n: dim,
    span: int,
    targets: setting(Targets),
    weighted: setting(),
    parameter: f32,
    alpha: f32,
  }) as const;
const lossPartials = () => sharedScratch((r) => 8 * lossBlocks(r.fn, r.m, r.n));

export const DENSE_GRAD_WEIGHTS = /* @__PURE__ */ record(
  Opcode.DenseGradWeights,
  "denseGradWeights",
  "dense",
  "train",
  () => ({
    dw: output(mn),
    db: output(n, optional),
    x: input(mk),
    dy: input(nk),
    m: dim,
    n: dim,
    k: dim,
    scratch: productScratch(() => Form.TN),
  }),
);

export const DENSE_GRAD_INPUT = /* @__PURE__ */ record(
  Opcode.DenseGradInput,
  "denseGradInput",
  "dense",
  "train",
  () => ({
    dx: output(mn),
    dy: input(mk),
    w: input(nk),
    m: dim,
    n: dim,
    k: dim,
    fn: oneOf(Fn),
    alpha: f32,
    y: input(mn, optional),
    scratch: productScratch(() => Form.NT),
  }),
);

export const UNARY_GRAD = /* @__PURE__ */ record(Opcode.UnaryGrad, "unaryGrad", "unary", "train", () => ({
  fn: oneOf(Fn),
  alpha: f32,
  dx: output(n),
  dy: input(n),
  s: input(n),
  n: dim,
}));

export const ACCUMULATE = /* @__PURE__ */ record(
  Opcode.Accumulate,
  "accumulate",
  "accumulate",
  "train",
  () => ({ y: output(n), a: input(n), b: input(n), n: dim }),
);

export const PLACE = /* @__PURE__ */ record(Opcode.Place, "place", "accumulate", "train", () => ({
  y: output(n),
  x: input((r) => (r.every === 1 ? r.n : 1)),
  n: dim,
  every: int,
}));

export const SOFTMAX_GRAD = /* @__PURE__ */ record(
  Opcode.SoftmaxGrad,
  "softmaxGrad",
  "softmax",
  "train",
  () => ({ dx: output(mn), dy: input(mn), y: input(mn), m: dim, n: dim }),
);

export const LOSS = /* @__PURE__ */ record(Opcode.Loss, "loss", "loss", "train", () => ({
  fn: oneOf(LossFn),
  loss: output(() => 1, optional),
  ...lossOperands(),
}));

export const LOSS_BLOCKS = /* @__PURE__ */ record(Opcode.LossBlocks, "lossBlocks", "loss", "train", () => ({
  fn: oneOf(LossFn),
  partials: lossPartials(),
  ...lossOperands(),
}));

export const LOSS_TOTAL = /* @__PURE__ */ record(Opcode.LossTotal, "lossTotal", "loss", "train", () => ({
  fn: oneOf(LossFn),
  loss: output(() => 1),
  partials: lossPartials(),
  m: dim,
  n: dim,
}));

export const SGD = /* @__PURE__ */ record(Opcode.Sgd, "sgd", "optimizer", "train", () => ({
  w: inout(n),
  g: input(n),
  v: inout(n, optional),
  n: dim,
  hyper: doubles(Hyper.Count),
  rate,
  mirror,
  guard,
}));

export const ADAM = /* @__PURE__ */ record(Opcode.Adam, "adam", "optimizer", "train", () => ({
  w: inout(n),
  g: input(n),
  m: inout(n),
  v: inout(n),
  n: dim,
  hyper: doubles(Hyper.Count),
  power1: counter(),
  power2: counter(),
  rate,
  mirror,
  guard,
}));

export const ADD_GRADIENTS = /* @__PURE__ */ record(
  Opcode.AddGradients,
  "addGradients",
  "gradients",
  "train",
  () => ({ sums: inout(n), g: input(n), n: dim, rows: dim, groupRows: counter(), mirror, guard }),
);

export const CHECK_FINITE = /* @__PURE__ */ record(
  Opcode.CheckFinite,
  "checkFinite",
  "scan",
  "train",
  () => ({
    x: input(n),
    n: dim,
    guard,
  }),
);

export const AVERAGE_GRADIENTS = /* @__PURE__ */ record(
  Opcode.AverageGradients,
  "averageGradients",
  "gradients",
  "train",
  () => ({ g: output(n), sums: input(n), n: dim, rows: dim, groupRows: counter() }),
);

export const ADVANCE = /* @__PURE__ */ record(Opcode.Advance, "advance", "advance", "train", () => ({
  x: counter("inout"),
  factor: doubles(1),
}));

export const ORDER = /* @__PURE__ */ record(Opcode.Order, "order", "order", "train", () => ({
  index: output((r) => r.rows, { dtype: "i32" }),
  rows: dim,
  seed: counter(),
  epoch: counter(),
  cursor: counter(),
  run,
}));

export const GATHER = /* @__PURE__ */ record(Opcode.Gather, "gather", "gather", "train", () => ({
  y: output((r) => r.rows * r.words, { dtype: "any" }),
  /** how far it reaches depends on the indices, which the machine keeps inside the window */
  window: input((r) => r.words, { dtype: "any" }),
  index: input((r) => r.rows, { dtype: "i32" }),
  rows: dim,
  words: setting(),
}));

export const LOSS_WEIGHTS = /* @__PURE__ */ record(
  Opcode.LossWeights,
  "lossWeights",
  "loss-weights",
  "train",
  () => ({
    y: output((r) => r.m),
    t: input((r) => r.m, { dtype: "any" }),
    weights: input((r) => Math.ceil(r.m / Math.max(1, r.span)), optional),
    m: dim,
    span: int,
    ignore: int,
    targets: setting(Targets),
    weighted: setting(),
  }),
);

export const GRADIENT_SQUARES = /* @__PURE__ */ record(
  Opcode.GradientSquares,
  "gradientSquares",
  "clip",
  "train",
  () => ({ partials: sharedScratch((r) => 8 * clipBlocks(r.n)), g: input(n), n: dim }),
);

export const SCALE_GRADIENTS = /* @__PURE__ */ record(
  Opcode.ScaleGradients,
  "scaleGradients",
  "clip",
  "train",
  () => ({ g: inout(n), partials: sharedScratch((r) => 8 * clipBlocks(r.n)), n: dim, most: f32 }),
);

export const CLAMP_GRADIENTS = /* @__PURE__ */ record(
  Opcode.ClampGradients,
  "clampGradients",
  "clip",
  "train",
  () => ({ g: inout(n), n: dim, most: f32 }),
);

export const AVERAGE_WEIGHTS = /* @__PURE__ */ record(
  Opcode.AverageWeights,
  "averageWeights",
  "average-weights",
  "train",
  () => ({ average: inout(n), w: input(n), n: dim, power: counter(), decay: doubles(1) }),
);
