import { describe, expect, it } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  model,
  OptionError,
  sequential,
  sgd,
  type TrainOptions,
} from "../../src/index.ts";
import { Predictor } from "../../src/program/predictor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { lineTrainer, thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

const full: TrainOptions = { loss: binaryCrossEntropy(), optimizer: adam() };

describe("compile", () => {
  it("gives a Predictor without loss and optimizer, a Trainer with them", () => {
    const predictor = compile(xorModel());
    expect(predictor).toBeInstanceOf(Predictor);
    expect(predictor).not.toBeInstanceOf(Trainer);
    expect(() => (predictor as Trainer).fit(xor)).toThrow(
      "fit: needs a trainer, which compile(model, { loss, optimizer }) makes; got a predictor, made without them",
    );
    expect(compile(xorModel(), full)).toBeInstanceOf(Trainer);
  });

  it("of one model twice gives two programs that do not touch each other", () => {
    const net = xorModel();
    const first = compile(net, full);
    const second = compile(net, full);
    const untouched = second.digest();
    expect(first.digest()).toBe(untouched);
    first.fitSync(xor);
    expect(second.digest()).toBe(untouched);
    expect(compile(net).digest()).toBe(untouched);
  });

  it("starts parameters from the model's seed, and 0 is a seed like any other", () => {
    const digests = [0, 1, 2, 2 ** 32, 2 ** 53 - 1].map((seed) => compile(xorModel(seed)).digest());
    expect(new Set(digests).size).toBe(digests.length);
    expect(compile(xorModel(0)).digest()).toBe(digests[0]);
    expect(compile(sequential({ input: [2] }, [dense(3)])).digest()).toBe(
      compile(sequential({ input: [2], seed: 0 }, [dense(3)])).digest(),
    );
  });

  it("in batches of 1 and in batches larger than the data predicts the same bits", () => {
    const { data } = compile(xorModel()).predict(xor.x);
    for (const batch of [1, 2, 3, 4, 1000])
      expect(compile(xorModel(), { batchSize: batch }).predict(xor.x).data).toEqual(data);
  });

  it("with a batch larger than the data takes them as one short batch", () => {
    const large = xorTrainer(1, { batchSize: 1000 });
    const exact = xorTrainer(1, { batchSize: 4 });
    expect(large.fitSync(xor, { epochs: 50 })).toEqual(exact.fitSync(xor, { epochs: 50 }));
    expect(large.digest()).toBe(exact.digest());
  });

  it("takes losses by output name for one bare output, too", () => {
    const named = compile(xorModel(), { loss: { output: binaryCrossEntropy() }, optimizer: adam() });
    expect(named.evaluate({ x: xor.x, y: { output: xor.y } })).toEqual(
      compile(xorModel(), full).evaluate(xor),
    );
  });
});

