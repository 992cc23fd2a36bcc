/** What the tests of the public API share: the data of XOR, small models, and data without structure. */
import { createHash } from "node:crypto";
import { vi } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  sequential,
  sgd,
  type TrainOptions,
} from "../src/index.ts";

export const xor = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [0, 1, 1, 0],
};

export const xorModel = (seed = 42) =>
  sequential({ input: [2], seed }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);

export const xorTrainer = (seed = 42, options: Partial<TrainOptions> = {}) =>
  compile(xorModel(seed), {
    loss: binaryCrossEntropy(),
    optimizer: adam({ learningRate: 0.05 }),
    ...options,
  });

/** A line: the smallest trainer there is, `y = w x + b`. */
export const lineTrainer = (options: Partial<TrainOptions> = {}) =>
  compile(sequential({ input: [1] }, [dense(1, { name: "line" })]), {
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 0.1 }),
    ...options,
  });

/** Three layers on 5 inputs and 3 classes; batches of 8. */
export const classifier = (options: Partial<TrainOptions> = {}, seed = 7) =>
  compile(
    sequential({ input: [5], seed }, [
      dense(16, { activation: "relu" }),
      dense(12, { activation: "tanh" }),
      dense(3, { activation: "softmax" }),
    ]),
    { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), batchSize: 8, ...options },
  );

/** Numbers in [-1, 1) that look random and are the same everywhere: a linear congruential generator. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / (1 << 23) - 1;
  });
}

/** `rows` rows for `classifier`, the last one making the epoch's last batch short unless 8 divides them. */
export function classes(rows: number, seed = 1) {
  const x = noise(rows * 5, seed);
  const y = Array.from({ length: rows }, (_, i) => {
    const sum = x[i * 5] + x[i * 5 + 1] * x[i * 5 + 2];
    return sum < -0.3 ? 0 : sum < 0.3 ? 1 : 2;
  });
  return { x, y };
}

/** A digest of the state: of long ones many are compared at the speed of this, where a list of bytes takes a second. */
export const stateDigest = (trainer: { state(): Uint8Array }): string =>
  createHash("sha256").update(trainer.state()).digest("hex");

/** What an error says, for comparing whole messages. */
export function thrownBy(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error; got none");
}

/**
 * From here to `vi.restoreAllMocks()` every look at the clock takes 12 ms, so that a fit yields after each single step,
 * however fast the machine.
 */
export function slowClock(): void {
  let now = 0;
  vi.spyOn(Date, "now").mockImplementation(() => (now += 12));
}
