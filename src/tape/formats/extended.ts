/** Formats of all other records. One constant each, so that a page carries those that its ops write. */
import { BinaryFn, Form, Gemm, Hyper, Opcode, ReduceFn, UpdateFn } from "../../../assembly/abi.ts";
import { reduceBlocks } from "../blocks.ts";
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
  sharedScratch,
} from "../operands.ts";
import {
  fourLoops,
  fourStrides,
  loops,
  mk,
  mn,
  n,
  nk,
  productScratch,
  reduced,
  reduction,
  strided,
  unreduced,
} from "./spans.ts";

const reducePartials = () => sharedScratch((r) => 4 * r.outer * reduceBlocks(r.n, r.inner) * r.inner);

export const MAT_MUL = /* @__PURE__ */ record(Opcode.MatMul, "matMul", "mat-mul", "extended", () => ({
  form: oneOf(Form),
  c: output(mn),
  a: input(mk),
  b: input(nk),
  m: dim,
  n: dim,
  k: dim,
  scratch: productScratch((r) => r.form),
}));

export const BINARY = /* @__PURE__ */ record(Opcode.Binary, "binary", "binary", "extended", () => ({
  fn: oneOf(BinaryFn),
  y: output(loops),
  a: input(strided("as")),
  b: input(strided("bs")),
  ...fourLoops,
  as0: dim,
  as1: dim,
  as2: dim,
  as3: dim,
  bs0: dim,
  bs1: dim,
  bs2: dim,
  bs3: dim,
}));

export const COPY = /* @__PURE__ */ record(Opcode.Copy, "copy", "copy", "extended", () => ({
  y: output(loops),
  x: input(strided("s")),
  divisor: dim,
  ...fourLoops,
  ...fourStrides,
}));

export const REDUCE = /* @__PURE__ */ record(Opcode.Reduce, "reduce", "reduce", "extended", () => ({
  fn: oneOf(ReduceFn),
  y: output(reduced),
  x: input(unreduced),
  ...reduction,
}));

export const REDUCE_BLOCKS = /* @__PURE__ */ record(
  Opcode.ReduceBlocks,
  "reduceBlocks",
  "reduce",
  "extended",
  () => ({ fn: oneOf(ReduceFn), partials: reducePartials(), x: input(unreduced), ...reduction }),
);

export const REDUCE_TOTAL = /* @__PURE__ */ record(
  Opcode.ReduceTotal,
  "reduceTotal",
  "reduce",
  "extended",
  () => ({ fn: oneOf(ReduceFn), y: output(reduced), partials: reducePartials(), ...reduction }),
);

export const MAX_GRAD = /* @__PURE__ */ record(Opcode.MaxGrad, "maxGrad", "max-grad", "extended", () => ({
  dx: output(unreduced),
  dy: input(reduced),
  x: input(unreduced),
  y: input(reduced),
  ...reduction,
}));

export const LOG_SOFTMAX = /* @__PURE__ */ record(
  Opcode.LogSoftmax,
  "logSoftmax",
  "softmax",
  "extended",
  () => ({ y: output(mn), x: input(mn), m: dim, n: dim }),
);

export const LOG_SOFTMAX_GRAD = /* @__PURE__ */ record(
  Opcode.LogSoftmaxGrad,
  "logSoftmaxGrad",
  "softmax",
  "extended",
  () => ({ dx: output(mn), dy: input(mn), y: input(mn), m: dim, n: dim }),
);

export const DROPOUT = /* @__PURE__ */ record(Opcode.Dropout, "dropout", "dropout", "extended", () => ({
  y: output(n),
  x: input(n),
  n: dim,
  rate: f32,
  stream: int,
  seed: counter(),
  step: counter(),
  micro: counter(),
}));

export const NOISE = /* @__PURE__ */ record(Opcode.Noise, "noise", "noise", "extended", () => ({
  y: output(n),
  x: input(n),
  n: dim,
  uniform: int,
  spread: f32,
  stream: int,
  seed: counter(),
  step: counter(),
  micro: counter(),
}));

export const BATCH_NORM = /* @__PURE__ */ record(
  Opcode.BatchNorm,
  "batchNorm",
  "batch-norm",
  "extended",
  () => ({
    y: output(mn),
    mean: output(n),
    variance: output(n),
    x: input(mn),
    gamma: input(n),
    beta: input(n),
    m: dim,
    n: dim,
    epsilon: f32,
    scratch: sharedScratch((r) => 20 * r.n),
  }),
);

