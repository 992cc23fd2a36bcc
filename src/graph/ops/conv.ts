import { ShapeError } from "../../errors.ts";
import { DEEP } from "../../kernels/deep.wasm.ts";
import { CONV, CONV_GRAD_WEIGHTS, CONV_PACK, CONV_SCATTER } from "../../tape/formats/conv.ts";
import {
  ConvPanels,
  draft,
  Fn,
  f32,
  type LowerContext,
  type Op,
  type OpAttrs,
  SCRATCH,
  secondDerivative,
} from "../op.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.ts";
import { asImages, asPair, type Windows, windowCounts } from "../windows.ts";

type Grouped = Windows & { readonly groups: number };

const windowsOf = ({ size, stride, dilation, paddingBefore, paddingAfter, groups }: Grouped): Grouped => ({
  size,
  stride,
  dilation,
  paddingBefore,
  paddingAfter,
  groups,
});

/** As the kernels take them: a window of a sequence is one of a line. */
function kernelWindows({ size, stride, dilation, paddingBefore, groups }: Grouped) {
  const [kh, kw] = asPair(size, 1);
  const [sh, sw] = asPair(stride, 1);
  const [dh, dw] = asPair(dilation, 1);
  const [top, left] = asPair(paddingBefore, 0);
  return { kh, kw, sh, sw, dh, dw, top, left, groups };
}

/** @throws ShapeError for groups that do not divide channels and filters */
export function checkGroups(
  who: string,
  op: string,
  groups: number,
  channels: number,
  filters: number,
): void {
  if (channels % groups !== 0 || filters % groups !== 0)
    throw new ShapeError(
      `${who}: ${op}: groups must divide channels and filters; ` +
        `got ${groups} groups, ${channels} channels, ${filters} filters`,
    );
}

/**
 * The shape of what a convolution makes of x.
 *
 * @throws ShapeError for windows, weights or a bias that do not fit
 */
function convolved(who: string, x: Shape, w: Shape, attrs: Grouped, bias?: Shape): Shape {
  const axes = attrs.size.length;
  const op = `conv${axes}d`;
  const counts = windowCounts(who, op, x, attrs);
  const c = x[x.length - 1];
  const o = w[w.length - 1];
  const { groups } = attrs;
  checkGroups(who, op, groups, c, o);
  const fits = sameShape(w, [...attrs.size, c / groups, o]) && (bias === undefined || sameShape(bias, [o]));
  if (!fits)
    throw new ShapeError(
      `${who}: ${op} needs X [rows, .., c], W [${attrs.size.join(", ")}, c / groups, filters] and b [filters]; ` +
        `got X ${formatShape(x)}, W ${formatShape(w)}${bias ? `, b ${formatShape(bias)}` : ""}, ${groups} groups`,
    );
  return [x[0], ...counts, o];
}

const inferConv: Op<"conv">["infer"] = (who, [x, w, bias], attrs) => [
  f32(convolved(who, x.shape, w.shape, attrs, bias?.shape)),
];

const lowerConv: Op<"conv">["lower"] = ({ attrs, inputs: [x, w, bias], outputs: [y], type }) => {
  const { n, h, w: width, c } = asImages(type(x).shape);
  const { h: oh, w: ow, c: o } = asImages(type(y).shape);
  const windows = kernelWindows(attrs);
  const { kh, kw, dw, groups } = windows;
  const channels = c / groups;
  return [
    draft(CONV_PACK, {
      kind: ConvPanels.Forward,
      panels: SCRATCH,
      w: { value: w },
      kh,
      kw,
      c: channels,
      o: o / groups,
      groups,
      dw,
    }),
    draft(CONV, {
      y: { value: y },
      x: { value: x },
      panels: SCRATCH,
      bias: bias === undefined ? 0 : { value: bias },
      n,
      h,
      w: width,
      oh,
      ow,
      o,
      k: kh * kw * channels,
      ...windows,
      fn: attrs.fn,
      alpha: attrs.alpha,
      scratch: SCRATCH,
    }),
  ];
};

