import { ShapeError } from "../../errors.ts";
import { SOFTMAX } from "../../tape/formats/predict.ts";
import { SOFTMAX_GRAD } from "../../tape/formats/train.ts";
import { draft, f32, type Op, type OpName, secondDerivative, type VjpRule } from "../op.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";

export const rowsOf = (shape: Shape) => ({ m: sizeOf(shape.slice(0, -1)), n: shape[shape.length - 1] });

export function needsLastAxis(who: string, op: OpName, shape: Shape): void {
  if (shape.length === 0 || shape[shape.length - 1] < 0)
    throw new ShapeError(`${who}: ${op} needs a last axis of fixed length; got ${formatShape(shape)}`);
}

/**
 * `y = exp(x - max x) / sum(exp(x - max x))` along the last axis.
 *
 *   x [.., n] -> y [.., n]      dx = y (dy - sum(dy y))
 *
 * Saves y.
 */
export const softmax: Op<"softmax"> = {
  name: "softmax",
  infer: (who, [x]) => {
    needsLastAxis(who, "softmax", x.shape);
    return [f32(x.shape)];
  },
  vjp: "brought",
  lower: ({ inputs: [x], outputs: [y], type }) => [
    draft(SOFTMAX, { y: { value: y }, x: { value: x }, ...rowsOf(type(x).shape) }),
  ],
  inPlace: [0],
};

export const softmaxVjp: VjpRule<"softmax"> = ({ output: y, dy, emit }) => emit(softmaxGrad, {}, [dy, y]);

/** `dx = y (dy - sum(dy y))` along the last axis: dy [.., n], y [.., n] -> dx [.., n]. */
export const softmaxGrad: Op<"softmaxGrad"> = {
  name: "softmaxGrad",
  infer: (_, [dy]) => [f32(dy.shape)],
  vjp: secondDerivative,
  lower: ({ inputs: [dy, y], outputs: [dx], type }) => [
    draft(SOFTMAX_GRAD, {
      dx: { value: dx },
      dy: { value: dy },
      y: { value: y },
      ...rowsOf(type(dy).shape),
    }),
  ],
  inPlace: [0],
};
