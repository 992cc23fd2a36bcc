/**
 * The elementary functions of assembly/math against f64, over every 1009th f32 pattern of each range. They are reached
 * through the elementwise kernels that apply them: elu with alpha 1 is expm1 below 0, softplus takes log1p.
 */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Fn, Opcode } from "../../assembly/abi.ts";
import { sweep, ulp, ulpError, worst } from "../oracle/ulp.ts";
import { UNARY } from "../oracle/unary.ts";
import { runRecord } from "./harness.ts";

const STRIDE = 1009;
/** Results below it may come out as 0: half the least scale exp can apply. */
const FLUSH = 2 ** -125.5;

const apply = (fn: Fn, x: Float32Array) =>
  runRecord(Opcode.Unary, { fn, alpha: 1, y: "out", x, n: x.length }).y;

/** The largest error stated for each function: in ULP, from, to. */
const STATED: readonly [name: string, fn: Fn, limit: number, from: number, to: number][] = [
  ["exp of positive numbers", Fn.Exp, 1.1, 0, Infinity],
  ["exp of negative numbers", Fn.Exp, 1.1, -0, -Infinity],
  ["log", Fn.Log, 1, 0, Infinity],
  ["expm1 of negative numbers", Fn.Elu, 1.1, -0, -Infinity],
  ["tanh", Fn.Tanh, 1.5, 0, Infinity],
  ["sigmoid of positive numbers", Fn.Sigmoid, 1.6, 0, Infinity],
  ["sigmoid of negative numbers", Fn.Sigmoid, 2.5, -0, -Infinity],
  ["softplus of positive numbers", Fn.Softplus, 2, 0, Infinity],
  ["softplus of negative numbers", Fn.Softplus, 2, -0, -Infinity],
  ["silu of positive numbers", Fn.Silu, 2.6, 0, 1e30],
  ["silu of negative numbers", Fn.Silu, 2.6, -0, -88],
  ["gelu of positive numbers", Fn.Gelu, 4, 0, 1e30],
  ["gelu down to -4", Fn.Gelu, 6, -0, -4],
  ["gelu down to -13", Fn.Gelu, 10, -4, -13],
  ["geluTanh of positive numbers", Fn.GeluTanh, 2.6, 0, 1e10],
  ["geluTanh down to -1", Fn.GeluTanh, 4, -0, -1],
  ["selu of negative numbers", Fn.Selu, 2.5, -0, -Infinity],
  ["selu of positive numbers", Fn.Selu, 1.1, 0, 1e38],
];

/** Computed in f64 and rounded once: within 0.51 ULP. */
const ROUNDED_ONCE: readonly [name: string, fn: Fn, from: number, to: number][] = [
  ["sin", Fn.Sin, 0, 3e38],
  ["sin of negative numbers", Fn.Sin, -0, -3e38],
  ["cos", Fn.Cos, 0, 3e38],
  ["expm1 of all positive numbers", Fn.Expm1, 0, 88.7],
  ["expm1 of all negative numbers", Fn.Expm1, -0, -Infinity],
  ["log1p of positive numbers", Fn.Log1p, 0, Infinity],
  ["log1p of negative numbers", Fn.Log1p, -0, -1],
  ["erf", Fn.Erf, 0, Infinity],
  ["reciprocal", Fn.Reciprocal, 0, Infinity],
  ["rsqrt", Fn.Rsqrt, 0, Infinity],
];

