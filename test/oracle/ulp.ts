/** Distances in units in the last place of f32. */

const LEAST_NORMAL = 2 ** -126;
const bits = new Uint32Array(1);
const floats = new Float32Array(bits.buffer);

/** The spacing of f32 numbers around a value: 2^-149 among denormals. */
export function ulp(value: number): number {
  floats[0] = Math.min(Math.abs(value), 3.4028234663852886e38);
  const exponent = Math.max(bits[0] >>> 23, 1) - 150;
  // rounding may have carried the value into the next binade
  return floats[0] > Math.abs(value) && (bits[0] & 0x7fffff) === 0 ? 2 ** (exponent - 1) : 2 ** exponent;
}

/**
 * How many ULP of the exact value lie between it and an f32; 0 where both overflow to one infinity or both are NaN.
 * Exact values below `floor` may come out as anything up to it: kernels say where their results flush to 0.
 */
export function ulpError(got: number, exact: number, floor = LEAST_NORMAL): number {
  if (Number.isNaN(exact) || Number.isNaN(got))
    return Number.isNaN(exact) === Number.isNaN(got) ? 0 : Infinity;
  if (got === Math.fround(exact)) return 0;
  if (!Number.isFinite(got)) return Infinity;
  if (Math.abs(exact) < floor && Math.abs(got) <= 2 * floor) return 0;
  return Math.abs(got - exact) / ulp(exact);
}

/** Every `stride`-th f32 bit pattern between two numbers of one sign, ends included, in order of magnitude. */
export function sweep(from: number, to: number, stride: number): Float32Array {
  floats[0] = from;
  const first = bits[0];
  floats[0] = to;
  const last = bits[0];
  const low = Math.min(first, last);
  const count = Math.floor(Math.abs(last - first) / stride) + 2;
  const patterns = new Uint32Array(count);
  for (let i = 0; i < count - 1; i++) patterns[i] = low + i * stride;
  patterns[count - 1] = Math.max(first, last);
  return new Float32Array(patterns.buffer);
}

/** The largest `ulpError` over inputs, and where it was. */
export function worst(
  x: Float32Array,
  y: Float32Array,
  exact: (x: number) => number,
  floor?: number,
): { error: number; x: number; got: number; exact: number } {
  let found = { error: -1, x: Number.NaN, got: Number.NaN, exact: Number.NaN };
  for (let i = 0; i < x.length; i++) {
    const value = exact(x[i]);
    const error = ulpError(y[i], value, floor);
    if (error > found.error) found = { error, x: x[i], got: y[i], exact: value };
  }
  return found;
}
