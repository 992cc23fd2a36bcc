/** Formats of the records of convolutions, in the link `deep`. */
import { ConvPanels, Fn, Opcode } from "../../../assembly/abi.ts";
import {
  dim,
  f32,
  input,
  int,
  oneOf,
  optional,
  output,
  type Resolved,
  record,
  type Span,
  scratch,
  sharedScratch,
} from "../operands.ts";

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;
const tilesOf = (width: number) => Math.ceil(width / 8);
/** Records that are read before they are checked may have no groups, and windows without elements. */
const shareOf = (count: number, parts: number) => count / Math.max(parts, 1);

/** Whether the columns of a window are neighbours. */
const isJoined = ({ kw, dw }: Resolved) => dw === 1 || kw === 1;

/** Elements of the panels that `convPack` makes, of weights of `c` channels and `o` filters a group. */
function panelElements(kind: number, r: Resolved, c: number, o: number): number {
  const taps = r.kh * r.kw;
  if (kind === ConvPanels.Forward) return r.groups * tilesOf(o) * taps * c * 8;
  if (kind === ConvPanels.Flipped) return r.groups * tilesOf(c) * taps * o * 8;
  const [runs, length] = isJoined(r) ? [r.kh, r.kw * c] : [taps, c];
  return r.groups * runs * tilesOf(length) * o * 8;
}

/** Rows and columns that the windows reach. */
const reached = (r: Resolved) =>
  [(r.oh - 1) * r.sh + (r.kh - 1) * r.dh + 1, (r.ow - 1) * r.sw + (r.kw - 1) * r.dw + 1] as const;

/** Bytes of a framed image of `channels`, or 0 where windows read the image itself; `frame.ts` has the same rule. */
function frameBytes(r: Resolved, channels: number): number {
  const [rows, columns] = reached(r);
  const framed = r.top !== 0 || r.left !== 0 || rows > r.h || columns > r.w || r.groups > 1;
  return framed ? roundUp(4 * rows * columns * channels, 16) : 0;
}

const EDGE_BYTES = 128;

/** Products of a sum in a panel that tiles share: the rule of `PACKED_FILTERS` and `PACKED_STEPS` in `assembly/kernels/conv/forward.ts`. */
const packedSteps = (r: Resolved) => (isJoined(r) && shareOf(r.o, r.groups) >= 16 ? Math.min(r.k, 192) : 0);

const images: Span = (r) => r.n * r.h * r.w * r.c;
const outputs: Span = (r) => r.n * r.oh * r.ow * r.o;
const weights: Span = (r) => shareOf(r.kh * r.kw * r.c * r.o, r.groups);
const filters: Span = (r) => r.o;

const windows = {
  kh: int,
  kw: int,
  sh: int,
  sw: int,
  dh: int,
  dw: int,
  top: int,
  left: int,
  groups: int,
} as const;

/** `c` and `o` of one group. */
export const CONV_PACK = /* @__PURE__ */ record(Opcode.ConvPack, "convPack", "conv/pack", "deep", () => ({
  kind: oneOf(ConvPanels),
  panels: sharedScratch((r) => 4 * panelElements(r.kind, r, r.c, r.o)),
  w: input((r) => r.kh * r.kw * r.c * r.o * r.groups),
  kh: int,
  kw: int,
  c: int,
  o: int,
  groups: int,
  dw: int,
}));

/** Panels that are `Flipped` have as many elements as `Forward` ones of weights with c and o changed over. */
export const CONV = /* @__PURE__ */ record(Opcode.Conv, "conv", "conv/forward", "deep", () => ({
  y: output(outputs),
  x: input((r) => shareOf(r.n * r.h * r.w * r.groups * r.k, r.kh * r.kw)),
  panels: sharedScratch((r) => 4 * r.groups * tilesOf(shareOf(r.o, r.groups)) * r.k * 8),
  bias: input(filters, optional),
  n: dim,
  h: int,
  w: int,
  oh: int,
  ow: int,
  o: int,
  kh: int,
  kw: int,
  k: int,
  sh: int,
  sw: int,
  dh: int,
  dw: int,
  top: int,
  left: int,
  groups: int,
  fn: oneOf(Fn),
  alpha: f32,
  scratch: scratch(
    (r) =>
      frameBytes(r, shareOf(r.k, r.kh * r.kw)) +
      roundUp(4 * r.ow * r.o, 16) +
      EDGE_BYTES +
      80 * packedSteps(r),
  ),
}));

/** Images that run side by side; `IMAGES` and `SPILL` in `assembly/kernels/conv/scatter.ts`. */
const IMAGES = 4;
const SPILL_BYTES = 32;

export const CONV_SCATTER = /* @__PURE__ */ record(
  Opcode.ConvScatter,
  "convScatter",
  "conv/scatter",
  "deep",
  () => ({
    dx: output(images),
    dy: input(outputs),
    panels: sharedScratch(
      (r) => 4 * panelElements(ConvPanels.Scattered, r, shareOf(r.c, r.groups), shareOf(r.o, r.groups)),
    ),
    n: dim,
    h: int,
    w: int,
    c: int,
    oh: int,
    ow: int,
    o: int,
    ...windows,
    scratch: scratch((r) => {
      const [rows, columns] = reached(r);
      return IMAGES * (roundUp(shareOf(4 * rows * columns * r.c, r.groups), 16) + SPILL_BYTES);
    }),
  }),
);

export const CONV_GRAD_WEIGHTS = /* @__PURE__ */ record(
  Opcode.ConvGradWeights,
  "convGradWeights",
  "conv/weights",
  "deep",
  () => ({
    dweights: output(weights),
    db: output(filters, optional),
    x: input(images),
    dy: input(outputs),
    n: dim,
    h: int,
    w: int,
    c: int,
    oh: int,
    ow: int,
    o: int,
    ...windows,
    scratch: scratch(
      (r) =>
        frameBytes(r, shareOf(r.c, r.groups)) + 32 * (r.oh * r.ow + shareOf(r.kh * r.kw * r.c, r.groups)),
    ),
  }),
);