export const BATCH_NORM_GRAD = /* @__PURE__ */ record(
  Opcode.BatchNormGrad,
  "batchNormGrad",
  "batch-norm",
  "extended",
  () => ({
    dx: output(mn),
    dgamma: output(n),
    dbeta: output(n),
    dy: input(mn),
    x: input(mn),
    gamma: input(n),
    mean: input(n),
    variance: input(n),
    m: dim,
    n: dim,
    epsilon: f32,
    scratch: sharedScratch((r) => 16 * r.n),
  }),
);

export const NORMALIZE_COLUMNS = /* @__PURE__ */ record(
  Opcode.NormalizeColumns,
  "normalizeColumns",
  "batch-norm",
  "extended",
  () => ({
    y: output(mn),
    x: input(mn),
    gamma: input(n),
    beta: input(n),
    mean: input(n),
    variance: input(n),
    m: dim,
    n: dim,
    epsilon: f32,
    scratch: sharedScratch((r) => 4 * r.n),
  }),
);

export const APPROACH = /* @__PURE__ */ record(Opcode.Approach, "approach", "batch-norm", "extended", () => ({
  y: output(n),
  average: input(n),
  statistic: input(n),
  n: dim,
  share: f32,
  count: dim,
}));

export const LAYER_NORM = /* @__PURE__ */ record(
  Opcode.LayerNorm,
  "layerNorm",
  "layer-norm",
  "extended",
  () => ({
    y: output(mn),
    mean: output((r) => r.m, optional),
    rstd: output((r) => r.m, optional),
    x: input(mn),
    gamma: input(n),
    beta: input(n),
    m: dim,
    n: dim,
    epsilon: f32,
  }),
);

export const LAYER_NORM_GRAD = /* @__PURE__ */ record(
  Opcode.LayerNormGrad,
  "layerNormGrad",
  "layer-norm",
  "extended",
  () => ({
    dx: output(mn),
    dy: input(mn),
    x: input(mn),
    gamma: input(n),
    mean: input((r) => r.m),
    rstd: input((r) => r.m),
    m: dim,
    n: dim,
  }),
);

export const LAYER_NORM_GRAD_WEIGHTS = /* @__PURE__ */ record(
  Opcode.LayerNormGradWeights,
  "layerNormGradWeights",
  "layer-norm",
  "extended",
  () => ({
    dgamma: output(n),
    dbeta: output(n),
    dy: input(mn),
    x: input(mn),
    mean: input((r) => r.m),
    rstd: input((r) => r.m),
    m: dim,
    n: dim,
    scratch: sharedScratch((r) => 8 * r.n),
  }),
);

export const EMBEDDING = /* @__PURE__ */ record(
  Opcode.Embedding,
  "embedding",
  "embedding",
  "extended",
  () => ({
    y: output((r) => r.count * r.units),
    ids: input((r) => r.count, { dtype: "i32" }),
    table: input((r) => r.vocabulary * r.units),
    count: dim,
    vocabulary: dim,
    units: dim,
    guard,
  }),
);

export const EMBEDDING_GRAD = /* @__PURE__ */ record(
  Opcode.EmbeddingGrad,
  "embeddingGrad",
  "embedding",
  "extended",
  () => ({
    dtable: output((r) => r.vocabulary * r.units),
    ids: input((r) => r.count, { dtype: "i32" }),
    dy: input((r) => r.count * r.units),
    count: dim,
    vocabulary: dim,
    units: dim,
    scratch: sharedScratch((r) => (r.count > Gemm.RowGroup ? 4 * r.vocabulary * r.units : 0)),
  }),
);

export const UPDATE = /* @__PURE__ */ record(Opcode.Update, "update", "update", "extended", () => ({
  fn: oneOf(UpdateFn),
  w: inout(n),
  g: input(n),
  a: inout(n),
  b: inout(n, optional),
  c: inout(n, optional),
  n: dim,
  hyper: doubles(Hyper.Count),
  power1: { ...counter(), ...optional },
  power2: { ...counter(), ...optional },
  power3: { ...counter(), ...optional },
  rate,
  mirror,
  guard,
}));

export const ADVANCE_MOMENTUM = /* @__PURE__ */ record(
  Opcode.AdvanceMomentum,
  "advanceMomentum",
  "update",
  "extended",
  () => ({ product: counter("inout"), power: counter(), hyper: doubles(Hyper.Count) }),
);

export const MAX_NORM = /* @__PURE__ */ record(Opcode.MaxNorm, "maxNorm", "max-norm", "extended", () => ({
  w: inout((r) => r.k * r.n),
  k: dim,
  n: dim,
  most: f32,
}));
