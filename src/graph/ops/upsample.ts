/** Images `[n, h, w, c]` and sequences `[n, t, c]` made larger by whole factors. */
import { ShapeError } from "../../errors.ts";
import { DEEP } from "../../kernels/deep.wasm.ts";
import { BILINEAR, BILINEAR_GRAD } from "../../tape/formats/pooling.ts";
import { draft, f32, type Op, PoolDivisor, secondDerivative } from "../op.ts";
import { formatShape, type Shape } from "../shape.ts";
import { asImages, asPair, needsSpatial } from "../windows.ts";
import { averageGradRecord, averageRecord } from "./pool.ts";

/** Windows as large as a pixel becomes, side by side. */
const blocks = (factor: readonly number[]) => ({
  divisor: PoolDivisor.None,
  size: factor,
  stride: factor,
  paddingBefore: factor.map(() => 0),
  paddingAfter: factor.map(() => 0),
});

function factors(shape: Shape, factor: readonly number[]) {
  const [fh, fw] = asPair(factor, 1);
  return { ...asImages(shape), fh, fw };
}

const larger = (shape: Shape, factor: readonly number[]): Shape =>
  shape.map((d, i) => d * (factor[i - 1] ?? 1));

/**
 * Each pixel repeated, or, `bilinear`, interpolated between the centres of pixels.
 *
 *   x [n, h, w, c] -> y [n, h fh, w fw, c]      dx = the sum of dy times the share that x has in it
 *
 * Saves nothing. Repeating is the gradient of sums over windows.
 */
export const upsample: Op<"upsample"> = {
  name: "upsample",
  kernels: DEEP,
  infer: (who, [{ shape }], { factor }) => {
    needsSpatial(who, "upsample", shape, factor.length);
    const y = larger(shape, factor);
    if (!y.every((d) => Math.abs(d) < 0x100_0000))
      throw new ShapeError(
        `${who}: upsample needs fewer than 2^24 places along an axis; got ${formatShape(shape)} times ${factor}`,
      );
    return [f32(y)];
  },
  vjp: ({ attrs, dy, emit }) => emit(upsampleGrad, attrs, [dy]),
  lower: ({ attrs: { factor, bilinear }, inputs: [x], outputs: [y], type }) => [
    bilinear
      ? draft(BILINEAR, { y: { value: y }, x: { value: x }, ...factors(type(x).shape, factor) })
      : averageGradRecord(blocks(factor), y, x, type),
  ],
};

/** The gradient of `upsample`: dy -> dx. */
export const upsampleGrad: Op<"upsampleGrad"> = {
  name: "upsampleGrad",
  kernels: DEEP,
  infer: (_, [{ shape }], { factor }) => [f32(shape.map((d, i) => d / (factor[i - 1] ?? 1)))],
  vjp: secondDerivative,
  lower: ({ attrs: { factor, bilinear }, inputs: [dy], outputs: [dx], type }) => [
    bilinear
      ? draft(BILINEAR_GRAD, { dx: { value: dx }, dy: { value: dy }, ...factors(type(dx).shape, factor) })
      : averageRecord(blocks(factor), dx, dy, type),
  ],
};
