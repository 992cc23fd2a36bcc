import { beforeAll, describe, expect, it } from "vitest";
import { LossBlock, LossFn, Opcode, Targets } from "../../assembly/abi.ts";
import { isOverRows } from "../../src/tape/blocks.ts";
import { LOSS, type LossOracle, oneHot } from "../oracle/loss.ts";
import { ulpError } from "../oracle/ulp.ts";
import vectors from "../vectors/losses.json" with { type: "json" };
import { difference, values } from "./compare.ts";
import { type Given, runRecord, runRecords, step } from "./harness.ts";

const GRID = [0, 1, 2, 3, 4, 5].flatMap((m) => [0, 1, 2, 3, 4, 5, 8, 9, 10, 17].map((n) => [m, n] as const));
/** The parameter and alpha of the loss that is tested. */
let DELTA = 0.75;
let ALPHA = 0;
const CASES = [
  ["meanSquaredError", LossFn.MeanSquaredError, 0, 0],
  ["meanAbsoluteError", LossFn.MeanAbsoluteError, 0, 0],
  ["huber", LossFn.Huber, 0.75, 0],
  ["binaryCrossEntropy", LossFn.BinaryCrossEntropy, 0, 0],
  ["binaryCrossEntropy, smoothed", LossFn.BinaryCrossEntropy, 0.25, 0],
  ["crossEntropy", LossFn.CrossEntropy, 0, 0],
  ["crossEntropy, smoothed", LossFn.CrossEntropy, 0.25, 0],
  ["categoricalHinge", LossFn.CategoricalHinge, 0, 0],
  ["klDivergence", LossFn.KlDivergence, 0, 0],
  ["categoricalFocal, gamma 2", LossFn.CategoricalFocal, 2, 0],
  ["categoricalFocal, gamma 0.5", LossFn.CategoricalFocal, 0.5, 0],
  ["categoricalFocal, gamma 0", LossFn.CategoricalFocal, 0, 0],
  ["cosineSimilarity", LossFn.CosineSimilarity, 0, 0],
  ["hinge", LossFn.Hinge, 0, 0],
  ["squaredHinge", LossFn.SquaredHinge, 0, 0],
  ["poisson of logarithms", LossFn.PoissonOfLogs, 0, 0],
  ["poisson", LossFn.Poisson, 0, 0],
  ["logCosh", LossFn.LogCosh, 0, 0],
  ["quantile", LossFn.Quantile, 0.75, 0],
  ["focal, gamma 2, alpha 0.25", LossFn.Focal, 2, 0.25],
  ["focal, gamma 0.5", LossFn.Focal, 0.5, -1],
  ["focal, gamma 0", LossFn.Focal, 0, -1],
  ["value", LossFn.Value, 0, 0],
] as const;

interface Options {
  loss?: Given;
  dx?: Given;
  scale?: number;
  targets?: Targets;
  delta?: number;
  alpha?: number;
  /** Weights, each of `span` units. */
  weights?: Float32Array;
  span?: number;
  weighted?: number;
}

function run(fn: LossFn, p: Given, t: Given, m: number, n: number, options: Options = {}) {
  const { loss = "out", dx = "out", scale, targets = Targets.Rows, delta = DELTA, alpha = ALPHA } = options;
  const { weights = null, span = 1, weighted = weights ? 1 : 0 } = options;
  return runRecord(Opcode.Loss, {
    ...{ fn, loss, dx, p, t, m, n, targets, weights, span, weighted },
    scale: scale === undefined ? null : Float32Array.of(scale),
    parameter: delta,
    alpha,
  });
}

/** The same by blocks, and then in total. */
function runBlocks(fn: LossFn, p: Given, t: Given, m: number, n: number, options: Options = {}) {
  const { targets = Targets.Rows, weights = null, span = 1 } = options;
  const operands = {
    ...({ fn, dx: "out", scale: null, p, t, m, n, targets, parameter: DELTA, alpha: ALPHA } as const),
    ...{ weights, span, weighted: weights ? 1 : 0 },
  };
  return runRecords([step(Opcode.LossBlocks, operands), step(Opcode.LossTotal, { fn, loss: "out", m, n })]);
}

