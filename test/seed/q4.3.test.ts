import { describe, expect, it } from "vitest";
import * as analysis from "../../src/analysis/index.ts";
import { compile, crossEntropy, dense, sequential, sgd } from "../../src/index.ts";
import { noise } from "../fixtures.ts";

const N = 6;
const K = 4;
const labels = [2, 0, 3, 3, 1, 0];
const oneHot = labels.map((label) => Array.from({ length: K }, (_, j) => (j === label ? 1 : 0)));
const soft = labels.map((label) => Array.from({ length: K }, (_, j) => (j === label ? 0.7 : 0.1)));
const logits = noise(N * K, 9).map((v) => 3 * v);

/** With the identity as data and no bias, weights are logits: row i of W is what row i of the data gives. */
const identity = Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, j) => (i === j ? 1 : 0)));
const trainer = () => {
  const t = compile(sequential({ input: [N] }, [dense(K, { activation: "softmax", bias: false })]), {
    loss: crossEntropy(),
    optimizer: sgd(),
  });
  t.setParameters({ "dense1.weight": logits });
  return t;
};

/** Softmax of the logits in f64. */
const softmax = Array.from({ length: N }, (_, i) => {
  const row = Array.from(logits.subarray(i * K, (i + 1) * K), Math.exp);
  const sum = row.reduce((a, b) => a + b);
  return row.map((e) => e / sum);
});

describe("Q4.3: maximum likelihood is minimum cross-entropy", () => {
  it.each([
    ["class indices", labels],
    ["one-hot rows", oneHot],
    ["probability rows", soft],
  ])("H = -log-likelihood exactly, for %s", (_, targets) => {
    const probabilities = trainer().predict(identity).toArray();
    const h = analysis.crossEntropy(probabilities, targets);
    expect(h).toBe(-analysis.logLikelihood(probabilities, targets));
    expect(h).toBeGreaterThan(0);
  });

  it.each([
    ["class indices", labels, oneHot],
    ["one-hot rows", oneHot, oneHot],
    ["probability rows", soft, soft],
  ])("the training loss is H / N and its gradient in the logits (softmax - y) / N, for %s", (_, y, rows) => {
    const t = trainer();
    const { loss, gradients } = t.gradients({ x: identity, y: y as number[] });
    const h = analysis.crossEntropy(t.predict(identity).toArray(), y as number[]);
    expect(Math.abs(loss - h / N)).toBeLessThanOrEqual(8 * 2 ** -24 * loss);
    gradients["dense1.weight"].data.forEach((g, at) => {
      const [i, j] = [Math.floor(at / K), at % K];
      expect(Math.abs(g - (softmax[i][j] - rows[i][j]) / N)).toBeLessThanOrEqual((8 * 2 ** -24) / N);
    });
  });
});
