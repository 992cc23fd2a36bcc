import { describe, expect, test } from "vitest";
import { fraction, fractionOf, scaledNumber, toNumber } from "../../src/analysis/fraction.ts";
import { float64Parts, leadingExponent, scaleByPowerOfTwo } from "../../src/math/float64.ts";
import { scaledBits } from "../analysis/exact-checker.ts";
import { between, seededRandom } from "../analysis/random.ts";

/** A number of any magnitude, denormals included. */
function anyNumber(random: () => number): number {
  return (random() < 0.5 ? -1 : 1) * (1 + random()) * 2 ** between(random, -1074, 1023);
}

/** `a / b` rounded to the nearest multiple of 2^-1074, ties to even: the denormals and their neighbours. */
function roundToDenormal(a: bigint, b: bigint): number {
  const doubled = (2n * a) / b;
  const isTie = doubled * b === 2n * a && doubled % 2n !== 0n;
  const up = isTie ? (doubled / 2n) % 2n : doubled % 2n;
  return Number(doubled / 2n + up) * 2 ** -1074;
}

describe("the parts of an f64", () => {
  test("multiply back to it, with an odd significand", () => {
    const random = seededRandom(40);
    for (const x of [
      1,
      -2,
      2 ** -1074,
      -3 * 2 ** -1074,
      2 ** -1022,
      Number.MAX_VALUE,
      ...Array.from({ length: 2000 }, () => anyNumber(random)),
    ]) {
      const { significand, exponent } = float64Parts(x);
      expect(Math.abs(significand) % 2).toBe(1);
      expect(BigInt(significand) << BigInt(exponent + 1074)).toBe(scaledBits(x));
      expect(leadingExponent(x)).toBe(BigInt(Math.abs(significand)).toString(2).length - 1 + exponent);
    }
    expect(float64Parts(-0)).toEqual({ significand: 0, exponent: 0 });
  });
});

describe("scaleByPowerOfTwo", () => {
  test("rounds once where the result is a denormal", () => {
    const random = seededRandom(41);
    for (let run = 0; run < 5000; run++) {
      const x = (1 + random()) * 2 ** between(random, -80, 0);
      const exponent = between(random, -1060, -1000);
      const expected = roundToDenormal(scaledBits(x), 1n << BigInt(-exponent));
      if (expected < 2 ** -1022) expect(scaleByPowerOfTwo(x, exponent)).toBe(expected);
    }
  });

  test("is exact over the whole range, and overflows to infinity", () => {
    expect(scaleByPowerOfTwo(2 ** -1074, 2097)).toBe(2 ** 1023);
    expect(scaleByPowerOfTwo(2 ** 1023, -2097)).toBe(2 ** -1074);
    expect(scaleByPowerOfTwo(-3, 1023)).toBe(-Infinity);
    expect(scaleByPowerOfTwo(3, 9999)).toBe(Infinity);
    expect(scaleByPowerOfTwo(3, -9999)).toBe(0);
    expect(scaleByPowerOfTwo(0, 9999)).toBe(0);
  });
});

describe("fractions", () => {
  test("of an f64 are exact, in lowest terms, and give it back", () => {
    const random = seededRandom(42);
    for (let run = 0; run < 1000; run++) {
      const x = anyNumber(random);
      const { numerator, denominator } = fractionOf(x);
      expect(numerator << 1074n).toBe(scaledBits(x) * denominator);
      expect(fraction(numerator, denominator)).toEqual({ numerator, denominator });
      expect(toNumber({ numerator, denominator })).toBe(x);
    }
  });

  test("round to the nearest f64, also where numerator and denominator are beyond its range", () => {
    expect(toNumber(fraction(1n, 3n))).toBe(1 / 3);
    expect(toNumber(fraction(-2n, 3n))).toBe(-2 / 3);
    expect(toNumber(fraction(10n ** 400n, 3n * 10n ** 400n))).toBe(1 / 3);
    expect(toNumber(fraction(10n ** 400n + 1n, 10n ** 100n))).toBe(1e300);
    expect(toNumber(fraction(0n, 7n))).toBe(0);
    expect(scaledNumber(-(3n ** 2000n), -3169)).toBeCloseTo(-(2 ** (2000 * Math.log2(3) - 3169)), 8);
  });
});
