/**
 * The format of every record, as data. The one source of it: `encode` writes by it, the decoder of the kernels
 * (`assembly/decode.ts`) is generated from it, the disassembler prints by it, and `verify` checks by it.
 */
import {
  BinaryFn,
  Fn,
  Form,
  Gemm,
  Hyper,
  LossFn,
  Opcode,
  RecordWord,
  ReduceFn,
  Targets,
} from "../../assembly/abi.ts";
import { lossBlocks, reduceBlocks } from "./blocks.ts";
import { f32Word } from "./float-word.ts";
import {
  type Build,
  counter,
  dim,
  doubles,
  f32,
  guard,
  hasWord,
  inout,
  input,
  int,
  mirror,
  type Operand,
  oneOf,
  optional,
  output,
  type RecordFormat,
  type Resolved,
  rate,
  run,
  scratch,
  setting,
  sharedScratch,
} from "./operands.ts";
import { productScratchBytes } from "./product-scratch.ts";

type Span = (r: Resolved) => number;

const mn: Span = (r) => r.m * r.n;
const mk: Span = (r) => r.m * r.k;
const nk: Span = (r) => r.n * r.k;
const productScratch = (form: (r: Resolved) => number) =>
  scratch((r) => productScratchBytes(form(r), r.m, r.n, r.k));
const n: Span = (r) => r.n;
const reduction = { outer: dim, n: dim, inner: dim } as const;
const reduced: Span = (r) => r.outer * r.inner;
const unreduced: Span = (r) => r.outer * r.n * r.inner;
const reducePartials = sharedScratch((r) => 4 * r.outer * reduceBlocks(r.n, r.inner) * r.inner);
const lossOperands = {
  dx: output(mn, optional),
  scale: input(() => 1, optional),
  p: input(mn),
  t: input((r) => (r.targets === Targets.Labels ? r.m : r.m * r.n), { dtype: "any" }),
  m: dim,
  n: dim,
  targets: setting(Targets),
  parameter: f32,
} as const;
const lossPartials = sharedScratch((r) => 8 * lossBlocks(r.fn, r.m, r.n));
const loops: Span = (r) => r.d0 * r.d1 * r.d2 * r.d3;

/** Elements from the first to the last that four nested strided loops touch. */
const strided =
  (s: string): Span =>
  (r) => {
    if (loops(r) === 0) return 0;
    let last = 0;
    for (let i = 0; i < 4; i++) last += (r[`d${i}`] - 1) * r[`${s}${i}`];
    return last + 1;
  };

const fourLoops = { d0: dim, d1: dim, d2: dim, d3: dim } as const;
const fourStrides = { s0: dim, s1: dim, s2: dim, s3: dim } as const;

