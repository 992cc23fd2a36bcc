import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { LOG_SOFTMAX, LOG_SOFTMAX_GRAD } from "../../tape/formats/extended.ts";
import { draft, f32, type Op, secondDerivative } from "../op.ts";
import { needsLastAxis, rowsOf } from "./softmax.ts";

/**
 * `y = x - log(sum(exp(x)))` along the last axis.
 *
 *   x [.., n] -> y [.., n]      dx = dy - exp(y) sum(dy)
 *
 * Saves y.
 */
export const logSoftmax: Op<"logSoftmax"> = {
  name: "logSoftmax",
  kernels: EXTENDED,
  infer(who, [x]) {
    needsLastAxis(who, "logSoftmax", x.shape);
    return [f32(x.shape)];
  },
  vjp: ({ output: y, dy, emit }) => emit(logSoftmaxGrad, {}, [dy, y]),
  lower: ({ inputs: [x], outputs: [y], type }) => [
    draft(LOG_SOFTMAX, { y: { value: y }, x: { value: x }, ...rowsOf(type(x).shape) }),
  ],
  inPlace: [0],
};

/** `dx = dy - exp(y) sum(dy)` along the last axis: dy [.., n], y [.., n] -> dx [.., n]. */
export const logSoftmaxGrad: Op<"logSoftmaxGrad"> = {
  name: "logSoftmaxGrad",
  kernels: EXTENDED,
  infer: (_, [dy]) => [f32(dy.shape)],
  vjp: secondDerivative,
  lower: ({ inputs: [dy, y], outputs: [dx], type }) => [
    draft(LOG_SOFTMAX_GRAD, {
      dx: { value: dx },
      dy: { value: dy },
      y: { value: y },
      ...rowsOf(type(dy).shape),
    }),
  ],
  inPlace: [0],
};
