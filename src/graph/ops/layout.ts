import { ShapeError } from "../../errors.ts";
import { draft, f32, type Op, type OpAttrs, Opcode } from "../op.ts";
import {
  broadcastShape,
  broadcastStrides,
  type Dim,
  formatShape,
  fourLoops,
  type Shape,
  sameShape,
  sizeOf,
} from "../shape.ts";
import { sumTo } from "./reduce.ts";

/**
 * The same elements, in the same order, under another shape.
 *
 *   x [..] -> y [..]      dx = dy under x's shape (same buffer, no record)
 */
export const reshape: Op<OpAttrs["reshape"]> = {
  infer(who, [x], { shape }) {
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new ShapeError(
        `${who}: reshape must keep the number of elements; got ${formatShape(x.shape)} to ${formatShape(shape)}`,
      );
    return [f32(shape)];
  },
  vjp: ({ inputs: [x], dy, emit, shape }) => [emit("reshape", { shape: shape(x) }, [dy])],
  lower: () => [],
  alias: 0,
};

const copyRecord = (
  who: string,
  y: number,
  x: number,
  shape: Shape,
  strides: readonly Dim[],
  divisor: Dim,
) => {
  const { dims, strides: merged } = fourLoops(who, shape, [strides]);
  const [d0, d1, d2, d3] = dims;
  const [s0, s1, s2, s3] = merged[0];
  return draft(Opcode.Copy, { y: { value: y }, x: { value: x }, divisor, d0, d1, d2, d3, s0, s1, s2, s3 });
};

/**
 * `y = x / divisor`, repeated along the axes where x has length 1 or none.
 *
 *   x [..] -> y shape      dx = the sum of dy over the repeated axes; only gradient rules divide
 */
export const broadcast: Op<OpAttrs["broadcast"]> = {
  infer(who, [x], { shape }) {
    const common = broadcastShape(x.shape, shape);
    if (!common || !sameShape(common, shape))
      throw new ShapeError(
        `${who}: broadcast needs a shape that x can be repeated to; got ${formatShape(x.shape)} to ${formatShape(shape)}`,
      );
    return [f32(shape)];
  },
  vjp: ({ inputs: [x], dy, emit, shape, attrs }) => [sumTo(emit, dy, attrs.shape, shape(x))],
  lower: ({ attrs: { shape, divisor }, inputs: [x], outputs: [y], type }) => [
    copyRecord("broadcast", y, x, shape, broadcastStrides(type(x).shape, shape), divisor),
  ],
};

/**
 * Axis `i` of y is axis `axes[i]` of x.
 *
 *   x [d0, d1, ..] -> y [d_axes[0], d_axes[1], ..]      dx = dy transposed back
 */
export const transpose: Op<OpAttrs["transpose"]> = {
  infer(who, [x], { axes }) {
    const sorted = [...axes].sort((p, q) => p - q);
    if (axes.length !== x.shape.length || sorted.some((axis, i) => axis !== i))
      throw new ShapeError(
        `${who}: transpose needs each axis of the shape once; got axes [${axes.join(", ")}] of ${formatShape(x.shape)}`,
      );
    return [f32(axes.map((axis) => x.shape[axis]))];
  },
  vjp: ({ attrs: { axes }, dy, emit }) => [
    emit("transpose", { axes: axes.map((_, i) => axes.indexOf(i)) }, [dy]),
  ],
  lower({ attrs: { axes }, inputs: [x], outputs: [y], type }) {
    const from = type(x).shape;
    const strides = broadcastStrides(from, from);
    return [
      copyRecord(
        "transpose",
        y,
        x,
        type(y).shape,
        axes.map((axis) => strides[axis]),
        1,
      ),
    ];
  },
};
