import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { f32, type Op } from "../op.ts";
import { broadcastStrides, formatShape } from "../shape.ts";
import { copyRecord } from "./copy-record.ts";

/**
 * Axis `i` of y is axis `axes[i]` of x.
 *
 *   x [d0, d1, ..] -> y [d_axes[0], d_axes[1], ..]      dx = dy transposed back
 */
export const transpose: Op<"transpose"> = {
  name: "transpose",
  kernels: EXTENDED,
  infer(who, [x], { axes }) {
    const sorted = [...axes].sort((p, q) => p - q);
    if (axes.length !== x.shape.length || sorted.some((axis, i) => axis !== i))
      throw new ShapeError(
        `${who}: transpose needs each axis of the shape once; got axes [${axes.join(", ")}] of ${formatShape(x.shape)}`,
      );
    return [f32(axes.map((axis) => x.shape[axis]))];
  },
  vjp: ({ attrs: { axes }, op, dy, emit }) => emit(op, { axes: axes.map((_, i) => axes.indexOf(i)) }, [dy]),
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
