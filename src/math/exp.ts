import { scaleByPowerOfTwo } from "./float64.ts";

// biome-ignore lint/suspicious/noApproximativeNumericConstant: its bits are stated, as those of the others
const INVERSE_LN2 = 1.4426950408889634; // 0x3ff71547_652b82fe
// ln 2 split in two: the upper part has 21 zero bits at its end, so that k * LN2_HIGH is exact for |k| < 2^21.
const LN2_HIGH = 0.6931471803691238; // 0x3fe62e42_fee00000
const LN2_LOW = 1.9082149292705877e-10; // 0x3dea39ef_35793c76

// Minimax polynomial of r coth(r / 2) - 2 in z = r^2 on [0, 0.34658^2], error below 2^-59.
const P1 = 0.16666666666666602; // 0x3fc55555_5555553e
const P2 = -0.0027777777777015593; // 0xbf66c16c_16bebd93
const P3 = 0.00006613756321437934; // 0x3f11566a_af25de2c
const P4 = -0.0000016533902205465252; // 0xbebbbd41_c5d26bf1
const P5 = 4.1381367970572385e-8; // 0x3e663769_72bea4d0

/** From here on the result is infinite, and below here it rounds to 0. */
const OVERFLOW = 709.782712893384; // 0x40862e42_fefa39ef
const UNDERFLOW = -745.1332191019411; // 0xc0874910_d52d3051

/**
 * `e^x` in f64, with the same bits on every engine (`Math.exp` differs between them).
 *
 *   x = k ln 2 + r, |r| <= ln(2) / 2
 *   c = r - r^2 (P1 + r^2 (P2 + ..)),  e^r = 1 + r + r c / (2 - c)
 *   e^x = 2^k e^r
 *
 * Error below 1 ULP, denormal results included. NaN gives NaN.
 * Source: FreeBSD msun e_exp.c (Sun Microsystems, 1993).
 */
export function exp(x: number): number {
  if (!(x <= OVERFLOW)) return x > OVERFLOW ? Infinity : NaN;
  if (x < UNDERFLOW) return 0;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const z = r * r;
  const c = r - z * (P1 + z * (P2 + z * (P3 + z * (P4 + z * P5))));
  return scaleByPowerOfTwo(1 + ((r * c) / (2 - c) - low + high), k);
}
