/** exp, log, sin and cos against results recorded to twice the digits of an f64. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { exp } from "../../src/math/exp.ts";
import { log } from "../../src/math/log.ts";
import { cos, sin } from "../../src/math/trigonometric.ts";
import vectors from "../vectors/elementary.json" with { type: "json" };

const FUNCTIONS = { exp, log, sin, cos };

/** The gap between |x| and the next larger f64. */
function ulp(x: number): number {
  const bits = new BigUint64Array(Float64Array.of(Math.abs(x)).buffer);
  bits[0] += 1n;
  return new Float64Array(bits.buffer)[0] - Math.abs(x);
}

/** The largest error over the recorded arguments, in ULP of the exact result. */
function worst(f: (x: number) => number, name: keyof typeof FUNCTIONS) {
  const { x, high, low } = vectors.functions[name];
  let most = 0;
  let where = 0;
  x.forEach((argument, i) => {
    const error = Math.abs(f(argument) - high[i] - low[i]) / ulp(high[i]);
    if (error > most || Number.isNaN(error)) {
      most = error;
      where = argument;
    }
  });
  return { most, where };
}

describe.each(Object.entries(FUNCTIONS))("%s", (name, f) => {
  it("is within 1 ULP of the recorded results", () => {
    const { most, where } = worst(f, name as keyof typeof FUNCTIONS);
    expect(most, `at ${where}`).toBeLessThan(1);
    expect(most).toBeGreaterThan(0.45); // an f64 cannot do better; the measure works
  });

  it("would be caught where one bit of its results were wrong", () => {
    const { most } = worst((x) => f(x) * (1 + 2 ** -51), name as keyof typeof FUNCTIONS);
    expect(most).toBeGreaterThan(1);
  });

  it("is near this engine's Math", () => {
    const { x } = vectors.functions[name as keyof typeof FUNCTIONS];
    for (const argument of x) {
      const theirs = Math[name as keyof typeof FUNCTIONS](argument);
      expect(Math.abs(f(argument) - theirs), `at ${argument}`).toBeLessThanOrEqual(2 * ulp(theirs));
    }
  });
});

describe("the limits", () => {
  it("of exp", () => {
    expect([0, -0, 710, 1e308, Infinity].map(exp)).toEqual([1, 1, Infinity, Infinity, Infinity]);
    expect([-746, -1e308, -Infinity].map(exp)).toEqual([0, 0, 0]);
    expect(exp(709.782712893384)).toBe(1.7976931348622732e308);
    expect(exp(-745.1332191019411)).toBe(5e-324);
    expect(exp(NaN)).toBeNaN();
  });

  it("of sin and cos", () => {
    expect([0, -0].map(sin)).toEqual([0, -0]);
    expect([0, -0].map(cos)).toEqual([1, 1]);
    for (const x of [Infinity, -Infinity, NaN]) expect([sin(x), cos(x)]).toEqual([NaN, NaN]);
    expect(sin(Math.PI)).toBe(1.2246467991473532e-16);
    expect(cos(Math.PI)).toBe(-1);
  });

  it("are kept for pairs: sin is odd, cos even, both on the unit circle", () => {
    for (const x of vectors.functions.sin.x) {
      expect(sin(-x)).toBe(-sin(x));
      expect(cos(-x)).toBe(cos(x));
      expect(Math.abs(sin(x) ** 2 + cos(x) ** 2 - 1)).toBeLessThan(4e-16);
    }
  });
});

describe("the bits", () => {
  const bits = (x: number) => new BigUint64Array(Float64Array.of(x).buffer)[0].toString(16);

  it("were recorded once, so that every engine can be compared", () => {
    const digest = Object.entries(FUNCTIONS).map(([name, f]) => {
      let hash = 0n;
      for (const x of vectors.functions[name as keyof typeof FUNCTIONS].x)
        hash = BigInt.asUintN(64, hash * 6364136223846793005n + BigInt(`0x${bits(f(x))}`));
      return `${name} ${hash.toString(16)}`;
    });
    expect(digest).toMatchInlineSnapshot(`
      [
        "exp 77d31fe56d82425e",
        "log 31e472aa7b2f635f",
        "sin ebdf8808b5a2338a",
        "cos c9b26dcd399dab6e",
      ]
    `);
  });

  it.each(["exp", "trigonometric"])("of the constants of %s are those that its comments state", (file) => {
    const source = readFileSync(new URL(`../../src/math/${file}.ts`, import.meta.url), "utf8");
    const constants = Array.from(source.matchAll(/^const \w+ = (.*); \/\/ 0x(\w{8})_(\w{8})$/gm));
    expect(constants.length).toBe([...source.matchAll(/\/\/ 0x/g)].length);
    expect(constants.length).toBeGreaterThan(8);
    for (const [, value, high, low] of constants) expect(bits(Number(value))).toBe(`${high}${low}`);
  });
});
