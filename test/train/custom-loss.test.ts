/** Loss functions of users in trainers: what they are called with, what they may return, targets, weights, files. */
import { describe, expect, it } from "vitest";
import {
  activation,
  adam,
  batchNorm,
  type compile as Compile,
  compile,
  crossEntropy,
  customLoss,
  dense,
  huber,
  type LossFunction,
  loadTrainer,
  meanSquaredError,
  model,
  sequential,
  sgd,
  type Tensor,
} from "../../src/index.ts";

const x = [
  [0, 1, 2],
  [1, -1, 0.5],
  [2, 0.25, -1],
  [-1, 1, 1],
  [0.5, 0.5, 0],
];
const numbers = [
  [1, 0],
  [0, 2],
  [-1, 1],
  [0.5, 0.5],
  [2, -2],
];
const squares: LossFunction = (p, t) => p.sub(t).square().mean(1);
const regression = () => sequential({ input: [3], seed: 3 }, [dense(4, { activation: "tanh" }), dense(2)]);
const classifier = () => sequential({ input: [3], seed: 3 }, [dense(3, { activation: "softmax" })]);
const compiled = (loss: LossFunction, net = regression()) =>
  compile(net, { loss, optimizer: sgd({ learningRate: 0.1 }), batchSize: 2 });

