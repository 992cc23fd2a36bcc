/**
 * The parts of an f64, exactly: an odd integer times a power of two, and products with powers of two.
 */

/** `x = significand * 2^exponent` exactly; `significand` is an odd integer below 2^53, or 0 with exponent 0. */
export interface Float64Parts {
  readonly significand: number;
  readonly exponent: number;
}

const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** The upper 32 bits of an f64: sign, 11 exponent bits, 20 fraction bits. */
export function highWord(x: number): number {
  scratch.setFloat64(0, x);
  return scratch.getInt32(0);
}

/** `x` with its upper 32 bits replaced. */
export function withHighWord(x: number, high: number): number {
  scratch.setFloat64(0, x);
  scratch.setInt32(0, high);
  return scratch.getFloat64(0);
}

/** `2^exponent` for a normal result: exponent in [-1022, 1023]. */
function powerOfTwo(exponent: number): number {
  scratch.setUint32(0, (exponent + 1023) << 20);
  scratch.setUint32(4, 0);
  return scratch.getFloat64(0);
}

/**
 * `x * 2^exponent`, rounded once. Steps down by 2^-969 = 2^-1022 * 2^53, so that no step but the last can
 * land among the denormals and round (musl, scalbn.c).
 */
export function scaleByPowerOfTwo(x: number, exponent: number): number {
  while (exponent > 1023) {
    x *= powerOfTwo(1023);
    exponent -= 1023;
    if (x === 0 || x === Infinity || x === -Infinity) return x;
  }
  while (exponent < -1022) {
    x *= powerOfTwo(-969);
    exponent += 969;
    if (x === 0) return x;
  }
  return x * powerOfTwo(exponent);
}

/** The exponent of the leading bit of a finite `x`: `2^e <= |x| < 2^(e + 1)`; 0 for 0. */
export function leadingExponent(x: number): number {
  if (x === 0) return 0;
  const biased = (highWord(x) >>> 20) & 0x7ff;
  // A denormal is made normal first: 2^54 x.
  return biased === 0 ? leadingExponent(x * 18014398509481984) - 54 : biased - 1023;
}

/** Splits a finite `x` into an odd integer and a power of two. */
export function float64Parts(x: number): Float64Parts {
  if (x === 0) return { significand: 0, exponent: 0 };
  const exponent = leadingExponent(x) - 52;
  let significand = scaleByPowerOfTwo(x, -exponent);
  let zeros = 0;
  while (significand % 2 === 0) {
    significand /= 2;
    zeros += 1;
  }
  return { significand, exponent: exponent + zeros };
}

/** The largest magnitude among `values`; 0 when there are none. */
export function maxAbs(values: Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}
