/** Every public function with a fixed number of arguments refuses one more. */
import { describe, expect, it } from "vitest";
import * as analysis from "../../src/analysis/index.ts";
import * as data from "../../src/data/index.ts";
import * as main from "../../src/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import * as plot from "../../src/plot/index.ts";
import * as transform from "../../src/transform/index.ts";
import { xor, xorModel, xorTrainer } from "../fixtures.ts";

const trained = () => main.compile(main.sequential({ input: [1] }, [main.dense(1)]), TRAINS());
const TRAINS = () => ({ loss: main.meanSquaredError(), optimizer: main.sgd() });
const LINE = { x: [[0], [1], [2]], y: [1, 3, 5] };

const emptyNpy = new Blob([
  Uint8Array.of(0x93),
  "NUMPY",
  Uint8Array.of(1, 0, 55, 0),
  "{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}",
]);

type Call = (...given: unknown[]) => unknown;

let tensor: main.Tensor;
let sequence: main.Tensor;
main.model({ inputs: { x: [1], words: [2, 4] } }, ({ x, words }) => {
  tensor = x;
  sequence = words;
  return x.neg();
});

/** For each function all the arguments that it takes. */
const CALLS: Record<string, readonly [object, readonly unknown[]]> = {
  activityPenalty: [main, [{ l1: 1 }]],
  l1: [main, [1, {}]],
  l2: [main, [1, {}]],
  maxNorm: [main, [1, {}]],
  activation: [main, ["relu", {}]],
  adam: [main, [{}]],
  adamW: [main, [{}]],
  rmsprop: [main, [{}]],
  adagrad: [main, [{}]],
  adadelta: [main, [{}]],
  nadam: [main, [{}]],
  lion: [main, [{}]],
  rprop: [main, [{}]],
  cosineDecay: [main, [{ initial: 0.1, steps: 5 }]],
  cosineRestarts: [main, [{ initial: 0.1, steps: 5 }]],
  stepDecay: [main, [{ initial: 0.1, every: 5 }]],
  exponentialDecay: [main, [{ initial: 0.1, factor: 0.5 }]],
  polynomialDecay: [main, [{ initial: 0.1, steps: 5 }]],
  oneCycle: [main, [{ maximum: 0.1, steps: 5 }]],
  reduceOnPlateau: [main, [{ initial: 0.1 }]],
  binaryCrossEntropy: [main, [{}]],
  collapseLinear: [transform, [xorModel()]],
  columns: [
    data,
    [
      data.readJson([
        { a: 1, b: 0.5 },
        { a: 2, b: 0.25 },
      ]),
      { target: "b" },
    ],
  ],
  compile: [main, [xorModel(), {}]],
  compileTogether: [main, [{ a: { model: xorModel() } }, {}]],
  copyParameters: [main, [xorTrainer(), xorTrainer(), {}]],
  "confusionMatrix of plot": [plot, [[[1]], {}]],
  convertActivations: [transform, [xorModel(), "tanh", "sigmoid", {}]],
  createEngine: [main, [{}]],
  crossEntropy: [main, [{}]],
  "crossEntropy of wasmgrad/analysis": [analysis, [[[0.5, 0.5]], [0]]],
  crossValidate: [data, [trained, LINE, { folds: 2 }]],
  augment: [data, [{}]],
  batchNorm: [main, [{}]],
  dense: [main, [1, {}]],
  dropout: [main, [0.5, {}]],
  embedding: [main, [2, 3, {}]],
  explain: [main, [main.compile(xorModel())]],
  activations: [main, [main.compile(xorModel()), xor.x, ["dense1"]]],
  layersOf: [main, [xorModel()]],
  inspect: [main, [xorTrainer(), xor, {}]],
  inspectionTable: [main, [main.inspect(xorTrainer(), xor)]],
  gradientCheck: [main, [xorTrainer(), xor, {}]],
  fitStream: [data, [trained(), () => [{ x: [0], y: 1 }], {}]],
  flatten: [main, [{}]],
  fromPixels: [data, [{ data: Uint8Array.of(0, 0, 0, 0), width: 1, height: 1 }, {}]],
  hinge: [main, []],
  squaredHinge: [main, []],
  categoricalHinge: [main, []],
  cosineSimilarity: [main, []],
  logCosh: [main, []],
  klDivergence: [main, [{}]],
  poisson: [main, [{}]],
  focal: [main, [{}]],
  categoricalFocal: [main, [{}]],
  quantile: [main, [{}]],
  maxPool2d: [main, [2, {}]],
  maxPool1d: [main, [2, {}]],
  averagePool2d: [main, [2, {}]],
  averagePool1d: [main, [2, {}]],
  upsample2d: [main, [2, {}]],
  upsample1d: [main, [2, {}]],
  zeroPadding2d: [main, [1, {}]],
  zeroPadding1d: [main, [1, {}]],
  separableConv2d: [main, [2, {}]],
  separableConv1d: [main, [2, {}]],
  depthwiseConv2d: [main, [{}]],
  depthwiseConv1d: [main, [{}]],
  globalMaxPool2d: [main, [{}]],
  globalMaxPool1d: [main, [{}]],
  globalAveragePool2d: [main, [{}]],
  globalAveragePool1d: [main, [{}]],
  rmsNorm: [main, [{}]],
  groupNorm: [main, [2, {}]],
  gaussianNoise: [main, [0.5, {}]],
  randomNormal: [main, [tensor!, {}]],
  randomUniform: [main, [tensor!, {}]],
  spatialDropout: [main, [0.5, {}]],
  prelu: [main, [{}]],
  relu6: [main, [{}]],
  hardSwish: [main, [{}]],
  mish: [main, [{}]],
  hardSigmoid: [main, [{}]],
  conv1d: [main, [2, { kernel: 3 }]],
  simpleRnn: [main, [2, {}]],
  lstm: [main, [2, {}]],
  gru: [main, [2, {}]],
  bidirectional: [main, [main.gru(2), {}]],
  conv2d: [main, [2, { kernel: 3 }]],
  conv1dTranspose: [main, [2, { kernel: 3 }]],
  conv2dTranspose: [main, [2, { kernel: 3 }]],
  huber: [main, [{}]],
  impute: [main, [{}]],
  inputColumns: [main, [[{ name: "a", kind: "number" }]]],
  layerNorm: [main, [{}]],
  learnedPositions: [main, [4, {}]],
  multiHeadAttention: [main, [{ heads: 2 }]],
  scaledDotProductAttention: [main, [sequence!, sequence!, sequence!, {}]],
  sinusoidalPositions: [main, [{}]],
  transformerBlock: [main, [{ heads: 2 }]],
  linearSeparability: [
    analysis,
    [
      [[0], [1]],
      [0, 1],
    ],
  ],
  layerOutputs: [main, [main.compile(xorModel()), ["dense1"], {}]],
  load: [main, [main.compile(xorModel()).save(), {}]],
  loadTrainer: [main, [xorTrainer().save(), {}]],
  loadWeights: [main, [xorTrainer(), xorTrainer().save(), {}]],
  modelFromJSON: [main, [main.modelToJSON(xorModel()), {}]],
  modelToCode: [main, [xorModel()]],
  modelToJSON: [main, [xorModel()]],
  trainTestSplit: [data, [data.makeXor(), { test: 0.5 }]],
  readTensors: [main, [xorTrainer().save()]],
  sha256: [main, ["abc"]],
  digestOf: [main, [[1, 2]]],
  logLikelihood: [analysis, [[[0.5, 0.5]], [0]]],
  logicGate: [main, ["and", {}]],
  makeBlobs: [data, [{}]],
  makeCircles: [data, [{}]],
  makeMoons: [data, [{}]],
  makeParity: [data, [{}]],
  makeRegression: [data, [{}]],
  makeSpirals: [data, [{}]],
  makeWave: [data, [{}]],
  makeXor: [data, [{}]],
  meanAbsoluteError: [main, []],
  meanSquaredError: [main, []],
  minMax: [main, [{}]],
  model: [main, [{ inputs: { x: [1] } }, ({ x }: { x: main.Tensor }) => x]],
  oneHot: [main, [{ categories: 2 }]],
  padSequences: [data, [[[1]], {}]],
  histogram: [plot, [[1, 2], {}]],
  decisionBoundary: [plot, [xorTrainer(), xor, {}]],
  lossCurve: [plot, [[2, 1], {}]],
  parity: [main, [2]],
  perceptron: [main, [{ inputs: 1 }]],
  permutationImportance: [data, [trained(), LINE, {}]],
  rank: [analysis, [[[1]], 0]],
  readIdx: [data, [Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0), {}]],
  readNpz: [data, [Uint8Array.of(0x50, 0x4b, 5, 6, ...new Array(18).fill(0)), {}]],
  readNpy: [data, [emptyNpy, {}]],
  readCsv: [data, ["a\n1\n", {}]],
  readJson: [data, [[{ a: 1 }], {}]],
  reshape: [main, [[1], {}]],
  restarts: [main, [(seed: number) => xorTrainer(seed), { x: [[0, 1]], y: [1] }, { n: 1 }]],
  sequential: [main, [{ input: [1] }, [main.dense(1)]]],
  standardize: [main, [{}]],
  startLedger: [main, [{ every: 1 }]],
  verifyLedger: [
    main,
    [() => xorTrainer(), xor, xorTrainer().fitSync(xor, { ledger: { every: 1 } }).ledger, {}],
  ],
  sgd: [main, [{}]],
  streamRows: [data, [() => [], {}]],
  streamCsv: [data, ["a\n1\n", {}]],
  singularValues: [analysis, [[[1]]]],
  vocabulary: [data, ["a", {}]],
  windows: [data, [data.readJson([{ a: 1 }, { a: 2 }]), { length: 1 }]],
  trainTable: [
    data,
    [
      data.readJson(Array.from({ length: 20 }, (_, i) => ({ a: i / 3, b: i / 2 + (i % 3) }))),
      { target: "b", epochs: 1 },
    ],
  ],
  ...Object.fromEntries(
    Object.keys(metrics)
      .filter((name) => !/^(report|topK)$/.test(name))
      .map((name) => [name, [metrics, [[0, 1], [0.25, 0.75], {}]]]),
  ),
  concat: [main, [[tensor!], {}]],
  stack: [main, [[tensor!], {}]],
  customLoss: [main, [(p: main.Tensor) => p]],
  lambda: [main, [(x: main.Tensor) => x]],
  nested: [main, [xorModel(), {}]],
  report: [metrics, [xorTrainer(), xor, {}]],
  topK: [metrics, [2]],
  valueAndGrad: [main, [(x: main.Tensor) => x, {}]],
};

