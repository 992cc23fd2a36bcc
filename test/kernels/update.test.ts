import { describe, expect, it } from "vitest";
import { Hyper, Opcode, OptimizerFlag, UpdateFn } from "../../assembly/abi.ts";
import { type UpdateSettings, type UpdateState, update } from "../oracle/update.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

/** Blocks of variables are padded to whole vectors. */
const SIZES = [0, 4, 12, 16, 20, 36];
const STEPS = 12;

interface Case {
  readonly name: string;
  readonly fn: UpdateFn;
  /** How many of a, b, c the kernel gets. */
  readonly slots: readonly ("a" | "b" | "c")[];
  readonly settings: UpdateSettings;
}
const NONE = { beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0, extra: 0 };
const CASES: readonly Case[] = [
  {
    name: "rmsprop",
    fn: UpdateFn.RmsProp,
    slots: ["a"],
    settings: { ...NONE, rate: 0.01, beta2: 0.99, epsilon: 1e-8 },
  },
  {
    name: "rmsprop, centered",
    fn: UpdateFn.RmsProp,
    slots: ["a", "b"],
    settings: { ...NONE, rate: 0.01, beta2: 0.9, epsilon: 1e-3, centered: true },
  },
  {
    name: "rmsprop, momentum",
    fn: UpdateFn.RmsProp,
    slots: ["a", "c"],
    settings: { ...NONE, rate: 0.01, beta1: 0.9, beta2: 0.9, epsilon: 1e-8, hasMomentum: true },
  },
  { name: "adagrad", fn: UpdateFn.Adagrad, slots: ["a"], settings: { ...NONE, rate: 0.1, epsilon: 1e-10 } },
  {
    name: "adagrad from 0.1",
    fn: UpdateFn.Adagrad,
    slots: ["a"],
    settings: { ...NONE, rate: 0.1, epsilon: 1e-3, extra: 0.1 },
  },
  {
    name: "adadelta",
    fn: UpdateFn.Adadelta,
    slots: ["a", "b"],
    settings: { ...NONE, rate: 0.7, beta2: 0.9, epsilon: 1e-6 },
  },
  {
    name: "nadam",
    fn: UpdateFn.Nadam,
    slots: ["a", "b"],
    settings: { ...NONE, rate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, extra: 0.96 ** 0.004 },
  },
  {
    name: "amsgrad",
    fn: UpdateFn.AmsGrad,
    slots: ["a", "b", "c"],
    settings: { ...NONE, rate: 0.02, beta1: 0.9, beta2: 0.5, epsilon: 1e-8, weightDecay: 0.1 },
  },
  {
    name: "lion",
    fn: UpdateFn.Lion,
    slots: ["a"],
    settings: { ...NONE, rate: 0.01, beta1: 0.9, beta2: 0.99, weightDecay: 0.5 },
  },
  {
    name: "rprop",
    fn: UpdateFn.Rprop,
    slots: ["a", "b"],
    settings: { ...NONE, rate: 0.01, beta1: 0.5, beta2: 1.2, epsilon: 1e-3, extra: 0.05 },
  },
];

/** Gradients of every size, some of them 0, none near the point where a moving average of them changes its sign. */
const gradients = (n: number, t: number) =>
  values(n, 200 + t).map((g, i) => (i % 6 ? g * 4 ** ((i % 5) - 3) : 0));

const hyperOf = (s: UpdateSettings): Float64Array => {
  const hyper = new Float64Array(Hyper.Count);
  hyper[Hyper.Beta1] = s.beta1;
  hyper[Hyper.Beta2] = s.beta2;
  hyper[Hyper.Epsilon] = s.epsilon;
  hyper[Hyper.WeightDecay] = s.weightDecay;
  hyper[Hyper.Flags] = OptimizerFlag.BiasCorrection;
  hyper[Hyper.Extra] = s.extra;
  return hyper;
};

const NO_COUNTERS = { power1: null, power2: null, power3: null };

/** Largest `|x - reference| / max(1, |reference|)` of w and slots over some steps. */
function follow({ fn, slots, settings }: Case, n: number, oracle = settings): number {
  const hyper = hyperOf(settings);
  let w: Float32Array = values(n, 1);
  const kept: Record<string, Float32Array | null> = { a: null, b: null, c: null };
  for (const slot of slots) kept[slot] = new Float32Array(n);
  const reference = [...w];
  const zeros = () => reference.map(() => 0);
  const state: UpdateState = { a: zeros(), b: zeros(), c: zeros(), t: 0, product: 1 };
  let [power1, power2, product] = [1, 1, 1];
  let worst = 0;
  const compare = (got: ArrayLike<number>, want: readonly number[]) =>
    want.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(got[i] - value) / Math.max(1, Math.abs(value)));
    });
  for (let t = 0; t < STEPS; t++) {
    const g = gradients(n, t);
    const first = fn === UpdateFn.Nadam ? settings.extra : settings.beta1;
    const counters = {
      power1: Float64Array.of(power1),
      power2: Float64Array.of(power2),
      power3: Float64Array.of(product),
    };
    const needs = fn === UpdateFn.Nadam || fn === UpdateFn.AmsGrad;
    const after = runRecord(Opcode.Update, {
      ...{ fn, w, g, a: kept.a as Float32Array, b: kept.b, c: kept.c, n, hyper, rate: settings.rate },
      ...(needs ? counters : NO_COUNTERS),
    });
    update(fn, reference, g, state, oracle);
    expect(after.guard).toBe(0);
    expect(difference(after["w.mirror"], w)).toBeUndefined();
    for (const slot of slots) {
      expect(difference(after[`${slot}.mirror`], kept[slot] as Float32Array)).toBeUndefined();
      kept[slot] = after[slot];
      compare(after[slot], state[slot]);
    }
    w = after.w;
    compare(w, reference);
    if (fn === UpdateFn.Nadam) {
      const next = runRecord(Opcode.AdvanceMomentum, {
        product: Float64Array.of(product),
        power: Float64Array.of(power1),
        hyper,
      });
      product = next.doubles.product[0];
      if (oracle === settings) expect(product).toBeCloseTo(state.product, 14);
    }
    power1 *= first;
    power2 *= settings.beta2;
  }
  return worst;
}

