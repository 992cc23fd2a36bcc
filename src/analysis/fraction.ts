import { float64Parts, scaleByPowerOfTwo } from "../math/float64.ts";

/** An exact rational number in lowest terms; the denominator is positive. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function abs(a: bigint): bigint {
  return a < 0n ? -a : a;
}

/** The greatest common divisor, >= 0 (Euclid). */
export function gcd(a: bigint, b: bigint): bigint {
  a = abs(a);
  b = abs(b);
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** The least common multiple of the denominators, so that every fraction times it is an integer. */
export function commonDenominator(fractions: readonly Fraction[]): bigint {
  return fractions.reduce((lcm, { denominator }) => (lcm / gcd(lcm, denominator)) * denominator, 1n);
}

/** `numerator / denominator` in lowest terms, for a positive denominator. */
export function fraction(numerator: bigint, denominator = 1n): Fraction {
  const divisor = gcd(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** A finite f64 as a fraction, exactly: every f64 is an integer times a power of two. */
export function fractionOf(x: number): Fraction {
  const { significand, exponent } = float64Parts(x);
  if (exponent >= 0) return { numerator: BigInt(significand) << BigInt(exponent), denominator: 1n };
  return { numerator: BigInt(significand), denominator: 1n << BigInt(-exponent) };
}

/** Bits of `|a|`, rounded up to a multiple of 4. */
export function bitLength(a: bigint): number {
  return abs(a).toString(16).length * 4;
}

/** `a 2^exponent` as the nearest f64, within 1 ULP, also where `a` alone is beyond the range of f64. */
export function scaledNumber(a: bigint, exponent: number): number {
  const cut = Math.max(0, bitLength(a) - 128);
  return scaleByPowerOfTwo(Number(a / (1n << BigInt(cut))), cut + exponent);
}

/** A fraction as the nearest f64, within 1 ULP: the quotient is cut to 64 bits or more, then rounded. */
export function toNumber({ numerator, denominator }: Fraction): number {
  const shift = 68 + bitLength(denominator) - bitLength(numerator);
  const up = 1n << BigInt(Math.max(0, shift));
  const down = 1n << BigInt(Math.max(0, -shift));
  return scaledNumber((numerator * up) / (denominator * down), -shift);
}