describe("a loss function", () => {
  it("trains as the loss that it writes out, a short last batch included", () => {
    const own = compiled(squares);
    const known = compile(regression(), {
      ...{ loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }), batchSize: 2 },
    });
    for (const trainer of [own, known]) trainer.fitSync({ x, y: numbers }, { epochs: 20 });
    const [a, b] = [own, known].map((trainer) => trainer.predict(x).data);
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 5);
    expect(own.evaluate({ x, y: numbers }).loss).toBeCloseTo(known.evaluate({ x, y: numbers }).loss, 5);
  });

  it("weighs rows and parts of a group as the loss that it writes out", () => {
    const data = { x, y: numbers, sampleWeight: [1, 0, 2, 0.5, 3] };
    const options = { optimizer: sgd({ learningRate: 0.1 }), batchSize: 2, accumulate: 2 };
    const own = compile(regression(), { loss: squares, ...options });
    const known = compile(regression(), { loss: meanSquaredError(), ...options });
    for (const trainer of [own, known]) trainer.fitSync(data, { epochs: 10 });
    const [a, b] = [own, known].map((trainer) => trainer.predict(x).data);
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 5);
    expect(own.evaluate(data).loss).toBeCloseTo(known.evaluate(data).loss, 5);
    const unweighted = compile(regression(), { loss: squares, ...options });
    unweighted.fitSync({ x, y: numbers }, { epochs: 10 });
    expect(unweighted.digest()).not.toBe(own.digest());
  });

  it("may give a scalar, which rows cannot be weighed with", () => {
    const own = compiled((p, t) => p.sub(t).square().mean());
    const known = compile(regression(), {
      ...{ loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }), batchSize: 2 },
    });
    for (const trainer of [own, known]) trainer.fitSync({ x, y: numbers }, { epochs: 20 });
    const [a, b] = [own, known].map((trainer) => trainer.predict(x).data);
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 5);
    expect(own.evaluate({ x, y: numbers }).loss).toBeCloseTo(known.evaluate({ x, y: numbers }).loss, 5);
    expect(() => own.step({ x, y: numbers, sampleWeight: [1, 1, 1, 1, 2] })).toThrow(
      'step: sampleWeight needs losses of one value a row; got one number for a batch from that of output "output": ' +
        "return [rows] from it, such as .mean(1) instead of .mean()",
    );
    expect(() => own.fitSync({ x, y: numbers }, { classWeight: "balanced" })).toThrow(
      "classWeight needs losses of one value a row",
    );
  });

  it("calls losses of the package", () => {
    const own = compiled((p, t) => huber({ delta: 0.5 })(p, t).add(p.square().mean().mul(0.01)));
    const { history } = own.fitSync({ x, y: numbers }, { epochs: 50 });
    expect(history.loss[49]).toBeLessThan(history.loss[0]);
  });

  it("is given flat targets as [rows, 1]", () => {
    const shapes: string[] = [];
    const net = sequential({ input: [3] }, [dense(1)]);
    const own = compiled((p, t) => {
      shapes.push(`${p.shape} ${t.shape}`);
      return p.sub(t).abs().mean(1);
    }, net);
    own.fitSync({ x, y: [1, 2, 3, 4, 5] }, { epochs: 2 });
    expect(shapes).toEqual(["-1,1 -1,1"]);
  });

  const byHand: LossFunction = (p, t) => t.mul(p.log()).sum(1).neg();
  it.each([
    ["indices", [0, 2, 1, 0, 2]],
    ["names", ["a", "c", "b", "a", "c"]],
    ["rows", [0, 2, 1, 0, 2].map((label) => [0, 1, 2].map((j) => (j === label ? 1 : 0)))],
  ] as const)("is given classes as rows of 0 and 1, and knows the accuracy: %s", (_, y) => {
    const options = { optimizer: adam({ learningRate: 0.05 }), labels: ["a", "b", "c"], batchSize: 2 };
    const own = compile(classifier(), { loss: byHand, ...options });
    const known = compile(classifier(), { loss: crossEntropy(), ...options });
    const data = { x, y: y as unknown as number[] };
    for (const trainer of [own, known]) trainer.fitSync(data, { epochs: 30, classWeight: { a: 3 } });
    const [a, b] = [own, known].map((trainer) => trainer.evaluate(data));
    expect(a.loss).toBeCloseTo(b.loss, 4);
    expect(a.accuracy).toBe(b.accuracy);
    expect(own.classify([x[0]])[0].label).toBe(known.classify([x[0]])[0].label);
  });

  it("is given classes as rows of 0 and 1 by a model of scores, too, without accuracy", () => {
    const net = sequential({ input: [3], seed: 3 }, [dense(3)]);
    const own = compiled((p, t) => t.mul(p.logSoftmax()).sum(1).neg(), net);
    const known = compile(sequential({ input: [3], seed: 3 }, [dense(3)]), {
      ...{ loss: crossEntropy({ fromLogits: true }), optimizer: sgd({ learningRate: 0.1 }), batchSize: 2 },
    });
    const data = { x, y: [0, 2, 1, 0, 2] };
    for (const trainer of [own, known]) trainer.fitSync(data, { epochs: 10 });
    const { loss, ...others } = own.evaluate(data);
    expect(loss).toBeCloseTo(known.evaluate(data).loss, 5);
    expect(others).toEqual({});
  });

  it("of a model that ends in a sigmoid has an accuracy, whatever its targets are", () => {
    const net = sequential({ input: [3], seed: 1 }, [dense(1, { activation: "sigmoid" })]);
    const own = compile(net, {
      loss: (p, t) => p.sub(t).square().mean(1),
      optimizer: adam({ learningRate: 0.1 }),
    });
    const data = { x, y: [0, 1, 1, 0, 1] };
    own.fitSync(data, { epochs: 300 });
    expect(own.evaluate(data).accuracy).toBe(1);
    expect(() => own.step({ x, y: [0, 3, -1, 0, 1] })).not.toThrow();
  });

  it("stands by the name of an output, beside others", () => {
    const net = model({ inputs: { x: [3] } }, ({ x: rows }) => {
      const h = dense(4, { activation: "relu" })(rows);
      return { a: dense(1)(h), b: dense(2)(h) };
    });
    const trainer = compile(net, {
      loss: { a: (p, t) => p.sub(t).abs().mean(1), b: meanSquaredError() },
      optimizer: adam(),
    });
    const y = { a: [1, 2, 3, 4, 5], b: numbers };
    const before = trainer.evaluate({ x: { x }, y }).loss;
    trainer.fitSync({ x: { x }, y }, { epochs: 100 });
    expect(trainer.evaluate({ x: { x }, y }).loss).toBeLessThan(before);
    expect(trainer.manifest()).toMatchObject({ options: { loss: { a: { kind: "custom" } } } });
  });

  it("goes through customLoss as it is", () => {
    expect(customLoss(squares)).toBe(squares);
  });

  it("may have batch statistics in front, and evaluates by the running ones", () => {
    const net = sequential({ input: [3], seed: 3 }, [dense(4), batchNorm(), activation("relu"), dense(2)]);
    const trainer = compile(net, { loss: squares, optimizer: sgd({ learningRate: 0.1 }), batchSize: 5 });
    const known = compile(net, {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.1 }),
      batchSize: 5,
    });
    for (const one of [trainer, known]) one.fitSync({ x, y: numbers }, { epochs: 5 });
    expect(trainer.evaluate({ x, y: numbers }).loss).toBeCloseTo(known.evaluate({ x, y: numbers }).loss, 5);
  });

  it("is not kept in files: loadTrainer goes on, to the bit, when it is given again", () => {
    const trainer = compiled(squares);
    trainer.fitSync({ x, y: numbers }, { epochs: 3 });
    const bytes = trainer.save({ training: true });
    expect(() => loadTrainer(bytes)).toThrow(
      "loadTrainer: the file's loss is a function, which files do not keep; got no loss in the options",
    );
    const again = loadTrainer(bytes, { loss: squares });
    for (const one of [trainer, again]) one.fitSync({ x, y: numbers }, { epochs: 3 });
    expect(again.digest()).toBe(trainer.digest());
    expect(again.steps).toBe(trainer.steps);
  });
});

