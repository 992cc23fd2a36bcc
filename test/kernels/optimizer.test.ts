import { describe, expect, it } from "vitest";
import { Hyper, Opcode, OptimizerFlag } from "../../assembly/abi.ts";
import { type AdamOptions, adam, type SgdOptions, sgd } from "../oracle/optimizer.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

/** Blocks of variables are padded to whole vectors. */
const SIZES = [0, 4, 8, 12, 16, 20, 32, 36];
const STEPS = 10;

/** Largest `|w - reference| / max(1, |reference|)`; NaN if any is. */
const distance = (w: ArrayLike<number>, reference: ArrayLike<number>) =>
  Math.max(
    0,
    ...Array.from(w, (value, i) => Math.abs(value - reference[i]) / Math.max(1, Math.abs(reference[i]))),
  );

/** Gradients of every size, some of them 0. */
const gradients = (n: number, t: number) =>
  values(n, 100 + t).map((g, i) => (i % 6 ? g * 4 ** ((i % 5) - 3) : 0));

/** Runs the kernel for some steps; what it holds after each. */
function runSgd(n: number, options: SgdOptions, steps: number) {
  const hyper = new Float64Array(Hyper.Count).fill(Number.NaN);
  hyper[Hyper.Beta1] = options.momentum ?? Number.NaN;
  hyper[Hyper.Flags] = options.nesterov ? OptimizerFlag.Nesterov : 0;
  let w: Float32Array = values(n, 1);
  let v: Float32Array | null = options.momentum === undefined ? null : new Float32Array(n);
  return Array.from({ length: steps }, (_, t) => {
    const g = gradients(n, t);
    const after = runRecord(Opcode.Sgd, { w, g, v, n, hyper, rate: options.learningRate });
    expect(difference(after["w.mirror"], w)).toBeUndefined();
    if (v) expect(difference(after["v.mirror"], v)).toBeUndefined();
    expect(after.guard).toBe(0);
    w = after.w;
    if (v) v = after.v;
    return w;
  });
}

function followSgd(n: number, options: SgdOptions, oracle = options) {
  const w = [...values(n, 1)];
  const v = w.map(() => 0);
  const distances = runSgd(n, options, STEPS).map((got, t) => {
    sgd(w, gradients(n, t), v, oracle);
    return distance(got, w);
  });
  return Math.max(...distances);
}

const SGD: readonly SgdOptions[] = [
  { learningRate: 0.1 },
  { learningRate: 0.1, momentum: 0.9 },
  { learningRate: 0.05, momentum: 0.9, nesterov: true },
  { learningRate: 0.05, momentum: 0 },
];

