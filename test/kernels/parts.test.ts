/**
 * Every record in parts: any number of them, in any order, gives the bits of one; no two write the same word; each has its
 * share.
 */
import { describe, expect, it } from "vitest";
import {
  BinaryFn,
  Cell,
  ClipBlock,
  ColumnSum,
  ConvPanels,
  Fn,
  Form,
  Gemm,
  Hyper,
  LossBlock,
  LossFn,
  Opcode,
  PoolDivisor,
  ReduceFn,
  RowSum,
  Run,
  Targets,
  UpdateFn,
  Window,
} from "../../assembly/abi.ts";
import { isOverRows } from "../../src/tape/blocks.ts";
import { gatesOf, keptOf } from "../../src/tape/formats/recurrent.ts";
import { values } from "./compare.ts";
import { runRecords, type Step, step } from "./harness.ts";

interface Case {
  readonly name: string;
  /** Records of one node: those before the last are there for what they hand over. */
  readonly steps: readonly Step[];
  /** Words that a part may write beyond its share: one grain. */
  readonly grain: number;
  readonly run?: Readonly<Partial<Record<Run, number>>>;
}

/** Elements of a cache line, where elementwise kernels are cut; `LINE` in assembly/parts.ts. */
const LINE = 16;
/** Positions that `order` keeps together. */
const POSITIONS = 64;
const around = (grain: number) => [0, 1, grain - 1, grain, grain + 1, 2 * grain + 1];
const LENGTHS = [...around(LINE), 7 * LINE + 5];
/** Optimizers see padded blocks. */
const PADDED = [0, 4, LINE - 4, LINE, LINE + 4, 2 * LINE + 4, 9 * LINE + 8];
/** Gradients, whose squares are summed in blocks. */
const CLIPPED = [...PADDED, ClipBlock.Elements, ClipBlock.Elements + 4, 3 * ClipBlock.Elements + 8];
const ROWS = [0, 1, 2, 3, 5, 8, 15];
/** Values, none of them 0. */
const some = (n: number, seed = 1) => values(n, seed).map((v) => v || 1);
const positive = (n: number, seed = 1) => some(n, seed).map(Math.abs);
const alpha = 0.5;

const one = (name: string, grain: number, record: Step): Case => ({ name, grain, steps: [record] });

const elementwise = LENGTHS.map((n) => ({ n, name: `${n}`, x: positive(n), d: some(n, 2) }));

type Four = readonly [number, number, number, number];
const four = <P extends string>(prefix: P, [a, b, c, d]: Four) =>
  ({ [`${prefix}0`]: a, [`${prefix}1`]: b, [`${prefix}2`]: c, [`${prefix}3`]: d }) as {
    [F in `${P}${0 | 1 | 2 | 3}`]: number;
  };
const dense = ([, b, c, d]: Four): Four => [b * c * d, c * d, d, 1];
const product = (dims: Four) => dims[0] * dims[1] * dims[2] * dims[3];
const DIMS: readonly Four[] = [
  ...LENGTHS.map((n): Four => [1, 1, 1, n]),
  [1, 1, LINE + 1, 3],
  [3, 2, 5, 7],
  [2, 1, 3, 2 * LINE + 1],
  [2, 3, 0, 4],
  [5, 3, 1, LINE],
  [1, 1, 9, 37],
  [2, 1, 37, 9],
];

const binary = (fn: BinaryFn, dims: Four, as: Four, bs: Four) =>
  one(
    `${BinaryFn[fn]} ${dims} by ${as} and ${bs}`,
    LINE,
    step(Opcode.Binary, {
      ...{ fn, y: "out", a: some(product(dims), 3), b: some(product(dims), 4) },
      ...four("d", dims),
      ...four("as", as),
      ...four("bs", bs),
    }),
  );

const copy = (name: string, dims: Four, s: Four, divisor = 1) => {
  const transposes = s[2] === 1 && s[3] > 1 && dims[2] >= 4 && dims[3] >= 4;
  const grain = !transposes ? LINE : dims[2] >= dims[3] ? 4 * dims[3] : LINE * dims[2];
  const last = dims.reduce((at, d, i) => at + (d - 1) * s[i], 0);
  const x = some(Math.max(product(dims), last + 1), 5);
  const given = { y: "out", x, divisor, ...four("d", dims), ...four("s", s) } as const;
  return one(`${name} ${dims}`, grain, step(Opcode.Copy, given));
};