export const RECORDS = {
  [Opcode.MatMul]: {
    name: "matMul",
    file: "mat-mul",
    build: "extended",
    operands: {
      form: oneOf(Form),
      c: output(mn),
      a: input(mk),
      b: input(nk),
      m: dim,
      n: dim,
      k: dim,
      scratch: productScratch((r) => r.form),
    },
  },
  [Opcode.Dense]: {
    name: "dense",
    file: "dense",
    build: "predict",
    operands: {
      y: output(mn),
      x: input(mk),
      w: input(nk),
      bias: input(n, optional),
      m: dim,
      n: dim,
      k: dim,
      fn: oneOf(Fn),
      alpha: f32,
      scratch: productScratch(() => Form.NN),
    },
  },
  [Opcode.DenseGradWeights]: {
    name: "denseGradWeights",
    file: "dense",
    build: "train",
    operands: {
      dw: output(mn),
      db: output(n, optional),
      x: input(mk),
      dy: input(nk),
      m: dim,
      n: dim,
      k: dim,
      scratch: productScratch(() => Form.TN),
    },
  },
  [Opcode.DenseGradInput]: {
    name: "denseGradInput",
    file: "dense",
    build: "train",
    operands: {
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
    },
  },
  [Opcode.Unary]: {
    name: "unary",
    file: "unary",
    build: "predict",
    operands: { fn: oneOf(Fn), alpha: f32, y: output(n), x: input(n), n: dim },
  },
  [Opcode.UnaryGrad]: {
    name: "unaryGrad",
    file: "unary",
    build: "train",
    operands: { fn: oneOf(Fn), alpha: f32, dx: output(n), dy: input(n), s: input(n), n: dim },
  },
  [Opcode.Accumulate]: {
    name: "accumulate",
    file: "accumulate",
    build: "train",
    operands: { y: output(n), a: input(n), b: input(n), n: dim },
  },
  [Opcode.Place]: {
    name: "place",
    file: "accumulate",
    build: "train",
    operands: { y: output(n), x: input((r) => (r.every === 1 ? r.n : 1)), n: dim, every: int },
  },
  [Opcode.Binary]: {
    name: "binary",
    file: "binary",
    build: "extended",
    operands: {
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
    },
  },
  [Opcode.Copy]: {
    name: "copy",
    file: "copy",
    build: "extended",
    operands: { y: output(loops), x: input(strided("s")), divisor: dim, ...fourLoops, ...fourStrides },
  },
  [Opcode.Reduce]: {
    name: "reduce",
    file: "reduce",
    build: "extended",
    operands: { fn: oneOf(ReduceFn), y: output(reduced), x: input(unreduced), ...reduction },
  },
  [Opcode.ReduceBlocks]: {
    name: "reduceBlocks",
    file: "reduce",
    build: "extended",
    operands: { fn: oneOf(ReduceFn), partials: reducePartials, x: input(unreduced), ...reduction },
  },
  [Opcode.ReduceTotal]: {
    name: "reduceTotal",
    file: "reduce",
    build: "extended",
    operands: { fn: oneOf(ReduceFn), y: output(reduced), partials: reducePartials, ...reduction },
  },
  [Opcode.MaxGrad]: {
    name: "maxGrad",
    file: "max-grad",
    build: "extended",
    operands: {
      dx: output(unreduced),
      dy: input(reduced),
      x: input(unreduced),
      y: input(reduced),
      ...reduction,
    },
  },
  [Opcode.Softmax]: {
    name: "softmax",
    file: "softmax",
    build: "predict",
    operands: { y: output(mn), x: input(mn), m: dim, n: dim },
  },
  [Opcode.SoftmaxGrad]: {
    name: "softmaxGrad",
    file: "softmax",
    build: "train",
    operands: { dx: output(mn), dy: input(mn), y: input(mn), m: dim, n: dim },
  },
  [Opcode.LogSoftmax]: {
    name: "logSoftmax",
    file: "softmax",
    build: "extended",
    operands: { y: output(mn), x: input(mn), m: dim, n: dim },
  },
  [Opcode.LogSoftmaxGrad]: {
    name: "logSoftmaxGrad",
    file: "softmax",
    build: "extended",
    operands: { dx: output(mn), dy: input(mn), y: input(mn), m: dim, n: dim },
  },
  [Opcode.Loss]: {
    name: "loss",
    file: "loss",
    build: "train",
    operands: { fn: oneOf(LossFn), loss: output(() => 1, optional), ...lossOperands },
  },
  [Opcode.LossBlocks]: {
    name: "lossBlocks",
    file: "loss",
    build: "train",
    operands: { fn: oneOf(LossFn), partials: lossPartials, ...lossOperands },
  },
  [Opcode.LossTotal]: {
    name: "lossTotal",
    file: "loss",
    build: "train",
    operands: { fn: oneOf(LossFn), loss: output(() => 1), partials: lossPartials, m: dim, n: dim },
  },
  [Opcode.Sgd]: {
    name: "sgd",
    file: "optimizer",
    build: "train",
    operands: {
      w: inout(n),
      g: input(n),
      v: inout(n, optional),
      n: dim,
      hyper: doubles(Hyper.Count),
      rate,
      mirror,
      guard,
    },
  },
  [Opcode.Adam]: {
    name: "adam",
    file: "optimizer",
    build: "train",
    operands: {
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
    },
  },
  [Opcode.AddGradients]: {
    name: "addGradients",
    file: "gradients",
    build: "train",
    operands: { sums: inout(n), g: input(n), n: dim, rows: dim, groupRows: counter(), mirror, guard },
  },
  [Opcode.AverageGradients]: {
    name: "averageGradients",
    file: "gradients",
    build: "train",
    operands: { g: output(n), sums: input(n), n: dim, rows: dim, groupRows: counter() },
  },
  [Opcode.Advance]: {
    name: "advance",
    file: "advance",
    build: "train",
    operands: { x: counter("inout"), factor: doubles(1) },
  },
  [Opcode.Order]: {
    name: "order",
    file: "order",
    build: "train",
    operands: {
      index: output((r) => r.rows, { dtype: "i32" }),
      rows: dim,
      seed: counter(),
      epoch: counter(),
      cursor: counter(),
      run,
    },
  },
  [Opcode.Gather]: {
    name: "gather",
    file: "gather",
    build: "train",
    operands: {
      y: output((r) => r.rows * r.words, { dtype: "any" }),
      /** how far it reaches depends on the indices, which the machine keeps inside the window */
      window: input((r) => r.words, { dtype: "any" }),
      index: input((r) => r.rows, { dtype: "i32" }),
      rows: dim,
      words: setting(),
    },
  },
  [Opcode.Dropout]: {
    name: "dropout",
    file: "dropout",
    build: "extended",
    operands: {
      y: output(n),
      x: input(n),
      n: dim,
      rate: f32,
      stream: int,
      seed: counter(),
      step: counter(),
      micro: counter(),
    },
  },
  [Opcode.BatchNorm]: {
    name: "batchNorm",
    file: "batch-norm",
    build: "extended",
    operands: {
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
    },
  },
  [Opcode.BatchNormGrad]: {
    name: "batchNormGrad",
    file: "batch-norm",
    build: "extended",
    operands: {
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
    },
  },
  [Opcode.NormalizeColumns]: {
    name: "normalizeColumns",
    file: "batch-norm",
    build: "extended",
    operands: {
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
    },
  },
  [Opcode.Approach]: {
    name: "approach",
    file: "batch-norm",
    build: "extended",
    operands: { y: output(n), average: input(n), statistic: input(n), n: dim, share: f32, count: dim, guard },
  },
  [Opcode.LayerNorm]: {
    name: "layerNorm",
    file: "layer-norm",
    build: "extended",
    operands: {
      y: output(mn),
      mean: output((r) => r.m, optional),
      rstd: output((r) => r.m, optional),
      x: input(mn),
      gamma: input(n),
      beta: input(n),
      m: dim,
      n: dim,
      epsilon: f32,
    },
  },
  [Opcode.LayerNormGrad]: {
    name: "layerNormGrad",
    file: "layer-norm",
    build: "extended",
    operands: {
      dx: output(mn),
      dy: input(mn),
      x: input(mn),
      gamma: input(n),
      mean: input((r) => r.m),
      rstd: input((r) => r.m),
      m: dim,
      n: dim,
    },
  },
  [Opcode.LayerNormGradWeights]: {
    name: "layerNormGradWeights",
    file: "layer-norm",
    build: "extended",
    operands: {
      dgamma: output(n),
      dbeta: output(n),
      dy: input(mn),
      x: input(mn),
      mean: input((r) => r.m),
      rstd: input((r) => r.m),
      m: dim,
      n: dim,
      scratch: sharedScratch((r) => 8 * r.n),
    },
  },
  [Opcode.Embedding]: {
    name: "embedding",
    file: "embedding",
    build: "extended",
    operands: {
      y: output((r) => r.count * r.units),
      ids: input((r) => r.count, { dtype: "i32" }),
      table: input((r) => r.vocabulary * r.units),
      count: dim,
      vocabulary: dim,
      units: dim,
    },
  },
  [Opcode.EmbeddingGrad]: {
    name: "embeddingGrad",
    file: "embedding",
    build: "extended",
    operands: {
      dtable: output((r) => r.vocabulary * r.units),
      ids: input((r) => r.count, { dtype: "i32" }),
      dy: input((r) => r.count * r.units),
      count: dim,
      vocabulary: dim,
      units: dim,
      scratch: sharedScratch((r) => (r.count > Gemm.RowGroup ? 4 * r.vocabulary * r.units : 0)),
    },
  },
} as const satisfies Record<Opcode, RecordFormat>;

