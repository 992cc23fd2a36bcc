import { expect, it } from "vitest";
import {
  activation,
  activations,
  adam,
  batchNorm,
  compile,
  DisposedError,
  dense,
  dropout,
  layerOutputs,
  meanSquaredError,
  OptionError,
  sequential,
  standardize,
} from "../../src/index.ts";
import { noise, xor, xorTrainer } from "../fixtures.ts";

const WIDE = Float32Array.from(noise(2 * 50));

function deepTrainer() {
  const layers = [
    standardize(),
    dense(6),
    batchNorm(),
    activation("tanh"),
    dropout(0.3),
    dense(5, { activation: "relu" }),
    dense(1),
  ] as const;
  return compile(sequential({ input: [2], seed: 3 }, layers), {
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.05 }),
    targets: "standardize",
    batchSize: 3,
  });
}

it("gives what activations gives, of the state at the last update", () => {
  const trainer = deepTrainer();
  trainer.adapt(xor.x, xor.y);
  const names = ["activation1", "dense2", "dense3"];
  const outputs = layerOutputs(trainer, names);
  const before = activations(trainer, WIDE, names);
  expect(outputs.predict(WIDE)).toEqual(before);
  trainer.fitSync(xor, { epochs: 5 });
  expect(outputs.predict(WIDE)).toEqual(before);
  outputs.update();
  const after = activations(trainer, WIDE, names);
  expect(outputs.predict(WIDE)).toEqual(after);
  expect(after).not.toEqual(before);
});

it("takes over what preprocessing learnt since", () => {
  const trainer = deepTrainer();
  const outputs = layerOutputs(trainer, ["dense2"]);
  expect(() => outputs.predict(xor.x)).toThrow("standardize1 must be fitted");
  trainer.fitSync({
    x: [
      [10, 20],
      [30, 50],
    ],
    y: [1, 2],
  });
  outputs.update();
  expect(outputs.predict(xor.x)).toEqual(activations(trainer, xor.x, ["dense2"]));
});

it("predicts in passes of its own size, with the same bits", () => {
  const trainer = deepTrainer();
  trainer.adapt(xor.x, xor.y);
  const [small, large] = [1, 64].map((batchSize) => layerOutputs(trainer, undefined, { batchSize }));
  expect(large.predict(WIDE)).toEqual(small.predict(WIDE));
  expect(large.program.plan.batch).toBe(64);
});

it("leaves the trainer as it is, and ends with either", () => {
  const trainer = xorTrainer();
  const digest = trainer.digest({ training: true });
  const outputs = layerOutputs(trainer, ["dense1"]);
  outputs.predict(xor.x);
  outputs.update();
  expect(trainer.digest({ training: true })).toBe(digest);
  const other = layerOutputs(trainer, ["dense1"]);
  other.dispose();
  expect(() => other.update()).toThrow(DisposedError);
  trainer.dispose();
  expect(() => outputs.update()).toThrow(DisposedError);
});

it("refuses layers that there are not", () => {
  expect(() => layerOutputs(xorTrainer(), ["dens1"])).toThrow(
    'layerOutputs: unknown layer "dens1"; did you mean dense1?',
  );
  expect(() => layerOutputs(xorTrainer(), [])).toThrow(OptionError);
  expect(() => layerOutputs(xorTrainer(), ["dense1"], { batchSize: 0 })).toThrow(OptionError);
  expect(() => layerOutputs({} as never)).toThrow(OptionError);
});
