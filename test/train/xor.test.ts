import { describe, expect, it } from "vitest";
import { adam, binaryCrossEntropy, compile, dense, sequential, valueAndGrad } from "../../src/index.ts";

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = [0, 1, 1, 0];

const xorTrainer = (seed: number) =>
  compile(
    sequential({ input: [2], seed }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]),
    { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) },
  );

describe("the XOR MLP", () => {
  it("reaches loss < 0.01 within 1,000 steps from each of 1,000 seeds", () => {
    const trainer = xorTrainer(0);
    for (let seed = 0; seed < 1000; seed++) {
      trainer.reset({ seed });
      const { reason, steps } = trainer.fitSync({ x, y }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
      expect(reason, `seed ${seed} after ${steps} steps`).toBe("lossBelow");
    }
  });

  it("predicts XOR after training, and evaluates to the loss it stopped at", () => {
    const trainer = xorTrainer(42);
    const { loss } = trainer.fitSync({ x, y }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
    expect(
      trainer
        .predict(x)
        .toArray()
        .map(([p]) => Math.round(p)),
    ).toEqual(y);
    expect(trainer.evaluate({ x, y })).toEqual({ loss: expect.closeTo(loss, 7), accuracy: 1 });
  });
});

describe("valueAndGrad", () => {
  it("differentiates (w1 + w2) * w3", () => {
    const { value, gradients } = valueAndGrad((w1, w2, w3) => w1.add(w2).mul(w3))(1, 2.3, 5.7);
    expect(value).toBeCloseTo(18.81, 5);
    expect(gradients[0]).toBe(Math.fround(5.7));
    expect(gradients[1]).toBe(Math.fround(5.7));
    expect(gradients[2]).toBeCloseTo(3.3, 6);
  });
});
