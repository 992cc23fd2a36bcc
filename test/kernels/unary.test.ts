import { describe, expect, it } from "vitest";
import { Fn, Opcode } from "../../assembly/abi.ts";
import { ulpError } from "../oracle/ulp.ts";
import { UNARY, type UnaryOracle } from "../oracle/unary.ts";
import vectors from "../vectors/activations.json" with { type: "json" };
import { difference, differenceUpToNaN, values } from "./compare.ts";
import { type Given, runRecord } from "./harness.ts";

const SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33];
const FNS = Object.keys(UNARY).map(Number) as Fn[];
const nameOf = (fn: Fn) => Fn[fn].charAt(0).toLowerCase() + Fn[fn].slice(1);
const CASES = FNS.map((fn) => [nameOf(fn), fn] as const);
/** Those that lose digits below 0, where their argument is rounded before an exponential. */
const ABSOLUTE: readonly Fn[] = [Fn.GeluTanh];
const ALPHA = Math.fround(0.3);

const forward = (fn: Fn, x: Given, n: number, y: Given = "out", alpha = ALPHA) =>
  runRecord(Opcode.Unary, { fn, alpha, y, x, n });
const backward = (fn: Fn, dy: Given, s: Given, n: number, dx: Given = "out", alpha = ALPHA) =>
  runRecord(Opcode.UnaryGrad, { fn, alpha, dx, dy, s, n });

/** Inputs in the function's domain and, where it has kinks, away from them. */
function inputs(fn: Fn, n: number, seed: number): Float32Array {
  const { positive, kinks = [] } = UNARY[fn];
  return values(n, seed).map((v) => {
    const x = positive ? Math.abs(v) + 0.01 : v;
    return kinks.some((k) => Math.abs(x - k) < 0.01) ? x + 0.1 : x;
  });
}

/** What the gradient kernel is given for s: x, or the y that the forward kernel made of it. */
function saved(fn: Fn, x: Float32Array, alpha = ALPHA): Float32Array {
  return UNARY[fn].saves === "y" ? forward(fn, x, x.length, "out", alpha).y : x;
}

/** In ULP of the exact value, or of 1/4 where that is more. */
const near = (got: number, exact: number, limit: number) =>
  ulpError(got, exact) <= limit || Math.abs(got - exact) <= limit * 2 ** -26;

