import { BinaryFn } from "../../assembly/abi.ts";
import { type Four, pick } from "./strided.ts";

/** IEEE 754, which gives 1 where JavaScript gives NaN. */
const power = (a: number, b: number) =>
  a === 1 || (Math.abs(a) === 1 && !Number.isFinite(b) && !Number.isNaN(b)) ? 1 : a ** b;

/** In f64; the result rounded to f32 is the f32 operation (Figueroa 1995: 53 >= 2 * 24 + 2). */
export const BINARY: Readonly<Record<BinaryFn, (a: number, b: number) => number>> = {
  [BinaryFn.Add]: (a, b) => a + b,
  [BinaryFn.Subtract]: (a, b) => a - b,
  [BinaryFn.Multiply]: (a, b) => a * b,
  [BinaryFn.Divide]: (a, b) => a / b,
  [BinaryFn.Maximum]: (a, b) => Math.max(a, b),
  [BinaryFn.Minimum]: (a, b) => Math.min(a, b),
  [BinaryFn.Above]: (a, b) => (a > b ? 1 : a === b ? 0.5 : 0),
  [BinaryFn.Power]: power,
  [BinaryFn.PowerBaseSlope]: (a, b) => (b === 0 ? 0 : b * power(a, b - 1)),
  [BinaryFn.PowerExponentSlope]: (a, b) => (a === 0 && b >= 0 ? 0 : power(a, b) * Math.log(a)),
  [BinaryFn.Greater]: (a, b) => Number(a > b),
  [BinaryFn.GreaterEqual]: (a, b) => Number(a >= b),
  [BinaryFn.Equal]: (a, b) => Number(a === b),
  [BinaryFn.NotEqual]: (a, b) => Number(a !== b),
  [BinaryFn.Keep]: (a, b) => (a !== 0 ? b : -0),
  [BinaryFn.Drop]: (a, b) => (a === 0 ? b : -0),
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
