import { describe, expect, it } from "vitest";
import { linearSeparability } from "../../src/analysis/index.ts";
import { compile, dense, logicGate, perceptron, sequential } from "../../src/index.ts";

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const AND = [-1, -1, -1, 1];
const OR = [-1, 1, 1, 1];
const XOR = [-1, 1, 1, -1];

describe("Q6.3a: a sign unit computes AND and OR", () => {
  it.each([
    ["AND", -1.5, [-1, -1, 1]],
    ["OR", -0.5, [-1, 1, 1]],
  ] as const)("%s is w = [1, 1], b = %f: no, one and two ones give %j", (_, bias, table) => {
    const unit = compile(sequential({ input: [2] }, [dense(1, { activation: "sign" })]));
    unit.setParameters({ "dense1.weight": [[1], [1]], "dense1.bias": [bias] });
    expect([...unit.predict(x).data]).toEqual(x.map(([p, q]) => table[p + q]));
  });

  it.each([
    ["AND", AND],
    ["OR", OR],
  ])("the learning rule finds weights for %s", (_, y) => {
    const unit = perceptron({ inputs: 2 });
    expect(unit.fit({ x, y }).reason).toBe("separated");
    expect([...compile(unit.toModel()).predict(x).data]).toEqual(y);
  });
});

describe("Q6.3b: XOR is not linearly separable", () => {
  it.each([
    ["AND", AND],
    ["OR", OR],
  ])("%s is, by a hyperplane", (_, y) => {
    const answer = linearSeparability(x, y);
    if (!answer.separable) throw new Error("separable, but called inseparable");
    const { weights, bias } = answer;
    expect(x.map(([p, q]) => Math.sign(weights[0] * p + weights[1] * q + bias))).toEqual(y);
  });

  it("XOR is not, by a point in both hulls", () => {
    const answer = linearSeparability(x, XOR);
    if (answer.separable) throw new Error("inseparable, but called separable");
    const { point, negative, positive } = answer.certificate;
    for (const [terms, label] of [
      [negative, -1],
      [positive, 1],
    ] as const) {
      expect(terms.reduce((sum, { coefficient }) => sum + coefficient, 0)).toBe(1);
      for (const { index, coefficient } of terms) {
        expect(XOR[index]).toBe(label);
        expect(coefficient).toBeGreaterThan(0);
      }
      for (const axis of [0, 1])
        expect(terms.reduce((sum, { index, coefficient }) => sum + coefficient * x[index][axis], 0)).toBe(
          point[axis],
        );
    }
    expect(Array.from(point)).toEqual([0.5, 0.5]);
  });

  it("no single layer gets more than 3 of 4 points: 100,000 random units and the learning rule", () => {
    const units = 100_000;
    const layer = sequential({ input: [2], seed: 1 }, [
      dense(units, {
        activation: "sign",
        weightInitializer: { kind: "normal", mean: 0, std: 1 },
        biasInitializer: { kind: "normal", mean: 0, std: 1 },
      }),
    ]);
    const { data } = compile(layer, { batchSize: 4 }).predict(x);
    let best = 0;
    for (let j = 0; j < units; j++)
      best = Math.max(best, XOR.filter((label, i) => data[i * units + j] === label).length);
    expect(best).toBe(3);
    expect(perceptron({ inputs: 2 }).fit({ x, y: XOR }).mistakes).toBeGreaterThanOrEqual(1);
  });

  it("two layers by hand, AND of OR and NAND, get all four", () => {
    const network = compile(logicGate("xor"));
    expect([...network.predict(x).data]).toEqual(XOR);
    expect(Object.keys(network.parameters)).toEqual([
      "parts2.weight",
      "parts2.bias",
      "xor2.weight",
      "xor2.bias",
    ]);
  });
});
