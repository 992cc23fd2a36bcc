import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { CUMULATIVE_SUM } from "../../tape/formats/tensor.ts";
import { draft, f32, type Op } from "../op.ts";
import { aroundAxis, formatShape } from "../shape.ts";

/**
 * `y[j] = x[0] + .. + x[j]` along one axis, or from the end: `x[j] + .. + x[n - 1]`.
 *
 *   x [..] -> y [..]      dx[j] = the sum of the dy[i] that x[j] is part of: the same from the other end
 */
export const cumulativeSum: Op<"cumulativeSum"> = {
  name: "cumulativeSum",
  kernels: EXTENDED,
  infer(who, [x], { axis }) {
    if (!(axis < x.shape.length))
      throw new ShapeError(
        `${who}: cumulativeSum needs an axis of the shape; got ${axis} of ${formatShape(x.shape)}`,
      );
    return [f32(x.shape)];
  },
  vjp: ({ attrs: { axis, reverse }, op, dy, emit }) => emit(op, { axis, reverse: !reverse }, [dy]),
  mixesRows: ([x], _, { axis }) => x[axis] < 0,
  lower: ({ attrs: { axis, reverse }, inputs: [x], outputs: [y], type }) => [
    draft(CUMULATIVE_SUM, {
      reverse: reverse ? 1 : 0,
      y: { value: y },
      x: { value: x },
      ...aroundAxis(type(x).shape, axis),
    }),
  ],
};
