import { describe, expect, test } from "vitest";
import { certificateOf, isProof } from "../../src/analysis/certificate.ts";
import { exactly, planeAlong, planeOf, separates, separatesExactly } from "../../src/analysis/hyperplane.ts";
import type { Certificate, Fraction } from "../../src/analysis/index.ts";
import { nearestPoints } from "../../src/analysis/nearest-points.ts";
import { Points } from "../../src/analysis/points.ts";
import { findCommonPoint } from "../../src/analysis/simplex.ts";
import { asFractions, provesInseparable, provesSeparable } from "./exact-checker.ts";
import { between, seededRandom } from "./random.ts";

function pointsOf(x: readonly (readonly number[])[], labels: readonly number[]): Points {
  const [m, n] = [x.length, x[0]!.length];
  return new Points(
    { m, n, data: Float64Array.from(x.flat()), single: false },
    labels.map((label) => label === 1),
  );
}

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const xor = [0, 1, 1, 0];
const half = { numerator: 1n, denominator: 2n };
const quarter = { numerator: 1n, denominator: 4n };
const proof: Certificate<Fraction> = {
  point: [half, half],
  positive: [1, 2].map((index) => ({ index, coefficient: half })),
  negative: [0, 3].map((index) => ({ index, coefficient: half })),
};

describe("the verification of certificates", () => {
  test("accepts a proof", () => {
    expect(isProof(pointsOf(x, xor), proof)).toBe(true);
    expect(provesInseparable(x, xor, 1, proof)).toBe(true);
  });

  test.each<[string, Certificate<Fraction>]>([
    ["another point", { ...proof, point: [half, quarter] }],
    [
      "coefficients of another sum",
      { ...proof, positive: [1, 2].map((index) => ({ index, coefficient: quarter })) },
    ],
    ["points of the wrong class", { ...proof, positive: proof.negative }],
    [
      "other coefficients",
      { ...proof, negative: [{ index: 0, coefficient: { numerator: 1n, denominator: 1n } }] },
    ],
    [
      "a negative coefficient",
      {
        ...proof,
        positive: [
          { index: 1, coefficient: { numerator: 3n, denominator: 2n } },
          { index: 2, coefficient: { numerator: -1n, denominator: 2n } },
        ],
      },
    ],
    ["nothing", { ...proof, positive: [] }],
  ])("refuses a certificate with %s", (_, broken) => {
    expect(isProof(pointsOf(x, xor), broken)).toBe(false);
    expect(provesInseparable(x, xor, 1, broken)).toBe(false);
  });

  test("refuses a coefficient of 0, which names a point that has no part in it", () => {
    const [more, labels] = [
      [...x, [5, 5]],
      [...xor, 0],
    ];
    const idle = { index: 4, coefficient: { numerator: 0n, denominator: 1n } };
    expect(isProof(pointsOf(more, labels), proof)).toBe(true);
    expect(isProof(pointsOf(more, labels), { ...proof, negative: [...proof.negative, idle] })).toBe(false);
  });
});