interface Reduced {
  outer: number;
  n: number;
  inner: number;
}
const { Block } = ColumnSum;
const REDUCED: readonly Reduced[] = [
  ...around(LINE).map((inner) => ({ outer: 1, n: 5, inner })),
  ...[1, 2, 5, 9].map((outer) => ({ outer, n: 21, inner: 1 })),
  { outer: 3, n: Block + 1, inner: 2 * LINE + 1 },
  { outer: 7, n: 3, inner: 3 },
  { outer: 2, n: 2 * Block + 1, inner: LINE + 5 },
];
const STRETCHES: readonly (Reduced & { readonly step: number })[] = [1, 2, 3].flatMap((by) => [
  { outer: 1, n: 1, inner: 1, step: by },
  { outer: 3, n: 5, inner: 1, step: by },
  { outer: 2, n: 7, inner: 3, step: by },
  { outer: 1, n: 4, inner: LINE + 1, step: by },
]);
const LONG: readonly Reduced[] = [
  ...around(Block).map((n) => ({ outer: 1, n, inner: 3 })),
  { outer: 3, n: 5 * Block + 7, inner: LINE + 1 },
  ...around(RowSum.Block).map((n) => ({ outer: 1, n, inner: 1 })),
  { outer: 2, n: 5 * RowSum.Block + 7, inner: 1 },
];
/** Images [n, h, w, c] with windows of `size`, each `stride` places, `dilation` apart, with padding on all sides. */
interface Windowed {
  readonly image: Four;
  readonly size: number;
  readonly stride: number;
  readonly padding?: number;
  readonly dilation?: number;
}
const POOLED: readonly Windowed[] = [
  { image: [1, 4, 4, 1], size: 2, stride: 2 },
  { image: [3, 6, 5, 6], size: 2, stride: 2 },
  { image: [0, 4, 4, 4], size: 2, stride: 2 },
  { image: [4, 7, 6, 5], size: 3, stride: 2, padding: 1 },
  { image: [2, 7, 7, 17], size: 2, stride: 3 },
];
const CONVOLVED: readonly Windowed[] = [
  ...POOLED,
  { image: [3, 6, 7, 6], size: 3, stride: 1, padding: 1 },
  { image: [2, 9, 9, 19], size: 3, stride: 2, padding: 2, dilation: 2 },
];
const pooled = ({ image: [n, h, w, c], size: k, stride: s, padding = 0, dilation = 1 }: Windowed) => {
  const count = (d: number) => Math.floor((d + 2 * padding - (k - 1) * dilation - 1) / s) + 1;
  const [oh, ow] = [count(h), count(w)];
  const geometry = { n, h, w, c, oh, ow, kh: k, kw: k, sh: s, sw: s, top: padding, left: padding };
  return {
    geometry,
    elements: n * h * w * c,
    results: n * oh * ow * c,
    line: ow * c,
    row: w * c,
    filters: k * k * c,
  };
};
const windowName = ({ image, size, stride }: Windowed) => `[${image}] by ${size} each ${stride}`;
const dilated = (w: Windowed) => ({ ...pooled(w).geometry, dh: w.dilation ?? 1, dw: w.dilation ?? 1 });
const LARGER = [
  { n: 1, h: 1, w: 3, c: 5, fh: 1, fw: 2 },
  { n: 3, h: 2, w: 3, c: 4, fh: 3, fw: 2 },
];
const REDUCE_FNS = [ReduceFn.Sum, ReduceFn.Mean, ReduceFn.Max];
const shape = ({ outer, n, inner }: Reduced) => `[${outer}, ${n}, ${inner}]`;
const elements = ({ outer, n, inner }: Reduced) => outer * n * inner;
const reduceBlocks = (fn: ReduceFn, r: Reduced) =>
  step(Opcode.ReduceBlocks, { fn, x: some(elements(r), 6), ...r });

const ELEMENTWISE = [
  LossFn.MeanSquaredError,
  LossFn.MeanAbsoluteError,
  LossFn.Huber,
  LossFn.BinaryCrossEntropy,
  LossFn.Hinge,
  LossFn.LogCosh,
  LossFn.Focal,
  LossFn.Value,
];
interface Lost {
  fn: LossFn;
  m: number;
  n: number;
  targets: Targets;
  /** Units of one weight. */
  span?: number;
}
const LOST: readonly Lost[] = [
  ...around(LossBlock.Elements).map((n) => ({
    ...{ fn: LossFn.MeanSquaredError, m: 1, n, targets: Targets.Rows },
  })),
  ...ELEMENTWISE.map((fn) => ({ fn, m: 5, n: 3001, targets: Targets.Rows })),
  ...ELEMENTWISE.flatMap((fn) =>
    [1, 3001].map((span) => ({ fn, m: 5, n: 3001, targets: Targets.Rows, span })),
  ),
  ...[1, 2].map((span) => ({ fn: LossFn.CrossEntropy, m: 5, n: 1500, targets: Targets.Labels, span })),
  ...[LossFn.CategoricalHinge, LossFn.KlDivergence, LossFn.CategoricalFocal].flatMap((fn) =>
    [Targets.Rows, Targets.Labels].map((targets) => ({ fn, m: 5, n: 1500, targets, span: 1 })),
  ),
  { fn: LossFn.CosineSimilarity, m: 5, n: 1500, targets: Targets.Rows, span: 1 },
  ...[Targets.Rows, Targets.Labels].flatMap((targets) =>
    [10, 1500].flatMap((n) => {
      const rows = Math.max(1, Math.min(LossBlock.Rows, Math.floor(LossBlock.Elements / n)));
      return around(rows).map((m) => ({ fn: LossFn.CrossEntropy, m, n, targets }));
    }),
  ),
];
const lossName = ({ fn, m, n, targets, span }: Lost) =>
  `${LossFn[fn]} of ${Targets[targets]} [${m}, ${n}]${span ? `, a weight for ${span}` : ""}`;
const lossOperands = ({ fn, m, n, targets, span }: Lost) => {
  const labels = Int32Array.from({ length: m }, (_, i) => (i * 7) % n);
  const t = targets === Targets.Labels ? labels : positive(m * n, 8);
  const weights = span ? positive(m * n, 9) : null;
  return {
    ...{ fn, m, n, targets, span: span ?? 1, weights, weighted: weights ? 1 : 0 },
    ...({ dx: "out", scale: null, parameter: 0.75, alpha: 0.25, p: some(m * n, 7), t } as const),
  };
};
const lossBlocks = (lost: Lost) => step(Opcode.LossBlocks, lossOperands(lost));
/** dx of a block, and its sum. */
const lossGrain = ({ fn, n }: Lost) =>
  2 + (isOverRows(fn) ? Math.max(n, LossBlock.Elements) : LossBlock.Elements);

const hyper = new Float64Array(Hyper.Count);
hyper[Hyper.Beta1] = 0.5;
hyper[Hyper.Beta2] = 0.75;
hyper[Hyper.Epsilon] = 1e-8;

const windows = [Window.Sequential, Window.Shuffled, Window.Streamed].flatMap((kind) =>
  around(POSITIONS).map((rows) => ({ kind, rows })),
);

/** Shapes whose columns are cut; what is counted includes the scratch of each column. */
const COLUMNS = around(LINE)
  .slice(1)
  .flatMap((n) => [1, 3].map((m) => ({ name: `[${m}, ${n}]`, m, n })));

const ROW_BLOCKS = around(4).flatMap((m) => [1, 5, 8].map((n) => ({ name: `[${m}, ${n}]`, m, n })));