describe("sgd", () => {
  it.each(SGD)("follows the oracle in double precision: %o", (options) => {
    for (const n of SIZES) expect(followSgd(n, options)).toBeLessThanOrEqual(1e-6);
  });

  it("computes what a hand computes", () => {
    const hyper = new Float64Array(Hyper.Count);
    hyper[Hyper.Beta1] = 0.5;
    const w = Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1);
    const g = Float32Array.of(1, 2, -4, 0, 8, 0, 0, 0);
    const v = Float32Array.of(0, 2, 2, 2, -16, 0, 0, 0);
    const given = { w, g, n: 8, rate: 0.25 };
    const plain = runRecord(Opcode.Sgd, { ...given, v: null, hyper });
    expect([...plain.w]).toEqual([0.75, 0.5, 2, 1, -1, 1, 1, 1]);
    const momentum = runRecord(Opcode.Sgd, { ...given, v, hyper });
    expect([...momentum.v]).toEqual([1, 3, -3, 1, 0, 0, 0, 0]);
    expect([...momentum.w]).toEqual([0.75, 0.25, 1.75, 0.75, 1, 1, 1, 1]);
    hyper[Hyper.Flags] = OptimizerFlag.Nesterov;
    const nesterov = runRecord(Opcode.Sgd, { ...given, v, hyper });
    expect([...nesterov.v]).toEqual([1, 3, -3, 1, 0, 0, 0, 0]);
    expect([...nesterov.w]).toEqual([0.625, 0.125, 2.375, 0.875, -1, 1, 1, 1]);
  });

  it("gives an element the same bits wherever it stands", () => {
    const hyper = new Float64Array(Hyper.Count);
    hyper[Hyper.Beta1] = 0.9;
    const n = 36;
    const arrays = [1, 2, 3].map((seed) => values(n, seed));
    for (const [flags, momentum] of [
      [0, true],
      [OptimizerFlag.Nesterov, true],
      [0, false],
    ] as const) {
      hyper[Hyper.Flags] = flags;
      const update = (from: number, to: number) => {
        const [w, g, v] = arrays.map((x) => x.slice(from, to));
        const given = { w, g, v: momentum ? v : null, n: to - from, hyper, rate: 0.1 };
        const after = runRecord(Opcode.Sgd, given);
        return momentum ? [after.w, after.v] : [after.w];
      };
      const whole = update(0, n);
      for (let i = 0; i < n; i += 4)
        update(i, i + 4).forEach((alone, array) => {
          expect(difference(alone, whole[array].slice(i, i + 4))).toBeUndefined();
        });
    }
  });

  it("keeps no denormal velocity", () => {
    const hyper = new Float64Array(Hyper.Count);
    hyper[Hyper.Beta1] = 0.5;
    const v = Float32Array.of(2 ** -126, -(2 ** -126), 2 ** -125, -(2 ** -125));
    const zero = new Float32Array(4);
    const after = runRecord(Opcode.Sgd, { w: zero, g: zero, v, n: 4, hyper, rate: 1 });
    expect([...after.v].map((x) => x + 0)).toEqual([0, 0, 2 ** -126, -(2 ** -126)]);
  });

  it("raises the guard where variables or velocities are not finite", () => {
    const hyper = new Float64Array(Hyper.Count);
    const run = (w: number, g: number, v: number | null) => {
      const only = (x: number) => Float32Array.of(1, 1, 1, 1, 1, x, 1, 1);
      const given = { w: only(w), g: only(g), v: v === null ? null : only(v), n: 8, hyper, rate: 1 };
      return runRecord(Opcode.Sgd, given).guard !== 0;
    };
    expect(run(1, 1, 1)).toBe(false);
    for (const bad of [Number.NaN, Infinity, -Infinity]) {
      expect(run(bad, 1, null)).toBe(true);
      expect(run(1, bad, null)).toBe(true);
      expect(run(1, bad, 1)).toBe(true);
      expect(run(1, 1, bad)).toBe(true);
    }
    expect(run(3e38, -3e38, null)).toBe(true);
  });

  it("would catch Nesterov's form in place of the plain one", () => {
    const options = { learningRate: 0.05, momentum: 0.9 };
    expect(followSgd(8, options, { ...options, nesterov: true })).toBeGreaterThan(1e-3);
  });
});

function hyperOf(o: AdamOptions): Float64Array {
  const hyper = new Float64Array(Hyper.Count);
  hyper[Hyper.Beta1] = o.beta1;
  hyper[Hyper.Beta2] = o.beta2;
  hyper[Hyper.Epsilon] = o.epsilon;
  hyper[Hyper.WeightDecay] = o.weightDecay;
  hyper[Hyper.Flags] =
    (o.biasCorrection ? OptimizerFlag.BiasCorrection : 0) |
    (o.epsilonInsideRoot ? OptimizerFlag.EpsilonInsideRoot : 0);
  return hyper;
}

/** How far the kernel strays from the oracle, relative to the tolerance of the project, in w, m and v. */
function followAdam(n: number, options: AdamOptions, oracle = options, steps = STEPS) {
  const hyper = hyperOf(options);
  let w: Float32Array = values(n, 1);
  let m: Float32Array = new Float32Array(n);
  let v: Float32Array = new Float32Array(n);
  const powers = [1, 1];
  const [refW, refM, refV] = [[...w], [...m], [...v]];
  let worst = 0;
  for (let t = 1; t <= steps; t++) {
    const g = gradients(n, t);
    const [power1, power2] = powers.map((power) => Float64Array.of(power));
    const given = { w, g, m, v, n, hyper, power1, power2, rate: options.learningRate };
    const after = runRecord(Opcode.Adam, given);
    adam(refW, g, refM, refV, t, oracle);
    for (const [name, old] of Object.entries({ w, m, v }))
      expect(difference(after[`${name}.mirror`], old)).toBeUndefined();
    expect(after.guard).toBe(0);
    powers[0] *= options.beta1;
    powers[1] *= options.beta2;
    [w, m, v] = [after.w, after.m, after.v];
    worst = Math.max(worst, distance(w, refW), distance(m, refM), distance(v, refV));
  }
  return worst;
}

