/** Tensor functions against values and gradients recorded from PyTorch, see test/vectors/tensors.py. */
import { expect, it } from "vitest";
import { type Tensor, valueAndGrad } from "../../src/index.ts";
import vectors from "../vectors/tensors.json" with { type: "json" };

const CASES: { readonly [K in keyof typeof vectors.cases]: (x: Tensor) => Tensor } = {
  clamp: (x) => x.clamp(-1, 1),
  round: (x) => x.round(),
  floor: (x) => x.floor(),
  pow2: (x) => x.pow(2),
  pow0: (x) => x.pow(0),
  exponent: (x) => {
    const zero = x.mul(0);
    return zero.stopGradient().pow(x.abs()).add(zero.add(2).stopGradient().pow(x));
  },
  variance: (x) => x.variance(1),
  logSumExp: (x) => x.logSumExp(1),
  cumSum: (x) => x.cumSum(),
  erf: (x) => x.erf(),
  gather: (x) => x.gather(x.argMax({ dtype: "i32", keepDims: true })),
};

it.each(Object.entries(CASES))("%s is as in PyTorch", (name, fn) => {
  const { total, gradient } = vectors.cases[name as keyof typeof CASES];
  const f = valueAndGrad<[number[][]]>((x) => {
    const y = fn(x);
    const size = y.shape.reduce((p, d) => p * d, 1);
    // 1, 2, 3, .. as running sums of ones.
    const weights = y.reshape([size]).mul(0).add(1).stopGradient().cumSum().reshape(y.shape);
    return y.mul(weights).sum();
  });
  const { value, gradients } = f(vectors.x);
  expect(Math.abs(value - total)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(total)));
  const found = gradients[0] as unknown as { readonly data: Float32Array };
  gradient.forEach((expected, i) => {
    expect(Math.abs(found.data[i] - expected), `${i}`).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(expected)),
    );
  });
});
