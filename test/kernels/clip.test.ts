import { describe, expect, it } from "vitest";
import { ClipBlock, Opcode } from "../../assembly/abi.ts";
import { values } from "./compare.ts";
import { runRecord, runRecords, step } from "./harness.ts";

const LENGTHS = [
  0,
  4,
  12,
  16,
  20,
  ClipBlock.Elements - 4,
  ClipBlock.Elements,
  ClipBlock.Elements + 4,
  10_000,
];
const { fround } = Math;

const scaled = (g: Float32Array, most: number): Float32Array => {
  const n = g.length;
  return runRecords([step(Opcode.GradientSquares, { g, n }), step(Opcode.ScaleGradients, { g, n, most })]).g;
};

describe("clipping", () => {
  it.each(LENGTHS)("scales %d gradients down to a norm, or leaves them", (n) => {
    const g = values(n, 3);
    const norm = Math.sqrt(g.reduce((sum, v) => sum + v * v, 0));
    const factor = fround(fround(norm / 3) / (norm + 1e-6));
    scaled(g, norm / 3 || 1).forEach((v, i) => {
      expect(Math.abs(v - g[i] * factor)).toBeLessThanOrEqual(2e-7 * Math.abs(g[i]));
    });
    expect(scaled(g, 2 * norm + 1)).toEqual(g);
  });

  it("makes NaN of what is not finite, so that the guard finds it", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      for (const at of [0, 5, 4100]) {
        const g = values(4104, 4);
        g[at] = bad;
        expect(scaled(g, 1)[at]).toBeNaN();
      }
  });

  it("cuts numbers off at a magnitude, and keeps NaN", () => {
    const g = Float32Array.of(1, -1, 0.25, -0.25, 0.5, -0.5, Number.NaN, Number.POSITIVE_INFINITY);
    expect([...runRecord(Opcode.ClampGradients, { g, n: 8, most: 0.5 }).g]).toEqual([
      0.5,
      -0.5,
      0.25,
      -0.25,
      0.5,
      -0.5,
      Number.NaN,
      0.5,
    ]);
  });
});

describe("the bound of norms of columns", () => {
  it.each([
    [1, 1],
    [3, 4],
    [5, 7],
    [20, 18],
    [0, 3],
  ])("[%d, %d]: scales those above, keeps the bits of the others, and touches nothing else", (k, n) => {
    const w = values(k * n, 5);
    const norms = Array.from({ length: n }, (_, j) =>
      Math.sqrt(Array.from({ length: k }, (__, i) => w[i * n + j] ** 2).reduce((p, q) => p + q, 0)),
    );
    const most = fround([...norms].sort((p, q) => p - q)[Math.floor(n / 2)] || 1);
    const got = runRecord(Opcode.MaxNorm, { w, k, n, most }).w;
    got.forEach((v, at) => {
      const norm = norms[at % n];
      if (norm <= most) expect(v).toBe(w[at]);
      else expect(Math.abs(v - (w[at] * most) / norm)).toBeLessThanOrEqual(3e-7 * Math.abs(w[at]));
    });
  });
});