/** Convolutions as the kernels see them: 1 to 9 images, few and many filters, with a frame and without, in groups, dilated. */
const IMAGES = [1, 2, 4, 5, 9].flatMap((n) =>
  [
    { c: 2, o: 3, groups: 1, pad: 0, stride: 1, dw: 1 },
    { c: 3, o: 20, groups: 1, pad: 1, stride: 2, dw: 1 },
    { c: 4, o: 18, groups: 2, pad: 1, stride: 1, dw: 2 },
    { c: 4, o: 4, groups: 4, pad: 2, stride: 1, dw: 1 },
  ].map(({ pad, stride, ...rest }) => {
    const count = (size: number, extent: number) => Math.floor((size + 2 * pad - extent) / stride) + 1;
    return {
      name: `${n} images, ${rest.c} channels to ${rest.o}`,
      ...{ n, h: 6, w: 7, oh: count(6, 3), ow: count(7, 1 + rest.dw) },
      ...{ kh: 3, kw: 2, sh: stride, sw: stride, dh: 1, top: pad, left: pad, ...rest },
    };
  }),
);
const packed = (kind: ConvPanels, { kh, kw, c, o, groups, dw }: (typeof IMAGES)[number]) =>
  step(Opcode.ConvPack, {
    kind,
    ...{ w: some((kh * kw * c * o) / groups, 9), kh, kw, c: c / groups, o: o / groups, groups, dw },
  });
const ATTENDED = [
  { m: 3, queries: 5, keys: 6, heads: 2, size: 3, width: 8, causal: 0 },
  { m: 1, queries: 9, keys: 9, heads: 5, size: 8, width: 5, causal: 1 },
  { m: 0, queries: 4, keys: 4, heads: 2, size: 4, width: 4, causal: 0 },
].map((dims) => ({ name: JSON.stringify(dims), dims }));
const attended = (dims: (typeof ATTENDED)[number]["dims"]) => {
  const { m, queries, keys, heads, size, width } = dims;
  const [q, k, v] = [queries * size, keys * size, keys * width].map((n, i) => some(m * heads * n, 5 + i));
  return { q, k, v, ...dims };
};
const draws = {
  ...{ rate: 0.25, stream: 1 },
  ...{ seed: Float64Array.of(3), step: Float64Array.of(2), micro: Float64Array.of(1) },
} as const;
interface RecurrentCase {
  readonly cell: Cell;
  readonly m: number;
  readonly steps: number;
  readonly units: number;
}
const RECURRENT: readonly RecurrentCase[] = [
  Cell.RnnTanh,
  Cell.RnnRelu,
  Cell.Lstm,
  Cell.Gru,
  Cell.GruBefore,
].flatMap((cell) =>
  [1, 3, 5, 17, 35].flatMap((m) => [1, 5, 9].map((units) => ({ cell, m, steps: 2, units }))),
);
const recurrentName = ({ cell, m, units }: RecurrentCase) => `${Cell[cell]} of ${m} by ${units}`;
const recurrentSizes = ({ cell, m, steps, units }: RecurrentCase) =>
  ({ cell, m, steps, units, reverse: m % 2 }) as const;
const yzSize = ({ m, steps, units }: RecurrentCase) => m * steps * units;
const zSize = (r: RecurrentCase) => gatesOf(r.cell) * yzSize(r);
const rSize = ({ cell, units }: RecurrentCase) => units * gatesOf(cell) * units;
const maskOf = ({ m, steps }: RecurrentCase) =>
  Float32Array.from({ length: m * steps }, (_, i) => (i % 5 === 4 ? 0 : 1));

/** Where a record is tested in parts, if not here. */
const PRODUCTS = "with the products";

