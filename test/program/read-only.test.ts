/** Views of parameters and moments: written into, never assigned. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { compile, OptionError } from "../../src/index.ts";
import { thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

/** An assignment in sloppy mode, which ignores one that a frozen object refuses. */
const assign = new Function("target", "key", "value", "target[key] = value") as (
  target: object,
  key: string,
  value: unknown,
) => void;

describe("an assignment to a view", () => {
  const trainer = xorTrainer();
  trainer.fitSync(xor, { epochs: 2 });
  const weight = () => trainer.parameters["dense1.weight"];
  const moment = () => trainer.optimizerState["dense1.weight"].firstMoment as object;
  const CASES: Record<string, [() => object, string, string]> = {
    "the data of a parameter": [weight, "data", "parameters.dense1.weight.data"],
    "the shape of a parameter": [weight, "shape", "parameters.dense1.weight.shape"],
    "a parameter": [() => trainer.parameters, "dense1.bias", "parameters.dense1.bias"],
    "the data of a moment": [moment, "data", "optimizerState.dense1.weight.firstMoment.data"],
    "a moment": [
      () => trainer.optimizerState["dense1.weight"],
      "secondMoment",
      "optimizerState.dense1.weight.secondMoment",
    ],
    "all moments of a parameter": [() => trainer.optimizerState, "dense2.bias", "optimizerState.dense2.bias"],
  };
  for (const [name, [view, key, path]] of Object.entries(CASES))
    it(`throws in sloppy mode, too, and says what sets it: ${name}`, () => {
      const before = trainer.state();
      const target = view();
      for (const act of [
        () => assign(target, key, new Float32Array(16)),
        () => Reflect.set(target, key, []),
      ]) {
        const error = thrownBy(act);
        expect(error).toBeInstanceOf(OptionError);
        expect(error.message).toBe(`${path}: must not be assigned; use setParameters`);
      }
      expect(trainer.state()).toEqual(before);
    });

  it("is the only thing that a view refuses: it is written into, read, spread, cloned and shown", () => {
    const { parameters } = compile(xorModel());
    const view = parameters["dense2.bias"];
    view.data[0] = 3;
    const plain = { shape: [1], data: Float32Array.of(3) };
    expect({ ...view }).toEqual(plain);
    expect(structuredClone(view)).toEqual(plain);
    expect(inspect(view)).toBe(inspect(plain));
    expect(Object.keys(parameters)).toEqual(["dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"]);
    expect(Object.isFrozen(view) && Object.isFrozen(parameters)).toBe(true);
    const other = compile(xorModel(1));
    other.setParameters(parameters);
    expect(other.parameters).toEqual(parameters);
  });
});
