import { BinaryFn } from "../../assembly/abi.ts";
import { type Four, pick } from "./strided.ts";

/** In f64; the result rounded to f32 is the f32 operation (Figueroa 1995: 53 >= 2 * 24 + 2). */
export const BINARY: Readonly<Record<BinaryFn, (a: number, b: number) => number>> = {
  [BinaryFn.Add]: (a, b) => a + b,
  [BinaryFn.Subtract]: (a, b) => a - b,
  [BinaryFn.Multiply]: (a, b) => a * b,
  [BinaryFn.Divide]: (a, b) => a / b,
  [BinaryFn.Maximum]: (a, b) => Math.max(a, b),
  [BinaryFn.Minimum]: (a, b) => Math.min(a, b),
  [BinaryFn.Above]: (a, b) => (a > b ? 1 : a === b ? 0.5 : 0),
};

/** `y[i] = fn(a[i . as], b[i . bs])`. */
export function binary(
  fn: (a: number, b: number) => number,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  dims: Four,
  as: Four,
  bs: Four,
): Float32Array {
  const right = pick(b, dims, bs);
  return Float32Array.from(pick(a, dims, as), (value, i) => fn(value, right[i]));
}