const CASES: { readonly [K in Opcode]: readonly Case[] | typeof PRODUCTS } = {
  [Opcode.Dense]: PRODUCTS,
  [Opcode.DenseGradWeights]: PRODUCTS,
  [Opcode.DenseGradInput]: PRODUCTS,
  [Opcode.MatMul]: PRODUCTS,
  [Opcode.LayerNorm]: ROW_BLOCKS.map(({ name, m, n }) =>
    one(
      name,
      4 * (n + 2),
      step(Opcode.LayerNorm, {
        ...{ y: "out", mean: "out", rstd: "out", x: some(m * n, 12), gamma: some(n, 13), beta: some(n, 14) },
        ...{ m, n, epsilon: 0.001 },
      }),
    ),
  ),
  [Opcode.LayerNormGrad]: ROW_BLOCKS.map(({ name, m, n }) =>
    one(
      name,
      4 * n,
      step(Opcode.LayerNormGrad, {
        ...{ dx: "out", dy: some(m * n, 15), x: some(m * n, 12), gamma: some(n, 13) },
        ...{ mean: some(m, 14), rstd: positive(m, 16), m, n },
      }),
    ),
  ),
  [Opcode.LayerNormGradWeights]: COLUMNS.map(({ name, m, n }) =>
    one(
      name,
      4 * LINE,
      step(Opcode.LayerNormGradWeights, {
        ...{ dgamma: "out", dbeta: "out", dy: some(m * n, 15), x: some(m * n, 12) },
        ...{ mean: some(m, 14), rstd: positive(m, 16), m, n, scratch: 0 },
      }),
    ),
  ),
  [Opcode.Embedding]: around(LINE).map((count) =>
    one(
      `${count}`,
      LINE * 5,
      step(Opcode.Embedding, {
        ...{ y: "out", ids: Int32Array.from({ length: count }, (_, i) => (i * 3) % 7), table: some(35, 12) },
        ...{ count, vocabulary: 7, units: 5 },
      }),
    ),
  ),
  [Opcode.EmbeddingGrad]: around(LINE)
    .slice(1)
    .flatMap((units) =>
      [0, 9, 2 * Gemm.RowGroup + 5].map((count) =>
        one(
          `${count} of ${units}`,
          2 * 7 * LINE,
          step(Opcode.EmbeddingGrad, {
            ...{ dtable: "out", ids: Int32Array.from({ length: count }, (_, i) => (i * 3) % 7) },
            ...{ dy: some(count * units, 13), count, vocabulary: 7, units, scratch: 0 },
          }),
        ),
      ),
    ),
  [Opcode.CumulativeSum]: [0, 1].flatMap((reverse) =>
    REDUCED.map((r) =>
      one(
        `${reverse} ${shape(r)}`,
        r.n * (r.inner === 1 ? 1 : LINE),
        step(Opcode.CumulativeSum, { reverse, y: "out", x: some(elements(r), 6), ...r }),
      ),
    ),
  ),
  [Opcode.ArgMax]: REDUCED.map((r) =>
    one(shape(r), LINE, step(Opcode.ArgMax, { asFloat: 1, y: "out", x: some(elements(r), 6), ...r })),
  ),
  [Opcode.TakeStretch]: STRETCHES.map(({ step: by, ...r }) =>
    one(
      `${shape(r)} by ${by}`,
      r.inner,
      step(Opcode.TakeStretch, {
        ...{ y: "out", x: some(r.outer * (2 + r.n * by) * r.inner, 7), outer: r.outer, n: 2 + r.n * by },
        ...{ inner: r.inner, start: 2, step: by, count: r.n },
      }),
    ),
  ),
  [Opcode.PadStretch]: STRETCHES.map(({ step: by, ...r }) =>
    one(
      `${shape(r)} by ${by}`,
      r.inner,
      step(Opcode.PadStretch, {
        ...{ y: "out", x: some(elements(r), 7), ...r },
        ...{ before: 2, step: by, total: 5 + (r.n - 1) * by, value: 0.5 },
      }),
    ),
  ),
  [Opcode.JoinStretch]: STRETCHES.filter((r) => r.step === 1).map(({ step: _, ...r }) =>
    one(
      shape(r),
      r.inner,
      step(Opcode.JoinStretch, { y: "out", x: some(elements(r), 7), ...r, before: 0, total: r.n }),
    ),
  ),
  [Opcode.TakeAlong]: around(LINE).map((count) =>
    one(
      `${count}`,
      LINE,
      step(Opcode.TakeAlong, {
        ...{ y: "out", index: Int32Array.from({ length: 6 * count }, (_, i) => (i * 3) % 5) },
        ...{ x: some(30, 12), outer: 2, n: 5, inner: 3, count },
      }),
    ),
  ),
  [Opcode.TakeAlongGrad]: [0, 1, 9, 40].map((count) =>
    one(
      `${count}`,
      5,
      step(Opcode.TakeAlongGrad, {
        ...{ dx: "out", index: Int32Array.from({ length: 6 * count }, (_, i) => (i * 3) % 5) },
        ...{ dy: some(6 * count, 12), outer: 2, n: 5, inner: 3, count },
      }),
    ),
  ),
  [Opcode.BatchMatMul]: [Form.NN, Form.TN, Form.NT].flatMap((form) =>
    [
      [3, 4, 5],
      [17, 33, 9],
    ].map(([m, n, k]) =>
      one(
        `${Form[form]} ${m} ${n} ${k}`,
        m * n,
        step(Opcode.BatchMatMul, {
          ...{ form, c: "out", a: some(3 * m * k, 3), b: some(2 * k * n, 4), m, n, k, scratch: 0 },
          ...four("d", [1, 1, 3, 2]),
          ...four("as", [0, 0, m * k, 0]),
          ...four("bs", [0, 0, 0, k * n]),
        }),
      ),
    ),
  ),
  [Opcode.CopySix]: [
    one(
      "all axes reversed",
      36,
      step(Opcode.CopySix, {
        ...{ y: "out", x: some(216, 5), divisor: 1, e0: 3, e1: 2, ...four("d", [2, 3, 2, 3]) },
        ...{ t0: 1, t1: 3, ...four("s", [6, 12, 36, 72]) },
      }),
    ),
  ],
  [Opcode.BinarySix]: [
    one(
      "every other axis repeated",
      36,
      step(Opcode.BinarySix, {
        ...{ fn: BinaryFn.Subtract, y: "out", a: some(18, 3), b: some(12, 4), e0: 3, e1: 2 },
        ...{ ...four("d", [2, 3, 2, 3]), at0: 6, at1: 0, ...four("as", [3, 0, 0, 1]) },
        ...{ bt0: 0, bt1: 6, ...four("bs", [0, 2, 1, 0]) },
      }),
    ),
  ],
  [Opcode.BatchNorm]: COLUMNS.map(({ name, m, n }) =>
    one(
      name,
      (m + 7) * LINE,
      step(Opcode.BatchNorm, {
        ...{
          y: "out",
          mean: "out",
          variance: "out",
          x: some(m * n, 12),
          gamma: some(n, 13),
          beta: some(n, 14),
        },
        ...{ m, n, epsilon: 0.001, scratch: 0 },
      }),
    ),
  ),
  [Opcode.BatchNormGrad]: COLUMNS.map(({ name, m, n }) =>
    one(
      name,
      (m + 6) * LINE,
      step(Opcode.BatchNormGrad, {
        ...{ dx: "out", dgamma: "out", dbeta: "out", dy: some(m * n, 15), x: some(m * n, 12) },
        ...{
          gamma: some(n, 13),
          mean: some(n, 14),
          variance: positive(n, 16),
          m,
          n,
          epsilon: 0.001,
          scratch: 0,
        },
      }),
    ),
  ),
  [Opcode.NormalizeColumns]: COLUMNS.map(({ name, m, n }) =>
    one(
      name,
      (m + 1) * LINE,
      step(Opcode.NormalizeColumns, {
        ...{ y: "out", x: some(m * n, 12), gamma: some(n, 13), beta: some(n, 14) },
        ...{ mean: some(n, 15), variance: positive(n, 16), m, n, epsilon: 0.001, scratch: 0 },
      }),
    ),
  ),
  [Opcode.Approach]: LENGTHS.map((n) =>
    one(
      `${n}`,
      LINE,
      step(Opcode.Approach, {
        y: "out",
        average: some(n, 17),
        statistic: some(n, 18),
        n,
        share: 0.25,
        count: 9,
      }),
    ),
  ),
  [Opcode.Dropout]: around(4 * LINE).map((n) =>
    one(
      `${n}`,
      4 * LINE,
      step(Opcode.Dropout, {
        ...{ y: "out", x: some(n, 11), n, rate: 0.3, stream: 2 },
        ...{ seed: Float64Array.of(5), step: Float64Array.of(7), micro: Float64Array.of(1) },
      }),
    ),
  ),
  [Opcode.Noise]: [0, 1].flatMap((uniform) =>
    around(4 * LINE).map((n) =>
      one(
        `${uniform} ${n}`,
        4 * LINE,
        step(Opcode.Noise, {
          ...{ y: "out", x: some(n, 11), n, uniform, spread: 0.3, stream: 2 },
          ...{ seed: Float64Array.of(5), step: Float64Array.of(7), micro: Float64Array.of(1) },
        }),
      ),
    ),
  ),
  [Opcode.Unary]: [Fn.Identity, Fn.Relu, Fn.Gelu, Fn.Sqrt].flatMap((fn) =>
    elementwise.map(({ n, name, x }) =>
      one(`${Fn[fn]} ${name}`, LINE, step(Opcode.Unary, { fn, alpha, y: "out", x, n })),
    ),
  ),
  [Opcode.UnaryGrad]: [Fn.Relu, Fn.Gelu, Fn.Sign, Fn.Sqrt].flatMap((fn) =>
    elementwise.map(({ n, name, x, d }) =>
      one(`${Fn[fn]} ${name}`, LINE, step(Opcode.UnaryGrad, { fn, alpha, dx: "out", dy: d, s: x, n })),
    ),
  ),
  [Opcode.Accumulate]: elementwise.map(({ n, name, x, d }) =>
    one(name, LINE, step(Opcode.Accumulate, { y: "out", a: x, b: d, n })),
  ),
  [Opcode.Place]: elementwise.flatMap(({ n, name, x }) => [
    one(name, LINE, step(Opcode.Place, { y: "out", x, n, every: 1 })),
    one(`${name} times one`, LINE, step(Opcode.Place, { y: "out", x: some(1), n, every: 0 })),
  ]),
  [Opcode.Binary]: DIMS.flatMap((dims) => [
    binary(BinaryFn.Subtract, dims, dense(dims), dense(dims)),
    binary(BinaryFn.Divide, dims, dense(dims), [0, 0, 0, 1]),
    binary(BinaryFn.Above, dims, [0, 0, 1, 0], dense(dims)),
    binary(BinaryFn.Maximum, dims, [1, dims[0], dims[0] * dims[1], 0], [0, 1, 0, dims[1]]),
  ]),
  [Opcode.Copy]: DIMS.flatMap((dims) => [
    copy("dense", dims, dense(dims)),
    copy("a mean's gradient over", dims, [0, 1, 0, 0], 3),
    copy("rows repeated", dims, [0, 0, 0, 1]),
    copy("last axes swapped", dims, [dims[1] * dims[2] * dims[3], dims[2] * dims[3], 1, dims[2]]),
    copy("all axes reversed", dims, [1, dims[0], dims[0] * dims[1], dims[0] * dims[1] * dims[2]], 2),
  ]),
  [Opcode.Reduce]: REDUCE_FNS.flatMap((fn) =>
    REDUCED.map((r) =>
      one(
        `${ReduceFn[fn]} ${shape(r)}`,
        r.inner === 1 ? 1 : LINE,
        step(Opcode.Reduce, { fn, y: "out", x: some(elements(r), 6), ...r }),
      ),
    ),
  ),
  [Opcode.ReduceBlocks]: REDUCE_FNS.flatMap((fn) =>
    LONG.map((r) => one(`${ReduceFn[fn]} ${shape(r)}`, r.inner, reduceBlocks(fn, r))),
  ),
  [Opcode.ReduceTotal]: REDUCE_FNS.flatMap((fn) =>
    [...LONG, ...REDUCED].map((r) => ({
      name: `${ReduceFn[fn]} ${shape(r)}`,
      grain: LINE + r.inner,
      steps: [reduceBlocks(fn, r), step(Opcode.ReduceTotal, { fn, y: "out", ...r })],
    })),
  ),
  [Opcode.MaxPool]: POOLED.map((w) => {
    const { geometry, elements: count, line } = pooled(w);
    return one(windowName(w), line, step(Opcode.MaxPool, { y: "out", x: some(count, 3), ...geometry }));
  }),
  [Opcode.MaxPoolGrad]: POOLED.map((w, i) => {
    const { geometry, elements: count, results, row } = pooled(w);
    const given = {
      fn: i % 2 === 0 ? Fn.Relu : Fn.Identity,
      dx: "out",
      dy: some(results),
      x: some(count, 3),
      y: some(results, 4),
      ...geometry,
    } as const;
    // Windows that overlap share images; of others, rows of windows with what follows them.
    const rows =
      w.size > w.stride ? geometry.h : Math.max(w.stride, geometry.h - (geometry.oh - 1) * w.stride);
    return one(windowName(w), 2 * rows * row, step(Opcode.MaxPoolGrad, given));
  }),
  [Opcode.AveragePool]: POOLED.flatMap((w) =>
    [PoolDivisor.Window, PoolDivisor.Inside, PoolDivisor.None].map((divisor) => {
      const { geometry, elements: count, line } = pooled(w);
      const given = { divisor, y: "out", x: some(count, 3), ...geometry } as const;
      return one(windowName(w), line, step(Opcode.AveragePool, given));
    }),
  ),
  [Opcode.AveragePoolGrad]: POOLED.flatMap((w) =>
    [PoolDivisor.Window, PoolDivisor.Inside, PoolDivisor.None].map((divisor) => {
      const { geometry, results, row } = pooled(w);
      const given = { divisor, dx: "out", dy: some(results, 3), ...geometry } as const;
      return one(windowName(w), row, step(Opcode.AveragePoolGrad, given));
    }),
  ),
  [Opcode.Bilinear]: LARGER.map((sizes) => {
    const { n, h, w, c, fw } = sizes;
    const given = { y: "out", x: some(n * h * w * c), ...sizes } as const;
    return one(`${[n, h, w, c]}`, w * fw * c, step(Opcode.Bilinear, given));
  }),
  [Opcode.BilinearGrad]: LARGER.map((sizes) => {
    const { n, h, w, c, fh, fw } = sizes;
    const given = { dx: "out", dy: some(n * h * fh * w * fw * c), ...sizes } as const;
    return one(`${[n, h, w, c]}`, w * c, step(Opcode.BilinearGrad, given));
  }),
  [Opcode.Depthwise]: CONVOLVED.flatMap((w) => {
    const { elements: count, line, filters } = pooled(w);
    return [null, some(w.image[3], 5)].map((bias) => {
      const given = { y: "out", x: some(count, 3), f: some(filters, 4), bias, ...dilated(w) } as const;
      return one(windowName(w), line, step(Opcode.Depthwise, given));
    });
  }),
  [Opcode.DepthwiseGradInput]: CONVOLVED.map((w) => {
    const { results, row, filters } = pooled(w);
    const given = { dx: "out", dy: some(results, 3), f: some(filters, 4), ...dilated(w) } as const;
    return one(windowName(w), row, step(Opcode.DepthwiseGradInput, given));
  }),
  [Opcode.DepthwiseGradWeights]: CONVOLVED.flatMap((w) => {
    const { elements: count, results } = pooled(w);
    return ([null, "out"] as const).map((db) => {
      const given = { df: "out", db, x: some(count, 3), dy: some(results, 4), ...dilated(w) } as const;
      return one(windowName(w), w.image[3], step(Opcode.DepthwiseGradWeights, given));
    });
  }),
  [Opcode.MaxGrad]: REDUCED.map((r) => {
    const y = new Float32Array(r.outer * r.inner).fill(2);
    const x = some(elements(r), 6).map((v, i) => (i % 3 ? v : 2));
    const given = { dx: "out", dy: some(r.outer * r.inner, 2), x, y, ...r } as const;
    return one(shape(r), (r.inner === 1 ? 1 : LINE) * r.n, step(Opcode.MaxGrad, given));
  }),
  [Opcode.Softmax]: ROWS.flatMap((m) =>
    [1, 5].map((n) => one(`[${m}, ${n}]`, n, step(Opcode.Softmax, { y: "out", x: some(m * n), m, n }))),
  ),
  [Opcode.SoftmaxGrad]: ROWS.flatMap((m) =>
    [2, 5].map((n) => {
      const given = { dx: "out", dy: some(m * n, 2), y: positive(m * n), m, n } as const;
      return one(`[${m}, ${n}]`, n, step(Opcode.SoftmaxGrad, given));
    }),
  ),
  [Opcode.LogSoftmax]: ROWS.flatMap((m) =>
    [1, 5].map((n) => one(`[${m}, ${n}]`, n, step(Opcode.LogSoftmax, { y: "out", x: some(m * n), m, n }))),
  ),
  [Opcode.LogSoftmaxGrad]: ROWS.flatMap((m) =>
    [2, 5].map((n) => {
      const given = { dx: "out", dy: some(m * n, 2), y: some(m * n), m, n } as const;
      return one(`[${m}, ${n}]`, n, step(Opcode.LogSoftmaxGrad, given));
    }),
  ),
  // For one block, so one part computes all.
  [Opcode.Loss]: LOST.filter(({ m }) => m < 3).map((lost) =>
    one(lossName(lost), Infinity, step(Opcode.Loss, { loss: "out", ...lossOperands(lost) })),
  ),
  [Opcode.LossBlocks]: LOST.map((lost) => one(lossName(lost), lossGrain(lost), lossBlocks(lost))),
  [Opcode.LossTotal]: LOST.filter(({ fn, m }) => fn === LossFn.CrossEntropy || m === 1).map((lost) => {
    const { fn, m, n } = lost;
    const total = step(Opcode.LossTotal, { fn, m, n, loss: "out" });
    return { name: lossName(lost), grain: lossGrain(lost) + 1, steps: [lossBlocks(lost), total] };
  }),
  [Opcode.Sgd]: PADDED.flatMap((n) => {
    const given = { w: some(n), g: some(n, 2), n, hyper, rate: 0.5 } as const;
    return [
      one(`${n}`, 2 * LINE, step(Opcode.Sgd, { ...given, v: null })),
      one(`${n} with momentum`, 4 * LINE, step(Opcode.Sgd, { ...given, v: some(n, 3) })),
    ];
  }),
  [Opcode.Adam]: PADDED.map((n) => {
    const given = {
      w: some(n),
      g: some(n, 2),
      m: some(n, 3),
      v: positive(n, 4),
      n,
      hyper,
      rate: 0.5,
    } as const;
    const powers = { power1: Float64Array.of(0.5), power2: Float64Array.of(0.75) };
    return one(`${n}`, 6 * LINE, step(Opcode.Adam, { ...given, ...powers }));
  }),
  [Opcode.Update]: Object.values(UpdateFn)
    .filter((fn): fn is UpdateFn => typeof fn === "number")
    .flatMap((fn) =>
      PADDED.map((n) => {
        const slots = { a: positive(n, 3), b: positive(n, 4), c: positive(n, 5) };
        const powers = {
          power1: Float64Array.of(0.5),
          power2: Float64Array.of(0.75),
          power3: Float64Array.of(0.5),
        };
        const given = { fn, w: some(n), g: some(n, 2), ...slots, n, hyper, rate: 0.5, ...powers };
        return one(`${UpdateFn[fn]} ${n}`, 8 * LINE, step(Opcode.Update, given));
      }),
    ),
  [Opcode.Recurrent]: RECURRENT.map((r) =>
    one(
      recurrentName(r),
      4 * r.steps * r.units * (1 + keptOf(r.cell)) + 8 * r.units,
      step(Opcode.Recurrent, {
        ...recurrentSizes(r),
        ...{ y: "out", h: "out", c: r.cell === Cell.Lstm ? "out" : null },
        ...{ saved: keptOf(r.cell) > 0 ? "out" : null, z: some(zSize(r), 12), r: some(rSize(r), 13) },
        ...{ bias: some(r.units, 14), mask: maskOf(r), h0: some(r.m * r.units, 15) },
        c0: r.cell === Cell.Lstm ? some(r.m * r.units, 16) : null,
      }),
    ),
  ),
  [Opcode.RecurrentGrad]: RECURRENT.map((r) =>
    one(
      recurrentName(r),
      4 * r.steps * r.units * (gatesOf(r.cell) + 1) + 8 * r.units,
      step(Opcode.RecurrentGrad, {
        ...recurrentSizes(r),
        ...{ dz: "out", ds: r.cell === Cell.Gru ? "out" : null, dh0: "out" },
        ...{ dc0: r.cell === Cell.Lstm ? "out" : null, dy: some(yzSize(r), 11), dh: some(r.m * r.units, 10) },
        ...{ dc: r.cell === Cell.Lstm ? some(r.m * r.units, 9) : null, y: some(yzSize(r), 8) },
        ...{ saved: positive(yzSize(r) * Math.max(1, keptOf(r.cell)), 7), r: some(rSize(r), 13) },
        ...{ mask: maskOf(r), h0: some(r.m * r.units, 15), c0: some(r.m * r.units, 16) },
      }),
    ),
  ),
  [Opcode.RecurrentGradWeights]: RECURRENT.map((r) =>
    one(
      recurrentName(r),
      4 * (rSize(r) / r.units) + 4,
      step(Opcode.RecurrentGradWeights, {
        ...recurrentSizes(r),
        ...{
          dr: "out",
          db: r.cell === Cell.Gru ? "out" : null,
          y: some(yzSize(r), 8),
          dz: some(zSize(r), 12),
        },
        ...{ ds: some(yzSize(r), 17), saved: positive(yzSize(r) * 6, 7), h0: some(r.m * r.units, 15) },
      }),
    ),
  ),
  [Opcode.AdvanceMomentum]: [
    one(
      "one number",
      2,
      step(Opcode.AdvanceMomentum, { product: Float64Array.of(0.5), power: Float64Array.of(0.5), hyper }),
    ),
  ],
  [Opcode.ConvPack]: [ConvPanels.Forward, ConvPanels.Flipped, ConvPanels.Scattered].flatMap((kind) =>
    IMAGES.filter(({ n }) => n === 1).map(({ name, ...r }) =>
      one(`${ConvPanels[kind]}: ${name}`, 8 * 6 * 20, packed(kind, { name, ...r })),
    ),
  ),
  [Opcode.Conv]: IMAGES.map(({ name, c, ...r }) => ({
    name,
    grain: 8 * 6 * 20 + 4 * r.ow * r.o,
    steps: [
      packed(ConvPanels.Forward, { name, c, ...r }),
      step(Opcode.Conv, {
        ...{ y: "out", x: some(r.n * r.h * r.w * c, 7), bias: r.o % 2 ? null : some(r.o, 8) },
        ...{ fn: r.o === 18 ? Fn.Tanh : Fn.Relu, alpha: 0, scratch: 0 },
        ...{ ...r, k: (r.kh * r.kw * c) / r.groups },
      }),
    ],
  })),
  [Opcode.ConvScatter]: IMAGES.map(({ name, ...r }) => ({
    name,
    grain: 8 * 6 * 20 + 4 * r.h * r.w * r.c,
    steps: [
      packed(ConvPanels.Scattered, { name, ...r }),
      step(Opcode.ConvScatter, { dx: "out", dy: some(r.n * r.oh * r.ow * r.o, 7), ...r, scratch: 0 }),
    ],
  })),
  [Opcode.ConvGradWeights]: IMAGES.map(({ name, ...r }) =>
    one(
      name,
      8 * r.kw * r.c + 8,
      step(Opcode.ConvGradWeights, {
        ...{ dweights: "out", db: "out", x: some(r.n * r.h * r.w * r.c, 7) },
        ...{ dy: some(r.n * r.oh * r.ow * r.o, 8), ...r, scratch: 0 },
      }),
    ),
  ),
  [Opcode.Attention]: ATTENDED.map(({ name, dims }) =>
    one(
      name,
      dims.queries * (dims.width + Math.ceil(dims.keys / 8) * 8),
      step(Opcode.Attention, {
        ...{ y: "out", w: "out", ...attended(dims), ...draws },
        ...{
          mask: Float32Array.from({ length: dims.m * dims.keys }, (_, i) => Number(i % 3 > 0)),
          scratch: 0,
        },
      }),
    ),
  ),
  [Opcode.AttentionGrad]: ATTENDED.map(({ name, dims }) =>
    one(
      name,
      dims.queries * dims.size + dims.keys * (dims.size + dims.width),
      step(Opcode.AttentionGrad, {
        ...{ dq: "out", dk: "out", dv: "out", ...attended(dims), ...draws, scratch: 0 },
        dy: some(dims.m * dims.queries * dims.heads * dims.width, 8),
        w: positive(dims.m * dims.heads * dims.queries * Math.ceil(dims.keys / 8) * 8, 9),
      }),
    ),
  ),
  [Opcode.AddGradients]: PADDED.map((n) => {
    const given = { sums: some(n), g: some(n, 2), n, rows: 3, groupRows: Float64Array.of(4) };
    return one(`${n}`, 2 * LINE, step(Opcode.AddGradients, given));
  }),
  [Opcode.AverageGradients]: PADDED.map((n) => {
    const given = { g: "out", sums: some(n), n, rows: 3, groupRows: Float64Array.of(4) } as const;
    return one(`${n}`, LINE, step(Opcode.AverageGradients, given));
  }),
  [Opcode.LossWeights]: around(LINE).flatMap((m) =>
    [1, 5].map((span) => {
      const t = Int32Array.from({ length: m }, (_, i) => i % 3);
      const weights = positive(Math.ceil(m / span), 3);
      const of = { y: "out", t, weights, m, span, ignore: 1, targets: Targets.Labels, weighted: 1 } as const;
      return one(`${m}, a weight for ${span}`, LINE, step(Opcode.LossWeights, of));
    }),
  ),
  [Opcode.GradientSquares]: CLIPPED.map((n) =>
    one(`${n}`, ClipBlock.Elements, step(Opcode.GradientSquares, { g: some(n), n })),
  ),
  [Opcode.ScaleGradients]: CLIPPED.map((n) => {
    const g = some(n);
    const scale = step(Opcode.ScaleGradients, { g, n, most: 0.5 });
    return { name: `${n}`, grain: LINE, steps: [step(Opcode.GradientSquares, { g, n }), scale] };
  }),
  [Opcode.ClampGradients]: PADDED.map((n) =>
    one(`${n}`, LINE, step(Opcode.ClampGradients, { g: some(n), n, most: 0.5 })),
  ),
  [Opcode.AverageWeights]: PADDED.map((n) => {
    const numbers = { power: Float64Array.of(0.81), decay: Float64Array.of(0.9) };
    return one(`${n}`, LINE, step(Opcode.AverageWeights, { average: some(n), w: some(n, 2), n, ...numbers }));
  }),
  [Opcode.MaxNorm]: COLUMNS.map(({ name, m, n }) =>
    one(name, m * LINE, step(Opcode.MaxNorm, { w: some(m * n), k: m, n, most: 0.5 })),
  ),
  [Opcode.CheckFinite]: PADDED.map((n) => one(`${n}`, LINE, step(Opcode.CheckFinite, { x: some(n), n }))),
  [Opcode.Advance]: [
    one("one number", 2, step(Opcode.Advance, { x: Float64Array.of(0.5), factor: Float64Array.of(0.3) })),
  ],
  [Opcode.Order]: windows.map(({ kind, rows }) => ({
    name: `${Window[kind]} ${rows}`,
    grain: POSITIONS,
    run: { [Run.WindowKind]: kind, [Run.Total]: 1000, [Run.WindowStart]: kind === Window.Streamed ? 40 : 0 },
    steps: [
      step(Opcode.Order, {
        ...{ index: "out", rows },
        ...{ seed: Float64Array.of(3), epoch: Float64Array.of(2), cursor: Float64Array.of(50) },
      }),
    ],
  })),
  [Opcode.Gather]: ROWS.flatMap((rows) =>
    [1, 2, 3, 5, 9].map((words) => {
      const index = Int32Array.from({ length: rows }, (_, i) => (i * 5) % 11);
      const given = { y: "out", window: some(11 * words), index, rows, words } as const;
      return one(`${rows} rows of ${words}`, words, step(Opcode.Gather, given));
    }),
  ),
};

