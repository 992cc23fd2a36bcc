import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import {
  activation,
  adam,
  adamW,
  batchNorm,
  binaryCrossEntropy,
  compile,
  createEngine,
  crossEntropy,
  dense,
  dropout,
  embedding,
  errorCode,
  flatten,
  huber,
  layerNorm,
  logicGate,
  model,
  OptionError,
  perceptron,
  reshape,
  ShapeError,
  sequential,
  sgd,
  valueAndGrad,
} from "../../src/index.ts";
import * as transform from "../../src/transform/index.ts";
import { thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

const trainer = xorTrainer();
const ledger = xorTrainer().fitSync(xor, { ledger: { every: 1 } }).ledger as wasmgrad.Ledger;
const unit = perceptron({ inputs: 1 });
let tensor: wasmgrad.Tensor;
let sequence: wasmgrad.Tensor;
model({ inputs: { x: [1], words: [2, 4] } }, ({ x, words }) => {
  tensor = x;
  sequence = words;
  return x.neg();
});

/** Every public function that takes options, called with what is given for them. */
const TAKERS: { readonly [name: string]: (options: never) => unknown } = {
  activityPenalty: wasmgrad.activityPenalty,
  l1: (options) => wasmgrad.l1(1, options),
  l2: (options) => wasmgrad.l2(1, options),
  maxNorm: (options) => wasmgrad.maxNorm(1, options),
  activation: (options) => activation("relu", options),
  rmsprop: wasmgrad.rmsprop,
  adagrad: wasmgrad.adagrad,
  adadelta: wasmgrad.adadelta,
  nadam: wasmgrad.nadam,
  lion: wasmgrad.lion,
  rprop: wasmgrad.rprop,
  cosineDecay: wasmgrad.cosineDecay,
  cosineRestarts: wasmgrad.cosineRestarts,
  stepDecay: wasmgrad.stepDecay,
  exponentialDecay: wasmgrad.exponentialDecay,
  polynomialDecay: wasmgrad.polynomialDecay,
  oneCycle: wasmgrad.oneCycle,
  reduceOnPlateau: wasmgrad.reduceOnPlateau,
  adam,
  adamW,
  batchNorm,
  binaryCrossEntropy,
  concat: (options) => wasmgrad.concat([tensor], options),
  scaledDotProductAttention: (options) =>
    wasmgrad.scaledDotProductAttention(sequence, sequence, sequence, options),
  sinusoidalPositions: wasmgrad.sinusoidalPositions,
  transformerBlock: wasmgrad.transformerBlock as never,
  stack: (options) => wasmgrad.stack([tensor], options),
  nested: (options) => wasmgrad.nested(xorModel(), options),
  compile: (options) => compile(xorModel(), options),
  compileTogether: (options) => wasmgrad.compileTogether({ a: { model: xorModel() } }, options),
  copyParameters: (options) => wasmgrad.copyParameters(trainer, trainer, options),
  convertActivations: (options) => transform.convertActivations(xorModel(), "tanh", "sigmoid", options),
  createEngine,
  crossEntropy,
  dense: (options) => dense(1, options),
  dropout: (options) => dropout(0.5, options),
  embedding: (options) => embedding(2, 3, options),
  gradientCheck: (options) => wasmgrad.gradientCheck(trainer, xor, options),
  inspect: (options) => wasmgrad.inspect(trainer, xor, options),
  layerOutputs: (options) => wasmgrad.layerOutputs(trainer, undefined, options),
  fit: (options) => trainer.fit(xor, options),
  "fit: earlyStopping": (earlyStopping) => trainer.fit(xor, { earlyStopping }),
  "fit: ledger": (ledger) => trainer.fit(xor, { ledger }),
  "fit: stopWhen": (stopWhen) => trainer.fit(xor, { stopWhen }),
  startLedger: wasmgrad.startLedger as never,
  verifyLedger: (options) => wasmgrad.verifyLedger(() => xorTrainer(), xor, ledger, options),
  fitSync: (options) => trainer.fitSync(xor, options),
  "fitSync: stopWhen": (stopWhen) => trainer.fitSync(xor, { stopWhen }),
  flatten,
  klDivergence: wasmgrad.klDivergence,
  poisson: wasmgrad.poisson,
  focal: wasmgrad.focal,
  categoricalFocal: wasmgrad.categoricalFocal,
  quantile: wasmgrad.quantile,
  maxPool2d: (options) => wasmgrad.maxPool2d(2, options),
  maxPool1d: (options) => wasmgrad.maxPool1d(2, options),
  averagePool2d: (options) => wasmgrad.averagePool2d(2, options),
  averagePool1d: (options) => wasmgrad.averagePool1d(2, options),
  upsample2d: (options) => wasmgrad.upsample2d(2, options),
  upsample1d: (options) => wasmgrad.upsample1d(2, options),
  zeroPadding2d: (options) => wasmgrad.zeroPadding2d(1, options),
  zeroPadding1d: (options) => wasmgrad.zeroPadding1d(1, options),
  separableConv2d: (options) => wasmgrad.separableConv2d(2, options),
  separableConv1d: (options) => wasmgrad.separableConv1d(2, options),
  depthwiseConv2d: wasmgrad.depthwiseConv2d,
  depthwiseConv1d: wasmgrad.depthwiseConv1d,
  globalMaxPool2d: wasmgrad.globalMaxPool2d,
  globalMaxPool1d: wasmgrad.globalMaxPool1d,
  globalAveragePool2d: wasmgrad.globalAveragePool2d,
  globalAveragePool1d: wasmgrad.globalAveragePool1d,
  rmsNorm: wasmgrad.rmsNorm,
  groupNorm: (options) => wasmgrad.groupNorm(2, options),
  gaussianNoise: (options) => wasmgrad.gaussianNoise(0.5, options),
  randomNormal: (options) =>
    wasmgrad.model({ inputs: { x: [2] } }, ({ x }) => x.add(wasmgrad.randomNormal(x, options))),
  randomUniform: (options) =>
    wasmgrad.model({ inputs: { x: [2] } }, ({ x }) => x.add(wasmgrad.randomUniform(x, options))),
  spatialDropout: (options) => wasmgrad.spatialDropout(0.5, options),
  prelu: wasmgrad.prelu,
  relu6: wasmgrad.relu6,
  hardSwish: wasmgrad.hardSwish,
  mish: wasmgrad.mish,
  hardSigmoid: wasmgrad.hardSigmoid,
  conv1d: (options) => wasmgrad.conv1d(2, options as never),
  simpleRnn: (options) => wasmgrad.simpleRnn(2, options),
  lstm: (options) => wasmgrad.lstm(2, options),
  gru: (options) => wasmgrad.gru(2, options),
  bidirectional: (options) => wasmgrad.bidirectional(wasmgrad.gru(2), options),
  conv2d: (options) => wasmgrad.conv2d(2, options as never),
  conv1dTranspose: (options) => wasmgrad.conv1dTranspose(2, options as never),
  conv2dTranspose: (options) => wasmgrad.conv2dTranspose(2, options as never),
  huber,
  impute: wasmgrad.impute,
  layerNorm,
  learnedPositions: (options) => wasmgrad.learnedPositions(4, options),
  load: (options) => wasmgrad.load(trainer.save(), options),
  loadTrainer: (options) => wasmgrad.loadTrainer(trainer.save(), options),
  modelFromJSON: (options) => wasmgrad.modelFromJSON(wasmgrad.modelToJSON(xorModel()), options),
  loadWeights: (options) => wasmgrad.loadWeights(trainer, trainer.save(), options),
  logicGate: (options) => logicGate("and", options),
  minMax: wasmgrad.minMax,
  model: (options) => model(options, ({ x }) => dense(1)(x)),
  multiHeadAttention: wasmgrad.multiHeadAttention as never,
  oneHot: wasmgrad.oneHot,
  perceptron,
  "perceptron: fit": (options) => unit.fit({ x: [[1]], y: [1] }, options),
  predict: (options) => trainer.predict(xor.x, options),
  reset: (options) => trainer.reset(options),
  digest: (options) => trainer.digest(options),
  save: (options) => trainer.save(options),
  restarts: (options) => wasmgrad.restarts((seed) => xorTrainer(seed), xor, options),
  reshape: (options) => reshape([1], options),
  sequential: (options) => sequential(options, [dense(1)]),
  sgd,
  standardize: wasmgrad.standardize,
  valueAndGrad: (options) => valueAndGrad((x) => x, options),
};

/** The first option of each that has others than a name. */
const FIRST: Readonly<Record<string, string>> = {
  rmsprop: "learningRate",
  adagrad: "learningRate",
  adadelta: "learningRate",
  nadam: "learningRate",
  lion: "learningRate",
  rprop: "learningRate",
  cosineDecay: "initial",
  cosineRestarts: "initial",
  stepDecay: "initial",
  exponentialDecay: "initial",
  polynomialDecay: "initial",
  oneCycle: "maximum",
  reduceOnPlateau: "initial",
  activityPenalty: "l1",
  l1: "parameters",
  l2: "parameters",
  maxNorm: "parameters",
  adam: "learningRate",
  adamW: "learningRate",
  batchNorm: "momentum",
  binaryCrossEntropy: "fromLogits",
  concat: "axis",
  scaledDotProductAttention: "heads",
  transformerBlock: "heads",
  stack: "axis",
  compile: "loss",
  compileTogether: "engine",
  copyParameters: "mix",
  convertActivations: "output",
  createEngine: "wasm",
  crossEntropy: "fromLogits",
  dense: "activation",
  embedding: "tableInitializer",
  gradientCheck: "tolerance",
  inspect: "bins",
  layerOutputs: "batchSize",
  fit: "epochs",
  "fit: earlyStopping": "patience",
  "fit: ledger": "every",
  startLedger: "every",
  verifyLedger: "from",
  "fit: stopWhen": "lossBelow",
  fitSync: "epochs",
  "fitSync: stopWhen": "lossBelow",
  klDivergence: "fromLogits",
  poisson: "logInput",
  focal: "gamma",
  categoricalFocal: "gamma",
  quantile: "q",
  maxPool2d: "stride",
  maxPool1d: "stride",
  averagePool2d: "stride",
  averagePool1d: "stride",
  upsample2d: "mode",
  upsample1d: "mode",
  separableConv2d: "kernel",
  separableConv1d: "kernel",
  depthwiseConv2d: "kernel",
  depthwiseConv1d: "kernel",
  rmsNorm: "epsilon",
  groupNorm: "epsilon",
  gaussianNoise: "name",
  randomNormal: "mean",
  randomUniform: "low",
  spatialDropout: "name",
  prelu: "alpha",
  relu6: "name",
  hardSwish: "name",
  mish: "name",
  hardSigmoid: "alpha",
  conv1d: "kernel",
  simpleRnn: "returnSequences",
  lstm: "returnSequences",
  gru: "returnSequences",
  bidirectional: "merge",
  conv2d: "kernel",
  conv1dTranspose: "kernel",
  conv2dTranspose: "kernel",
  huber: "delta",
  impute: "columns",
  layerNorm: "epsilon",
  learnedPositions: "tableInitializer",
  load: "uses",
  loadTrainer: "uses",
  modelFromJSON: "uses",
  loadWeights: "names",
  logicGate: "inputs",
  minMax: "columns",
  model: "inputs",
  multiHeadAttention: "heads",
  oneHot: "columns",
  perceptron: "inputs",
  "perceptron: fit": "epochs",
  predict: "out",
  reset: "seed",
  restarts: "n",
  digest: "training",
  save: "training",
  sequential: "input",
  sgd: "learningRate",
  standardize: "columns",
  valueAndGrad: "engine",
};

const NO_OPTIONS: readonly (readonly [unknown, string])[] = [
  [null, "null"],
  [5, "5"],
  ["x", '"x"'],
  [[], "an array of 0"],
  [() => {}, "a function"],
];

describe.each(Object.entries(TAKERS))("%s", (name, take) => {
  const refusal = async (options: unknown): Promise<Error> => {
    try {
      await take(options as never);
    } catch (error) {
      return error as Error;
    }
    throw new Error("expected an error; got none");
  };

  it.each(NO_OPTIONS)("refuses %o in place of options", async (options, got) => {
    const before = [trainer.state(), unit.bias];
    const error = await refusal(options);
    const example = `, such as { ${FIRST[name] ?? "name"}: .. }`;
    expect(error.message).toBe(`${name}: options must be an object${example}; got ${got}`);
    expect(error).toBeInstanceOf(OptionError);
    expect([trainer.state(), unit.bias]).toEqual(before);
  });

  it("refuses an option that nobody reads: a misspelt one would leave a default", async () => {
    const before = [trainer.state(), unit.bias];
    const error = await refusal({ unheardOf: 1 });
    expect(error.message).toMatch(
      new RegExp(`^${name}: unknown option "unheardOf"; options: ${FIRST[name] ?? "name"}`),
    );
    expect(error).toBeInstanceOf(OptionError);
    expect(errorCode(error)).toBe("option-unknown");
    expect([trainer.state(), unit.bias]).toEqual(before);
  });
});

describe("refused options", () => {
  it("are tried with every function that takes some", () => {
    const functions = Object.entries({ ...wasmgrad, ...transform })
      .filter(([name, value]) => typeof value === "function" && !/^[A-Z]/.test(name))
      .map(([name]) => name);
    expect(functions.filter((name) => !(name in TAKERS)).sort()).toEqual([
      "activations",
      "amsgrad",
      "categoricalHinge",
      "collapseLinear",
      "concatenate",
      "cosineSimilarity",
      "customLoss",
      "digestOf",
      "errorCode",
      "explain",
      "hinge",
      "inputColumns",
      "inspectionTable",
      "isSupported",
      "lambda",
      "layersOf",
      "logCosh",
      "meanAbsoluteError",
      "meanSquaredError",
      "modelToCode",
      "modelToJSON",
      "parity",
      "readTensors",
      "residual",
      "sha256",
      "squaredHinge",
    ]);
  });

  it("leave a trainer at rest", async () => {
    const fresh = xorTrainer();
    await expect(fresh.fit(xor, null as never)).rejects.toBeInstanceOf(OptionError);
    expect(() => fresh.fitSync(xor, null as never)).toThrow(OptionError);
    expect(fresh.fitSync(xor).steps).toBe(1);
  });

  it("are told of a layer by its name", () => {
    for (const make of [
      () => dense(1, { name: "head", bia: 1 } as never),
      () => flatten({ name: "head", bia: 1 } as never),
    ])
      expect(thrownBy(make).message).toMatch(/^head: unknown option "bia"; /);
  });

  it("are those of predict that nobody reads", () => {
    expect(thrownBy(() => trainer.predict(xor.x, { into: new Float32Array(4) } as never)).message).toBe(
      'predict: unknown option "into"; options: out, state, weights',
    );
  });

  it("are also the inputs of a model that are none", () => {
    expect(() => model({ inputs: null as never }, () => ({}))).toThrow(
      "model: inputs must be shapes by name, such as { x: [2] }; got null",
    );
  });
});

describe("no options", () => {
  const isSchedule = (name: string) => ["initial", "maximum"].includes(FIRST[name]);
  /** Those that need some, beside schedules. */
  const needed = [
    "activityPenalty",
    ...["conv1d", "conv2d", "conv1dTranspose", "conv2dTranspose"],
    ...["multiHeadAttention", "transformerBlock"],
    ...["model", "oneHot", "perceptron", "sequential", "startLedger"],
  ];
  const optional = Object.keys(TAKERS).filter(
    (name) => !needed.includes(name) && !/^(convertActivations|restarts)$/.test(name) && !isSchedule(name),
  );
  it.each(optional)("are as good as undefined ones: %s", async (name) => {
    await TAKERS[name](undefined as never);
  });

  it.each([...needed, ...Object.keys(TAKERS).filter(isSchedule)])(
    "are refused where some are needed: %s",
    (name) => {
      expect(thrownBy(() => TAKERS[name](undefined as never)).message).toBe(
        `${name}: options must be an object, such as { ${FIRST[name]}: .. }; got undefined`,
      );
    },
  );
});

describe("values of the wrong kind are refused", () => {
  const wrong: Record<string, [() => unknown, string]> = {
    "layers of one layer": [
      () => sequential({ input: [1] }, dense(1) as never),
      "sequential: layers, the second argument, must be an array of layers, such as [dense(1)]; got a function",
    ],
    "layers by name": [
      () => sequential({ input: [1] }, ["dense"] as never),
      'sequential: layers must be what dense(), flatten() and the like give; got "dense" as layer 0',
    ],
    "labels as one string": [
      () => compile(xorModel(), { labels: "no" as never }),
      'compile: labels must be an array of strings, such as ["no", "yes"]; got "no"',
    ],
    "labels that are numbers": [
      () => compile(xorModel(), { labels: [1, 2] as never }),
      'compile: labels must be an array of strings, such as ["no", "yes"]; got an array of 2',
    ],
    "an initializer that is null": [
      () => sequential({ input: [1] }, [dense(1, { weightInitializer: null as never })]),
      "dense1: unknown initializer null; initializers: glorotUniform, ",
    ],
    "a flag of sgd": [
      () => sgd({ momentum: 0.9, nesterov: "no" as never }),
      'sgd: nesterov must be a boolean; got "no"',
    ],
    "a flag of dense": [() => dense(1, { bias: 0 as never }), "dense: bias must be a boolean; got 0"],
    "a flag of a loss": [
      () => crossEntropy({ fromLogits: 1 as never }),
      "crossEntropy: fromLogits must be a boolean; got 1",
    ],
    "a flag of fitSync": [
      () => trainer.fitSync(xor, { epochs: 1, shuffle: null as never }),
      "fitSync: shuffle must be a boolean; got null",
    ],
    "the name of a layer": [() => flatten({ name: 5 as never }), "flatten: name must be a string; got 5"],
    "the function of a model": [
      () => model({ inputs: { x: [1] } }, undefined as never),
      "model: fn, the second argument, must be a function; got undefined",
    ],
    "values of parameters": [
      () => trainer.setParameters(null as never),
      "setParameters: values must be an object, such as { name: values }; got null",
    ],
    "no model": [
      () => compile(undefined as never),
      "compile: model, the first argument, must be what sequential() or model() gives; got undefined",
    ],
  };
  it("a signal", async () => {
    const fitted = trainer.fit(xor, { epochs: 1, signal: {} as never });
    await expect(fitted).rejects.toThrow(
      new OptionError("fit: signal must be an AbortSignal, such as controller.signal; got {}"),
    );
  });

  for (const [name, [act, message]] of Object.entries(wrong))
    it(name, () => {
      const error = thrownBy(act);
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(OptionError);
    });
});

it("a shape that is none is a ShapeError", () => {
  expect(() => reshape(null as never)).toThrow(
    new ShapeError("reshape: shape must be an array of whole numbers, such as [28, 28]; got null"),
  );
});

describe("a program in a console", () => {
  it("shows its manifest, not its memory", () => {
    expect(inspect(xorTrainer())).toBe(inspect(xorTrainer().manifest()));
  });
});
