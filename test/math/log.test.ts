import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { log } from "../../src/math/log.ts";
import { scaledBits } from "../analysis/exact-checker.ts";
import { between, seededRandom } from "../analysis/random.ts";

/** The gap between |x| and the next larger f64. */
function ulp(x: number): number {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(x)).buffer);
  bits[0]! += 1n;
  return new Float64Array(bits.buffer)[0]! - Math.abs(x);
}

const FIXED = 1200n;

/** `2^1200 ln(a / b)` for 1/2 < a/b < 2: twice the series of atanh((a - b) / (a + b)). */
function logOfRatio(a: bigint, b: bigint): bigint {
  const s = ((a - b) << FIXED) / (a + b);
  const square = (s * s) >> FIXED;
  let power = s;
  let sum = 0n;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = (power * square) >> FIXED;
  }
  return 2n * sum;
}

const LN2 = logOfRatio(4n, 3n) + logOfRatio(3n, 2n);

/** The error of log(x) in ULP of the result, against 1,200 bits. */
function errorInUlp(x: number): number {
  const scaled = scaledBits(x);
  const bits = BigInt(scaled.toString(2).length);
  // 3/4 <= a / b < 3/2 keeps the series short; x = (a / b) 2^k.
  const k = 3n << (bits - 1n) <= scaled << 1n ? bits : bits - 1n;
  const exact = logOfRatio(scaled, 1n << k) + (k - 1074n) * LN2;
  const got = log(x);
  const difference = (scaledBits(got) << (FIXED - 1074n)) - exact;
  const unit = scaledBits(ulp(got)) << (FIXED - 1074n);
  return Math.abs(Number((difference << 30n) / unit)) / 2 ** 30;
}

describe("log", () => {
  const random = seededRandom(1);
  const near1 = Array.from({ length: 3000 }, () => 1 + (random() - 0.5) * 2 ** -between(random, 0, 30));
  const anywhere = Array.from({ length: 3000 }, () => (1 + random()) * 2 ** between(random, -1000, 1000));
  const probabilities = Array.from({ length: 3000 }, () => Math.fround(random())).filter((p) => p > 0);
  const denormals = Array.from({ length: 100 }, () => between(random, 1, 2 ** 40) * 2 ** -1074);
  const cases = [...near1, ...anywhere, ...probabilities, ...denormals, 2 ** -1074, Number.MAX_VALUE];

  test("is within 1 ULP of the logarithm in 1,200 bits", () => {
    const worst = cases.reduce((most, x) => (x === 1 ? most : Math.max(most, errorInUlp(x))), 0);
    expect(worst).toBeLessThan(1);
    expect(worst).toBeGreaterThan(0.4); // an f64 cannot do better; the measure works
  });

  test("has the constants whose bits its comments state", () => {
    const source = readFileSync(new URL("../../src/math/log.ts", import.meta.url), "utf8");
    const constants = Array.from(source.matchAll(/^const \w+ = (.*); \/\/ 0x(\w{8})_(\w{8})$/gm));
    expect(constants).toHaveLength(9);
    for (const [, value, high, low] of constants) {
      expect(new BigUint64Array(Float64Array.of(Number(value)).buffer)[0]).toBe(BigInt(`0x${high}${low}`));
    }
  });

  test("is within 1 ULP of this engine's Math.log", () => {
    for (const x of cases) expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(ulp(Math.log(x)));
  });

  test("gives the limits at 0, 1, infinity and outside the domain", () => {
    expect([0, -0].map(log)).toEqual([-Infinity, -Infinity]);
    expect([1, Infinity].map(log)).toEqual([0, Infinity]);
    expect([-1, -Infinity, NaN].map(log)).toEqual([NaN, NaN, NaN]);
  });

  test("gives bits that were recorded once, so that every engine can be compared", () => {
    const bits = (x: number) => new BigUint64Array(Float64Array.of(log(x)).buffer)[0]!.toString(16);
    expect([0.1, 0.5, 2, 10, 1e-300].map(bits)).toEqual([
      "c0026bb1bbb55515",
      "bfe62e42fefa39ef",
      "3fe62e42fefa39ef",
      "40026bb1bbb55516",
      "c085963447f87fb5",
    ]);
  });
});