const PARTS = [2, 3, 5, 7];
const ORDERS: Readonly<Record<number, readonly (readonly number[])[]>> = {
  2: [[1, 0]],
  3: [[2, 0, 1]],
  5: [
    [4, 3, 2, 1, 0],
    [2, 4, 0, 3, 1],
  ],
  7: [[3, 6, 0, 5, 2, 1, 4]],
};

/** All words that parts of a case may write, after the given ones ran in the given order. */
type Execute = (parts: number, order: readonly number[]) => Uint32Array;

function execute({ steps, run }: Case): Execute {
  return (parts, order) => {
    const { doubles, shared, guard, ...written } = runRecords(steps, 1, { parts, order, run });
    const arrays = [
      ...Object.values(written as Record<string, Float32Array>),
      ...Object.values(doubles),
      shared,
    ];
    return Uint32Array.from(
      arrays.flatMap(({ buffer, byteOffset, byteLength }) => [
        ...new Uint32Array(buffer, byteOffset, byteLength / 4),
      ]),
    );
  };
}

/** What is wrong with a record in parts, if anything. */
function wrong(run: Execute, grain: number): string | undefined {
  const before = run(1, []);
  const whole = run(1, [0]);
  const total = whole.filter((word, i) => word !== before[i]).length;
  for (const parts of PARTS) {
    for (const order of ORDERS[parts]) {
      const got = run(parts, order);
      const at = got.findIndex((word, i) => word !== whole[i]);
      if (at >= 0) return `parts ${order}: word ${at} differs from that of one part`;
    }
    const writers = new Int32Array(whole.length).fill(-1);
    for (let part = 0; part < parts; part++) {
      const alone = run(parts, [part]);
      let count = 0;
      for (let i = 0; i < alone.length; i++) {
        if (alone[i] === before[i]) continue;
        if (writers[i] >= 0) return `parts ${writers[i]} and ${part} of ${parts} both write word ${i}`;
        writers[i] = part;
        count++;
      }
      if (count > total / parts + grain) return `part ${part} of ${parts} writes ${count} of ${total} words`;
    }
  }
  return undefined;
}