describe("a loss function is refused", () => {
  const who = 'compile: the loss of output "output"';
  const refused = (loss: unknown, net = regression()) => {
    try {
      compiled(loss as LossFunction, net);
    } catch (error) {
      return `${error}`;
    }
    return "nothing";
  };

  it.each<readonly [string, (p: Tensor, t: Tensor) => unknown, string]>([
    [
      "that gives a matrix",
      (p, t) => p.sub(t).square(),
      `ShapeError: ${who}: the function must return one value a row, [rows], or a scalar; got [rows, 2] for predictions [rows, 2]: take the mean over the other axes, such as .mean(1)`,
    ],
    [
      "that gives a value for each column",
      (p, t) => p.sub(t).square().mean(0),
      `ShapeError: ${who}: the function must return one value a row, [rows], or a scalar; got [2] for predictions [rows, 2]: keep the axis of the rows, or take .mean() of all`,
    ],
    [
      "that gives no tensor",
      (_p, _t) => 3,
      `TraceError: ${who}: the function must return a tensor that it computed; got 3`,
    ],
    [
      "that is async",
      async (p, _t) => p.mean(),
      `TraceError: ${who}: the function must return a tensor that it computed; got a promise: make it a plain function instead of an async one`,
    ],
    [
      "that does not use the prediction",
      (_p, t) => t.mean(1),
      `TraceError: ${who}: the function must use the prediction; got a loss that does not depend on it`,
    ],
    [
      "with a layer that has parameters",
      (p, t) => dense(1)(p).sub(dense(1)(t)).square().mean(1),
      `OptionError: ${who}: a loss must have no parameters of its own; got "dense1.weight": make the layer in the model, and its result an output`,
    ],
  ])("%s", (_, loss, message) => {
    expect(refused(loss)).toBe(message);
  });

  it("that is one of the package and was not called, or takes nothing", () => {
    for (const loss of [meanSquaredError, crossEntropy, huber, () => {}])
      expect(refused(loss)).toMatch(
        /^OptionError: compile: loss must be what .*: call it, or let it take \(prediction, target\)$/,
      );
    expect(refused(customLoss)).toMatch(
      /^OptionError: customLoss: takes no argument 2; .*: write loss: customLoss\(fn\)$/,
    );
  });

  it("where targets are to be standardized and the model ends in probabilities", () => {
    const options = { loss: squares, optimizer: sgd(), targets: "standardize" } as Parameters<
      typeof Compile
    >[1];
    expect(() => compile(classifier(), options)).toThrow("needs a loss of numbers");
  });
});
