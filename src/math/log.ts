import { highWord, withHighWord } from "./float64.ts";

// ln 2 split in two: the upper part has 21 zero bits at its end, so that k * LN2_HIGH is exact for |k| < 2^21.
const LN2_HIGH = 0.6931471803691238; // 0x3fe62e42_fee00000
const LN2_LOW = 1.9082149292705877e-10; // 0x3dea39ef_35793c76

// Minimax polynomial of (log(1+s) - log(1-s) - 2s) / s in z = s^2 on [0, 0.1716^2], error below 2^-58.45.
const L1 = 0.6666666666666735; // 0x3fe55555_55555593
const L2 = 0.3999999999940942; // 0x3fd99999_9997fa04
const L3 = 0.2857142874366239; // 0x3fd24924_94229359
const L4 = 0.22222198432149784; // 0x3fcc71c5_1d8e78af
const L5 = 0.1818357216161805; // 0x3fc74664_96cb03de
const L6 = 0.15313837699209373; // 0x3fc39a09_d078c69f
const L7 = 0.14798198605116586; // 0x3fc2f112_df3e5244

/** The high word of sqrt(2) / 2. */
const SQRT_HALF_HIGH = 0x3fe6a09e;

/**
 * `ln x` in f64, with the same bits on every engine (`Math.log` differs between them).
 *
 *   x = 2^k (1 + f),  sqrt(2)/2 <= 1 + f < sqrt(2)
 *   s = f / (2 + f),  log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2))
 *   ln x = k ln 2 + log(1 + f)
 *
 * Error below 1 ULP. 0 gives -Infinity, a negative x or NaN gives NaN, Infinity gives Infinity.
 * Source: FreeBSD msun e_log.c (Sun Microsystems, 1993), the order of operations as in musl's log.c of 2018.
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    // A denormal: 2^54 x is normal, exactly.
    x *= 18014398509481984;
    k = -54;
  }
  const high = highWord(x) + (0x3ff00000 - SQRT_HALF_HIGH);
  k += (high >> 20) - 1023;
  const f = withHighWord(x, (high & 0xfffff) + SQRT_HALF_HIGH) - 1;

  const halfSquare = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (L2 + w * (L4 + w * L6));
  const odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  return s * (halfSquare + (even + odd)) + k * LN2_LOW - halfSquare + f + k * LN2_HIGH;
}
