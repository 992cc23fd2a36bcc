import { describe, expect, it } from "vitest";
import { rank, singularValues } from "../../src/analysis/index.ts";
import { compile, dense, sequential } from "../../src/index.ts";
import { collapseLinear } from "../../src/transform/index.ts";

const weightOf = (widths: readonly number[], seed: number) => {
  const deep = sequential(
    { input: [10], seed },
    widths.map((units) => dense(units, { bias: false })),
  );
  const [[, weight]] = Object.entries(compile(collapseLinear(deep)).parameters);
  return { data: weight.data.slice(), shape: weight.shape as [number, number] };
};

describe("Q6.2: a linear bottleneck bounds the rank", () => {
  it("10 -> 2 -> 10, collapsed and held in f32, has rank 2", () => {
    for (let seed = 0; seed < 100; seed++) {
      const w = weightOf([2, 10], seed);
      expect(w.shape).toEqual([10, 10]);
      expect(rank(w)).toBe(2);
      // The rest is what rounding to f32 left: the default tolerance lies between.
      const s = singularValues(w);
      const tolerance = 10 * 2 ** -23 * s[0];
      expect(s[1]).toBeGreaterThan(tolerance);
      expect(s[2]).toBeLessThanOrEqual(tolerance);
    }
  });

  it("a full 10 -> 10 layer has rank 10", () => {
    for (let seed = 0; seed < 100; seed++) expect(rank(weightOf([10], seed))).toBe(10);
  });

  it("the rank of a zero matrix is 0, and of deficient ones what it should be", () => {
    const of = (m: number, n: number, data: number[]) =>
      rank({ data: Float32Array.from(data), shape: [m, n] });
    expect(of(2, 2, [0, 0, 0, 0])).toBe(0);
    expect(of(2, 2, [1, 2, 2, 4])).toBe(1);
    expect(of(3, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe(2);
  });
});
