/** What cannot be a layer, an output, a schedule or a weight is refused when it is built, by the name of the layer where there is one. */
import { describe, expect, it } from "vitest";
import * as main from "../../src/index.ts";
import { thrownBy } from "../fixtures.ts";

const { adam, adamW, compile, crossEntropy, dense, embedding, flatten, meanSquaredError, model } = main;
const { randomNormal, sequential, sgd } = main;

const IMAGE = [4, 4, 2];
const SEQUENCE = [5, 6];

/** A network of one layer. */
const network = (input: main.Shape, layer: () => unknown) => () =>
  sequential({ input }, [layer() as main.Layer<"same">, flatten(), dense(1)]);

/** What a window says that is larger than what it moves over. */
const larger = (kind: string, size: number, places: number, shape: string) =>
  `ShapeError: big: ${kind}: a window must not be larger than the padded input; got ${size} of ${places} places along axis 1 of [rows, ${shape}]`;

const windows = {
  conv1d: [[4, 2], () => main.conv1d(2, { kernel: 5, name: "big" })],
  conv2d: [IMAGE, () => main.conv2d(2, { kernel: 5, name: "big" })],
  separableConv1d: [[4, 2], () => main.separableConv1d(2, { kernel: 5, name: "big" })],
  separableConv2d: [IMAGE, () => main.separableConv2d(2, { kernel: 5, name: "big" })],
  depthwiseConv1d: [[4, 2], () => main.depthwiseConv1d({ kernel: 5, name: "big" })],
  depthwiseConv2d: [IMAGE, () => main.depthwiseConv2d({ kernel: 5, name: "big" })],
  maxPool1d: [[4, 2], () => main.maxPool1d(5, { name: "big" })],
  maxPool2d: [IMAGE, () => main.maxPool2d(5, { name: "big" })],
  averagePool1d: [[4, 2], () => main.averagePool1d(5, { name: "big" })],
  averagePool2d: [IMAGE, () => main.averagePool2d(5, { name: "big" })],
} as const;

const LAYERS: Record<string, readonly [make: () => unknown, message: string]> = {
  "heads that do not divide": [
    network(SEQUENCE, () => main.multiHeadAttention({ heads: 4, name: "attend" })),
    "ShapeError: attend: heads must divide the features, or keySize be given; got 4 heads for [rows, 5, 6]",
  ],
  "heads that do not divide, without a name": [
    network(SEQUENCE, () => main.multiHeadAttention({ heads: 4 })),
    "ShapeError: multiHeadAttention1: heads must divide the features",
  ],
  "heads of a block that do not divide": [
    network(SEQUENCE, () => main.transformerBlock({ heads: 4, name: "block" })),
    "ShapeError: block.attention: heads must divide the features",
  ],
  "heads of a function that do not divide": [
    network(SEQUENCE, () => main.lambda((x) => main.scaledDotProductAttention(x, x, x, { heads: 4 }))),
    "ShapeError: scaledDotProductAttention: needs features that 4 heads divide",
  ],
  "no head": [
    network(SEQUENCE, () => main.multiHeadAttention({ heads: 0, name: "attend" })),
    "OptionError: attend: heads must be a whole number >= 1; got 0",
  ],
  ...Object.fromEntries(
    Object.entries(windows).map(([kind, [input, layer]]) => [
      `a window of ${kind}`,
      [network(input, layer), larger(kind, 5, 4, input.join(", "))],
    ]),
  ),
  "a kernel of padded images": [
    network(IMAGE, () => main.conv2d(2, { kernel: 7, padding: 1, name: "big" })),
    larger("conv2d", 7, 6, "4, 4, 2"),
  ],
  "a dilated kernel": [
    network(IMAGE, () => main.conv2d(2, { kernel: 3, dilation: 2, name: "big" })),
    larger("conv2d", 5, 4, "4, 4, 2"),
  ],
  "padding that leaves no output": [
    network(IMAGE, () => main.conv2dTranspose(2, { kernel: 1, padding: 3, name: "big" })),
    "ShapeError: big: conv2dTranspose: padding must leave an output; got lengths -2, -2 of [rows, 4, 4, 2]",
  ],
  "padding as wide as a window": [
    network(IMAGE, () => main.maxPool2d(2, { padding: 2, name: "big" })),
    "ShapeError: big: maxPool needs padding smaller than the window",
  ],
  "groups that do not divide channels": [
    network([4, 4, 3], () => main.conv2d(4, { kernel: 1, groups: 2, name: "parts" })),
    "ShapeError: parts: conv2d: groups must divide channels and filters; got 2 groups, 3 channels, 4 filters",
  ],
  "groups of a norm that do not divide channels": [
    network([4, 4, 3], () => main.groupNorm(2, { name: "norm" })),
    "ShapeError: norm: groupNorm needs an input [rows, .., n] with n a multiple of 2 groups; got [rows, 4, 4, 3]",
  ],
  "a sequence longer than its positions": [
    network(SEQUENCE, () => main.learnedPositions(4, { name: "places" })),
    "ShapeError: places: a sequence must have at most 4 positions, as the table; got [rows, 5, 6]",
  ],
  "rows in the place of sequences": [
    network([5], () => main.lstm(3, { name: "memory" })),
    "ShapeError: memory: lstm needs sequences [rows, T, n] with fixed T and n; got [rows, 5]",
  ],
  "rows in the place of images": [
    network([5], () => main.conv2d(3, { kernel: 1, name: "look" })),
    "ShapeError: look: conv2d needs an input [rows, height, width, channels] with all but rows fixed; got [rows, 5]",
  ],
  "no vocabulary": [
    () => embedding(0, 3, { name: "words" }),
    "OptionError: words: vocabulary, the first argument, must be a whole number >= 1; got 0",
  ],
};