/** The operands of a record that have a word on the tape. */
export type Fields<K extends Opcode> = {
  [F in keyof (typeof RECORDS)[K]["operands"] as (typeof RECORDS)[K]["operands"][F] extends {
    readonly kind: "guard" | "run";
  }
    ? never
    : F]: number;
};

export const formatOf = (opcode: number): RecordFormat | undefined =>
  (RECORDS as Readonly<Record<number, RecordFormat>>)[opcode];

/** The operands with a word each, in the order of the words. */
export const wordsOf = ({ operands }: RecordFormat): [string, Operand][] =>
  Object.entries(operands).filter(([, operand]) => hasWord(operand));

/** Words of a record of this kind. */
export const recordWords = (opcode: Opcode): number => 1 + wordsOf(formatOf(opcode) as RecordFormat).length;

/** The smallest build that has a record: elementwise functions from `Fn.Exp` on are for tensors only. */
export function buildOf(opcode: Opcode, operands: Resolved): Build {
  const { build, operands: kinds } = formatOf(opcode) as RecordFormat;
  const { fn } = kinds;
  return fn?.kind === "int" && fn.of === Fn && operands.fn >= Fn.Exp ? "extended" : build;
}

/** The first word of a record: opcode, length in words, and whether all parts wait before it. */
export const firstWord = (opcode: Opcode, barrier = false): number =>
  opcode | (recordWords(opcode) << RecordWord.LengthShift) | (barrier ? RecordWord.Barrier : 0);

export const opcodeOf = (word: number): Opcode => word & RecordWord.OpcodeMask;
export const lengthOf = (word: number): number => (word >>> RecordWord.LengthShift) & RecordWord.LengthMask;
export const isBarrier = (word: number): boolean => (word & RecordWord.Barrier) !== 0;

/** The words of one record; `f32` operands are given as numbers. */
export function encode<K extends Opcode>(opcode: K, fields: Fields<K>, barrier = false): number[] {
  const words: number[] = [firstWord(opcode, barrier)];
  for (const [name, { kind }] of wordsOf(formatOf(opcode) as RecordFormat)) {
    const value = (fields as Record<string, number>)[name];
    words.push(kind === "f32" ? f32Word(value) : value | 0);
  }
  return words;
}
