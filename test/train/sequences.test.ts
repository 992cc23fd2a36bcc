/** Losses of sequences: a class for each position of a row, some of which do not count. */
import { describe, expect, it } from "vitest";
import {
  adam,
  categoricalFocal,
  compile,
  crossEntropy,
  dense,
  type Loss,
  loadTrainer,
  reshape,
  sequential,
  sgd,
} from "../../src/index.ts";
import vectors from "../vectors/sequences.json" with { type: "json" };

/** A class of four for each of three positions. */
const tagger = (loss: Loss, options: object = {}) =>
  compile(
    sequential({ input: [3, 2], seed: 4 }, [
      dense(5, { activation: "tanh" }),
      dense(4, { activation: "softmax" }),
    ]),
    { loss, optimizer: adam({ learningRate: 0.05 }), batchSize: 4, ...options },
  );

const x = Array.from({ length: 6 }, (_, row) =>
  Array.from({ length: 3 }, (_, t) => [Math.sin(row * 3 + t), Math.cos(row + 2 * t)]),
);
const y = x.map((row) => row.map(([a, b]) => (a > 0 ? 1 : 0) + (b > 0 ? 2 : 0)));

describe("a loss of sequences", () => {
  it.each(
    vectors.cases.map(
      (recorded) =>
        [`${recorded.loss} [${recorded.shape}] ${JSON.stringify(recorded.options)}`, recorded] as const,
    ),
  )("%s agrees with PyTorch", (_, { loss, options, shape, logits, labels, value, gradient }) => {
    const [rows, ...row] = shape;
    const of = { ...options, fromLogits: true };
    // Logits are the product of one-hot inputs with a table of them, whose gradient is theirs.
    const table = sequential({ input: [rows] }, [
      dense(
        row.reduce((p, d) => p * d, 1),
        { bias: false, name: "table" },
      ),
      reshape(row),
    ]);
    const trainer = compile(table, {
      loss: loss === "crossEntropy" ? crossEntropy(of) : categoricalFocal(of),
      optimizer: sgd(),
      batchSize: rows,
    });
    trainer.setParameters({ "table.weight": logits });
    const inputs = Array.from({ length: rows }, (_, i) =>
      Array.from({ length: rows }, (_, j) => (i === j ? 1 : 0)),
    );
    const data = { x: inputs, y: { data: labels, shape: shape.slice(0, -1) } };
    const got = trainer.gradients(data);
    expect(Math.abs(got.loss - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
    gradient.forEach((g, i) => {
      expect(Math.abs(got.gradients["table.weight"].data[i] - g)).toBeLessThan(1e-6);
    });
    expect(Math.abs(trainer.evaluate(data).loss - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  });

  it("is the mean over positions, with labels as one-hot rows, nested, flat, shaped or by name", () => {
    const names = ["a", "b", "c", "d"];
    const digest = (targets: unknown, options: object = {}) => {
      const trainer = tagger(crossEntropy(), options);
      trainer.fitSync({ x, y: targets as never }, { epochs: 3 });
      return trainer.digest();
    };
    const wanted = digest(y);
    expect(digest(Int32Array.from(y.flat()))).toBe(wanted);
    expect(digest({ data: y.flat(), shape: [6, 3] })).toBe(wanted);
    expect(digest(y.map((row) => Uint8Array.from(row)))).toBe(wanted);
    expect(
      digest(
        y.map((row) => row.map((label) => names[label])),
        { labels: names },
      ),
    ).toBe(wanted);
    const oneHot = y.map((row) => row.map((label) => names.map((_, j) => (j === label ? 1 : 0))));
    const trainer = tagger(crossEntropy());
    const { loss, accuracy } = trainer.evaluate({ x, y });
    expect(trainer.evaluate({ x, y: oneHot })).toEqual({ loss, accuracy });
  });

  it("learns, and measures the share of positions that are right", () => {
    const trainer = tagger(crossEntropy());
    trainer.fitSync({ x, y }, { epochs: 300 });
    expect(trainer.evaluate({ x, y }).accuracy).toBe(1);
    const wrong = y.map((row) => row.slice());
    wrong[5][2] = (wrong[5][2] + 1) % 4;
    expect(trainer.evaluate({ x, y: wrong }).accuracy).toBe(17 / 18);
  });

  it("has the bits of one without ignoreIndex where every label counts", () => {
    const [with_, without] = [crossEntropy({ ignoreIndex: -1 }), crossEntropy()].map((loss) => {
      const trainer = tagger(loss);
      const { history } = trainer.fitSync({ x, y, sampleWeight: [1, 2, 0, 1, 0.5, 3] }, { epochs: 5 });
      return [trainer.digest(), history.loss];
    });
    expect(with_).toEqual(without);
  });
});

describe("labels that are ignored", () => {
  const masked = y.map((row, i) => row.map((label, t) => (t > i % 3 ? -100 : label)));
  const loss = () => crossEntropy({ ignoreIndex: -100 });

  it("leave no trace: the inputs at their positions may be anything", () => {
    const other = x.map((row, i) => row.map((v, t) => (t > i % 3 ? [9, -9] : v)));
    const [a, b] = [x, other].map((inputs) => {
      const trainer = tagger(loss());
      trainer.fitSync({ x: inputs, y: masked }, { epochs: 4 });
      return [trainer.digest(), trainer.evaluate({ x: inputs, y: masked })];
    });
    expect(a).toEqual(b);
  });

  it("are out of the mean: evaluate does not depend on the batch", () => {
    const [whole, short] = [6, 4].map((batchSize) =>
      tagger(loss(), { batchSize }).evaluate({ x, y: masked }),
    );
    expect(short.accuracy).toBe(whole.accuracy);
    expect(short.loss).toBeCloseTo(whole.loss, 6);
    // By hand: the mean of -log p over the positions that count.
    const p = tagger(loss()).predict(x).toArray() as number[][][];
    const terms = masked.flatMap((row, i) =>
      row.flatMap((label, t) => (label < 0 ? [] : [-Math.log(p[i][t][label])])),
    );
    expect(whole.loss).toBeCloseTo(terms.reduce((sum, term) => sum + term, 0) / terms.length, 6);
  });

  it("give a batch of them alone the loss 0 and no gradient, whatever the logits hold", () => {
    const trainer = tagger(loss(), { batchSize: 1 });
    const { x: rows, y: labels, loss: before } = trainer.buffers.step;
    rows.set(x[0].flat());
    labels.fill(-100);
    const digest = trainer.digest();
    trainer.stepBuffers(1);
    expect(before[0]).toBe(0);
    expect(trainer.digest()).toBe(digest);
    labels.set([0, -100, 4]);
    expect(() => trainer.stepBuffers(1)).toThrow(
      "stepBuffers: y: class labels must be whole numbers from 0 to 3; got 4 at row 0, column 2 (class labels count from 0)",
    );
  });

  it("may be a class, too, and weights of rows multiply the others", () => {
    const trainer = tagger(crossEntropy({ ignoreIndex: 0 }));
    const p = trainer.predict(x).toArray() as number[][][];
    const sampleWeight = [1, 2, 0.5, 0, 1, 3];
    let sum = 0;
    let counted = 0;
    y.forEach((row, i) => {
      row.forEach((label, t) => {
        if (label === 0) return;
        counted++;
        sum -= sampleWeight[i] * Math.log(p[i][t][label]);
      });
    });
    const whole = compile(
      sequential({ input: [3, 2], seed: 4 }, [
        dense(5, { activation: "tanh" }),
        dense(4, { activation: "softmax" }),
      ]),
      { loss: crossEntropy({ ignoreIndex: 0 }), optimizer: sgd(), batchSize: 6 },
    );
    expect(whole.evaluate({ x, y, sampleWeight }).loss).toBeCloseTo(sum / counted, 5);
  });

  it("are out of accuracy and metrics", () => {
    const seen: number[][] = [];
    const spy = (truth: unknown, prediction: { shape: readonly number[] }) => {
      seen.push([(truth as Int32Array).length, ...prediction.shape]);
      return 0;
    };
    const trainer = tagger(loss(), { metrics: ["accuracy", "balancedAccuracy", spy] });
    const got = trainer.evaluate({ x, y: masked });
    expect(got.accuracy).toBe(tagger(loss()).evaluate({ x, y: masked }).accuracy);
    expect(seen).toEqual([[12, 12, 4]]);
  });

  it("are kept by files, and in validation rows", () => {
    const trainer = tagger(loss());
    const { history } = trainer.fitSync({ x, y: masked }, { epochs: 2, validation: 0.3 });
    expect(history.validationLoss?.every(Number.isFinite)).toBe(true);
    const again = loadTrainer(trainer.save({ training: true }));
    trainer.fitSync({ x, y: masked }, { epochs: 2 });
    again.fitSync({ x, y: masked } as never, { epochs: 2 });
    expect(again.digest()).toBe(trainer.digest());
  });
});

describe("bad labels of sequences", () => {
  it.each([
    [
      [[0, 1, 4]],
      "fit: y: class labels must be whole numbers from 0 to 3; got 4 at row 0, position 2 (they count from 0, and the model has 4 outputs)",
    ],
    [[[0, 1, -1]], "got -1 at row 0, position 2 (labels that do not count need ignoreIndex: -1)"],
    [[[0, 1]], "fit: y: row 0 must have 3 labels, one for each position; got 2"],
    [[0, 1, 2, 3], "fit: y: rows must have 3 numbers; got a flat array of 4"],
    [
      [
        [
          [1, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 0.5, 0, 0],
        ],
      ],
      "probabilities of a row must sum to 1; got 0.5 at row 0, position 2",
    ],
  ])("%j", (labels, message) => {
    expect(() => tagger(crossEntropy()).fitSync({ x: [x[0]], y: labels as never })).toThrow(
      message.replace("fit:", "fitSync:"),
    );
  });

  it("with ignoreIndex are refused as well, and so are labels none of which count", () => {
    const trainer = tagger(crossEntropy({ ignoreIndex: -100 }));
    expect(() => trainer.fitSync({ x: [x[0]], y: [[0, -100, -1]] })).toThrow(
      "fitSync: y: class labels must be whole numbers from 0 to 3, or -100 where none counts; got -1 at row 0, position 2",
    );
    expect(() => trainer.fitSync({ x: [x[0]], y: [[-100, -100, -100]] })).toThrow(
      "fitSync: y: one label at least must count; got 3 times -100",
    );
    expect(() => crossEntropy({ ignoreIndex: 0.5 })).toThrow(
      "crossEntropy: ignoreIndex must be a whole number from -16777216 to 16777216, such as -100; got 0.5",
    );
  });

  it("none of which count in the rows for training or validation are refused before the first step", async () => {
    const trainer = tagger(crossEntropy({ ignoreIndex: -100 }));
    const none = [-100, -100, -100];
    const padded = [...y.slice(0, 4), none, none];
    const options = { epochs: 3, validation: { last: 0.34 }, earlyStopping: { patience: 2 } };
    expect(() => trainer.fitSync({ x, y: padded }, options)).toThrow(
      "fitSync: validation: one label at least must count in the validation rows; got 6 times -100",
    );
    await expect(trainer.fit(trainer.bind({ x, y: padded }), options)).rejects.toThrow(
      "fit: validation: one label at least must count in the validation rows; got 6 times -100",
    );
    expect(() =>
      trainer.fitSync({ x, y: [none, none, none, none, ...y.slice(4)] }, { validation: { last: 0.34 } }),
    ).toThrow("fitSync: validation: one label at least must count in the training rows; got 12 times -100");
    expect(() => trainer.fitSync({ x, y }, { validation: { x: [x[0]], y: [none] } })).toThrow(
      "fitSync: validation: y: one label at least must count; got 3 times -100",
    );
    expect(trainer.steps).toBe(0);
    expect(trainer.fitSync({ x, y: [...y.slice(0, 5), none] }, options).steps).toBe(3);
  });

  it("names are found at their position", () => {
    const labels = ["a", "b", "c", "d"];
    const trainer = tagger(crossEntropy(), { labels });
    expect(() => trainer.fitSync({ x: [x[0]], y: [["a", "b", "e"]] })).toThrow("it is at row 0, position 2");
    expect(() => trainer.fitSync({ x: [x[0]], y: [["a", "b"]] })).toThrow(
      "fitSync: y: a row must have 3 class names, one for each position; got an array of 2 at row 0",
    );
  });

  it("may stand among names, as the number that is ignored", () => {
    const labels = ["a", "b", "c", "d"];
    const trainer = tagger(crossEntropy({ ignoreIndex: -1 }), { labels });
    const indices = y.map((row, i) => row.map((label, t) => ((i + t) % 3 === 0 ? -1 : label)));
    const withNames = [[-1, -1, -1], ...indices].map((row) => row.map((i) => labels[i] ?? i));
    const padded = [x[0], ...x];
    expect(trainer.evaluate({ x: padded, y: withNames })).toEqual(
      trainer.evaluate({ x: padded, y: [[-1, -1, -1], ...indices] }),
    );
    expect(() => trainer.evaluate({ x: [x[0]], y: [["a", -2, -1]] })).toThrow(
      "evaluate: y: unknown label -2; labels: a, b, c, d; it is at row 0, position 1",
    );
    expect(() => tagger(crossEntropy(), { labels }).evaluate({ x: [x[0]], y: [["a", -1, "b"]] })).toThrow(
      "evaluate: y: unknown label -1",
    );

    const flat = compile(sequential({ input: [2], seed: 1 }, [dense(3, { activation: "softmax" })]), {
      ...{ loss: crossEntropy({ ignoreIndex: -1 }), optimizer: sgd(), labels: ["a", "b", "c"] },
    });
    for (const [names, numbers] of [
      [
        ["a", -1, "c", "b"],
        [0, -1, 2, 1],
      ],
      [
        [-1, "b", "c", -1],
        [-1, 1, 2, -1],
      ],
    ])
      expect(flat.evaluate({ x: x[0].concat(x[1]).slice(0, 4), y: names })).toEqual(
        flat.evaluate({ x: x[0].concat(x[1]).slice(0, 4), y: numbers as number[] }),
      );
  });

  it("rows of another length are refused as labels", () => {
    const trainer = tagger(crossEntropy());
    expect(() => trainer.evaluate({ x: [x[0]], y: [[0, 1]] })).toThrow(
      "evaluate: y: row 0 must have 3 labels, one for each position; got 2",
    );
    expect(() => trainer.evaluate({ x: x.slice(0, 2), y: [y[0], [0, 1, 2, 3]] })).toThrow(
      "evaluate: y: row 1 must have 3 labels, one for each position; got 4",
    );
  });

  it("classWeight has no class of a row to go by", () => {
    expect(() => tagger(crossEntropy()).fitSync({ x, y }, { classWeight: { 0: 2 } })).toThrow(
      "classWeight needs one loss of classes: crossEntropy, or binaryCrossEntropy of one output; got crossEntropy of 3 positions a row",
    );
  });

  it("classify says where classes of positions come from", () => {
    const trainer = tagger(crossEntropy());
    expect(() => trainer.classify(x)).toThrow(
      "classify: needs one class a row; got [6, 3, 4]: take the largest of each position of what predict gives",
    );
  });
});