const ADAM: AdamOptions = {
  learningRate: 0.05,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  biasCorrection: true,
  epsilonInsideRoot: false,
};

const VARIANTS: readonly (readonly [string, Partial<AdamOptions>])[] = [
  ["defaults", {}],
  ["AdamW", { weightDecay: 0.1 }],
  ["without bias correction", { biasCorrection: false }],
  ["epsilon inside the root", { epsilonInsideRoot: true }],
  [
    "a large epsilon inside, without correction",
    { epsilonInsideRoot: true, biasCorrection: false, epsilon: 0.1 },
  ],
  ["a large epsilon outside", { epsilon: 0.1 }],
  ["a large epsilon inside", { epsilonInsideRoot: true, epsilon: 0.1 }],
  ["short memories", { beta1: 0.5, beta2: 0.7 }],
  ["no first moment", { beta1: 0 }],
  ["a long memory", { beta2: 0.99999 }],
];

/** Powers of the betas before the first update. */
const fresh = { power1: Float64Array.of(1), power2: Float64Array.of(1) };

describe("adam", () => {
  it.each(VARIANTS)("follows the oracle in double precision: %s", (_, variant) => {
    for (const n of SIZES) expect(followAdam(n, { ...ADAM, ...variant })).toBeLessThanOrEqual(2e-6);
  });

  it("stays with the oracle over 300 updates", () => {
    expect(followAdam(12, { ...ADAM, weightDecay: 0.01 }, undefined, 300)).toBeLessThanOrEqual(1e-5);
  });

  it("moves by the learning rate against the gradient's sign at first, whatever its size", () => {
    const g = Float32Array.of(1e-6, -3, 0.5, -1e6, 7, 1e18, -1e-9, 1);
    const n = g.length;
    const { w } = runRecord(Opcode.Adam, {
      ...{ w: new Float32Array(n), g, m: new Float32Array(n), v: new Float32Array(n), n },
      ...{ hyper: hyperOf({ ...ADAM, epsilon: 0 }), rate: 0.125, ...fresh },
    });
    [...w].forEach((value, i) => {
      expect(Math.abs(value + 0.125 * Math.sign(g[i]))).toBeLessThan(1e-7);
    });
  });

  it("computes what a hand computes", () => {
    const zero = new Float32Array(8);
    const { w, m, v } = runRecord(Opcode.Adam, {
      ...{ w: new Float32Array(8).fill(1), g: Float32Array.of(4, 4, 4, 4, 0, 0, 4, 0), n: 8 },
      ...{ m: zero, v: zero, rate: 0.5, ...fresh },
      hyper: hyperOf({
        ...ADAM,
        ...{ beta1: 0.5, beta2: 0.75, epsilon: 2, weightDecay: 0.5, biasCorrection: false },
      }),
    });
    // m = 2, v = 4, w = 0.75 - 0.5 * 2 / (2 + 2)
    expect([...m]).toEqual([2, 2, 2, 2, 0, 0, 2, 0]);
    expect([...v]).toEqual([4, 4, 4, 4, 0, 0, 4, 0]);
    expect([...w]).toEqual([0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.5, 0.75]);
  });

  it("corrects by the power of this update, one step past the one it is given", () => {
    const zero = new Float32Array(4);
    const given = { w: zero, g: new Float32Array(4).fill(1), m: zero, v: zero, n: 4, rate: 1 };
    const hyper = hyperOf({ ...ADAM, beta1: 0.5, beta2: 0.75, epsilon: 1e-30 });
    const moved = (power1: number, power2: number) => {
      const powers = { power1: Float64Array.of(power1), power2: Float64Array.of(power2) };
      return runRecord(Opcode.Adam, { ...given, hyper, ...powers }).w[0];
    };
    // m = 1/2, v = 1/4: at first both corrections undo the shares; then c1 = 3/4 and c2 = 7/16.
    expect(moved(1, 1)).toBe(-1);
    expect(moved(0.5, 0.75)).toBeCloseTo(-(1 / 2 / (3 / 4)) / Math.sqrt(1 / 4 / (7 / 16)), 6);
  });

  it("leaves parameters without gradients where they are, even where epsilon all but vanishes", () => {
    const w = values(12, 1);
    const zero = new Float32Array(12);
    for (const options of [
      {},
      { epsilon: 1.2e-38, beta2: 1 - 2 ** -53 },
      { epsilon: 1.2e-38, beta2: 1 - 2 ** -53, epsilonInsideRoot: true },
    ]) {
      const hyper = hyperOf({ ...ADAM, ...options });
      const after = runRecord(Opcode.Adam, {
        w,
        g: zero,
        m: zero,
        v: zero,
        n: 12,
        hyper,
        rate: 0.1,
        ...fresh,
      });
      expect(difference(after.w, w)).toBeUndefined();
      expect(after.guard).toBe(0);
    }
  });

  it("keeps no denormal moment", () => {
    const hyper = hyperOf({ ...ADAM, beta1: 0.5, beta2: 0.5 });
    const [w, zero] = [values(4, 1), new Float32Array(4)];
    const m = Float32Array.of(2 ** -126, -(2 ** -126), 2 ** -125, -(2 ** -125));
    const v = Float32Array.of(2 ** -126, 2 ** -127, 2 ** -125, 1);
    const after = runRecord(Opcode.Adam, { w, g: zero, m, v, n: 4, hyper, rate: 0.1, ...fresh });
    expect([...after.m].map((x) => x + 0)).toEqual([0, 0, 2 ** -126, -(2 ** -126)]);
    expect([...after.v].map((x) => x + 0)).toEqual([0, 0, 2 ** -126, 0.5]);
  });

  it("raises the guard where variables or moments are not finite", () => {
    const run = (...[w, g, m, v]: number[]) => {
      const only = (x: number) => Float32Array.of(1, 1, 1, 1, 1, x, 1, 1);
      const given = { w: only(w), g: only(g), m: only(m), v: only(v), n: 8, hyper: hyperOf(ADAM), rate: 0.1 };
      return runRecord(Opcode.Adam, { ...given, ...fresh }).guard !== 0;
    };
    expect(run(1, 1, 1, 1)).toBe(false);
    for (const bad of [Number.NaN, Infinity])
      for (let at = 0; at < 4; at++) expect(run(...[0, 1, 2, 3].map((i) => (i === at ? bad : 1)))).toBe(true);
    // Its square overflows; the variable does not.
    expect(run(1, 1e30, 1, 1)).toBe(true);
  });

  it("gives an element the same bits wherever it stands", () => {
    const n = 36;
    const arrays = [1, 2, 3, 4].map((seed) => values(n, seed).map(Math.abs));
    const update = (from: number, to: number) => {
      const [w, g, m, v] = arrays.map((x) => x.slice(from, to));
      const given = { w, g, m, v, n: to - from, hyper: hyperOf(ADAM), rate: 0.1, ...fresh };
      return runRecord(Opcode.Adam, given).w;
    };
    const whole = update(0, n);
    for (let i = 0; i < n; i += 4)
      expect(difference(update(i, i + 4), whole.slice(i, i + 4))).toBeUndefined();
  });

  it("would catch decay through the gradient's scale, a missing correction, and epsilon in the wrong place", () => {
    const strays = (kernel: Partial<AdamOptions>, oracle: Partial<AdamOptions>) =>
      followAdam(8, { ...ADAM, ...kernel }, { ...ADAM, ...oracle });
    expect(strays({ weightDecay: 0.1 }, { weightDecay: 0 })).toBeGreaterThan(1e-4);
    expect(strays({}, { biasCorrection: false })).toBeGreaterThan(1e-4);
    expect(strays({ epsilon: 1e-3 }, { epsilon: 1e-3, epsilonInsideRoot: true })).toBeGreaterThan(1e-4);
  });
});
