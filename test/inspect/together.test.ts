/** Programs that share a memory are looked at like any others. */
import { expect, it } from "vitest";
import {
  activations,
  adam,
  binaryCrossEntropy,
  compileTogether,
  dense,
  gradientCheck,
  inspect,
  layersOf,
  nested,
  sequential,
} from "../../src/index.ts";
import { xor } from "../fixtures.ts";

it("of programs that share parameters, each is seen with its own part trained", () => {
  const half = () => sequential({ input: [2], seed: 1 }, [dense(3, { activation: "tanh" })]);
  const judge = () => sequential({ input: [3], seed: 2 }, [dense(1, { activation: "sigmoid" })]);
  const whole = () =>
    sequential({ input: [2], seed: 3 }, [
      nested(half(), { name: "half" }),
      nested(judge(), { name: "judge" }),
    ]);
  const options = { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.1 }) };
  const { one, other } = compileTogether({
    one: { model: whole(), ...options, freeze: ["judge"] },
    other: { model: whole(), ...options, freeze: ["half"] },
  });
  one.step(xor);
  for (const trainer of [one, other]) {
    expect(gradientCheck(trainer, xor).ok).toBe(true);
    const { outputs } = inspect(trainer, xor);
    const given = activations(trainer, xor.x);
    expect(Object.keys(outputs)).toEqual(["half.dense1", "judge.dense1"]);
    for (const name of Object.keys(outputs)) expect(outputs[name].max).toBe(Math.max(...given[name].data));
    expect(given["judge.dense1"].data).toEqual(trainer.predict(xor.x).data);
  }
  expect(activations(one, xor.x)).toEqual(activations(other, xor.x));
  expect(Object.keys(gradientCheck(one, xor).variables)).toEqual(["half.dense1.weight", "half.dense1.bias"]);
  expect(layersOf(other).map(({ trained, frozen }) => [trained, frozen])).toEqual([
    [0, 9],
    [4, 0],
  ]);
});