const inferTranspose: Op<"convTranspose">["infer"] = (who, [y, w], attrs) => {
  const axes = attrs.size.length;
  const op = `conv${axes}dTranspose`;
  const channels = w.shape[axes] * attrs.groups;
  const x = [y.shape[0], ...attrs.lengths, channels];
  if (y.shape.length !== axes + 2 || w.shape.length !== axes + 2 || attrs.lengths.length !== axes)
    throw new ShapeError(
      `${who}: ${op} needs an input [rows, .., in] and W [.., out / groups, in] of ${axes + 2} axes; ` +
        `got ${formatShape(y.shape)}, W ${formatShape(w.shape)}`,
    );
  const back = convolved(who, x, w.shape, attrs);
  if (!sameShape(back, y.shape))
    throw new ShapeError(
      `${who}: ${op}: a convolution of the output must have the input's shape; ` +
        `got ${formatShape(back)} of ${formatShape(x)} for an input ${formatShape(y.shape)}`,
    );
  return [f32(x)];
};

/** Operations of the two ways, tiles rounded up; both give the same bits. */
function gathers({ attrs, inputs: [y], outputs: [x], type, batch }: LowerContext<"convTranspose">): boolean {
  const windows = kernelWindows(attrs);
  const { kh, kw, sh, sw, dw, groups } = windows;
  if (sh > 1 || sw > 1) return false;
  const up = (n: number) => Math.ceil(n / 8) * 8;
  const { h, w, c } = asImages(type(x).shape);
  const { h: oh, w: ow, c: o } = asImages(type(y).shape);
  const filters = o / groups;
  const channels = c / groups;
  const gathered = h * w * kh * kw * up(channels) * filters * (w > 2 ? 1 : 2);
  const runs = dw === 1 || kw === 1 ? kh * up(kw * channels) : kh * kw * up(channels);
  const scattered = oh * ow * runs * (filters + 8) * (batch > 2 ? 1 : 2);
  return gathered <= scattered;
}

const lowerTranspose: Op<"convTranspose">["lower"] = (context) => {
  const {
    attrs,
    inputs: [y, w],
    outputs: [x],
    type,
  } = context;
  const { n, h, w: width, c } = asImages(type(x).shape);
  const { h: oh, w: ow, c: o } = asImages(type(y).shape);
  const windows = kernelWindows(attrs);
  const { kh, kw, dh, dw, top, left, groups } = windows;
  const pack = (kind: ConvPanels) =>
    draft(CONV_PACK, {
      kind,
      panels: SCRATCH,
      w: { value: w },
      kh,
      kw,
      c: c / groups,
      o: o / groups,
      groups,
      dw,
    });
  if (gathers(context))
    return [
      pack(ConvPanels.Flipped),
      draft(CONV, {
        y: { value: x },
        x: { value: y },
        panels: SCRATCH,
        bias: 0,
        n,
        h: oh,
        w: ow,
        oh: h,
        ow: width,
        o: c,
        k: (kh * kw * o) / groups,
        ...windows,
        top: (kh - 1) * dh - top,
        left: (kw - 1) * dw - left,
        fn: Fn.Identity,
        alpha: 0,
        scratch: SCRATCH,
      }),
    ];
  return [
    pack(ConvPanels.Scattered),
    draft(CONV_SCATTER, {
      dx: { value: x },
      dy: { value: y },
      panels: SCRATCH,
      n,
      h,
      w: width,
      c,
      oh,
      ow,
      o,
      ...windows,
      scratch: SCRATCH,
    }),
  ];
};

/** The two in a gradient, which nobody differentiates: rules would lead from one to the other, see `VjpContext.op`. */
const ahead: Op<"conv"> = {
  name: "conv",
  kernels: DEEP,
  infer: inferConv,
  vjp: secondDerivative,
  lower: lowerConv,
};
const back: Op<"convTranspose"> = {
  name: "convTranspose",
  kernels: DEEP,
  infer: inferTranspose,
  vjp: secondDerivative,
  lower: lowerTranspose,
};

/** Products with weights w that one row of a convolution's output y is made of; those with padding count. */
const productsOf = (y: Shape, w: Shape): number => sizeOf(y) * sizeOf(w.slice(0, -1));