describe("bad options of compile are refused", () => {
  const two = model({ inputs: { x: [2] } }, ({ x }) => ({ a: dense(1)(x), b: dense(2)(x) }));
  const wrong: [string, () => unknown, string][] = [
    [
      "batch 0",
      () => compile(xorModel(), { batchSize: 0 }),
      "compile: batchSize must be a whole number >= 1; got 0",
    ],
    ["a fractional batch", () => compile(xorModel(), { batchSize: 1.5 }), "batchSize must be a whole number"],
    ["a batch of NaN", () => compile(xorModel(), { batchSize: Number.NaN }), "got NaN"],
    [
      "a loss without optimizer",
      () => compile(xorModel(), { loss: binaryCrossEntropy() } as never),
      "compile: a trainer needs loss and optimizer; got no optimizer",
    ],
    [
      "an optimizer without loss",
      () => compile(xorModel(), { optimizer: adam() } as never),
      "compile: a trainer needs loss and optimizer; got no loss",
    ],
    [
      "a loss that was not called",
      () => compile(xorModel(), { loss: binaryCrossEntropy as never, optimizer: adam() }),
      "compile: loss must be what crossEntropy(), binaryCrossEntropy(), meanSquaredError(), meanAbsoluteError() or huber() gives; got a function: call it",
    ],
    [
      "the name of a loss",
      () => compile(xorModel(), { loss: "binaryCrossEntropy" as never, optimizer: adam() }),
      'compile: loss must be what crossEntropy(), binaryCrossEntropy(), meanSquaredError(), meanAbsoluteError() or huber() gives; got "binaryCrossEntropy"',
    ],
    [
      "an optimizer that was not called",
      () => compile(xorModel(), { loss: binaryCrossEntropy(), optimizer: adam as never }),
      "compile: optimizer must be what adam(), adamW() or sgd() gives; got a function: call it",
    ],
    [
      "the name of an optimizer",
      () => compile(xorModel(), { loss: binaryCrossEntropy(), optimizer: "adam" as never }),
      'compile: optimizer must be what adam(), adamW() or sgd() gives; got "adam"',
    ],
    [
      "layers instead of a model",
      () => compile([dense(1)] as never),
      "compile: model, the first argument, must be what sequential() or model() gives; got an array of 1",
    ],
    [
      "windowRows 0",
      () => compile(xorModel(), { ...full, windowRows: 0 }),
      "compile: windowRows must be a whole number >= 1; got 0",
    ],
    [
      "a fractional shuffleSeed",
      () => compile(xorModel(), { ...full, shuffleSeed: 0.5 }),
      "compile: shuffleSeed must be a whole number from 0 to 2^53 - 1; got 0.5",
    ],
    [
      "one label",
      () => compile(xorModel(), { ...full, labels: ["yes"] }),
      "compile: labels must name all 2 classes of a model that ends in 1 unit; got 1 labels",
    ],
    [
      "equal labels",
      () => compile(xorModel(), { ...full, labels: ["yes", "yes"] }),
      'compile: labels must differ; got "yes" twice',
    ],
    [
      "one loss for two outputs",
      () => compile(two, { loss: meanSquaredError(), optimizer: sgd() }),
      "compile: a model with several outputs needs losses by name, such as { a: .. }; got one loss for a, b",
    ],
    [
      "a loss for an output that is not there",
      () => compile(two, { loss: { c: meanSquaredError() } as never, optimizer: sgd() }),
      'compile: loss: unknown output "c"; outputs: a, b',
    ],
    [
      "no losses",
      () => compile(two, { loss: {} as never, optimizer: sgd() }),
      "compile: loss must name at least one output; got {}",
    ],
    [
      "crossEntropy of an output without an axis of classes",
      () =>
        compile(
          model({ inputs: { x: [3] } }, ({ x }) => x.sum(1)),
          { loss: crossEntropy({ fromLogits: true }), optimizer: sgd() },
        ),
      'crossEntropy: the model must give [rows, classes], or [rows, T, classes], with at least two classes; got output "output" [rows]: use binaryCrossEntropy()',
    ],
  ];
  for (const [name, act, message] of wrong)
    it(name, () => {
      const error = thrownBy(act);
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(OptionError);
    });
});

describe("summary", () => {
  it("of a model lists layers, shapes and parameter counts", () => {
    expect(xorModel().summary()).toMatchInlineSnapshot(`
      "layer   output     parameters  multiply-adds  output bytes
      input   [rows, 2]
      dense1  [rows, 8]          24             16            32
      dense2  [rows, 1]           9              8             4
      total                      33             24            36"
    `);
  });

  it("of a program adds where its memory goes", () => {
    const text = lineTrainer().summary();
    expect(text).toContain(lineTrainer().summary().split("\n\n")[0]);
    for (const kind of ["parameters", "gradients", "activations", "window", "program"])
      expect(text).toContain(kind);
    expect(compile(xorModel()).summary()).not.toContain("gradients");
  });
});