describe.each(Object.entries(CALLS))("%s", (title, [from, given]) => {
  const name = title.split(" ")[0];
  const call = (from as Record<string, Call>)[name];

  it("works with all its arguments", async () => {
    await call(...given);
    await call(...given, undefined);
  });

  it.each([[{ reduction: "sum" }], [true], [0], [null]])("refuses one more: %o", async (surplus) => {
    const refused = (async () => call(...given, surplus))();
    await expect(refused).rejects.toThrow(main.OptionError);
    await expect(refused).rejects.toThrow(
      new RegExp(`^${name}: takes no argument ${given.length + 1}; got `),
    );
  });
});

it("every public function is tried", () => {
  const functions = Object.entries({ ...analysis, ...data, ...metrics, ...plot, ...transform, ...main })
    .filter(([name, value]) => typeof value === "function" && !/^[A-Z]/.test(name))
    .map(([name]) => name);
  // They throw nothing; amsgrad throws at every call; two take any number of layers.
  const untried = functions.filter((name) => !(name in CALLS));
  expect(untried.sort()).toEqual(["amsgrad", "concatenate", "errorCode", "isSupported", "residual"]);
});

it("a mean loss says how to train on a sum", () => {
  expect(() => (main.meanSquaredError as Call)({ reduction: "sum" })).toThrow(
    'meanSquaredError: takes no argument 1; got { reduction: "sum" }: ' +
      "it is the mean over all elements; to train on a sum, multiply the learning rate by their number",
  );
});