/** Targets a loss is made for: any numbers, signs, counts, probabilities, or rows of probabilities. */
function targetsOf(fn: LossFn, m: number, n: number, seed: number): Float32Array {
  const t = values(m * n, seed);
  if (fn === LossFn.Hinge || fn === LossFn.SquaredHinge) return t.map((v) => (v < 0 ? -1 : 1));
  if (fn === LossFn.Poisson || fn === LossFn.PoissonOfLogs) return t.map((v) => Math.abs(4 * v));
  if (fn === LossFn.BinaryCrossEntropy || fn === LossFn.Focal) return t.map((v) => Math.min(1, Math.abs(v)));
  if (!isOverRows(fn) || fn === LossFn.CosineSimilarity) return t;
  for (let i = 0; i < m; i++) {
    const weights = Array.from(t.subarray(i * n, i * n + n), (v, j) => (j % 3 === 2 ? 0 : Math.abs(v)));
    const sum = weights.reduce((a, b) => a + b, 0);
    t.set(
      weights.map((w) => w / sum),
      i * n,
    );
  }
  return t;
}

/** Predictions a loss is made for: rates are above 0. */
function predictionsOf(fn: LossFn, m: number, n: number, seed: number): Float32Array {
  const p = values(m * n, seed);
  return fn === LossFn.Poisson ? p.map((v) => Math.abs(v) + 0.125) : p;
}

/** Losses whose terms may cancel in the sum, or are a small difference of larger numbers. */
const CANCELS: ReadonlySet<LossFn> = new Set([
  ...[LossFn.KlDivergence, LossFn.CosineSimilarity, LossFn.Poisson, LossFn.PoissonOfLogs],
  ...[LossFn.CategoricalHinge, LossFn.Hinge, LossFn.SquaredHinge, LossFn.CategoricalFocal, LossFn.Focal],
  LossFn.CrossEntropy,
]);

/** Whether a loss is off by more ULP than it may; of those that cancel, ULP of the largest terms. */
function isOff(fn: LossFn, got: number, exact: number, ulps: number, largest = 4): boolean {
  if (!CANCELS.has(fn) || (fn === LossFn.CrossEntropy && DELTA === 0)) return !(ulpError(got, exact) <= ulps);
  return !(Math.abs(got - exact) <= ulps * 2 ** -23 * Math.max(largest, Math.abs(exact)));
}

/** Where the oracle's gradient differs from central differences of its value, if anywhere. */
function ruleError(fn: LossFn, { value, gradient }: LossOracle): string | undefined {
  const h = 2 ** -17;
  for (const [m, n] of [
    [1, 1],
    [2, 3],
    [3, 5],
  ]) {
    const t = targetsOf(fn, m, n, 4);
    // away from the kinks of |d| at 0 and of Huber at delta
    const p = Array.from(predictionsOf(fn, m, n, 5), (v, i) => {
      const d = Math.abs(v - t[i]);
      return d < 0.01 || Math.abs(d - DELTA) < 0.01 || Math.abs(1 - v * t[i]) < 0.01 ? v + 0.05 : v;
    });
    const dx = gradient(p, t, m, n, DELTA, undefined, ALPHA);
    for (let i = 0; i < m * n; i++) {
      const moved = (by: number) =>
        value(
          p.map((v, j) => (j === i ? v + by : v)),
          t,
          m,
          n,
          DELTA,
          undefined,
          ALPHA,
        );
      const difference = (moved(h) - moved(-h)) / (2 * h);
      if (!(Math.abs(dx[i] - difference) <= 1e-7))
        return `dx[${i}] is ${dx[i]}, by differences ${difference}`;
    }
  }
  return undefined;
}