const RATES: Record<string, readonly [make: (rate: number) => unknown, what: string]> = {
  dropout: [(rate) => main.dropout(rate, { name: "drop" }), "drop: rate, the first argument,"],
  spatialDropout: [(rate) => main.spatialDropout(rate, { name: "drop" }), "drop: rate, the first argument,"],
  multiHeadAttention: [
    (dropout) => main.multiHeadAttention({ heads: 2, dropout, name: "attend" }),
    "attend: dropout",
  ],
  transformerBlock: [
    (dropout) => main.transformerBlock({ heads: 2, dropout, name: "block" }),
    "block: dropout",
  ],
};

describe("refused when it is built:", () => {
  it.each(Object.entries(LAYERS))("%s", (_, [make, message]) => {
    const error = thrownBy(make);
    expect(String(error)).toContain(message);
    expect(error).toBeInstanceOf(main.WasmgradError);
  });

  it.each(Object.entries(RATES))("a rate of %s outside [0, 1)", (_, [make, what]) => {
    for (const rate of [1, 1.5, -0.1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(String(thrownBy(() => make(rate)))).toBe(`OptionError: ${what} must be in [0, 1); got ${rate}`);
    expect(() => make(0)).not.toThrow();
  });

  it("an output that no input reaches", () => {
    const make = (second: (x: main.Tensor) => main.Tensor) => () =>
      model({ inputs: { x: [2] } }, ({ x }) => ({ first: dense(1)(x), second: second(x) }));
    for (const second of [(x: main.Tensor) => randomNormal(x), (x: main.Tensor) => dense(1)(randomNormal(x))])
      expect(String(thrownBy(make(second)))).toBe(
        "TraceError: model: output second must depend on an input; got a tensor that no input reaches",
      );
    expect(make((x) => x.stopGradient())).not.toThrow();
    const bare = () => sequential({ input: [2] }, [(x) => randomNormal(x)]);
    expect(bare).toThrow(
      "sequential: output output must depend on an input; got a tensor that no input reaches",
    );
  });
});

describe("a schedule that gives no rate is refused", () => {
  const line = (optimizer: main.Optimizer) =>
    compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer });
  const rule = "learningRate of a step must be a finite number >= 0 in single precision";
  const data = { x: [[1]], y: [1] };

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, undefined])("where it is made: %s", (rate) => {
    expect(() => line(adam({ learningRate: () => rate as number }))).toThrow(
      `adam: ${rule}; got ${rate} at step 0`,
    );
  });

  it("at the step that has none, whose update is not applied", () => {
    const late = (step: number) => (step < 3 ? 0.1 : Number.NaN);
    for (const optimizer of [
      adam({ learningRate: late }),
      adamW({ groups: [{ match: /bias/, learningRate: late }] }),
    ]) {
      const trainer = line(optimizer);
      expect(() => trainer.fitSync(data, { epochs: 10 })).toThrow(`${rule}; got NaN at step 3`);
      for (const { data: values } of Object.values(trainer.parameters))
        for (const value of values) expect(Number.isFinite(value)).toBe(true);
    }
  });
});

describe("data that cannot be, by row and column:", () => {
  const words = () =>
    compile(
      sequential({ input: { shape: [2], dtype: "i32" }, seed: 1 }, [embedding(5, 3), flatten(), dense(1)]),
      { loss: meanSquaredError(), optimizer: adam() },
    );

  it.each([
    [5, " (ids count from 0)"],
    [-1, ""],
    [1.5, ""],
  ])("an id beyond the vocabulary: %s", async (id, hint) => {
    const trainer = words();
    const before = trainer.digest({ training: true });
    const x = [
      [0, 4],
      [0, id],
    ];
    const data = { x, y: [1, 2] };
    const says = `x: ids must be whole numbers from 0 to 4; got ${id} at row 1, column 1${hint}`;
    expect(() => trainer.fitSync(data)).toThrow(`fitSync: ${says}`);
    expect(() => trainer.step(data)).toThrow(`step: ${says}`);
    expect(() => trainer.evaluate(data)).toThrow(`evaluate: ${says}`);
    expect(() => trainer.predict(x)).toThrow(`predict: ${says}`);
    await expect(trainer.fit(data)).rejects.toThrow(`fit: ${says}`);
    expect(trainer.digest({ training: true })).toBe(before);
  });

  it("weights of rows and classes below 0, or all 0", () => {
    const classes = compile(sequential({ input: [1] }, [dense(2, { activation: "softmax" })]), {
      loss: crossEntropy(),
      optimizer: sgd(),
      labels: ["a", "b"],
    });
    const data = { x: [[1], [2]], y: ["a", "b"] };
    const weigh = (sampleWeight?: number[], classWeight?: Record<string, number>) => () =>
      classes.fitSync(
        { ...data, ...(sampleWeight ? { sampleWeight } : {}) },
        classWeight ? { classWeight } : {},
      );
    expect(weigh([1, -1])).toThrow("fitSync: sampleWeight: weights must be >= 0; got -1 at row 1");
    expect(weigh([0, 0])).toThrow(
      "fitSync: sampleWeight: one weight at least must be above 0; got 2 times 0",
    );
    expect(weigh(undefined, { a: -1 })).toThrow(
      'fitSync: classWeight: weights must be finite numbers >= 0; got -1 for "a"',
    );
    expect(weigh(undefined, { a: 0, b: 0 })).toThrow(
      "fitSync: classWeight: one weight at least must be above 0; got 2 times 0",
    );
    expect(weigh([1, 0], { a: 0 })).toThrow("one weight at least must be above 0");
    expect(weigh([1, 0], { b: 0 })).not.toThrow();
  });
});
