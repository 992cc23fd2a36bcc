import { afterEach, describe, expect, it, vi } from "vitest";
import {
  adam,
  BusyError,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  DataError,
  DisposedError,
  dense,
  dropout,
  embedding,
  flatten,
  meanSquaredError,
  model,
  NonFiniteError,
  OptionError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { classes, classifier, lineTrainer, noise, slowClock, stateDigest, thrownBy } from "../fixtures.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Two inputs, two losses; dropout leaves little of what is looked up. */
const twoLosses = () =>
  compile(
    model({ inputs: { x: [4], ids: { shape: [2], dtype: "i32" } }, seed: 5 }, ({ x, ids }) => {
      const words = dropout(0.9)(flatten()(embedding(9, 1)(ids)));
      const h = dropout(0.2)(dense(8, { activation: "relu" })(x)).add(dense(8)(words));
      return { kind: dense(3, { activation: "softmax" })(h), yes: dense(2, { activation: "sigmoid" })(h) };
    }),
    {
      loss: { kind: crossEntropy(), yes: binaryCrossEntropy() },
      optimizer: adam(),
      batchSize: 6,
      accumulate: 2,
    },
  );

const dataOf = (rows: number, seed: number) => ({
  x: { x: noise(rows * 4, seed), ids: Int32Array.from({ length: rows * 2 }, (_, i) => (i * seed) % 9) },
  y: {
    kind: Int32Array.from({ length: rows }, (_, i) => (i + seed) % 3),
    yes: noise(rows * 2, seed + 1).map((n) => (n > 0 ? 1 : 0)),
  },
});

function fill(trainer: ReturnType<typeof twoLosses>, { x, y }: ReturnType<typeof dataOf>): void {
  const { step } = trainer.buffers;
  step.x.x.set(x.x);
  step.x.ids.set(x.ids);
  step.y.kind.set(y.kind);
  step.y.yes.set(y.yes);
}

describe("stepBuffers", () => {
  it("gives the bits and the loss of step, for any number of rows, inputs and losses", () => {
    const [views, given] = [twoLosses(), twoLosses()];
    for (let i = 1; i <= 12; i++) {
      const rows = 1 + (i % 6);
      const data = dataOf(rows, i);
      const { loss } = given.step(data);
      fill(views, data);
      views.stepBuffers(rows);
      expect([...views.buffers.step.loss]).toEqual([loss]);
      expect(stateDigest(views)).toBe(stateDigest(given));
    }
  });

  it("takes labels for what its targets are, whatever a step before was given", () => {
    const [views, given] = [classifier(), classifier()];
    const { x, y } = classes(8);
    const oneHot = y.map((label) => [0, 1, 2].map((j) => (j === label ? 1 : 0)));
    for (const trainer of [views, given]) trainer.step({ x, y: oneHot });
    const { step } = views.buffers;
    expect(step.y).toEqual(new Int32Array(8).fill(step.y[0]).map((_, i) => step.y[i]));
    step.x.set(x);
    step.y.set(y);
    views.stepBuffers(8);
    given.step({ x, y });
    expect(stateDigest(views)).toBe(stateDigest(given));
  });

  it("refuses a label that is no class with row and value, and changes nothing", () => {
    // Of 600 rows and 16 classes the loss has several blocks.
    for (const [batchSize, units] of [
      [4, 3],
      [600, 16],
    ]) {
      const trainer = compile(sequential({ input: [2] }, [dense(units, { activation: "softmax" })]), {
        loss: crossEntropy(),
        optimizer: sgd(),
        batchSize,
      });
      const { y } = trainer.buffers.step;
      const last = batchSize - 1;
      for (const label of [units, -1, 2 ** 31 - 1]) {
        y[last] = label;
        const before = stateDigest(trainer);
        expect(thrownBy(() => trainer.stepBuffers(batchSize))).toEqual(
          new DataError(
            `stepBuffers: y: class labels must be whole numbers from 0 to ${units - 1}; got ${label} at row ${last}, column 0${label === units ? " (class labels count from 0)" : ""}`,
            "label",
          ),
        );
        expect(stateDigest(trainer)).toBe(before);
        trainer.stepBuffers(last);
        expect(stateDigest(trainer)).not.toBe(before);
      }
    }
  });

  it("refuses an id outside its table, even where dropout hides it from the loss, and changes nothing", () => {
    const [trainer, whole] = [twoLosses(), twoLosses()];
    for (let i = 1; i <= 20; i++) {
      const data = dataOf(6, i);
      fill(trainer, data);
      trainer.buffers.step.x.ids[7] = 9;
      expect(thrownBy(() => trainer.stepBuffers(6))).toEqual(
        new DataError(
          "stepBuffers: x.ids: ids must be whole numbers from 0 to 8; got 9 at row 3, column 1 (ids count from 0)",
          "label",
        ),
      );
      trainer.buffers.step.x.ids[7] = data.x.ids[7];
      trainer.stepBuffers(6);
      whole.step(data);
      expect(stateDigest(trainer)).toBe(stateDigest(whole));
    }
  });

  it("keeps the last good state where numbers are not finite, and says which rows hold them", () => {
    const trainer = lineTrainer();
    const { x, y } = trainer.buffers.step;
    x.fill(1);
    y.fill(2);
    trainer.stepBuffers(2);
    const before = stateDigest(trainer);
    for (const [view, tensor] of [
      [x, "input"],
      [y, "output.target"],
    ] as const)
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        view[1] = bad;
        const error = thrownBy(() => trainer.stepBuffers(2));
        expect(error).toBeInstanceOf(NonFiniteError);
        expect(error).toMatchObject({ tensor, phase: "forward", step: 2 });
        expect(stateDigest(trainer)).toBe(before);
        view[1] = 1;
      }
    trainer.stepBuffers(2);
    expect(stateDigest(trainer)).not.toBe(before);
  });

  it("is refused while a fit is suspended, and run then changes no bit of the training", async () => {
    slowClock();
    const [busy, plain] = [classifier({ windowRows: 8 }), classifier()];
    for (const rows of [8, 30]) {
      const data = classes(rows);
      const said: string[] = [];
      await busy.fit(data, {
        epochs: 3,
        onProgress: () => {
          busy.buffers.x.fill(Number.NaN);
          busy.run(8);
          if (said.length === 0) said.push(thrownBy(() => busy.stepBuffers(1)).name);
        },
      });
      expect(said).toEqual([BusyError.name]);
      plain.fitSync(data, { epochs: 3 });
      expect(stateDigest(busy)).toBe(stateDigest(plain));
    }
  });

  it("finds its rows as they were left by calls that only predict or evaluate", () => {
    const [views, given] = [classifier(), classifier()];
    const { x, y } = classes(8);
    views.buffers.step.x.set(x);
    views.buffers.step.y.set(y);
    const others = classes(20, 9);
    views.predict(others.x);
    views.classify(others.x);
    views.evaluate(others);
    views.buffers.x.fill(3);
    views.run(8);
    views.stepBuffers(8);
    given.step({ x, y });
    expect(stateDigest(views)).toBe(stateDigest(given));
  });

  it("refuses another number of rows, and a disposed trainer", () => {
    const trainer = classifier();
    for (const rows of [0, 9, Number.NaN]) expect(() => trainer.stepBuffers(rows)).toThrow(OptionError);
    trainer.dispose();
    expect(() => trainer.stepBuffers(1)).toThrow(DisposedError);
    expect(() => trainer.buffers).toThrow(DisposedError);
  });
});

describe("views of targets", () => {
  it("are labels for crossEntropy, and for other losses rows like the prediction", () => {
    const { y } = twoLosses().buffers.step;
    expect([y.kind.length, y.yes.length]).toEqual([6, 12]);
    expect(y.kind).toBeInstanceOf(Int32Array);
    expect(y.yes).toBeInstanceOf(Float32Array);
    const oneLoss = compile(
      model({ inputs: { x: [1] } }, ({ x }) => ({ a: dense(1)(x), b: dense(2)(x) })),
      { loss: { b: meanSquaredError() }, optimizer: sgd() },
    );
    expect(Object.keys(oneLoss.buffers.step.y)).toEqual(["b"]);
  });
});
