import { describe, expect, it } from "vitest";
import { valueAndGrad } from "../../src/index.ts";

const gradients = valueAndGrad((w1, w2, w3) => w1.add(w2).mul(w3));

/** Numbers of the set are decimal; the engine's are the nearest f32, up to a rounding per operation. */
const near = (got: number, expected: number) =>
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(4 * 2 ** -24 * Math.abs(expected));

describe("Q1: reverse mode on L = (w1 + w2) w3", () => {
  const w = [1, 2.3, 5.7] as const;

  it("gives the value 18.81 and the gradients 5.7, 5.7, 3.3", () => {
    const { value, gradients: d } = gradients(...w);
    near(value, 18.81);
    near(d[0], 5.7);
    near(d[1], 5.7);
    near(d[2], 3.3);
  });

  it("steps at rate 0.01 to 0.943, 2.243, 5.667, where L is 18.055", () => {
    const { value, gradients: d } = gradients(...w);
    const next = w.map((wi, i) => wi - 0.01 * d[i]);
    next.forEach((wi, i) => {
      near(wi, [0.943, 2.243, 5.667][i]);
    });
    const { value: after } = gradients(next[0], next[1], next[2]);
    expect(after).toBeCloseTo(18.055, 3);
    expect(after).toBeLessThan(value);
  });
});