describe("the verification of hyperplanes", () => {
  const and = [0, 0, 0, 1];

  test.each([
    ["separates", [1, 1], -1.5, true],
    ["touches a point", [1, 1], -1, false],
    ["is turned round", [-1, -1], 1.5, false],
    ["passes beside", [1, 1], -3, false],
    ["is none", [0, 0], 0, false],
  ])("sees that a plane %s", (_, weights, bias, expected) => {
    const plane = { weights: Float64Array.from(weights), bias };
    expect(separates(pointsOf(x, and), plane)).toBe(expected);
    expect(separatesExactly(pointsOf(x, and), exactly(plane))).toBe(expected);
    expect(provesSeparable(x, and, 1, asFractions(plane.weights, bias))).toBe(expected);
  });

  test("is right where the f64 value of w . x + b is wrong", () => {
    // 1e16 + 1 - 1e16 is 0 in f64, and 1 in truth.
    const far = [
      [1e16, 1],
      [1e16, -1],
    ];
    expect(separates(pointsOf(far, [1, 0]), { weights: Float64Array.of(1, 1), bias: -1e16 })).toBe(true);
    expect(separates(pointsOf(far, [0, 1]), { weights: Float64Array.of(1, 1), bias: -1e16 })).toBe(false);
    // 2^-600 squared is 0 in f64.
    const tiny = [[2 ** -600], [-(2 ** -600)]];
    expect(separates(pointsOf(tiny, [1, 0]), { weights: Float64Array.of(2 ** -600), bias: 0 })).toBe(true);
    // 2^600 squared is Infinity in f64.
    const huge = [[2 ** 600], [-(2 ** 600)]];
    expect(separates(pointsOf(huge, [1, 0]), { weights: Float64Array.of(2 ** 600), bias: 2 ** 1000 })).toBe(
      true,
    );
  });

  test("agrees with exact arithmetic on planes that all but touch", () => {
    const random = seededRandom(30);
    let touching = 0;
    for (let run = 0; run < 2000; run++) {
      const rows = Array.from({ length: 3 }, () => [random(), random(), random()]);
      const weights = Float64Array.from({ length: 3 }, () => random() - 0.5);
      const bias = -rows[0]!.reduce((sum, v, k) => sum + v * weights[k]!, 0);
      const labels = rows.map((row) => (row.reduce((sum, v, k) => sum + v * weights[k]!, bias) > 0 ? 1 : 0));
      if (new Set(labels).size < 2) continue;
      touching += 1;
      const truth = provesSeparable(rows, labels, 1, asFractions(weights, bias));
      expect(separates(pointsOf(rows, labels), { weights, bias })).toBe(truth);
    }
    expect(touching).toBeGreaterThan(1000);
  });
});

describe("the simplex method", () => {
  test("decides without the help of a proposal, in any order of the points", () => {
    const random = seededRandom(31);
    let met = 0;
    for (let run = 0; run < 1000; run++) {
      const [count, features] = [between(random, 2, 12), between(random, 1, 4)];
      const rows = Array.from({ length: count }, () =>
        Array.from({ length: features }, () => between(random, -2, 2)),
      );
      const labels = rows.map((_, i) => (i === 0 ? 0 : i === 1 ? 1 : between(random, 0, 1)));
      const points = pointsOf(rows, labels);
      const forward = findCommonPoint(
        points,
        rows.map((_, i) => i),
      );
      const backward = findCommonPoint(
        points,
        rows.map((_, i) => count - 1 - i),
      );
      expect(backward.meets).toBe(forward.meets);
      for (const outcome of [forward, backward]) {
        if (outcome.meets) {
          met += 0.5;
          expect(provesInseparable(rows, labels, 1, certificateOf(points, outcome))).toBe(true);
        } else {
          expect(provesSeparable(rows, labels, 1, planeOf(points, outcome).exact)).toBe(true);
        }
      }
    }
    expect(Math.min(met, 1000 - met)).toBeGreaterThan(150);
  });
});

describe("the search for the nearest points", () => {
  test("settles almost every set by itself", () => {
    const random = seededRandom(32);
    let settled = 0;
    for (let run = 0; run < 300; run++) {
      const features = between(random, 1, 12);
      const normal = Array.from({ length: features }, () => random() - 0.5);
      const rows = Array.from({ length: 60 }, () => Array.from({ length: features }, () => random() - 0.5));
      const labels = rows.map((row) => (row.reduce((sum, v, k) => sum + v * normal[k]!, 0) > 0 ? 1 : 0));
      if (new Set(labels).size < 2) continue;
      const points = pointsOf(rows, labels);
      if (planeAlong(points, nearestPoints(points).normal) !== undefined) settled += 1;
    }
    expect(settled).toBeGreaterThan(290);
  });
});
