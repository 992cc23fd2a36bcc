import { describe, expect, it } from "vitest";
import { Counter, Hyper, Opcode, OptimizerFlag } from "../../assembly/abi.ts";
import { type AdamOptions, adam, type SgdOptions, sgd } from "../oracle/optimizer.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const SIZES = [0, 1, 3, 4, 5, 7, 8, 9, 12, 15, 31];
const STEPS = 10;

function counters(learningRate: number): Float64Array {
  const c = new Float64Array(Counter.Count).fill(Number.NaN);
  c[Counter.LearningRate] = learningRate;
  c[Counter.Beta1Power] = 1;
  c[Counter.Beta2Power] = 1;
  return c;
}

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
  const c = counters(options.learningRate);
  let w: Float32Array = values(n, 1);
  let v: Float32Array | null = options.momentum === undefined ? null : new Float32Array(n);
  return Array.from({ length: steps }, (_, t) => {
    const g = gradients(n, t);
    const after = runRecord(Opcode.Sgd, { w, g, v, n, hyper, counters: c });
    expect(new Uint8Array(after.doubles.counters.buffer)).toEqual(new Uint8Array(c.buffer));
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
    const w = Float32Array.of(1, 1, 1, 1, 1);
    const g = Float32Array.of(1, 2, -4, 0, 8);
    const v = Float32Array.of(0, 2, 2, 2, -16);
    const given = { w, g, n: 5, counters: counters(0.25) };
    const plain = runRecord(Opcode.Sgd, { ...given, v: null, hyper });
    expect([...plain.w]).toEqual([0.75, 0.5, 2, 1, -1]);
    const momentum = runRecord(Opcode.Sgd, { ...given, v, hyper });
    expect([...momentum.v]).toEqual([1, 3, -3, 1, 0]);
    expect([...momentum.w]).toEqual([0.75, 0.25, 1.75, 0.75, 1]);
    hyper[Hyper.Flags] = OptimizerFlag.Nesterov;
    const nesterov = runRecord(Opcode.Sgd, { ...given, v, hyper });
    expect([...nesterov.v]).toEqual([1, 3, -3, 1, 0]);
    expect([...nesterov.w]).toEqual([0.625, 0.125, 2.375, 0.875, -1]);
  });

  it("gives an element the same bits in the vector body and in the tail", () => {
    const hyper = new Float64Array(Hyper.Count);
    hyper[Hyper.Beta1] = 0.9;
    // Two vectors, one, and three lanes.
    const n = 15;
    const arrays = [1, 2, 3].map((seed) => values(n, seed));
    for (const [flags, momentum] of [
      [0, true],
      [OptimizerFlag.Nesterov, true],
      [0, false],
    ] as const) {
      hyper[Hyper.Flags] = flags;
      const update = (from: number, to: number) => {
        const [w, g, v] = arrays.map((x) => x.slice(from, to));
        const given = { w, g, v: momentum ? v : null, n: to - from, hyper, counters: counters(0.1) };
        const after = runRecord(Opcode.Sgd, given);
        return momentum ? [after.w, after.v] : [after.w];
      };
      const whole = update(0, n);
      for (let i = 0; i < n; i++)
        update(i, i + 1).forEach((alone, array) => {
          expect(difference(alone, whole[array].slice(i, i + 1))).toBeUndefined();
        });
    }
  });

  it("would catch Nesterov's form in place of the plain one", () => {
    const options = { learningRate: 0.05, momentum: 0.9 };
    expect(followSgd(9, options, { ...options, nesterov: true })).toBeGreaterThan(1e-3);
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
  let c: Float64Array = counters(options.learningRate);
  let w: Float32Array = values(n, 1);
  let m: Float32Array = new Float32Array(n);
  let v: Float32Array = new Float32Array(n);
  const [refW, refM, refV] = [[...w], [...m], [...v]];
  let worst = 0;
  for (let t = 1; t <= steps; t++) {
    const g = gradients(n, t);
    const after = runRecord(Opcode.Adam, { w, g, m, v, n, hyper, counters: c });
    adam(refW, g, refM, refV, t, oracle);
    c = after.doubles.counters;
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

describe("adam", () => {
  it.each(VARIANTS)("follows the oracle in double precision: %s", (_, variant) => {
    for (const n of SIZES) expect(followAdam(n, { ...ADAM, ...variant })).toBeLessThanOrEqual(2e-6);
  });

  it("stays with the oracle over 300 updates", () => {
    expect(followAdam(9, { ...ADAM, weightDecay: 0.01 }, undefined, 300)).toBeLessThanOrEqual(1e-5);
  });

  it("moves by the learning rate against the gradient's sign at first, whatever its size", () => {
    const g = Float32Array.of(1e-6, -3, 0.5, -1e6, 7, 1e18);
    const n = g.length;
    const { w } = runRecord(Opcode.Adam, {
      ...{ w: new Float32Array(n), g, m: new Float32Array(n), v: new Float32Array(n), n },
      ...{ hyper: hyperOf({ ...ADAM, epsilon: 0 }), counters: counters(0.125) },
    });
    [...w].forEach((value, i) => {
      expect(Math.abs(value + 0.125 * Math.sign(g[i]))).toBeLessThan(1e-7);
    });
  });

  it("computes what a hand computes", () => {
    const { w, m, v, doubles } = runRecord(Opcode.Adam, {
      ...{ w: Float32Array.of(1, 1, 1, 1, 1), g: Float32Array.of(4, 4, 4, 4, 0), n: 5 },
      ...{ m: Float32Array.of(0, 0, 0, 0, 0), v: Float32Array.of(0, 0, 0, 0, 0) },
      hyper: hyperOf({
        ...ADAM,
        ...{ beta1: 0.5, beta2: 0.75, epsilon: 2, weightDecay: 0.5, biasCorrection: false },
      }),
      counters: counters(0.5),
    });
    // m = 2, v = 4, w = 0.75 - 0.5 * 2 / (2 + 2)
    expect([...m]).toEqual([2, 2, 2, 2, 0]);
    expect([...v]).toEqual([4, 4, 4, 4, 0]);
    expect([...w]).toEqual([0.5, 0.5, 0.5, 0.5, 0.75]);
    expect(doubles.counters[Counter.Beta1Power]).toBe(0.5);
    expect(doubles.counters[Counter.Beta2Power]).toBe(0.75);
  });

  it("keeps the powers of the betas as products in f64, and no other counter", () => {
    const c = counters(0.1);
    for (let i = 0; i < Counter.Count; i++) if (Number.isNaN(c[i])) c[i] = 1000 + i;
    const expected = c.slice();
    let now = c;
    const zero = new Float32Array(4);
    for (let t = 0; t < 5; t++) {
      const given = { w: zero, g: zero, m: zero, v: zero, n: 4, hyper: hyperOf(ADAM), counters: now };
      now = runRecord(Opcode.Adam, given).doubles.counters as Float64Array<ArrayBuffer>;
      expected[Counter.Beta1Power] *= 0.9;
      expected[Counter.Beta2Power] *= 0.999;
      expect([...now]).toEqual([...expected]);
    }
  });

  it("leaves parameters without gradients where they are", () => {
    const w = values(9, 1);
    const zero = new Float32Array(9);
    const given = { w, g: zero, m: zero, v: zero, n: 9, hyper: hyperOf(ADAM), counters: counters(0.1) };
    expect(difference(runRecord(Opcode.Adam, given).w, w)).toBeUndefined();
  });

  it("gives an element the same bits in the vector body and in the tail", () => {
    const n = 7;
    const arrays = [1, 2, 3, 4].map((seed) => values(n, seed).map(Math.abs));
    const update = (from: number, to: number) => {
      const [w, g, m, v] = arrays.map((x) => x.slice(from, to));
      const given = { w, g, m, v, n: to - from, hyper: hyperOf(ADAM), counters: counters(0.1) };
      return runRecord(Opcode.Adam, given).w;
    };
    const whole = update(0, n);
    for (let i = 0; i < n; i++) expect(difference(update(i, i + 1), whole.slice(i, i + 1))).toBeUndefined();
  });

  it("would catch decay through the gradient's scale, a missing correction, and epsilon in the wrong place", () => {
    const strays = (kernel: Partial<AdamOptions>, oracle: Partial<AdamOptions>) =>
      followAdam(9, { ...ADAM, ...kernel }, { ...ADAM, ...oracle });
    expect(strays({ weightDecay: 0.1 }, { weightDecay: 0 })).toBeGreaterThan(1e-4);
    expect(strays({}, { biasCorrection: false })).toBeGreaterThan(1e-4);
    expect(strays({ epsilon: 1e-3 }, { epsilon: 1e-3, epsilonInsideRoot: true })).toBeGreaterThan(1e-4);
  });
});
