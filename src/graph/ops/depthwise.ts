/** Convolution of each channel by itself, over images `[n, h, w, c]` and sequences `[n, t, c]`. */
import { ShapeError } from "../../errors.ts";
import { DEEP } from "../../kernels/deep.wasm.ts";
import { DEPTHWISE, DEPTHWISE_GRAD_INPUT, DEPTHWISE_GRAD_WEIGHTS } from "../../tape/formats/pooling.ts";
import { draft, f32, type Op, secondDerivative } from "../op.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.ts";
import { asPair, type Windows, windowCounts } from "../windows.ts";
import { geometry } from "./pool.ts";

function dilated(x: Shape, y: Shape, attrs: Windows) {
  const { top, left, ...windows } = geometry(x, y, attrs);
  const [dh, dw] = asPair(attrs.dilation, 1);
  return { ...windows, dh, dw, top, left };
}

/**
 * `y[b, i, j, q] = sum over (p, r) of x[b, i sh - top + p dh, j sw - left + r dw, q] f[p, r, q] + bias[q]`; places outside the image
 * count as 0.
 *
 *   x [n, h, w, c], f [kh, kw, c], bias [c] -> y [n, oh, ow, c]
 *   dx = the windows of dy through f, df = the windows of x times dy, summed over images and windows, dbias = the sum of dy
 *
 * Saves x and f.
 */
export const depthwise: Op<"depthwise"> = {
  name: "depthwise",
  kernels: DEEP,
  infer(who, [x, f, bias], attrs) {
    const counts = windowCounts(who, "depthwise", x.shape, attrs);
    const c = x.shape[x.shape.length - 1];
    if (!(sameShape(f.shape, [...attrs.size, c]) && (!bias || sameShape(bias.shape, [c]))))
      throw new ShapeError(
        `${who}: depthwise needs X [.., c], filters [${attrs.size.join(", ")}, c] and bias [c]; got X ${formatShape(x.shape)}, ` +
          `filters ${formatShape(f.shape)}${bias ? `, bias ${formatShape(bias.shape)}` : ""}`,
      );
    return [f32([x.shape[0], ...counts, c])];
  },
  multiplyAdds: (_, [y], { size }) => sizeOf(y) * sizeOf(size),
  vjp({ attrs, inputs: [x, f, bias], dy, emit, shape, needs }) {
    const dx = needs(0) ? emit(depthwiseGradInput, { ...attrs, shape: shape(x) }, [dy, f])[0] : null;
    if (!needs(1) && !(bias !== undefined && needs(2)))
      return bias === undefined ? [dx, null] : [dx, null, null];
    return [dx, ...emit(depthwiseGradWeights, { ...attrs, bias: bias !== undefined }, [x, dy])];
  },
  lower: ({ attrs, inputs: [x, f, bias], outputs: [y], type }) => [
    draft(DEPTHWISE, {
      ...{ y: { value: y }, x: { value: x }, f: { value: f } },
      bias: bias === undefined ? 0 : { value: bias },
      ...dilated(type(x).shape, type(y).shape, attrs),
    }),
  ],
};

/** The gradient of `depthwise` by x: dy, f -> dx, of the given shape. */
export const depthwiseGradInput: Op<"depthwiseGradInput"> = {
  name: "depthwiseGradInput",
  kernels: DEEP,
  infer: (_who, _types, { shape }) => [f32(shape)],
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [dy, f], outputs: [dx], type }) => [
    draft(DEPTHWISE_GRAD_INPUT, {
      ...{ dx: { value: dx }, dy: { value: dy }, f: { value: f } },
      ...dilated(type(dx).shape, type(dy).shape, attrs),
    }),
  ],
};

/** The gradients of `depthwise` by f and bias: x, dy -> df [kh, kw, c], dbias [c] where there is one. */
export const depthwiseGradWeights: Op<"depthwiseGradWeights"> = {
  name: "depthwiseGradWeights",
  kernels: DEEP,
  infer: (_, [x], { size, bias }) => {
    const c = x.shape.slice(-1);
    const df = f32([...size, ...c]);
    return bias ? [df, f32(c)] : [df];
  },
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [x, dy], outputs: [df, db], type }) => [
    draft(DEPTHWISE_GRAD_WEIGHTS, {
      df: { value: df },
      db: attrs.bias ? { value: db } : 0,
      ...{ x: { value: x }, dy: { value: dy } },
      ...dilated(type(x).shape, type(dy).shape, attrs),
    }),
  ],
};