/** Where the kernel differs from the oracle, if anywhere: loss 4 ULP, gradients 6 roundings of one element's largest. */
function kernelError(fn: LossFn, oracle: LossOracle): string | undefined {
  for (const [m, n] of GRID) {
    const p = predictionsOf(fn, m, n, m + n).map((v) => 3 * v);
    const t = targetsOf(fn, m, n, m + n + 1);
    const { loss, dx } = run(fn, p, t, m, n);
    const exact = oracle.value(p, t, m, n, DELTA, undefined, ALPHA);
    if (isOff(fn, loss[0], exact, 4)) return `${m} x ${n}: loss is ${loss[0]}, exactly ${exact}`;
    const gradient = oracle.gradient(p, t, m, n, DELTA, undefined, ALPHA);
    const largest = Math.max(...gradient.map(Math.abs), 1 / (isOverRows(fn) ? m : m * n));
    for (let i = 0; i < m * n; i++)
      if (!(Math.abs(dx[i] - gradient[i]) <= 6 * 2 ** -24 * largest))
        return `${m} x ${n}: dx[${i}] is ${dx[i]}, exactly ${gradient[i]}`;
  }
  return undefined;
}

describe.each(CASES)("%s", (_, fn, parameter, alpha) => {
  beforeAll(() => {
    DELTA = parameter;
    ALPHA = alpha;
  });

  it("the rule is the derivative of the value", () => {
    expect(ruleError(fn, LOSS[fn])).toBeUndefined();
  });

  it("follows value and rule for every number of rows and columns and writes nothing else", () => {
    expect(kernelError(fn, LOSS[fn])).toBeUndefined();
  });

  it("gives the same bits with loss or gradient alone, and in place", () => {
    for (const [m, n] of GRID) {
      const p = predictionsOf(fn, m, n, 2);
      const t = targetsOf(fn, m, n, 3);
      const { loss, dx } = run(fn, p, t, m, n);
      expect(difference(run(fn, p, t, m, n, { dx: null }).loss, loss)).toBeUndefined();
      expect(difference(run(fn, p, t, m, n, { loss: null }).dx, dx)).toBeUndefined();
      const inPlace = run(fn, p, t, m, n, { dx: { same: "p" } });
      expect(difference(inPlace.loss, loss)).toBeUndefined();
      expect(difference(inPlace.p, dx)).toBeUndefined();
    }
  });

  it("multiplies the gradient by its cotangent", () => {
    const p = values(12, 2);
    const t = targetsOf(fn, 3, 4, 3);
    const { loss, dx } = run(fn, p, t, 3, 4);
    const scaled = run(fn, p, t, 3, 4, { scale: -2 });
    expect(difference(scaled.loss, loss)).toBeUndefined();
    expect(
      difference(
        scaled.dx,
        dx.map((d) => -2 * d),
      ),
    ).toBeUndefined();
  });

  it("weighs each row of data, of one unit or more, as the oracle does", () => {
    for (const [m, n] of GRID)
      for (const span of isOverRows(fn) ? [1, 2, 3] : [1, n, 2 * n].filter((s) => s > 0)) {
        const units = isOverRows(fn) ? m : m * n;
        if (units % span !== 0) continue;
        const p = predictionsOf(fn, m, n, m + n).map((v) => 3 * v);
        // Of both signs, a sum may be smaller than the rounding of its terms.
        if (fn === LossFn.Value) p.set(p.map(Math.abs));
        const t = targetsOf(fn, m, n, m + n + 1);
        const weights = values(units / span, 6).map((v, i) => (i % 4 === 3 ? 0 : 4 * Math.abs(v)));
        const weight = (i: number) => weights[Math.floor(i / span)];
        const { loss, dx } = run(fn, p, t, m, n, { weights, span });
        const exact = LOSS[fn].value(p, t, m, n, DELTA, weight, ALPHA);
        const what = `${m} x ${n} / ${span}: ${loss[0]} for ${exact}`;
        expect(isOff(fn, loss[0], exact, 6, 16), what).toBe(false);
        const gradient = LOSS[fn].gradient(p, t, m, n, DELTA, weight, ALPHA);
        const largest = Math.max(...gradient.map(Math.abs), 4 / units);
        for (let i = 0; i < m * n; i++)
          expect(Math.abs(dx[i] - gradient[i]), `dx[${i}]`).toBeLessThanOrEqual(8 * 2 ** -24 * largest);
        const inPlace = run(fn, p, t, m, n, { weights, span, dx: { same: "p" } });
        expect(difference(inPlace.p, dx)).toBeUndefined();
      }
  });

  it("has the bits of no weights where all are 1, and where the run says that there are none", () => {
    for (const [m, n] of GRID) {
      const p = predictionsOf(fn, m, n, 2);
      const t = targetsOf(fn, m, n, 3);
      const { loss, dx } = run(fn, p, t, m, n);
      const span = isOverRows(fn) ? 1 : n || 1;
      for (const options of [
        { weights: new Float32Array(m).fill(1), span },
        { weights: new Float32Array(m).fill(7), span, weighted: 0 },
      ]) {
        const got = run(fn, p, t, m, n, options);
        expect(difference(got.loss, loss)).toBeUndefined();
        expect(difference(got.dx, dx)).toBeUndefined();
      }
    }
  });

  it("reads no weight beyond the last", () => {
    for (const [m, n] of GRID) {
      if (m * n === 0) continue;
      const span = isOverRows(fn) ? 1 : n;
      const weights = new Float32Array(m).fill(1);
      const given = {
        fn,
        loss: "out",
        dx: "out",
        scale: null,
        parameter: DELTA,
        alpha: ALPHA,
        m,
        n,
        weights,
        span,
      } as const;
      const operands = { ...given, weighted: 1, targets: Targets.Rows };
      runRecord(Opcode.Loss, { ...operands, p: predictionsOf(fn, m, n, 2), t: targetsOf(fn, m, n, 3) }, 1, {
        last: "weights",
      });
    }
  });

  it("finds the weight of each row in every block", () => {
    const [m, n] = [3 * LossBlock.Rows + 5, 67];
    const p = predictionsOf(fn, m, n, 2);
    const t = targetsOf(fn, m, n, 3);
    const weights = values(m, 8).map(Math.abs);
    const span = isOverRows(fn) ? 1 : n;
    const { loss, dx } = runBlocks(fn, p, t, m, n, { weights, span });
    const exact = LOSS[fn].value(p, t, m, n, DELTA, (i) => weights[Math.floor(i / span)], ALPHA);
    expect(isOff(fn, loss[0], exact, 6)).toBe(false);
    expect(difference(dx, run(fn, p, t, m, n, { weights, span }).dx)).toBeUndefined();
  });

  it("gives the same bits by blocks where there is one", () => {
    for (const [m, n] of [...GRID, [LossBlock.Rows, LossBlock.Elements / LossBlock.Rows], [1, 5000]]) {
      if (m * n > LossBlock.Elements && !isOverRows(fn)) continue;
      const p = predictionsOf(fn, m, n, 2);
      const t = targetsOf(fn, m, n, 3);
      const whole = run(fn, p, t, m, n);
      const blocks = runBlocks(fn, p, t, m, n);
      expect(difference(blocks.loss, whole.loss)).toBeUndefined();
      expect(difference(blocks.dx, whole.dx)).toBeUndefined();
    }
  });

  it("adds many blocks, and has the gradient of the whole batch in each", () => {
    const [m, n] = [3 * LossBlock.Rows + 5, 67];
    const p = predictionsOf(fn, m, n, 2);
    const t = targetsOf(fn, m, n, 3);
    const { loss, dx } = runBlocks(fn, p, t, m, n);
    expect(isOff(fn, loss[0], LOSS[fn].value(p, t, m, n, DELTA, undefined, ALPHA), 4)).toBe(false);
    expect(difference(dx, run(fn, p, t, m, n).dx)).toBeUndefined();
  });

  it("a NaN in prediction or target makes the loss NaN, in the body and in the tail", () => {
    for (let at = 0; at < 6; at++) {
      const p = predictionsOf(fn, 2, 3, 2);
      const t = targetsOf(fn, 2, 3, 3);
      expect(
        run(
          fn,
          p.map((v, i) => (i === at ? Number.NaN : v)),
          t,
          2,
          3,
        ).loss[0],
      ).toBeNaN();
      if (fn === LossFn.Value) continue;
      expect(
        run(
          fn,
          p,
          t.map((v, i) => (i === at ? Number.NaN : v)),
          2,
          3,
        ).loss[0],
      ).toBeNaN();
    }
  });

  it("ignores what follows the buffers", () => {
    // the harness fills guard words with a large number; the sum over 5 elements must not see them
    const p = predictionsOf(fn, 1, 5, 2);
    const t = targetsOf(fn, 1, 5, 3);
    const exact = LOSS[fn].value(p, t, 1, 5, DELTA, undefined, ALPHA);
    expect(isOff(fn, run(fn, p, t, 1, 5).loss[0], exact, 3)).toBe(false);
  });

  it("is 0 for no rows", () => {
    expect([...run(fn, new Float32Array(), new Float32Array(), 0, 3).loss]).toEqual([0]);
  });
});

