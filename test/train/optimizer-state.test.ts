import { describe, expect, it } from "vitest";
import { adam, compile, DisposedError, dense, meanSquaredError, sequential, sgd } from "../../src/index.ts";

const trainerWith = (optimizer: ReturnType<typeof sgd>) =>
  compile(sequential({ input: [3], seed: 4 }, [dense(5, { activation: "tanh" }), dense(2)]), {
    loss: meanSquaredError(),
    optimizer,
  });
const data = { x: [[1, 2, 3]], y: [[1, -1]] };

describe("optimizerState", () => {
  it("has the shapes of the parameters, and starts at 0", () => {
    const trainer = trainerWith(adam());
    const { parameters, optimizerState } = trainer;
    expect(Object.keys(optimizerState)).toEqual(Object.keys(parameters));
    for (const [name, { shape, data }] of Object.entries(parameters))
      for (const moment of ["firstMoment", "secondMoment"] as const)
        expect(optimizerState[name][moment]).toEqual({ shape, data: new Float32Array(data.length) });
  });

  it("holds (1 - beta) times the gradient and its square after the first step of Adam", () => {
    const trainer = trainerWith(adam());
    const { gradients } = trainer.gradients(data);
    const { optimizerState } = trainer;
    trainer.step(data);
    for (const [name, { data: g }] of Object.entries(gradients)) {
      const { firstMoment, secondMoment } = optimizerState[name];
      g.forEach((v, i) => {
        expect(firstMoment!.data[i]).toBeCloseTo(0.1 * v, 6);
        expect(secondMoment!.data[i]).toBeCloseTo(0.001 * v * v, 6);
      });
    }
  });

  it("holds the gradient after the first step of momentum, and goes back to 0 on reset", () => {
    const trainer = trainerWith(sgd({ momentum: 0.9 }));
    const { gradients } = trainer.gradients(data);
    trainer.step(data);
    for (const [name, { data: g }] of Object.entries(gradients))
      expect(trainer.optimizerState[name].velocity!.data).toEqual(g);
    trainer.reset();
    for (const { velocity } of Object.values(trainer.optimizerState))
      expect(velocity!.data.every((v) => v === 0)).toBe(true);
  });

  it("is empty for plain gradient descent, and gone after dispose", () => {
    const trainer = trainerWith(sgd());
    expect(Object.values(trainer.optimizerState)).toEqual([{}, {}, {}, {}]);
    trainer.dispose();
    expect(() => trainer.optimizerState).toThrow(DisposedError);
  });
});