describe.each(CASES)("$name", (given) => {
  it("follows the oracle in double precision", () => {
    for (const n of SIZES) expect(follow(given, n)).toBeLessThanOrEqual(2e-6);
  });

  it("would tell another rate, and other constants", () => {
    const { settings } = given;
    expect(follow(given, 16, { ...settings, rate: settings.rate * 1.1 })).toBeGreaterThan(1e-4);
    for (const field of ["beta1", "beta2", "epsilon", "extra", "weightDecay"] as const)
      if (settings[field] > 1e-5)
        expect(follow(given, 16, { ...settings, [field]: settings[field] * 0.8 }), field).toBeGreaterThan(
          5e-6,
        );
  });

  it("raises the guard for gradients that are not finite, and leaves where there are none", () => {
    const { fn, slots, settings } = given;
    const run = (g: Float32Array, of: number) => {
      const kept = Object.fromEntries(
        (["a", "b", "c"] as const).map((slot) => [
          slot,
          slots.includes(slot) ? new Float32Array(8).fill(of) : null,
        ]),
      );
      const one = () => Float64Array.of(1);
      return runRecord(Opcode.Update, {
        ...{ fn, w: values(8, 1), g, a: kept.a as Float32Array, b: kept.b, c: kept.c, n: 8 },
        ...{ hyper: hyperOf({ ...settings, weightDecay: 0 }), rate: settings.rate },
        ...{ power1: one(), power2: one(), power3: one() },
      });
    };
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const g = new Float32Array(8);
      g[5] = bad;
      expect(run(g, 0).guard, `${bad}`).not.toBe(0);
    }
    const still = run(new Float32Array(8), 0);
    expect(still.guard).toBe(0);
    expect(difference(still.w, values(8, 1))).toBeUndefined();
  });

  it("makes denormals in slots 0", () => {
    if (given.fn === UpdateFn.Rprop || given.slots.includes("b")) return;
    const { fn, settings } = given;
    const tiny = fn === UpdateFn.Lion ? 1e-37 : 1e-20;
    const after = runRecord(Opcode.Update, {
      ...{ fn, w: values(4, 1), g: new Float32Array(4).fill(tiny), a: new Float32Array(4), b: null, n: 4 },
      ...{ c: given.slots.includes("c") ? new Float32Array(4) : null },
      ...{ hyper: hyperOf(settings), rate: settings.rate, ...NO_COUNTERS },
    });
    expect([...after.a]).toEqual([0, 0, 0, 0]);
  });
});

describe("update by hand", () => {
  it("rprop: grows, shrinks without a step, and starts again after it", () => {
    const hyper = new Float64Array(Hyper.Count);
    hyper.set([0.5, 2, 0.125, 0, 0, 1]);
    const after = runRecord(Opcode.Update, {
      ...{ fn: UpdateFn.Rprop, w: Float32Array.of(1, 1, 1, 1), g: Float32Array.of(3, -3, 3, 0) },
      ...{ a: Float32Array.of(2, 2, 0, 2), b: Float32Array.of(0.25, 0.25, 0.25, 0.25), c: null, n: 4 },
      ...{ hyper, rate: 9, ...NO_COUNTERS },
    });
    expect([...after.w]).toEqual([0.5, 1, 0.75, 1]);
    expect([...after.a]).toEqual([3, 0, 3, 0]);
    expect([...after.b]).toEqual([0.5, 0.125, 0.25, 0.25]);
  });

  it("adagrad: 3 and 4 make a root of 5", () => {
    const hyper = new Float64Array(Hyper.Count);
    const after = runRecord(Opcode.Update, {
      ...{ fn: UpdateFn.Adagrad, w: new Float32Array(4), g: new Float32Array(4).fill(4) },
      ...{ a: new Float32Array(4).fill(9), b: null, c: null, n: 4, hyper, rate: 1, ...NO_COUNTERS },
    });
    expect(after.w[0]).toBe(Math.fround(-0.8));
    expect(after.a[0]).toBe(25);
  });
});
