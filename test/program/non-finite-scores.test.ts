/** Scores that are NaN or infinite are neither right nor a class. */
import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  model,
  NonFiniteError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { thrownBy } from "../fixtures.ts";

const LARGEST = 3.4028234663852886e38;

/** A classifier whose scores are the weights times the one input. */
const trainerOf = (units: number, weights: number[], fromLogits: boolean) => {
  const activation = units === 1 ? "sigmoid" : "softmax";
  const loss = units === 1 ? binaryCrossEntropy : crossEntropy;
  const trainer = compile(sequential({ input: [1] }, [dense(units, fromLogits ? {} : { activation })]), {
    loss: loss({ fromLogits }),
    optimizer: sgd(),
    batchSize: 2,
  });
  trainer.parameters["dense1.weight"].data.set(weights);
  return trainer;
};

describe("evaluate counts a row as wrong whose scores are", () => {
  for (const fromLogits of [false, true]) {
    const title = fromLogits ? ", from logits" : "";
    it(`NaN, of one class${title}`, () => {
      const trainer = trainerOf(1, [Number.NaN], fromLogits);
      expect(trainer.evaluate({ x: [1, 2, 3], y: [0, 1, 0] })).toEqual({ loss: Number.NaN, accuracy: 0 });
    });

    it(`NaN, of several${title}`, () => {
      const trainer = trainerOf(3, [Number.NaN, Number.NaN, Number.NaN], fromLogits);
      expect(trainer.evaluate({ x: [1, 2, 3], y: [0, 0, 1] }).accuracy).toBe(0);
    });

    it(`NaN in one class only, wherever it is${title}`, () => {
      for (const at of [0, 1, 2]) {
        const weights = [0, 1, 0];
        weights[at] = Number.NaN;
        const { accuracy } = trainerOf(3, weights, fromLogits).evaluate({ x: [1, 2], y: [at, 1] });
        expect(accuracy, `NaN in class ${at}`).toBe(0);
      }
    });

    it(`infinite${title}, and no other row`, () => {
      const trainer = trainerOf(3, [0, LARGEST, 0], fromLogits);
      expect(trainer.evaluate({ x: [1, 2, 1], y: [1, 1, 1] }).accuracy).toBe(2 / 3);
      const one = trainerOf(1, [LARGEST], fromLogits);
      expect(one.evaluate({ x: [1, 2, -2, -1], y: [1, 1, 0, 0] }).accuracy).toBe(0.5);
    });
  }
});

describe("classify", () => {
  it("throws a NonFiniteError that names the first row without a class", () => {
    const trainer = trainerOf(3, [0, LARGEST, 0], false);
    expect(trainer.classify([1, -1])).toHaveLength(2);
    const error = thrownBy(() => trainer.classify([1, 0, 1, 2, 3])) as NonFiniteError;
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.message).toBe(
      "classify: probabilities must be finite; got NaN for row 3; " +
        "good parameters or scaled inputs may help",
    );
    expect(error).toMatchObject({ step: 0, layer: "dense1", tensor: "output", phase: "forward" });
  });

  it("does so for one class, too, and for a model that names its output", () => {
    const trainer = trainerOf(1, [Number.NaN], false);
    expect(thrownBy(() => trainer.classify([1])).message).toContain("got NaN for row 0");
    const net = model({ inputs: { x: [1] } }, ({ x }) => ({ p: dense(2, { activation: "softmax" })(x) }));
    const named = compile(net);
    named.parameters["dense1.bias"].data.fill(Number.NaN);
    expect(thrownBy(() => named.classify({ x: [[1]] }))).toMatchObject({ layer: "dense1", tensor: "p" });
  });
});
