import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { ARG_MAX } from "../../tape/formats/tensor.ts";
import { draft, type Op } from "../op.ts";
import { aroundAxis, formatShape } from "../shape.ts";

/**
 * Where the maximum of one axis stands, which disappears, or stays with length 1: the first of equal ones; the first NaN.
 *
 *   x [.., n, ..] -> y [.., ..] of whole numbers, i32 or f32      no gradient
 */
export const argMax: Op<"argMax"> = {
  name: "argMax",
  kernels: EXTENDED,
  infer(who, [{ shape }], { axis, dtype, keepDims }) {
    if (!(shape[axis] > 0))
      throw new ShapeError(
        `${who}: argMax needs an axis of fixed length; got axis ${axis} of ${formatShape(shape)}`,
      );
    return [{ shape: [...shape.slice(0, axis), ...(keepDims ? [1] : []), ...shape.slice(axis + 1)], dtype }];
  },
  vjp: () => [null],
  lower: ({ attrs: { axis, dtype }, inputs: [x], outputs: [y], type }) => [
    draft(ARG_MAX, {
      asFloat: dtype === "f32" ? 1 : 0,
      y: { value: y },
      x: { value: x },
      ...aroundAxis(type(x).shape, axis),
    }),
  ],
};