describe("unary", () => {
  it.each(CASES)("%s follows its formula for any length and writes nothing else", (_, fn) => {
    for (const n of SIZES) {
      const x = inputs(fn, n, n + 1);
      const { y } = forward(fn, x, n);
      expect(y.length).toBe(n);
      for (let i = 0; i < n; i++) {
        const exact = UNARY[fn].value(x[i], ALPHA);
        const close = ABSOLUTE.includes(fn) ? near(y[i], exact, 4) : ulpError(y[i], exact) <= 6;
        expect(close, `${x[i]} gives ${y[i]}, exactly ${exact}`).toBe(true);
      }
    }
  });

  it.each(CASES)("%s gives an element the same bits wherever it stands, and in place", (_, fn) => {
    const x = inputs(fn, 33, 5);
    const { y } = forward(fn, x, 33);
    for (let shift = 1; shift < 8; shift++)
      expect(difference(forward(fn, x.slice(shift), 33 - shift).y, y.slice(shift))).toBeUndefined();
    for (let n = 1; n < 33; n++)
      expect(difference(forward(fn, x.slice(0, n), n).y, y.slice(0, n))).toBeUndefined();
    expect(difference(forward(fn, x, 33, { same: "x" }).x, y)).toBeUndefined();
  });

  it.each(CASES)("%s of NaN is NaN, in the body and in the tail", (_, fn) => {
    const x = new Float32Array(7).fill(Number.NaN);
    expect([...forward(fn, x, 7).y].every(Number.isNaN)).toBe(true);
  });

  it("takes signed zeros and infinities to their limits", () => {
    const limits: readonly [Fn, low: number, minusZero: number, zero: number, high: number][] = [
      [Fn.Identity, -Infinity, -0, 0, Infinity],
      [Fn.Relu, 0, 0, 0, Infinity],
      [Fn.LeakyRelu, -Infinity, -0, 0, Infinity],
      [Fn.Elu, -ALPHA, 0, 0, Infinity],
      [Fn.Selu, Math.fround(-1.7580993408473766), 0, 0, Infinity],
      [Fn.Gelu, 0, 0, 0, Infinity],
      [Fn.GeluTanh, 0, 0, 0, Infinity],
      [Fn.Silu, 0, 0, 0, Infinity],
      [Fn.Softplus, 0, Math.fround(Math.LN2), Math.fround(Math.LN2), Infinity],
      [Fn.Sigmoid, 0, 0.5, 0.5, 1],
      [Fn.Tanh, -1, -0, 0, 1],
      [Fn.HardSigmoid, 0, 0.5, 0.5, 1],
      [Fn.Sign, -1, -0, 0, 1],
      [Fn.Softsign, Number.NaN, 0, 0, Number.NaN],
      [Fn.Exp, 0, 1, 1, Infinity],
      [Fn.Log, Number.NaN, -Infinity, -Infinity, Infinity],
      [Fn.Sqrt, Number.NaN, -0, 0, Infinity],
      [Fn.Negate, Infinity, 0, -0, -Infinity],
      [Fn.Abs, Infinity, 0, 0, Infinity],
      [Fn.Square, Infinity, 0, 0, Infinity],
      [Fn.Sin, Number.NaN, -0, 0, Number.NaN],
      [Fn.Cos, Number.NaN, 1, 1, Number.NaN],
      [Fn.Expm1, -1, -0, 0, Infinity],
      [Fn.Log1p, Number.NaN, -0, 0, Infinity],
      [Fn.Erf, -1, -0, 0, 1],
      [Fn.Reciprocal, -0, -Infinity, Infinity, 0],
      [Fn.Rsqrt, Number.NaN, -Infinity, Infinity, 0],
      [Fn.Floor, -Infinity, -0, 0, Infinity],
      [Fn.Round, -Infinity, -0, 0, Infinity],
    ];
    expect(limits.map(([fn]) => fn)).toEqual(FNS);
    const signed = [Fn.Identity, Fn.LeakyRelu, Fn.Tanh, Fn.Sign, Fn.Sqrt, Fn.Negate, Fn.Abs].concat(
      FNS.filter((fn) => fn > Fn.Square),
    );
    for (const [fn, ...expected] of limits) {
      const { y } = forward(fn, Float32Array.of(-Infinity, -0, 0, Infinity), 4);
      const want = Float32Array.from(expected);
      if (signed.includes(fn)) expect(differenceUpToNaN(y, want), nameOf(fn)).toBeUndefined();
      else expect([...y.map((v) => v + 0)], nameOf(fn)).toEqual([...want]);
    }
  });

  it.each(Object.entries(vectors.functions))("%s agrees with the recorded values", (name, recorded) => {
    const fn = FNS.find((candidate) => nameOf(candidate) === name)!;
    const x = Float32Array.from(recorded.domain === "positive" ? vectors.positive : vectors.x);
    const alpha = fn === Fn.LeakyRelu ? 0.01 : 1;
    const { y } = forward(fn, x, x.length, "out", alpha);
    const ones = new Float32Array(x.length).fill(1);
    const { dx } = backward(fn, ones, saved(fn, x, alpha), x.length, "out", alpha);
    for (let i = 0; i < x.length; i++) {
      expect(near(y[i], recorded.value[i], 6), `${x[i]}: ${y[i]}, recorded ${recorded.value[i]}`).toBe(true);
      const slope = recorded.derivative[i];
      expect(near(dx[i], slope, 8), `slope at ${x[i]}: ${dx[i]}, recorded ${slope}`).toBe(true);
    }
  });
});

/** Where a rule's derivative differs from the central difference of its value, if anywhere. */
function ruleError({ value, derivative, positive, kinks = [] }: UnaryOracle): string | undefined {
  const h = 2 ** -17;
  for (let i = -80; i <= 80; i++) {
    const x = i / 16 + 1 / 64;
    if ((positive && x < 0.1) || kinks.some((k) => Math.abs(x - k) <= h)) continue;
    const difference = (value(x + h, ALPHA) - value(x - h, ALPHA)) / (2 * h);
    const slope = derivative(x, ALPHA);
    if (!(Math.abs(slope - difference) <= 1e-7 * Math.max(1, Math.abs(slope))))
      return `slope at ${x} is ${slope}, by differences ${difference}`;
  }
  return undefined;
}

