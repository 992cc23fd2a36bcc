/** Every number that a public function takes: what is none, and what is out of range, is refused by name. */
import { describe, expect, it } from "vitest";
import { rank } from "../../src/analysis/index.ts";
import {
  activation,
  adam,
  adamW,
  compile,
  dense,
  huber,
  logicGate,
  model,
  OptionError,
  parity,
  perceptron,
  sequential,
  sgd,
} from "../../src/index.ts";
import { thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

const trainer = xorTrainer();
const unit = perceptron({ inputs: 1 });
const line = { x: [[1]], y: [1] };

const COUNT = "a whole number >= 1";
const SEED = "a whole number from 0 to 2^53 - 1";
const SHARE = "in [0, 1)";
const RATE = "0, or a finite number > 0 in single precision";
const POSITIVE = "a finite number > 0 in single precision";
const NOT_NEGATIVE = "a finite number >= 0 in single precision";
const EPSILON = "a finite number >= 1.2e-38 in single precision";

/** For each number: who takes it, what it must be, and numbers that are out of range. */
const NUMBERS: Record<string, [(value: never) => unknown, string, readonly number[]]> = {
  "dense: units, the first argument,": [(units) => dense(units), COUNT, [0, 1.5]],
  "dense: alpha of leakyRelu": [
    (alpha) => dense(1, { activation: { name: "leakyRelu", alpha } }),
    NOT_NEGATIVE,
    [-1, 1e39],
  ],
  "activation: alpha of elu": [(alpha) => activation({ name: "elu", alpha }), NOT_NEGATIVE, [-1, 1e39]],
  "sequential: seed": [(seed) => sequential({ input: [1], seed }, [dense(1)]), SEED, [-1, 0.5]],
  "model: seed": [(seed) => model({ inputs: { x: [1] }, seed }, ({ x }) => x), SEED, [-1, 0.5]],
  "logicGate: inputs": [(inputs) => logicGate("and", { inputs }), COUNT, [0, 1.5]],
  "parity: inputs": [(inputs) => parity(inputs), COUNT, [0, 1.5]],
  "perceptron: inputs": [(inputs) => perceptron({ inputs }), COUNT, [0, 1.5]],
  "perceptron: fit: epochs": [(epochs) => unit.fit(line, { epochs }), COUNT, [0, 1.5]],
  "compile: batchSize": [(batchSize) => compile(xorModel(), { batchSize }), COUNT, [0, 1.5]],
  "compile: windowRows": [(windowRows) => xorTrainer(1, { windowRows }), COUNT, [0, 1.5]],
  "compile: shuffleSeed": [(shuffleSeed) => xorTrainer(1, { shuffleSeed }), SEED, [-1, 0.5]],
  "reset: seed": [(seed) => trainer.reset({ seed }), SEED, [-1, 0.5]],
  "reset: shuffleSeed": [(shuffleSeed) => trainer.reset({ shuffleSeed }), SEED, [-1, 0.5]],
  "fitSync: epochs": [
    (epochs) => trainer.fitSync(xor, { epochs }),
    "a whole number >= 1, or Infinity",
    [0, 1.5],
  ],
  "fitSync: stopWhen: lossBelow": [
    (lossBelow) => trainer.fitSync(xor, { epochs: 1, stopWhen: { lossBelow } }),
    "a number",
    [Number.NEGATIVE_INFINITY],
  ],
  "setLearningRate: learningRate": [(rate) => trainer.setLearningRate(rate), RATE, [-1, 1e-46, 1e39]],
  "sgd: learningRate": [(learningRate) => sgd({ learningRate }), RATE, [-1, 1e-46, 1e39]],
  "sgd: momentum": [(momentum) => sgd({ momentum }), SHARE, [-0.1, 1]],
  "adam: learningRate": [(learningRate) => adam({ learningRate }), RATE, [-1, 1e-46, 1e39]],
  "adam: beta1": [(beta1) => adam({ beta1 }), SHARE, [-0.1, 1]],
  "adam: beta2": [(beta2) => adam({ beta2 }), SHARE, [-0.1, 1]],
  "adam: epsilon": [(epsilon) => adam({ epsilon }), EPSILON, [0, 1e-39, 1e39]],
  "adamW: learningRate": [(learningRate) => adamW({ learningRate }), RATE, [-1, 1e-46, 1e39]],
  "adamW: beta1": [(beta1) => adamW({ beta1 }), SHARE, [-0.1, 1]],
  "adamW: beta2": [(beta2) => adamW({ beta2 }), SHARE, [-0.1, 1]],
  "adamW: epsilon": [(epsilon) => adamW({ epsilon }), EPSILON, [0, 1e-39, 1e39]],
  "adamW: weightDecay": [(weightDecay) => adamW({ weightDecay }), NOT_NEGATIVE, [-1, 1e39]],
  "huber: delta": [(delta) => huber({ delta }), POSITIVE, [0, 1e-50, 1e39]],
  "rank: tolerance": [(tolerance) => rank([[1]], tolerance), "a finite number >= 0", [-1]],
};

/** What JavaScript would take for a number, and what is never in range. */
const NONE: readonly (readonly [unknown, string])[] = [
  [null, "null"],
  ["0.5", '"0.5"'],
  ["1", '"1"'],
  ["", '""'],
  [true, "true"],
  [[1], "an array of 1"],
  [1n, "1n"],
  [Object(1), "a Number"],
  [Number.NaN, "NaN"],
];

describe.each(Object.entries(NUMBERS))("%s", (name, [take, rule, outside]) => {
  const refused = [...NONE, ...outside.map((value) => [value, `${value}`] as const)];
  it.each(refused)("is refused as %o", (value, got) => {
    const before = [trainer.state(), unit.bias];
    const error = thrownBy(() => take(value as never));
    // The text of a number in range is told to be one.
    const advice = ["", ": write it without quotes"].map(
      (end) => `${name} must be ${rule}; got ${got}${end}`,
    );
    expect(advice.slice(0, typeof value === "string" && value ? 2 : 1)).toContain(error.message);
    expect(error).toBeInstanceOf(OptionError);
    expect([trainer.state(), unit.bias]).toEqual(before);
  });
});

describe("the manifest", () => {
  it("records the numbers that were checked", () => {
    const made = xorTrainer(3, { optimizer: sgd({ learningRate: 0.5, momentum: 0.25 }) });
    expect(made.manifest()).toMatchObject({
      options: {
        batchSize: 32,
        optimizer: { kind: "sgd", learningRate: 0.5, momentum: 0.25, nesterov: false },
      },
    });
  });
});

it("an activation with options that nobody reads is refused", () => {
  expect(thrownBy(() => activation({ name: "elu", alpha: 1, beta: 2 } as never)).message).toBe(
    'elu: unknown option "beta"; options: name, alpha',
  );
});
