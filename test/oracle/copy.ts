import { type Four, pick } from "./strided.ts";

/** `y[i] = x[i . s] / divisor`. */
export const copy = (x: ArrayLike<number>, divisor: number, dims: Four, strides: Four): Float32Array =>
  Float32Array.from(pick(x, dims, strides), (value) => value / Math.fround(divisor));
