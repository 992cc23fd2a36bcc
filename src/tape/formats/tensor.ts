/** Formats of the records behind methods of tensors, in the link `extended`, too. */
import { BinaryFn, Form, Opcode } from "../../../assembly/abi.ts";
import { dim, f32, guard, input, int, oneOf, output, record, type Span } from "../operands.ts";
import {
  fourLoops,
  fourStrides,
  loops,
  mk,
  mn,
  nk,
  productScratch,
  reduced,
  reduction,
  strided,
  unreduced,
} from "./spans.ts";

export const CUMULATIVE_SUM = /* @__PURE__ */ record(
  Opcode.CumulativeSum,
  "cumulativeSum",
  "cumulative-sum",
  "extended",
  () => ({ reverse: int, y: output(unreduced), x: input(unreduced), ...reduction }),
);

export const ARG_MAX = /* @__PURE__ */ record(Opcode.ArgMax, "argMax", "arg-max", "extended", () => ({
  asFloat: int,
  y: output(reduced, { dtype: "any" }),
  x: input(unreduced),
  ...reduction,
}));

export const TAKE_STRETCH = /* @__PURE__ */ record(
  Opcode.TakeStretch,
  "takeStretch",
  "stretch",
  "extended",
  () => ({
    y: output((r) => r.outer * r.count * r.inner, { dtype: "any" }),
    x: input(unreduced, { dtype: "any" }),
    ...reduction,
    start: int,
    step: int,
    count: int,
  }),
);

export const PAD_STRETCH = /* @__PURE__ */ record(
  Opcode.PadStretch,
  "padStretch",
  "stretch",
  "extended",
  () => ({
    y: output((r) => r.outer * r.total * r.inner),
    x: input(unreduced),
    ...reduction,
    before: int,
    step: int,
    total: int,
    value: f32,
  }),
);

export const JOIN_STRETCH = /* @__PURE__ */ record(
  Opcode.JoinStretch,
  "joinStretch",
  "stretch",
  "extended",
  () => ({
    y: output((r) => r.outer * r.total * r.inner),
    x: input(unreduced),
    ...reduction,
    before: int,
    total: int,
  }),
);

export const TAKE_ALONG = /* @__PURE__ */ record(
  Opcode.TakeAlong,
  "takeAlong",
  "take-along",
  "extended",
  () => ({
    y: output((r) => r.outer * r.count * r.inner),
    index: input((r) => r.outer * r.count * r.inner, { dtype: "i32" }),
    x: input(unreduced),
    ...reduction,
    count: int,
    guard,
  }),
);

export const TAKE_ALONG_GRAD = /* @__PURE__ */ record(
  Opcode.TakeAlongGrad,
  "takeAlongGrad",
  "take-along",
  "extended",
  () => ({
    dx: output(unreduced),
    index: input((r) => r.outer * r.count * r.inner, { dtype: "i32" }),
    dy: input((r) => r.outer * r.count * r.inner),
    ...reduction,
    count: int,
  }),
);

/** Elements from the first to the last that the matrices touch which four nested strided loops reach. */
const matrices =
  (s: string, size: Span): Span =>
  (r) => {
    const first = strided(s)(r);
    return first === 0 ? 0 : first - 1 + size(r);
  };

export const BATCH_MAT_MUL = /* @__PURE__ */ record(
  Opcode.BatchMatMul,
  "batchMatMul",
  "batch-mat-mul",
  "extended",
  () => ({
    form: oneOf(Form),
    c: output((r) => loops(r) * mn(r)),
    a: input(matrices("as", mk)),
    b: input(matrices("bs", nk)),
    m: dim,
    n: dim,
    k: dim,
    scratch: productScratch((r) => r.form),
    ...fourLoops,
    as0: dim,
    as1: dim,
    as2: dim,
    as3: dim,
    bs0: dim,
    bs1: dim,
    bs2: dim,
    bs3: dim,
  }),
);

const sixLoops: Span = (r) => r.e0 * r.e1 * loops(r);

/** As `strided`, with two loops more in front, of strides `t0` and `t1`. */
const stridedSix =
  (s: string, t: string): Span =>
  (r) =>
    sixLoops(r) === 0 ? 0 : strided(s)(r) + (r.e0 - 1) * r[`${t}0`] + (r.e1 - 1) * r[`${t}1`];

export const COPY_SIX = /* @__PURE__ */ record(Opcode.CopySix, "copySix", "six", "extended", () => ({
  y: output(sixLoops),
  x: input(stridedSix("s", "t")),
  divisor: dim,
  e0: dim,
  e1: dim,
  ...fourLoops,
  t0: dim,
  t1: dim,
  ...fourStrides,
}));

export const BINARY_SIX = /* @__PURE__ */ record(Opcode.BinarySix, "binarySix", "six", "extended", () => ({
  fn: oneOf(BinaryFn),
  y: output(sixLoops),
  a: input(stridedSix("as", "at")),
  b: input(stridedSix("bs", "bt")),
  e0: dim,
  e1: dim,
  ...fourLoops,
  at0: dim,
  at1: dim,
  as0: dim,
  as1: dim,
  as2: dim,
  as3: dim,
  bt0: dim,
  bt1: dim,
  bs0: dim,
  bs1: dim,
  bs2: dim,
  bs3: dim,
}));