describe("elementary functions", () => {
  it.each(ROUNDED_ONCE)("%s are rounded once", (_, fn, from, to) => {
    const x = sweep(from, to, STRIDE);
    const y = apply(fn, x);
    const found = worst(x, y, (v) => UNARY[fn].value(v, 1));
    expect(found.error, `at ${found.x}: ${found.got} for ${found.exact}`).toBeLessThanOrEqual(0.51);
    // What is a quarter ULP off before it is rounded would be wrong in a quarter of all places.
    const wrong = x.filter((v, i) => ulpError(y[i], UNARY[fn].value(v, 1)) > 0).length;
    expect(wrong).toBeLessThan(x.length / 1000);
  });

  it.each(STATED)("%s stay within the stated error", (_, fn, limit, from, to) => {
    const x = sweep(from, to, STRIDE);
    const found = worst(x, apply(fn, x), (v) => UNARY[fn].value(v, 1), FLUSH);
    expect(found.error, `at ${found.x}: ${found.got} for ${found.exact}`).toBeLessThanOrEqual(limit);
    expect(found.error).toBeGreaterThan(limit / 2 - 0.25);
  });

  it("the tail of geluTanh, whose argument is rounded, is exact to 2^-24 of x", () => {
    const x = sweep(-1, -1e6, STRIDE);
    const y = apply(Fn.GeluTanh, x);
    for (let i = 0; i < x.length; i++)
      expect(Math.abs(y[i] - UNARY[Fn.GeluTanh].value(x[i], 0))).toBeLessThan(Math.abs(x[i]) * 2 ** -24);
  });

  it("exp overflows and underflows where it says", () => {
    const x = Float32Array.of(88.7228317, 88.72284, 89, 1e30, -86.98, -87.0, -104, -1e30);
    const y = apply(Fn.Exp, x);
    expect(y[0]).toBeGreaterThan(3.4e38);
    expect([...y.slice(1, 4)]).toEqual([Infinity, Infinity, Infinity]);
    expect(y[4]).toBeGreaterThan(0);
    expect([...y.slice(5)]).toEqual([0, 0, 0]);
  });

  it("log handles denormals, and lanes beside special ones keep their bits", () => {
    const x = Float32Array.of(2 ** -149, 2 ** -127 + 2 ** -140, 3, 0.3, 3, 0.3, 17, 1e-20);
    const y = apply(Fn.Log, x);
    for (let i = 0; i < x.length; i++) expect(ulpError(y[i], Math.log(x[i]))).toBeLessThanOrEqual(1);
    expect([y[2], y[3]]).toEqual([y[4], y[5]]);
  });

  it("are exact at the points where they should be", () => {
    expect([...apply(Fn.Exp, Float32Array.of(0, -0))]).toEqual([1, 1]);
    expect([...apply(Fn.Log, Float32Array.of(1))]).toEqual([0]);
    expect([...apply(Fn.Tanh, Float32Array.of(0, -0, 30, -30))]).toEqual([0, -0, 1, -1]);
    expect([...apply(Fn.Sigmoid, Float32Array.of(0, 40, -100))]).toEqual([0.5, 1, 0]);
  });

  it("are monotonic where it shows: tanh and sigmoid never pass their limits", () => {
    const x = sweep(1, 100, STRIDE);
    for (const fn of [Fn.Tanh, Fn.Sigmoid]) for (const y of apply(fn, x)) expect(y).toBeLessThanOrEqual(1);
  });
});

describe("bits", () => {
  /** SHA-256 over the results for every 65521st f32 pattern, all NaN made one. A change here is a breaking one. */
  it.each([
    ["elu", Fn.Elu, "1cdf8cf056c8904e"],
    ["selu", Fn.Selu, "6146c8808d2aa565"],
    ["gelu", Fn.Gelu, "66ee1ce9753012f1"],
    ["geluTanh", Fn.GeluTanh, "ddabe0667ca92a12"],
    ["silu", Fn.Silu, "c768bf8eb8e28a06"],
    ["softplus", Fn.Softplus, "ce29f38ef790b62f"],
    ["sigmoid", Fn.Sigmoid, "4496ceb9bf3e280d"],
    ["tanh", Fn.Tanh, "b21130b38d1c5046"],
    ["hardSigmoid", Fn.HardSigmoid, "3d2d37b62d350650"],
    ["exp", Fn.Exp, "701c0da534aabd13"],
    ["log", Fn.Log, "4342563d22219167"],
  ])("%s has its recorded bits on every engine", (_, fn, recorded) => {
    const patterns = Uint32Array.from({ length: 65536 }, (_, i) => i * 65521);
    const y = apply(fn, new Float32Array(patterns.buffer));
    const bits = new Uint32Array(y.buffer).map((b, i) => (Number.isNaN(y[i]) ? 0x7fc00000 : b));
    const digest = createHash("sha256").update(new Uint8Array(bits.buffer)).digest("hex").slice(0, 16);
    expect(digest).toBe(recorded);
  });
});

describe("the distance in ULP", () => {
  it("measures what it should: a formula 3 ULP off is found", () => {
    const x = sweep(1, 2, STRIDE);
    const y = x.map((v) => v + 3 * ulp(v));
    const found = worst(x, y, (v) => v);
    expect(found.error).toBe(3);
    expect(ulpError(Number.NaN, 1)).toBe(Infinity);
    expect(ulpError(1, Number.NaN)).toBe(Infinity);
    expect(ulpError(Infinity, 1e39)).toBe(0);
    expect(ulp(1)).toBe(2 ** -23);
    expect(ulp(2 - 2 ** -40)).toBe(2 ** -23);
    expect(ulp(1e-40)).toBe(2 ** -149);
  });
});
