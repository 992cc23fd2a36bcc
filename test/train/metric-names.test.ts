/** The option `metrics` of `compile`: what it takes, and that its numbers are those of `wasmgrad/metrics`. */
import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  type Loss,
  loadTrainer,
  meanSquaredError,
  model,
  OptionError,
  sequential,
  sgd,
} from "../../src/index.ts";
import {
  accuracy,
  balancedAccuracy,
  brier,
  f1,
  logLoss,
  mae,
  prAuc,
  r2,
  rmse,
  rocAuc,
  topK,
} from "../../src/metrics/index.ts";
import { thrownBy } from "../fixtures.ts";

const metrics = { accuracy, balancedAccuracy, f1, mae, rmse, r2 };
const x = Array.from({ length: 37 }, (_, i) => [(i * 7) % 11, (i * 5) % 13].map((v) => v / 6 - 1));
const SETTINGS = {
  classes: { units: 3, activation: "softmax", loss: crossEntropy(), y: x.map((_, i) => i % 3) },
  "classes from logits": {
    units: 3,
    activation: "linear",
    loss: crossEntropy({ fromLogits: true }),
    y: x.map((_, i) => i % 3),
  },
  "yes or no": { units: 1, activation: "sigmoid", loss: binaryCrossEntropy(), y: x.map((_, i) => i % 2) },
  // One label a row each: they look like classes.
  labels: {
    units: 3,
    activation: "sigmoid",
    loss: binaryCrossEntropy(),
    y: x.map((_, i) => [0, 1, 2].map((c) => (c === i % 3 ? 1 : 0))),
  },
  numbers: { units: 2, activation: "linear", loss: meanSquaredError(), y: x.map(([a, b]) => [a * b, a - b]) },
} as const;
type Name = keyof typeof SETTINGS;
const make = (name: Name, given: readonly unknown[], more: object = {}) => {
  const { units, activation, loss } = SETTINGS[name];
  const net = sequential({ input: [2], seed: 5 }, [
    dense(4, { activation: "tanh" }),
    dense(units, { activation }),
  ]);
  return compile(net, {
    loss: loss as Loss,
    optimizer: sgd(),
    batchSize: 8,
    metrics: given as never,
    ...more,
  });
};

describe("metrics by name", () => {
  it.each([
    ["classes", ["accuracy", "balancedAccuracy", "f1"]],
    ["classes from logits", ["accuracy", "balancedAccuracy", "f1"]],
    ["yes or no", ["accuracy", "balancedAccuracy", "f1"]],
    ["labels", ["accuracy", "f1"]],
    ["numbers", ["mae", "rmse", "r2"]],
  ] as const)("of %s are those of wasmgrad/metrics, bit for bit", (name, names) => {
    const y = SETTINGS[name].y as unknown as number[];
    const trainer = make(name, names);
    const found = trainer.evaluate({ x, y });
    const prediction = name === "numbers" ? trainer.predict(x) : trainer.classify(x);
    // Of f32, as fit reads y.
    const truth = name === "numbers" ? { data: Float32Array.from(y.flat()), shape: [x.length, 2] } : y;
    for (const metric of names) expect(found[metric]).toBe(metrics[metric](truth, prediction as never));
    const passed = make(
      name,
      names.map((metric) => metrics[metric]),
    ).evaluate({ x, y });
    expect(passed).toEqual(found);
  });
});

describe("metrics as functions", () => {
  it("are called with classes and probabilities, where the model ends in logits too", () => {
    const y = SETTINGS.classes.y as unknown as number[];
    const given = [rocAuc, prAuc, logLoss, brier, topK(2)];
    for (const name of ["classes", "classes from logits"] as const) {
      const found = make(name, given).evaluate({ x, y });
      const softmaxed = make("classes", []).predict(x);
      for (const metric of given) expect(found[metric.metricName]).toBe(metric(y, softmaxed) as number);
    }
    const found = make("labels", [rocAuc, logLoss]).evaluate({ x, y: SETTINGS.labels.y as never });
    const predicted = make("labels", []).predict(x);
    const options = { threshold: 0.5 };
    expect(found.rocAuc).toBe(rocAuc(SETTINGS.labels.y as never, predicted, options));
    expect(found.logLoss).toBe(logLoss(SETTINGS.labels.y as never, predicted, options));
  });

  it("of one's own are called by their names, with truth and prediction of all rows", () => {
    const seen: unknown[] = [];
    const share = (truth: Int32Array, prediction: { shape: readonly number[] }) => {
      seen.push(truth.length, prediction.shape);
      return 0.25;
    };
    const trainer = make("classes", [share]);
    expect(trainer.evaluate({ x, y: SETTINGS.classes.y as never }).share).toBe(0.25);
    expect(seen).toEqual([37, [37, 3]]);
    const { history } = trainer.fitSync(
      { x, y: SETTINGS.classes.y as never },
      { epochs: 3, validation: 0.2 },
    );
    expect(history.share).toEqual([0.25, 0.25, 0.25]);
  });

  it("say which way is better: early stopping needs no mode", () => {
    const trainer = make("classes", [rocAuc, logLoss]);
    const data = { x, y: SETTINGS.classes.y as never };
    const stopped = (monitor: string) =>
      trainer.fitSync(data, { epochs: 5, validation: 0.3, earlyStopping: { patience: 2, monitor } });
    expect(stopped("rocAuc").best).toBeDefined();
    expect(stopped("logLoss").best).toBeDefined();
  });
});

