/** Formats of the records of pooling, of images made larger, and of convolutions of each channel by itself, in the link `deep`. */
import { Fn, Opcode, PoolDivisor } from "../../../assembly/abi.ts";
import { dim, input, int, oneOf, optional, output, record, type Span } from "../operands.ts";

// Functions, because bundlers keep objects that are made of others, used or not.

/** Images [n, h, w, c] and windows on them: [n, oh, ow, c] of kh by kw. */
const windows = () =>
  ({
    ...{ n: dim, h: int, w: int, c: int, oh: int, ow: int },
    ...{ kh: int, kw: int, sh: int, sw: int },
  }) as const;
const padding = () => ({ top: int, left: int }) as const;
const dilated = () => ({ ...windows(), dh: int, dw: int, ...padding() }) as const;
const image: Span = (r) => r.n * r.h * r.w * r.c;
const results: Span = (r) => r.n * r.oh * r.ow * r.c;
const filters: Span = (r) => r.kh * r.kw * r.c;
const channels: Span = (r) => r.c;

export const MAX_POOL = /* @__PURE__ */ record(Opcode.MaxPool, "maxPool", "pool/max", "deep", () => ({
  y: output(results),
  x: input(image),
  ...windows(),
  ...padding(),
}));

export const MAX_POOL_GRAD = /* @__PURE__ */ record(
  Opcode.MaxPoolGrad,
  "maxPoolGrad",
  "pool/max",
  "deep",
  () => ({
    fn: oneOf(Fn),
    dx: output(image),
    dy: input(results),
    x: input(image),
    y: input(results),
    ...windows(),
    ...padding(),
  }),
);

export const AVERAGE_POOL = /* @__PURE__ */ record(
  Opcode.AveragePool,
  "averagePool",
  "pool/average",
  "deep",
  () => ({ divisor: oneOf(PoolDivisor), y: output(results), x: input(image), ...windows(), ...padding() }),
);

export const AVERAGE_POOL_GRAD = /* @__PURE__ */ record(
  Opcode.AveragePoolGrad,
  "averagePoolGrad",
  "pool/average",
  "deep",
  () => ({ divisor: oneOf(PoolDivisor), dx: output(image), dy: input(results), ...windows(), ...padding() }),
);

const factors = () => ({ n: dim, h: int, w: int, c: int, fh: int, fw: int }) as const;
const enlarged: Span = (r) => image(r) * r.fh * r.fw;

export const BILINEAR = /* @__PURE__ */ record(Opcode.Bilinear, "bilinear", "pool/bilinear", "deep", () => ({
  y: output(enlarged),
  x: input(image),
  ...factors(),
}));

export const BILINEAR_GRAD = /* @__PURE__ */ record(
  Opcode.BilinearGrad,
  "bilinearGrad",
  "pool/bilinear",
  "deep",
  () => ({ dx: output(image), dy: input(enlarged), ...factors() }),
);

export const DEPTHWISE = /* @__PURE__ */ record(Opcode.Depthwise, "depthwise", "depthwise", "deep", () => ({
  y: output(results),
  x: input(image),
  f: input(filters),
  bias: input(channels, optional),
  ...dilated(),
}));

export const DEPTHWISE_GRAD_INPUT = /* @__PURE__ */ record(
  Opcode.DepthwiseGradInput,
  "depthwiseGradInput",
  "depthwise",
  "deep",
  () => ({ dx: output(image), dy: input(results), f: input(filters), ...dilated() }),
);

export const DEPTHWISE_GRAD_WEIGHTS = /* @__PURE__ */ record(
  Opcode.DepthwiseGradWeights,
  "depthwiseGradWeights",
  "depthwise",
  "deep",
  () => ({
    df: output(filters),
    db: output(channels, optional),
    x: input(image),
    dy: input(results),
    ...dilated(),
  }),
);