const LINEAR = { fn: Fn.Identity, alpha: 0 } as const;

/**
 * `Y = fn(conv(X, W) + b)`: what windows see that move over images or sequences, each a product with W. LeCun et al. 1989. Models are
 * built with fn the identity and activations apart; fusion joins them.
 *
 *   X [n, h, w, c], W [kh, kw, c / groups, o], b [o] (may be missing) -> Y [n, oh, ow, o]
 *   y[n, i, j, f] = b[f] + sum_pqc x[n, i sh + p dh - top, j sw + q dw - left, c] w[p, q, c, f], X being 0 around the image
 *   oh = floor((top + h + bottom - (kh - 1) dh - 1) / sh) + 1
 *   dX = convTranspose(dY, W)
 *   dW, db as `convGradWeights`
 *
 * Sequences are X [n, t, c] and W [k, c / groups, o]. Saves X and W.
 */
export const conv: Op<"conv"> = {
  name: "conv",
  kernels: DEEP,
  enums: { fn: Fn },
  infer: inferConv,
  multiplyAdds: ([, w], [y]) => productsOf(y, w),
  vjp: ({ attrs, inputs: [x, w, b], dy, emit, needs, shape }) => {
    const windows = windowsOf(attrs);
    const lengths = shape(x).slice(1, -1);
    const dx = needs(0) ? emit(back, { ...windows, lengths }, [dy, w])[0] : null;
    const bias = b !== undefined;
    const [dw = null, db = null] =
      needs(1) || (bias && needs(2)) ? emit(convGradWeights, { ...windows, bias }, [x, dy]) : [];
    return [dx, dw, db];
  },
  lower: lowerConv,
};

/**
 * The transpose of the linear map X -> conv(X, W): the gradient of a convolution's input, and a layer that makes images larger.
 *
 *   Y [n, oh, ow, o], W [kh, kw, c / groups, o] -> X [n, ..lengths, c]      conv of X having the shape of Y
 *   x[n, i, j, c] = sum_uvf y[n, u, v, f] w[i + top - u sh, j + left - v sw, c, f], over what is in W (undilated)
 *   dY = conv(dX, W), dW = the weights' gradient of that convolution
 */
export const convTranspose: Op<"convTranspose"> = {
  name: "convTranspose",
  kernels: DEEP,
  infer: inferTranspose,
  multiplyAdds: ([y, w]) => productsOf(y, w),
  vjp: ({ attrs, inputs: [y, w], dy: dx, emit, needs }) => {
    const windows = windowsOf(attrs);
    return [
      needs(0) ? emit(ahead, { ...windows, ...LINEAR }, [dx, w])[0] : null,
      needs(1) ? emit(convGradWeights, { ...windows, bias: false }, [dx, y])[0] : null,
    ];
  },
  lower: lowerTranspose,
};

/**
 * The gradients of a convolution's weights: those of each image, images added in their order.
 *
 *   X [n, h, w, c], dY [n, oh, ow, o] -> dW [kh, kw, c / groups, o], db [o] (with bias)
 */
export const convGradWeights: Op<"convGradWeights"> = {
  name: "convGradWeights",
  kernels: DEEP,
  infer: (_, [x, dy], { size, groups, bias }: OpAttrs["convGradWeights"]) => {
    const o = dy.shape[dy.shape.length - 1];
    const dw = f32([...size, x.shape[x.shape.length - 1] / groups, o]);
    return bias ? [dw, f32([o])] : [dw];
  },
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [x, dy], outputs: [dw, db], type }) => {
    const { n, h, w, c } = asImages(type(x).shape);
    const { h: oh, w: ow, c: o } = asImages(type(dy).shape);
    return [
      draft(CONV_GRAD_WEIGHTS, {
        dweights: { value: dw },
        db: db === undefined ? 0 : { value: db },
        x: { value: x },
        dy: { value: dy },
        n,
        h,
        w,
        c,
        oh,
        ow,
        o,
        ...kernelWindows(attrs),
        scratch: SCRATCH,
      }),
    ];
  },
};
