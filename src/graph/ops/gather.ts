import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { TAKE_ALONG, TAKE_ALONG_GRAD } from "../../tape/formats/tensor.ts";
import { draft, f32, type Op, secondDerivative } from "../op.ts";
import { aroundAxis, formatShape } from "../shape.ts";

/**
 * `y[o, j, i] = x[o, index[o, j, i], i]`: elements of one axis by number, as PyTorch's gather.
 *
 *   index [.., count, ..] i32, x [.., n, ..] -> y [.., count, ..]
 *   dx[o, v, i] = the sum of the dy[o, j, i] with index[o, j, i] = v; the index has no gradient
 *
 * Saves index.
 */
export const gather: Op<"gather"> = {
  name: "gather",
  kernels: EXTENDED,
  dtypes: ["i32", "f32"],
  idsBelow: ({ length }) => length,
  infer(who, [index, x], { axis, length }) {
    const fits =
      index.shape.length === x.shape.length &&
      x.shape[axis] === length &&
      index.shape.every((d, i) => (i === axis ? d > 0 : d === x.shape[i]));
    if (!fits)
      throw new ShapeError(
        `${who}: gather needs an index like x but for one axis of fixed length; ` +
          `got index ${formatShape(index.shape)}, x ${formatShape(x.shape)}, axis ${axis}`,
      );
    return [f32(index.shape)];
  },
  vjp: ({ attrs, inputs: [index], dy, emit, needs }) => [
    null,
    needs(1) ? emit(gatherGrad, attrs, [index, dy])[0] : null,
  ],
  lower: ({ attrs: { axis }, inputs: [index, x], outputs: [y], type }) => [
    draft(TAKE_ALONG, {
      y: { value: y },
      index: { value: index },
      x: { value: x },
      ...aroundAxis(type(x).shape, axis),
      count: type(index).shape[axis],
    }),
  ],
};

/** The gradient of what is taken from: index [.., count, ..] i32, dy [.., count, ..] -> dx [.., n, ..]. */
export const gatherGrad: Op<"gatherGrad"> = {
  name: "gatherGrad",
  kernels: EXTENDED,
  dtypes: ["i32", "f32"],
  infer: (_, [{ shape }], { axis, length }) => [f32(shape.map((d, i) => (i === axis ? length : d)))],
  vjp: secondDerivative,
  lower: ({ attrs: { axis }, inputs: [index, dy], outputs: [dx], type }) => [
    draft(TAKE_ALONG_GRAD, {
      dx: { value: dx },
      index: { value: index },
      dy: { value: dy },
      ...aroundAxis(type(dx).shape, axis),
      count: type(index).shape[axis],
    }),
  ],
};