/** What the kernel is told of a loss that is recorded with its options. */
function recordedLoss(name: string, options: Readonly<Record<string, number | boolean | undefined>>) {
  const kind =
    name === "poisson" && options.logInput ? "PoissonOfLogs" : name[0].toUpperCase() + name.slice(1);
  const { delta, labelSmoothing, gamma, q, alpha = -1 } = options;
  const parameter = delta ?? labelSmoothing ?? gamma ?? q ?? 0;
  return { fn: LossFn[kind as keyof typeof LossFn], parameter: Number(parameter), alpha: Number(alpha) };
}

describe("losses", () => {
  it("wrong rules are caught", () => {
    const halved = LOSS[LossFn.MeanSquaredError];
    const broken: LossOracle = {
      ...halved,
      gradient: (...args) => halved.gradient(...args).map((d) => d / 2),
    };
    expect(ruleError(LossFn.MeanSquaredError, broken)).toMatch(/^dx/);
    expect(kernelError(LossFn.MeanSquaredError, broken)).toMatch(/dx\[/);
    expect(kernelError(LossFn.MeanAbsoluteError, LOSS[LossFn.Huber])).toMatch(/loss is/);
  });

  it("a wrong weight is caught: that of the row before", () => {
    const p = values(12, 1);
    const t = values(12, 2);
    const weights = Float32Array.of(1, 2, 4, 8);
    const { value } = LOSS[LossFn.MeanSquaredError];
    const { loss } = run(LossFn.MeanSquaredError, p, t, 4, 3, { weights, span: 3 });
    const before = value(p, t, 4, 3, DELTA, (i) => weights[Math.max(0, Math.floor(i / 3) - 1)]);
    expect(ulpError(loss[0], before)).toBeGreaterThan(1000);
  });

  it("the mean absolute error is flat where prediction and target agree", () => {
    const p = Float32Array.of(1, 2, 3, -4, 5);
    const { dx } = run(LossFn.MeanAbsoluteError, p, Float32Array.of(1, 3, 2, -4, 5), 1, 5);
    expect([...dx].map((d) => d + 0)).toEqual([0, Math.fround(-1 / 5), Math.fround(1 / 5), 0, 0]);
  });

  it.each(
    vectors.cases.map(
      (recorded) => [`${recorded.loss} ${recorded.name} ${recorded.targetKind}`, recorded] as const,
    ),
  )("%s agrees with the recorded value and gradient", (_, recorded) => {
    const { fn, parameter, alpha } = recordedLoss(recorded.loss, recorded.options);
    const m = recorded.prediction.length;
    const n = recorded.prediction[0].length;
    const p = Float32Array.from(recorded.prediction.flat());
    const labels = recorded.targetKind === "labels";
    const target = recorded.target.flat();
    [DELTA, ALPHA] = [parameter, alpha];
    const { value, gradient, weights, weightedValue, weightedGradient } = recorded;
    for (const [exact, rows, options] of [
      [value, gradient, {}],
      [
        weightedValue,
        weightedGradient,
        { weights: Float32Array.from(weights), span: isOverRows(fn) ? 1 : n },
      ],
    ] as const) {
      const { loss, dx } = run(fn, p, labels ? Int32Array.from(target) : Float32Array.from(target), m, n, {
        targets: labels ? Targets.Labels : Targets.Rows,
        ...options,
      });
      expect(isOff(fn, loss[0], exact, 4), `${loss[0]} for ${exact}`).toBe(false);
      const exactRows = rows.flat();
      const largest = Math.max(...exactRows.map(Math.abs), 1 / (m * n));
      for (let i = 0; i < m * n; i++)
        expect(Math.abs(dx[i] - exactRows[i])).toBeLessThanOrEqual(6 * 2 ** -24 * largest);
    }
  });
});

describe("crossEntropy", () => {
  beforeAll(() => {
    DELTA = 0;
  });

  it("of labels finds the label of each row in every block", () => {
    for (const n of [3, 1500]) {
      const m = n === 3 ? 2 * LossBlock.Rows + 1 : 5;
      const labels = Int32Array.from({ length: m }, (_, i) => (i * 5 + 1) % n);
      const p = values(m * n, n);
      const { loss, dx } = runBlocks(LossFn.CrossEntropy, p, labels, m, n, { targets: Targets.Labels });
      const oracle = LOSS[LossFn.CrossEntropy];
      expect(ulpError(loss[0], oracle.value(p, oneHot(labels, n), m, n, DELTA))).toBeLessThanOrEqual(4);
      const whole = run(LossFn.CrossEntropy, p, labels, m, n, { targets: Targets.Labels });
      expect(difference(dx, whole.dx)).toBeUndefined();
    }
  });

  it("of labels has the bits of their one-hot rows", () => {
    for (const n of [1, 2, 3, 4, 5, 9, 10, 33]) {
      const labels = Int32Array.from({ length: 7 }, (_, i) => (i * 5 + 1) % n);
      const p = values(7 * n, n).map((v) => 5 * v);
      const byLabel = run(LossFn.CrossEntropy, p, labels, 7, n, { targets: Targets.Labels });
      const byRow = run(LossFn.CrossEntropy, p, oneHot(labels, n), 7, n);
      expect(difference(byLabel.loss, byRow.loss)).toBeUndefined();
      expect(
        difference(
          byLabel.dx.map((d) => d + 0),
          byRow.dx.map((d) => d + 0),
        ),
      ).toBeUndefined();
      const inPlace = run(LossFn.CrossEntropy, p, labels, 7, n, {
        targets: Targets.Labels,
        dx: { same: "p" },
      });
      expect(difference(inPlace.p, byLabel.dx)).toBeUndefined();
    }
  });

  it("a weight of 0 adds nothing, even to a logit of -Infinity", () => {
    const p = Float32Array.of(0, -Infinity, 0, -Infinity, 0);
    const { loss, dx } = run(LossFn.CrossEntropy, p, Float32Array.of(1, 0, 0, 0, 0), 1, 5);
    expect(loss[0]).toBeCloseTo(Math.log(3), 6);
    expect([dx[1], dx[3]]).toEqual([0, 0]);
    const { loss: possible } = run(LossFn.CrossEntropy, p, Float32Array.of(0, 1, 0, 0, 0), 1, 5);
    expect(possible[0]).toBe(Infinity);
  });

  it("keeps its digits where a class is almost certain", () => {
    const p = Float32Array.of(12, 0, -1);
    for (const [targets, t] of [
      [Targets.Labels, Int32Array.of(0)],
      [Targets.Rows, Float32Array.of(1, 0, 0)],
    ] as const) {
      const { loss, dx } = run(LossFn.CrossEntropy, p, t, 1, 3, { targets });
      const others = Math.exp(-12) + Math.exp(-13);
      expect(ulpError(loss[0], Math.log1p(others))).toBeLessThanOrEqual(2);
      expect(ulpError(dx[0], -others / (1 + others))).toBeLessThanOrEqual(3);
    }
  });

  it("a label out of range is NaN and touches nothing outside the row", () => {
    for (const label of [-1, 3, 1 << 30]) {
      const { loss } = run(LossFn.CrossEntropy, values(6, 1), Int32Array.of(0, label), 2, 3, {
        targets: Targets.Labels,
      });
      expect(loss[0]).toBeNaN();
    }
  });
});

describe("binaryCrossEntropy", () => {
  it("keeps its digits where the answer is almost certain", () => {
    for (const [z, t] of [
      [30, 1],
      [-30, 0],
    ]) {
      const { loss, dx } = run(LossFn.BinaryCrossEntropy, Float32Array.of(z), Float32Array.of(t), 1, 1);
      expect(ulpError(loss[0], Math.log1p(Math.exp(-30)))).toBeLessThanOrEqual(2);
      expect(ulpError(dx[0], (Math.sign(-z) * Math.exp(-30)) / (1 + Math.exp(-30)))).toBeLessThanOrEqual(3);
    }
  });
});
