import { describe, expect, it } from "vitest";
import {
  type AdamOptions,
  adam,
  compile,
  dense,
  meanAbsoluteError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { noise } from "../fixtures.ts";

const BETAS = { beta1: 0.9, beta2: 0.999 };

/**
 * Gradients to order: while the prediction stays above the target, the gradient of `|x . w - target|` in w is x, so each
 * weight is a run of its own, fed with the gradients of its column.
 */
function runs(count: number, options: AdamOptions = {}) {
  const trainer = compile(
    sequential({ input: [count] }, [dense(1, { name: "runs", bias: false, weightInitializer: "zeros" })]),
    { loss: meanAbsoluteError(), optimizer: adam({ learningRate: 1e-6, ...BETAS, ...options }) },
  );
  const { firstMoment, secondMoment } = trainer.optimizerState["runs.weight"];
  return {
    trainer,
    s: firstMoment!.data,
    r: secondMoment!.data,
    w: trainer.parameters["runs.weight"].data,
    step: (g: Float32Array) => trainer.step({ x: { data: g, shape: [1, count] }, y: [-1e9] }),
  };
}

const G = [1, -1, 0.37, -2.5e-4, 1234.5, 0.1];

describe("Q4.4: Adam with bias correction", () => {
  it("has corrected moments g and g^2 at every step of a constant gradient g, within 2^-23 / (1 - beta)", () => {
    const { s, r, step } = runs(G.length);
    const g = Float32Array.from(G);
    let [power1, power2] = [1, 1];
    for (let t = 1; t <= 2000; t++) {
      step(g);
      power1 *= BETAS.beta1;
      power2 *= BETAS.beta2;
      g.forEach((gi, i) => {
        const [sHat, rHat] = [s[i] / (1 - power1), r[i] / (1 - power2)];
        expect(Math.abs(sHat / gi - 1), `step ${t}`).toBeLessThanOrEqual(2 ** -23 / (1 - BETAS.beta1));
        expect(Math.abs(rHat / (gi * gi) - 1), `step ${t}`).toBeLessThanOrEqual(2 ** -23 / (1 - BETAS.beta2));
      });
    }
  });

  it("starts at (1 - beta1) g and (1 - beta2) g^2 without the correction", () => {
    const { s, r, step } = runs(G.length, { biasCorrection: false });
    const g = Float32Array.from(G);
    step(g);
    g.forEach((gi, i) => {
      expect(s[i] / gi).toBeCloseTo(0.1, 7);
      expect(r[i] / (gi * gi)).toBeCloseTo(0.001, 9);
    });
  });

  it("has corrected moments whose means over 4,096 runs are mu and q at every step", () => {
    const count = 4096;
    const { s, r, step } = runs(count);
    const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / count;
    // Uniform on [-0.5, 1.5]: mu = 0.5, q = mu^2 + 2^2 / 12.
    const [mu, q] = [0.5, 0.25 + 1 / 3];
    let [power1, power2] = [1, 1];
    for (let t = 1; t <= 60; t++) {
      step(noise(count, 1000 + 7919 * t).map((u) => 0.5 + u));
      power1 *= BETAS.beta1;
      power2 *= BETAS.beta2;
      // Standard errors are at most 0.577 / 64 and 0.624 / 64; five of them.
      expect(Math.abs(mean(s) / (1 - power1) - mu), `step ${t}`).toBeLessThan((5 * 0.577) / 64);
      expect(Math.abs(mean(r) / (1 - power2) - q), `step ${t}`).toBeLessThan((5 * 0.624) / 64);
      // What is not corrected is far off to begin with.
      if (t <= 3) expect(mean(s)).toBeLessThan(0.6 * mu);
    }
  });

  it.each([
    { epsilonMode: "inside", biasCorrection: true },
    { epsilonMode: "inside", biasCorrection: false },
    { epsilonMode: "outside", biasCorrection: true },
  ] as const)("steps by the set's formula, with %o", ({ epsilonMode, biasCorrection }) => {
    const options = { learningRate: 0.01, epsilon: 1e-3, epsilonMode, biasCorrection };
    const { w, step } = runs(G.length, options);
    const ref = G.map(() => ({ w: 0, s: 0, r: 0 }));
    for (let t = 1; t <= 100; t++) {
      const g = noise(G.length, t);
      step(g);
      ref.forEach((p, i) => {
        p.s = 0.9 * p.s + 0.1 * g[i];
        p.r = 0.999 * p.r + 0.001 * g[i] ** 2;
        const sHat = biasCorrection ? p.s / (1 - 0.9 ** t) : p.s;
        const rHat = biasCorrection ? p.r / (1 - 0.999 ** t) : p.r;
        p.w -= (0.01 * sHat) / (epsilonMode === "inside" ? Math.sqrt(rHat + 1e-3) : Math.sqrt(rHat) + 1e-3);
        expect(Math.abs(w[i] - p.w), `step ${t}`).toBeLessThanOrEqual(1e-5);
      });
    }
  });

  it("names what the others keep: a velocity with momentum, nothing without", () => {
    const line = sequential({ input: [1] }, [dense(1)]);
    const momentum = compile(line, { loss: meanAbsoluteError(), optimizer: sgd({ momentum: 0.9 }) });
    expect(Object.keys(momentum.optimizerState["dense1.weight"])).toEqual(["velocity"]);
    const plain = compile(line, { loss: meanAbsoluteError(), optimizer: sgd() });
    expect(plain.optimizerState).toEqual({ "dense1.weight": {}, "dense1.bias": {} });
  });
});
