/** Maxima and means of windows over images `[n, h, w, c]` and sequences `[n, t, c]`. */
import { ShapeError } from "../../errors.ts";
import { DEEP } from "../../kernels/deep.wasm.ts";
import { AVERAGE_POOL, AVERAGE_POOL_GRAD, MAX_POOL, MAX_POOL_GRAD } from "../../tape/formats/pooling.ts";
import { draft, Fn, f32, type Op, PoolDivisor, secondDerivative } from "../op.ts";
import { formatShape, type Shape } from "../shape.ts";
import { asImages, asPair, type Windows, windowCounts } from "../windows.ts";

/** The shape of one number for each window; each window must have an element of x. */
function pooled(who: string, op: string, shape: Shape, windows: Windows): Shape {
  const counts = windowCounts(who, op, shape, windows);
  const { size, paddingBefore, paddingAfter } = windows;
  size.forEach((k, i) => {
    const most = Math.max(paddingBefore[i], paddingAfter[i]);
    if (most >= k)
      throw new ShapeError(
        `${who}: ${op} needs padding smaller than the window; got ${most} beside ${k} places along axis ${i + 1} ` +
          `of ${formatShape(shape)}`,
      );
  });
  return [shape[0], ...counts, shape[shape.length - 1]];
}

/** What the kernels need to know of x, y and the windows. */
export function geometry(x: Shape, y: Shape, { size, stride, paddingBefore }: Omit<Windows, "dilation">) {
  const { h: oh, w: ow } = asImages(y);
  const [kh, kw] = asPair(size, 1);
  const [sh, sw] = asPair(stride, 1);
  const [top, left] = asPair(paddingBefore, 0);
  return { ...asImages(x), oh, ow, kh, kw, sh, sw, top, left };
}

/**
 * The maximum of each window, by channels; padding counts as nothing.
 *
 *   x [n, h, w, c] -> y [n, oh, ow, c]
 *   dx = dy where x is the first maximum of a window in the order of its rows, 0 elsewhere; summed where windows overlap
 *
 * Saves x and y.
 */
export const maxPool: Op<"maxPool"> = {
  name: "maxPool",
  kernels: DEEP,
  infer: (who, [{ shape }], attrs) => [
    f32(pooled(who, "maxPool", shape, { ...attrs, dilation: ones(attrs) })),
  ],
  vjp: ({ attrs, inputs: [x], output: y, dy, emit }) =>
    emit(maxPoolGrad, { ...attrs, fn: Fn.Identity }, [dy, x, y]),
  lower: ({ attrs, inputs: [x], outputs: [y], type }) => [
    draft(MAX_POOL, { y: { value: y }, x: { value: x }, ...geometry(type(x).shape, type(y).shape, attrs) }),
  ],
};

const ones = ({ size }: Pick<Windows, "size">) => size.map(() => 1);

/**
 * The gradient of `maxPool`: dy, x, y -> dx like x. With `fn` Relu, which only fusion makes, dx is by what x is the relu of: 0 where y is
 * not above 0.
 */
export const maxPoolGrad: Op<"maxPoolGrad"> = {
  name: "maxPoolGrad",
  kernels: DEEP,
  infer: (_, [, x]) => [f32(x.shape)],
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [dy, x, y], outputs: [dx], type }) => [
    draft(MAX_POOL_GRAD, {
      fn: attrs.fn,
      ...{ dx: { value: dx }, dy: { value: dy }, x: { value: x }, y: { value: y } },
      ...geometry(type(x).shape, type(y).shape, attrs),
    }),
  ],
};

/**
 * The mean of each window, by channels: the sum of what is inside the image, divided by d. `divisor` says whether d counts places in
 * the padding.
 *
 *   x [n, h, w, c] -> y [n, oh, ow, c]      dx = the sum of dy / d over the windows that have the element
 *
 * Saves nothing.
 */
export const averagePool: Op<"averagePool"> = {
  name: "averagePool",
  kernels: DEEP,
  enums: { divisor: PoolDivisor },
  infer: (who, [{ shape }], attrs) => [
    f32(pooled(who, "averagePool", shape, { ...attrs, dilation: ones(attrs) })),
  ],
  vjp: ({ attrs, inputs: [x], dy, emit, shape }) =>
    emit(averagePoolGrad, { ...attrs, shape: shape(x) }, [dy]),
  lower: ({ attrs, inputs: [x], outputs: [y], type }) => [averageRecord(attrs, y, x, type)],
};

type AverageAttrs = Omit<Windows, "dilation"> & { readonly divisor: PoolDivisor };
type Types = (id: number) => { readonly shape: Shape };

/** The means of windows of x. */
export const averageRecord = (attrs: AverageAttrs, y: number, x: number, type: Types) =>
  draft(AVERAGE_POOL, {
    ...{ divisor: attrs.divisor, y: { value: y }, x: { value: x } },
    ...geometry(type(x).shape, type(y).shape, attrs),
  });

/** The gradient of `averageRecord`. */
export const averageGradRecord = (attrs: AverageAttrs, dx: number, dy: number, type: Types) =>
  draft(AVERAGE_POOL_GRAD, {
    ...{ divisor: attrs.divisor, dx: { value: dx }, dy: { value: dy } },
    ...geometry(type(dx).shape, type(dy).shape, attrs),
  });

/** The gradient of `averagePool`: dy -> dx, of the given shape. */
export const averagePoolGrad: Op<"averagePoolGrad"> = {
  name: "averagePoolGrad",
  kernels: DEEP,
  enums: { divisor: PoolDivisor },
  infer: (_who, _types, { shape }) => [f32(shape)],
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [dy], outputs: [dx], type }) => [averageGradRecord(attrs, dx, dy, type)],
};
