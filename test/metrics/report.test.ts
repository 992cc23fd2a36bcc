/** `report`: numbers of each class, or of a regression, and their table. */
import { describe, expect, it } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  categoricalHinge,
  compile,
  crossEntropy,
  DataError,
  dense,
  hinge,
  load,
  meanSquaredError,
  model,
  OptionError,
  sequential,
  squaredHinge,
} from "../../src/index.ts";
import {
  accuracy,
  confusionMatrix,
  f1,
  mae,
  precision,
  r2,
  recall,
  report,
  rmse,
} from "../../src/metrics/index.ts";
import { thrownBy } from "../fixtures.ts";

const x = Array.from({ length: 60 }, (_, i) => [(i * 7) % 11, (i * 5) % 13].map((v) => v / 6 - 1));
const names = ["ant", "bee", "cat"];
const y = x.map(([a, b]) => names[a > 0.3 ? 2 : b > 0 ? 1 : 0]);
const classifier = () => {
  const net = sequential({ input: [2], seed: 2 }, [
    dense(8, { activation: "tanh" }),
    dense(3, { activation: "softmax" }),
  ]);
  const trainer = compile(net, {
    loss: crossEntropy(),
    optimizer: adam({ learningRate: 0.02 }),
    labels: names,
  });
  trainer.fitSync({ x, y }, { epochs: 30 });
  return trainer;
};

describe("report of a classifier", () => {
  const trainer = classifier();
  const found = report(trainer, { x, y });

  it("has what the metrics say of each class", () => {
    const predicted = trainer.classify(x);
    const each = { average: "none", labels: names } as const;
    expect(found.kind).toBe("classes");
    expect(found.classes?.map(({ label }) => label)).toEqual(names);
    expect(found.classes?.map((c) => c.precision)).toEqual(precision(y, predicted, each));
    expect(found.classes?.map((c) => c.recall)).toEqual(recall(y, predicted, each));
    expect(found.classes?.map((c) => c.f1)).toEqual(f1(y, predicted, each));
    expect(found.classes?.map((c) => c.support)).toEqual(
      names.map((name) => y.filter((label) => label === name).length),
    );
    expect(found.accuracy).toBe(accuracy(y, predicted));
    expect(found.accuracy).toBe(trainer.evaluate({ x, y }).accuracy);
    expect(found.macro?.f1).toBe(f1(y, predicted, { average: "macro" }));
    expect(found.confusion).toEqual(confusionMatrix(y, predicted, { labels: names }));
  });

  it("prints a line for each class", () => {
    const indices = y.map((label) => names.indexOf(label));
    expect(`${found}`).toMatchInlineSnapshot(`
      "                   precision  recall     f1  support
      ant                    1.000   0.955  0.977       22
      bee                    0.955   0.955  0.955       22
      cat                    0.882   0.938  0.909       16

      macro mean             0.946   0.949  0.947       60
      accuracy                              0.950       60
      balanced accuracy                     0.949       60"
    `);
    expect(`${report(trainer, { x, y: indices })}`).toBe(`${found}`);
    expect(JSON.parse(JSON.stringify(found))).toEqual({ ...found });
    expect(Object.keys(found)).not.toContain("toString");
  });

  it("is the same of a loaded predictor, which has no loss", () => {
    expect(report(load(trainer.save()), { x, y } as never)).toEqual(found);
  });

  it("takes other names for the classes", () => {
    const { classes } = report(
      trainer,
      { x, y: y.map((label) => names.indexOf(label)) },
      { labels: ["A", "B", "C"] },
    );
    expect(classes?.map(({ label }) => label)).toEqual(["A", "B", "C"]);
  });
});

describe("report of labels", () => {
  it("has each label, and how many rows are right in all", () => {
    const net = sequential({ input: [2], seed: 2 }, [dense(2, { activation: "sigmoid" })]);
    const trainer = compile(net, {
      loss: binaryCrossEntropy(),
      optimizer: adam({ learningRate: 0.1 }),
      labels: ["right", "up"],
    });
    const both = x.map(([a, b]) => [a > 0 ? 1 : 0, b > 0 ? 1 : 0]);
    trainer.fitSync({ x, y: both }, { epochs: 30 });
    const found = report(trainer, { x, y: both });
    expect(found.kind).toBe("labels");
    expect(found.classes?.map(({ label }) => label)).toEqual(["right", "up"]);
    expect(found.accuracy).toBe(trainer.evaluate({ x, y: both }).accuracy);
    expect(found.confusion).toBeUndefined();
    expect(`${found}`).toContain("all labels right");
  });
});

describe("report of a regression", () => {
  const net = sequential({ input: [2], seed: 2 }, [dense(1)]);
  const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.1 }) });
  const target = x.map(([a, b]) => 3 * a - b + a * b);
  trainer.fitSync({ x, y: target }, { epochs: 20 });

  it("has mae, rmse and r2", () => {
    const found = report(trainer, { x, y: target });
    const predicted = trainer.predict(x);
    expect(found).toEqual({
      ...{ kind: "numbers", rows: 60, mae: mae(target, predicted) },
      ...{ rmse: rmse(target, predicted), r2: r2(target, predicted) },
    });
    expect(`${found}`).toMatchInlineSnapshot(`
      "        value
      mae   0.28324
      rmse  0.38697
      r2     0.9528
      rows       60"
    `);
    expect(report(load(trainer.save()), { x, y: target } as never)).toEqual(found);
  });
});

describe("report refuses", () => {
  it("data without y, bound data, and models of several losses", () => {
    const trainer = classifier();
    for (const data of [{ x }, { y }, trainer.bind({ x, y })]) {
      const error = thrownBy(() => report(trainer, data as never));
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toBe("report: data must be { x: .., y: .. }; got none of them, or bound data");
    }
    const two = compile(
      model({ inputs: { x: [2] } }, ({ x: input }) => ({ a: dense(1)(input), b: dense(1)(input) })),
      { loss: { a: meanSquaredError(), b: meanSquaredError() }, optimizer: adam() },
    );
    const error = thrownBy(() => report(two, { x: { x }, y: {} }));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toBe("report: needs a model with one loss; got 2");
  });
});

it("a report of a hinge is refused: its scores are neither probabilities nor numbers", () => {
  for (const [units, loss] of [
    [1, hinge()],
    [1, squaredHinge()],
    [2, categoricalHinge()],
  ] as const) {
    const trainer = compile(sequential({ input: [1] }, [dense(units)]), { loss, optimizer: adam() });
    expect(() => report(trainer, { x: [[0], [1]], y: [1, 1] })).toThrow(
      `report: needs a model that gives probabilities, or numbers; got one with ${loss.kind}, which gives scores`,
    );
  }
});