/** Where the gradient kernel differs from a rule, if anywhere: 8 roundings of |dy| max(1, |slope|) are allowed. */
function kernelError(fn: Fn, { derivative }: UnaryOracle): string | undefined {
  for (const n of SIZES) {
    const x = inputs(fn, n, n + 2);
    const dy = values(n, n + 3);
    const { dx } = backward(fn, dy, saved(fn, x), n);
    for (let i = 0; i < n; i++) {
      const slope = derivative(x[i], ALPHA);
      const allowed = 8 * 2 ** -24 * Math.abs(dy[i]) * Math.max(1, Math.abs(slope));
      if (!(Math.abs(dx[i] - dy[i] * slope) <= allowed))
        return `n ${n}: dx at ${x[i]} is ${dx[i]}, by the rule ${dy[i] * slope}`;
    }
  }
  return undefined;
}

describe("unaryGrad", () => {
  it.each(CASES)("%s: the rule is the derivative of the value", (_, fn) => {
    expect(ruleError(UNARY[fn])).toBeUndefined();
  });

  it.each(CASES)("%s follows the rule for any length and writes nothing else", (_, fn) => {
    expect(kernelError(fn, UNARY[fn])).toBeUndefined();
  });

  it("a wrong rule is caught on both sides", () => {
    const broken: UnaryOracle = { ...UNARY[Fn.Tanh], derivative: (x) => 1 - Math.tanh(x) ** 2 + 1e-5 };
    expect(ruleError(broken)).toMatch(/^slope at/);
    expect(kernelError(Fn.Tanh, broken)).toMatch(/^n 1: dx at/);
    expect(kernelError(Fn.Gelu, UNARY[Fn.GeluTanh])).toMatch(/dx at/);
  });

  it.each(CASES)("%s gives an element the same bits wherever it stands, and in place", (_, fn) => {
    const x = inputs(fn, 33, 7);
    const s = saved(fn, x);
    const dy = values(33, 8);
    const { dx } = backward(fn, dy, s, 33);
    for (let shift = 1; shift < 8; shift++) {
      const part = backward(fn, dy.slice(shift), s.slice(shift), 33 - shift).dx;
      expect(difference(part, dx.slice(shift))).toBeUndefined();
    }
    expect(difference(backward(fn, dy, s, 33, { same: "dy" }).dy, dx)).toBeUndefined();
    expect(difference(backward(fn, dy, s, 33, { same: "s" }).s, dx)).toBeUndefined();
  });

  it("takes the stated side at a kink", () => {
    const at = (fn: Fn, s: number) => backward(fn, Float32Array.of(1), Float32Array.of(s), 1).dx[0];
    expect(at(Fn.Relu, 0)).toBe(0);
    expect(at(Fn.LeakyRelu, 0)).toBe(ALPHA);
    expect(at(Fn.Elu, 0)).toBe(ALPHA);
    expect(at(Fn.Selu, 0)).toBe(Math.fround(1.0507009873554805 * 1.6732632423543772));
    expect(at(Fn.Abs, 0)).toBe(0);
    expect(at(Fn.Abs, -0)).toBe(0);
    expect(at(Fn.HardSigmoid, 0)).toBe(0);
    expect(at(Fn.HardSigmoid, 1)).toBe(0);
  });

  it("stays finite at the ends of the range", () => {
    const x = Float32Array.of(-3e38, -1e20, -100, -14, 14, 100, 1e20, 3e38);
    for (const fn of FNS.filter(
      (f) => UNARY[f].saves === "x" && f < Fn.Sin && f !== Fn.Square && f !== Fn.Log,
    )) {
      const { dx } = backward(fn, new Float32Array(8).fill(1), x, 8);
      const expected = fn === Fn.Abs ? -1 : 0;
      for (let i = 0; i < 8; i++)
        expect(dx[i], `${nameOf(fn)} at ${x[i]}`).toBeCloseTo(x[i] < 0 ? expected : 1, 4);
    }
  });

  it("lets a NaN through from either side", () => {
    for (const fn of FNS.filter((f) => f !== Fn.Sign)) {
      const { dx } = backward(fn, Float32Array.of(Number.NaN), Float32Array.of(0.5), 1);
      expect(dx[0], nameOf(fn)).toBeNaN();
    }
  });
});
