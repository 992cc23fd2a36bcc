/** What metrics take, what they refuse, and what they say of themselves. */
import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  compile,
  crossEntropy,
  DataError,
  dense,
  OptionError,
  sequential,
  sgd,
  WasmgradError,
} from "../../src/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import {
  accuracy,
  balancedAccuracy,
  brier,
  confusionMatrix,
  f1,
  logLoss,
  mae,
  matthews,
  precision,
  r2,
  recall,
  rmse,
  rocAuc,
  topK,
} from "../../src/metrics/index.ts";
import { makeResult } from "../../src/rows/data.ts";
import { thrownBy } from "../fixtures.ts";

const probabilities = [
  [0.7, 0.2, 0.1],
  [0.1, 0.6, 0.3],
];
const scores = makeResult(Float32Array.of(0.7, 0.2, 0.1, 0.1, 0.6, 0.3), [2, 3]);
const classified = [
  { label: "ant", index: 0, probability: 0.7 },
  { label: "bee", index: 1, probability: 0.6 },
];
const labels = ["ant", "bee", "cat"];

/** Called with anything. */
// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the matter
type Loose = (...args: any[]) => unknown;
type Refusal = readonly [name: string, act: () => unknown, message: string];
const REFUSALS: readonly Refusal[] = [
  [
    "probabilities given first",
    () => accuracy([0.2, 0.9], [0, 1]),
    "DataError: accuracy: truth comes first, as fit takes y; got 0.2 at row 0: arguments swapped? write accuracy(truth, prediction)",
  ],
  [
    "rows of probabilities given first",
    () => f1(probabilities, [0, 1]),
    "DataError: f1: truth comes first, as fit takes y; got 0.7 at row 0, column 0: arguments swapped? write f1(truth, prediction)",
  ],
  [
    "what predict gives, first",
    () => rocAuc(scores, [0, 1]),
    "DataError: rocAuc: truth comes first, as fit takes y; got 0.699999988079071 at row 0, column 0: arguments swapped? write rocAuc(truth, prediction)",
  ],
  [
    "what classify gives, first",
    () => precision(classified as never, [0, 1]),
    "DataError: precision: truth comes first, as fit takes y; got what classify gives: arguments swapped? write precision(truth, prediction)",
  ],
  [
    "numbers that predict gave, first",
    () => r2(makeResult(Float32Array.of(1, 2), [2, 1]), [1, 2]),
    "DataError: r2: truth comes first, as fit takes y; got what predict gives: arguments swapped? write r2(truth, prediction)",
  ],
  [
    "rocAuc of class indices",
    () => rocAuc([0, 1, 1], [0, 1, 0]),
    "DataError: rocAuc: prediction must be probabilities; got class indices: give what predict gives",
  ],
  [
    "rocAuc of one-hot rows",
    () =>
      rocAuc(
        [0, 1],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    "DataError: rocAuc: prediction must be probabilities; got rows of 0 and 1: give what predict gives",
  ],
  [
    "rocAuc of class names",
    () => rocAuc(["a", "b"], ["a", "b"], { labels: ["a", "b"] }),
    "DataError: rocAuc: prediction must be probabilities; got class names: give what predict gives",
  ],
  [
    "rocAuc of an Int32Array",
    () => rocAuc([0, 1], Int32Array.of(0, 1)),
    "DataError: rocAuc: prediction must be probabilities; got class indices: give what predict gives",
  ],
  [
    "the best class of three alone",
    () => logLoss([0, 2], classified),
    "DataError: logLoss: prediction must be probabilities; got the best class of each row alone: give what predict gives",
  ],
  [
    "the two best classes of three",
    () => brier([0, 2], [classified, classified]),
    "DataError: brier: prediction must be probabilities; got the best classes of each row alone: give what predict gives",
  ],
  [
    "logits",
    () => logLoss([0, 1], [2.5, -1]),
    "DataError: logLoss: prediction: probabilities must lie in [0, 1]; got 2.5 at row 0, column 0 (logits? give what classify gives, or a sigmoid or softmax of them)",
  ],
  [
    "decisions by logits of one output",
    () => accuracy([0, 1], [2.5, -1]),
    "DataError: accuracy: prediction: probabilities must lie in [0, 1]; got 2.5 at row 0, column 0 (logits? give what classify gives, or a sigmoid or softmax of them)",
  ],
  [
    "another number of rows",
    () => accuracy([0, 1, 1], [0, 1]),
    "ShapeError: accuracy: truth and prediction must have as many rows; got 3 and 2",
  ],
  [
    "another number of classes",
    () =>
      accuracy(
        [
          [1, 0],
          [0, 1],
        ],
        probabilities,
      ),
    "ShapeError: accuracy: truth and prediction must have as many classes; got 2 and 3",
  ],
  [
    "a class that there is not",
    () => accuracy([0, 3], probabilities),
    "DataError: accuracy: truth: class indices must be less than 3, the number of classes; got 3 at row 1",
  ],
  [
    "a class below 0",
    () => accuracy([0, -1], probabilities),
    "DataError: accuracy: truth: class indices must be whole numbers >= 0; got -1 at row 1",
  ],
  [
    "a missing value",
    () => mae([1, 2], [1, Number.NaN]),
    "DataError: mae: prediction: numbers must be finite; got NaN at row 1, column 0",
  ],
  [
    "rows of different lengths",
    () =>
      mae(
        [[1, 2], [3]],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    "ShapeError: mae: truth: all rows must have as many numbers as the first, 2; got 1 at row 1",
  ],
  [
    "text among numbers",
    () => mae([1, 2], ["a", 2] as never),
    "DataError: mae: prediction: class names must be strings; got 2 at row 1",
  ],
  [
    "null among numbers",
    () => mae([1, null] as never, [1, 2]),
    "DataError: mae: truth: numbers only; got null at row 1, column 0",
  ],
  [
    "a shape that does not fit",
    () => mae({ data: [1, 2, 3], shape: [2, 1] }, [1, 2]),
    "ShapeError: mae: truth: data must be a list of as many numbers as its shape says; got an array of 3 for the shape [2,1]",
  ],
  ["no rows", () => accuracy([], []), "DataError: accuracy: truth must have at least one row; got none"],
  [
    "no truth",
    () => (accuracy as Loose)(),
    "DataError: accuracy: truth must be rows, class indices or class names; got undefined",
  ],
  [
    "a number as prediction",
    () => (accuracy as Loose)([0, 1], 3),
    "DataError: accuracy: prediction must be rows, class indices or class names; got 3",
  ],
  [
    "a trainer as prediction",
    () => (accuracy as Loose)([0, 1], compile(sequential({ input: [1] }, [dense(1)]))),
    "DataError: accuracy: prediction must be rows, class indices or class names; got an object of type Predictor",
  ],
  [
    "names beside probabilities",
    () => accuracy(["ant", "bee"], scores),
    'OptionError: accuracy: names beside indices or probabilities need labels, as in { labels: ["no", "yes"] }, in the order of the outputs; got none',
  ],
  [
    "a name that is no label",
    () => accuracy(["ant", "be"], scores, { labels }),
    'DataError: accuracy: truth: unknown label "be"; labels: ant, bee, cat; it is at row 1',
  ],
  [
    "names that are not all names",
    () => (accuracy as Loose)(["ant", 1], ["ant", "bee"]),
    "DataError: accuracy: truth: class names must be strings; got 1 at row 1",
  ],
  [
    "labels in rows, for a metric of classes",
    () =>
      balancedAccuracy(
        [
          [1, 1],
          [0, 0],
        ],
        [
          [0.9, 0.8],
          [0.1, 0.1],
        ],
      ),
    "DataError: balancedAccuracy: needs one class a row; got rows of 2 labels: call it on each column",
  ],
  [
    "labels in rows beside one class a row",
    () =>
      f1(
        [
          [1, 1],
          [0, 0],
        ],
        [0, 1],
      ),
    "ShapeError: f1: truth of 2 labels a row needs a prediction of 2 numbers a row; got 1",
  ],
  [
    "another width of numbers",
    () => rmse([[1, 2]], [[1]]),
    "ShapeError: rmse: truth and prediction must have as many numbers a row; got 2 and 1",
  ],
  ["classes as numbers", () => mae(["a"], ["b"]), "ShapeError: mae: truth must be numbers; got classes"],
  [
    "an unknown average",
    () => f1([0, 1], [0, 1], { average: "weighted" as never }),
    'OptionError: f1: average must be "macro" or "micro" or "none"; got "weighted"',
  ],
  [
    "an option of another metric",
    () => accuracy([0, 1], [0, 1], { average: "macro" } as never),
    'OptionError: accuracy: unknown option "average"; options: labels, threshold',
  ],
  [
    "an option of a metric without",
    () => mae([0, 1], [0, 1], { labels } as never),
    'OptionError: mae: unknown option "labels"; labels belongs to compile. Options: ',
  ],
  [
    "a threshold out of range",
    () => accuracy([0, 1], [0.2, 0.4], { threshold: 2 }),
    "OptionError: accuracy: threshold must be in [0, 1], or an array of such; got 2",
  ],
  [
    "too few thresholds",
    () => accuracy([[1, 1]], [[0.2, 0.4]], { threshold: [0.1] }),
    "OptionError: accuracy: threshold must be one number, or one for each of 2 outputs; got 1",
  ],
  [
    "a fourth argument",
    () => (accuracy as Loose)([0], [0], {}, 3),
    "OptionError: accuracy: takes no argument 4; got 3",
  ],
  [
    "topK that was not called",
    () => (topK as Loose)([0, 1], probabilities),
    "OptionError: topK: takes no argument 2; got an array of 2: write topK(k)(truth, prediction)",
  ],
  [
    "a k that is none",
    () => topK(0),
    "OptionError: topK: k, the first argument, must be a whole number >= 1; got 0",
  ],
];

describe("a metric refuses", () => {
  it.each(REFUSALS)("%s", (_, act, message) => {
    const error = thrownBy(act);
    expect(error).toBeInstanceOf(WasmgradError);
    expect(`${error.name}: ${error.message}`).toBe(message);
  });
});

describe("a metric takes", () => {
  it("truth in names beside a prediction in names, and counts by them", () => {
    expect(accuracy(["a", "b", "c"], ["a", "c", "c"])).toBeCloseTo(2 / 3, 15);
    // By code units: "B" < "a".
    expect(confusionMatrix(["a", "B"], ["B", "B"])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it("truth in names beside what classify gives, whose indices then do not matter", () => {
    expect(accuracy(["ant", "cat"], classified)).toBe(0.5);
    expect(accuracy(["ant", "bee"], classified, { labels })).toBe(1);
    expect(
      rocAuc(
        ["no", "yes"],
        [
          [0.9, 0.1],
          [0.4, 0.6],
        ],
        { labels: ["no", "yes"] },
      ),
    ).toBe(1);
  });

  it("a saturated prediction of predict, though it is 0 and 1 alone", () => {
    expect(rocAuc([0, 1], makeResult(Float32Array.of(0, 1), [2, 1]))).toBe(1);
    expect(logLoss([0, 1], Float32Array.of(0, 1))).toBeCloseTo(0, 12);
    expect(accuracy([0, 1], makeResult(Float32Array.of(0, 1), [2, 1]))).toBe(1);
  });

  it("a threshold for one sigmoid", () => {
    expect(recall([0, 1, 1], [0.2, 0.3, 0.8])).toBe(0.5);
    expect(recall([0, 1, 1], [0.2, 0.3, 0.8], { threshold: 0.25 })).toBe(1);
    expect(recall([1], [0.5])).toBe(1);
  });

  it("labels that look like classes, where a threshold says what they are", () => {
    const truth = [
      [1, 0],
      [0, 1],
    ];
    const prediction = [
      [0.4, 0.1],
      [0.6, 0.9],
    ];
    expect(accuracy(truth, prediction)).toBe(1);
    expect(accuracy(truth, prediction, { threshold: 0.5 })).toBe(0);
    expect(rocAuc(truth, prediction, { threshold: 0.5, average: "none" })).toEqual([0, 1]);
  });

  it("typed rows, nested rows and data with a shape alike", () => {
    const expected = accuracy([0, 1], probabilities);
    expect(accuracy(Uint8Array.of(0, 1), scores)).toBe(expected);
    expect(
      accuracy(
        [[0], [1]],
        probabilities.map((row) => Float64Array.from(row)),
      ),
    ).toBe(expected);
    expect(accuracy({ data: [0, 1], shape: [2, 1] }, { data: probabilities.flat(), shape: [2, 3] })).toBe(
      expected,
    );
    expect(mae([[[1], [2]]], [[[2], [4]]])).toBe(1.5);
  });

  it("ties: the first of equals counts as the most probable, in topK as in accuracy", () => {
    const tied = [
      [0.4, 0.4, 0.2],
      [0.4, 0.4, 0.2],
    ];
    expect(accuracy([0, 1], tied)).toBe(0.5);
    expect(topK(1)([0, 1], tied)).toBe(0.5);
    expect(topK(2)([0, 1], tied)).toBe(1);
    expect(topK(2)([0, 1], [0.3, 0.4])).toBe(1);
    expect(topK(1)([0, 1], [0.3, 0.4])).toBe(0.5);
  });

  it("one class in all rows: what is not defined is NaN, the rest a number", () => {
    expect(rocAuc([1, 1], [0.2, 0.8])).toBeNaN();
    expect(matthews([1, 1], [1, 0])).toBe(0);
    expect(balancedAccuracy([1, 1], [1, 0])).toBe(0.5);
  });
});

describe("a metric says", () => {
  it("its name, which way is better, and what it takes", () => {
    const traits = Object.fromEntries(
      Object.entries({ ...metrics, top3: topK(3) }).flatMap(([name, metric]) =>
        "metricName" in metric ? [[name, `${metric.metricName} ${metric.better} ${metric.takes}`]] : [],
      ),
    );
    expect(traits).toEqual({
      accuracy: "accuracy higher classes",
      balancedAccuracy: "balancedAccuracy higher classes",
      precision: "precision higher classes",
      recall: "recall higher classes",
      f1: "f1 higher classes",
      matthews: "matthews higher classes",
      rocAuc: "rocAuc higher probabilities",
      prAuc: "prAuc higher probabilities",
      logLoss: "logLoss lower probabilities",
      brier: "brier lower probabilities",
      top3: "top3 higher probabilities",
      mae: "mae lower numbers",
      rmse: "rmse lower numbers",
      r2: "r2 higher numbers",
    });
  });
});

describe("errors of metrics", () => {
  it("are those of the core", () => {
    expect(thrownBy(() => accuracy([], []))).toBeInstanceOf(DataError);
    expect(thrownBy(() => topK(0))).toBeInstanceOf(OptionError);
  });
});

describe("the accuracy of evaluate", () => {
  it("is that of the metric, for classes, one sigmoid and several", () => {
    const x = Array.from({ length: 40 }, (_, i) => [(i * 7) % 11, (i * 5) % 13].map((v) => v / 6 - 1));
    for (const [units, activation, loss, y] of [
      [3, "softmax", crossEntropy(), x.map((_, i) => i % 3)],
      [1, "sigmoid", binaryCrossEntropy(), x.map((_, i) => i % 2)],
      [3, "sigmoid", binaryCrossEntropy(), x.map((_, i) => [i % 2, i % 3 ? 0 : 1, 1])],
    ] as const) {
      const net = sequential({ input: [2], seed: 4 }, [dense(units, { activation })]);
      const trainer = compile(net, { loss, optimizer: sgd() });
      const data = { x, y: y as number[] };
      expect(trainer.evaluate(data).accuracy).toBe(accuracy(data.y, trainer.predict(x)));
      expect(trainer.evaluate(data).accuracy).toBe(accuracy(data.y, trainer.classify(x)));
    }
  });
});
