import { float64Parts, leadingExponent } from "./float64.ts";

// Minimax polynomial of (sin(r) / r - 1) / r^2 in z = r^2 on [0, (pi/4)^2], error below 2^-58.
const S1 = -0.16666666666666632; // 0xbfc55555_55555549
const S2 = 0.00833333333332249; // 0x3f811111_1110f8a6
const S3 = -0.0001984126982985795; // 0xbf2a01a0_19c161d5
const S4 = 0.0000027557313707070068; // 0x3ec71de3_57b1fe7d
const S5 = -2.5050760253406863e-8; // 0xbe5ae5e6_8a2b9ceb
const S6 = 1.58969099521155e-10; // 0x3de5d93a_5acfd57c

// The same of (cos(r) - 1 + r^2 / 2) / r^4.
const C1 = 0.0416666666666666; // 0x3fa55555_5555554c
const C2 = -0.001388888888887411; // 0xbf56c16c_16c15177
const C3 = 0.00002480158728947673; // 0x3efa01a0_19cb1590
const C4 = -2.7557314351390663e-7; // 0xbe927e4f_809c52ad
const C5 = 2.087572321298175e-9; // 0x3e21ee9e_bdb4b1c4
const C6 = -1.1359647557788195e-11; // 0xbda8fae9_be8838d4

const TWO_OVER_PI = 0.6366197723675814; // 0x3fe45f30_6dc9c883
// pi / 2 in parts of 33 bits, each with what is left behind it: k times a part is exact for |k| < 2^20.
const PART1 = 1.5707963267341256; // 0x3ff921fb_54400000
const REST1 = 6.077100506506192e-11; // 0x3dd0b461_1a626331
const PART2 = 6.077100506303966e-11; // 0x3dd0b461_1a600000
const REST2 = 2.0222662487959506e-21; // 0x3ba3198a_2e037073
const PART3 = 2.0222662487111665e-21; // 0x3ba3198a_2e000000
const REST3 = 8.4784276603689e-32; // 0x397b839a_252049c1

const QUARTER_PI = 0.7853981633974483; // 0x3fe921fb_54442d18
export const PI = 4 * QUARTER_PI;
/** Up to here k = x 2 / pi stays below 2^20. */
const MEDIUM = 1647099;

/** 2 / pi in units of 2^-1216, and pi / 2 in units of 2^-255, rounded down. Made when a large argument comes. */
const constants = () => ({
  twoOverPi: BigInt(
    "0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee88235f5" +
      "2ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d" +
      "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6bab",
  ),
  halfPi: BigInt("0xc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22"),
});
let large: ReturnType<typeof constants> | undefined;

/** An angle as `k pi / 2 + high + low`, |high| <= pi / 4: k modulo 4. */
interface Reduced {
  readonly quadrant: number;
  readonly high: number;
  readonly low: number;
}

/** @param x finite */
function reduce(x: number): Reduced {
  if (Math.abs(x) <= QUARTER_PI) return { quadrant: 0, high: x, low: 0 };
  if (Math.abs(x) >= MEDIUM) return reduceLarge(x);
  const k = Math.floor(x * TWO_OVER_PI + 0.5);
  let r = x - k * PART1;
  let w = k * REST1;
  let high = r - w;
  // How many bits were cancelled says how many of pi / 2 are needed.
  const cancelled = () => leadingExponent(x) - leadingExponent(high);
  if (cancelled() > 16) {
    const before = r;
    r = before - k * PART2;
    w = k * REST2 - (before - r - k * PART2);
    high = r - w;
    if (cancelled() > 49) {
      const second = r;
      r = second - k * PART3;
      w = k * REST3 - (second - r - k * PART3);
      high = r - w;
    }
  }
  return { quadrant: k & 3, high, low: r - high - w };
}

/** Bits behind the point in the integers of `reduceLarge`. */
const BITS = 200n;

/**
 * By whole numbers, exactly: `x = m 2^e`, so `x 2 / pi = m twoOverPi / 2^(1216 - e)`. Of the bits behind the point at least
 * 245 are right, of which the nearest multiple of pi / 2 that an f64 comes to leaves 180.
 */
function reduceLarge(x: number): Reduced {
  large ??= constants();
  const { significand, exponent } = float64Parts(Math.abs(x));
  const point = BigInt(1216 - exponent);
  const product = BigInt(significand) * large.twoOverPi;
  const half = 1n << (point - 1n);
  const k = (product + half) >> point;
  const part = product - (k << point);
  // In units of 2^-BITS: (part / 2^point) (halfPi / 2^255).
  const angle = (part * large.halfPi) >> (point + 255n - BITS);
  const unit = 2 / Number(1n << (BITS + 1n));
  const high = Number(angle);
  const low = Number(angle - BigInt(high));
  const sign = x < 0 ? -1 : 1;
  return { quadrant: Number((x < 0 ? -k : k) & 3n), high: sign * high * unit, low: sign * low * unit };
}

/** sin(high + low) for |high| <= pi / 4. */
function sinNear0(high: number, low: number): number {
  const z = high * high;
  const w = z * z;
  const r = S2 + z * (S3 + z * S4) + z * w * (S5 + z * S6);
  const v = z * high;
  return high - (z * (0.5 * low - v * r) - low - v * S1);
}

/** cos(high + low) for |high| <= pi / 4. */
function cosNear0(high: number, low: number): number {
  const z = high * high;
  const w = z * z;
  const r = z * (C1 + z * (C2 + z * C3)) + w * w * (C4 + z * (C5 + z * C6));
  const half = 0.5 * z;
  const one = 1 - half;
  return one + (1 - one - half + (z * r - high * low));
}

function rotated(x: number, turns: number): number {
  if (x - x !== 0) return NaN;
  const { quadrant, high, low } = reduce(x);
  const at = (quadrant + turns) & 3;
  const value = at & 1 ? cosNear0(high, low) : sinNear0(high, low);
  return at & 2 ? -value : value;
}

/**
 * `sin x` in f64 for x in radians, with the same bits on every engine (`Math.sin` differs between them).
 *
 *   x = k pi / 2 + r, |r| <= pi / 4, with r in two f64; of sin r and cos r the one that k says, by a polynomial
 *
 * Error below 1 ULP for every x: pi has as many digits as it takes. -0 gives -0; NaN and infinities give NaN.
 * Source: FreeBSD msun k_sin.c, k_cos.c (Sun Microsystems, 1993) and musl's __rem_pio2.c up to 1.6 million; beyond, in
 * whole numbers, after Payne and Hanek 1983, https://doi.org/10.1145/1057600.1057602.
 */
export function sin(x: number): number {
  return x === 0 ? x : rotated(x, 0);
}

/** `cos x` in f64 for x in radians, as `sin`. */
export function cos(x: number): number {
  return rotated(x, 1);
}