const OPCODES = Object.keys(CASES).map(Number) as Opcode[];

describe("parts", () => {
  for (const opcode of OPCODES) {
    const cases = CASES[opcode];
    if (cases === PRODUCTS) continue;
    it(`of ${Opcode[opcode]} give the bits of one, write apart, and have their shares`, () => {
      for (const tested of cases) expect(wrong(execute(tested), tested.grain), tested.name).toBeUndefined();
    });
  }

  it("are tested for every record", () => {
    expect(OPCODES).toEqual(Object.values(Opcode).filter((opcode) => typeof opcode === "number"));
  });

  it("would be seen to differ, to overlap, and to be unfair", () => {
    /** 100 words, of which a part writes those that `from` and `to` say. */
    const fake =
      (from: (part: number, parts: number) => number, to: (part: number, parts: number) => number): Execute =>
      (parts, order) => {
        const words = new Uint32Array(100);
        for (const part of order) for (let i = from(part, parts); i < to(part, parts); i++) words[i] = i + 1;
        return words;
      };
    const cut = (part: number, parts: number) => Math.floor((100 * part) / parts);
    const next = (part: number, parts: number) => cut(part + 1, parts);
    expect(wrong(fake(cut, next), 1)).toBeUndefined();
    const gap = fake(cut, (part, parts) => next(part, parts) - (part === 0 && parts > 1 ? 1 : 0));
    expect(wrong(gap, 1)).toMatch(/differs/);
    const overlap = fake(cut, (part, parts) => Math.min(100, next(part, parts) + 1));
    expect(wrong(overlap, 1)).toMatch(/both write/);
    const first = fake(
      (part) => (part === 0 ? 0 : 100),
      () => 100,
    );
    expect(wrong(first, 1)).toMatch(/writes 100 of 100/);
  });
});