describe("metrics that do not fit are refused", () => {
  const refusals: readonly (readonly [string, () => unknown, string])[] = [
    [
      "no list",
      () => make("classes", "accuracy" as never),
      'compile: metrics must be an array of names and functions, such as ["accuracy", rocAuc]; got "accuracy"',
    ],
    [
      "a number",
      () => make("classes", [3]),
      "compile: metrics: a metric must be a name or a function of (truth, prediction); got 3",
    ],
    [
      "an unknown name",
      () => make("classes", ["acuracy"]),
      'compile: metrics: unknown metric "acuracy"; did you mean accuracy? Metrics: accuracy, balancedAccuracy, f1, mae, rmse, r2',
    ],
    [
      "a name that is a function",
      () => make("classes", ["rocAuc"]),
      'compile: metrics: "rocAuc" is given as a function: import { rocAuc } from "wasmgrad/metrics"; got its name. By name: accuracy, balancedAccuracy, f1, mae, rmse, r2',
    ],
    [
      "classes of a regression",
      () => make("numbers", ["accuracy"]),
      "compile: metrics: accuracy measures classes, which meanSquaredError does not have; try mae, rmse or r2",
    ],
    [
      "probabilities of a regression",
      () => make("numbers", [rocAuc]),
      "compile: metrics: rocAuc measures probabilities, which meanSquaredError does not have; try mae, rmse or r2",
    ],
    [
      "numbers of a classifier",
      () => make("classes", ["mae"]),
      "compile: metrics: mae measures numbers, which crossEntropy does not have; try accuracy, balancedAccuracy or f1",
    ],
    [
      "classes of labels",
      () => make("labels", ["balancedAccuracy"]),
      "compile: metrics: balancedAccuracy needs one class a row; got 3 yes-or-no outputs: try accuracy or f1",
    ],
    [
      "the top of labels",
      () => make("labels", [topK(2)]),
      "compile: metrics: top2 needs one class a row; got 3 yes-or-no outputs: try accuracy or f1",
    ],
    [
      "one twice",
      () => make("classes", ["f1", f1]),
      "compile: metrics must differ in their names; got f1 twice",
    ],
    [
      "a function without a name",
      () => make("classes", [() => 0]),
      "compile: metrics: a function must have a name, under which its values stand; got none",
    ],
    [
      "a function of a taken name",
      () =>
        make("classes", [
          function loss() {
            return 0;
          },
        ]),
      "compile: metrics: results have another loss; got a metric of that name: rename it",
    ],
    [
      "without a loss",
      () => compile(sequential({ input: [1] }, [dense(1)]), { metrics: ["mae"] } as never),
      "compile: metrics needs loss and optimizer; got metrics an array of 1 without them",
    ],
    [
      "several losses",
      () =>
        compile(
          model({ inputs: { x: [1] } }, ({ x: input }) => ({ a: dense(1)(input), b: dense(1)(input) })),
          {
            loss: { a: meanSquaredError(), b: meanSquaredError() },
            optimizer: sgd(),
            metrics: ["mae"],
          },
        ),
      "compile: metrics need one loss; got 2: call them on what predict gives",
    ],
  ];
  it.each(refusals)("%s", (_, act, message) => {
    const error = thrownBy(act);
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toBe(message);
  });
});

describe("metrics in files", () => {
  it("that have names come back by themselves; functions are given again, and all others then, too", () => {
    const y = SETTINGS.classes.y as unknown as number[];
    const trainer = make("classes", ["f1", rocAuc]);
    const { f1: f, rocAuc: area } = trainer.evaluate({ x, y });
    const bytes = trainer.save({ training: true });
    const data = { x, y } as never;
    expect(loadTrainer(bytes).evaluate(data)).toMatchObject({ f1: f });
    expect(loadTrainer(bytes).evaluate(data).rocAuc).toBeUndefined();
    expect(loadTrainer(bytes, { metrics: [rocAuc] }).evaluate(data)).toMatchObject({ rocAuc: area });
    expect(loadTrainer(bytes, { metrics: [] }).evaluate(data).f1).toBeUndefined();
  });

  it("are left out with another loss, which they may not fit", () => {
    const bytes = make("numbers", ["mae"]).save();
    expect(
      loadTrainer(bytes, { loss: meanSquaredError() }).evaluate({ x, y: SETTINGS.numbers.y } as never),
    ).toEqual({
      loss: expect.any(Number),
    });
  });
});
