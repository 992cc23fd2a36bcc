/**
 * Measures, on the built package, what steps through each layer put on the heap and leave of WASM memory, and prints one JSON
 * object. A process of its own, because it needs `--expose-gc` and a heap nobody else writes to. Run by `layer-memory.test.ts`.
 */
import { Session } from "node:inspector/promises";
import * as wasmgrad from "../../dist/node/index.js";

const { adam, compile, dense, flatten, gru, lambda, meanSquaredError, sequential } = wasmgrad;

/** Shapes of inputs: rows of numbers, sequences, images. */
const ROW = [6];
const SEQUENCE = [5, 4];
const IMAGE = [6, 6, 4];
const IDS = { shape: [5], dtype: "i32" };

/** For each layer the input, the layers around it, whether it is fitted to rows, and options; what computes with tensors is in a lambda. */
const LAYERS = {
  dense: [ROW, () => [wasmgrad.dense(5, { activation: "gelu" })]],
  activation: [ROW, () => [wasmgrad.activation("tanh")]],
  dropout: [ROW, () => [wasmgrad.dropout(0.5)]],
  batchNorm: [ROW, () => [wasmgrad.batchNorm()]],
  embedding: [IDS, () => [wasmgrad.embedding(7, 3)]],
  layerNorm: [ROW, () => [wasmgrad.layerNorm()]],
  flatten: [SEQUENCE, () => [wasmgrad.flatten()]],
  reshape: [ROW, () => [wasmgrad.reshape([2, 3])]],
  rmsNorm: [ROW, () => [wasmgrad.rmsNorm()]],
  groupNorm: [IMAGE, () => [wasmgrad.groupNorm(2)]],
  spatialDropout: [IMAGE, () => [wasmgrad.spatialDropout(0.5)]],
  gaussianNoise: [ROW, () => [wasmgrad.gaussianNoise(0.5)]],
  activityPenalty: [ROW, () => [wasmgrad.dense(5), wasmgrad.activityPenalty({ l1: 0.01, l2: 0.01 })]],
  randomNormal: [ROW, () => [lambda((x) => x.add(wasmgrad.randomNormal(x)))]],
  randomUniform: [ROW, () => [lambda((x) => x.add(wasmgrad.randomUniform(x)))]],
  prelu: [ROW, () => [wasmgrad.prelu()]],
  relu6: [ROW, () => [wasmgrad.relu6()]],
  hardSwish: [ROW, () => [wasmgrad.hardSwish()]],
  mish: [ROW, () => [wasmgrad.mish()]],
  hardSigmoid: [ROW, () => [wasmgrad.hardSigmoid()]],
  conv1d: [SEQUENCE, () => [wasmgrad.conv1d(3, { kernel: 3, padding: "same", activation: "relu" })]],
  conv2d: [IMAGE, () => [wasmgrad.conv2d(8, { kernel: 3, groups: 2 })]],
  conv1dTranspose: [SEQUENCE, () => [wasmgrad.conv1dTranspose(3, { kernel: 2, stride: 2 })]],
  conv2dTranspose: [IMAGE, () => [wasmgrad.conv2dTranspose(3, { kernel: 2 })]],
  depthwiseConv1d: [SEQUENCE, () => [wasmgrad.depthwiseConv1d({ kernel: 3 })]],
  depthwiseConv2d: [IMAGE, () => [wasmgrad.depthwiseConv2d({ kernel: 3 })]],
  separableConv1d: [SEQUENCE, () => [wasmgrad.separableConv1d(3)]],
  separableConv2d: [IMAGE, () => [wasmgrad.separableConv2d(3)]],
  maxPool1d: [SEQUENCE, () => [wasmgrad.maxPool1d(2)]],
  maxPool2d: [IMAGE, () => [wasmgrad.maxPool2d(2)]],
  averagePool1d: [SEQUENCE, () => [wasmgrad.averagePool1d(2)]],
  averagePool2d: [IMAGE, () => [wasmgrad.averagePool2d(2)]],
  globalMaxPool1d: [SEQUENCE, () => [wasmgrad.globalMaxPool1d()]],
  globalMaxPool2d: [IMAGE, () => [wasmgrad.globalMaxPool2d()]],
  globalAveragePool1d: [SEQUENCE, () => [wasmgrad.globalAveragePool1d()]],
  globalAveragePool2d: [IMAGE, () => [wasmgrad.globalAveragePool2d()]],
  upsample1d: [SEQUENCE, () => [wasmgrad.upsample1d(2)]],
  upsample2d: [IMAGE, () => [wasmgrad.upsample2d(2)]],
  zeroPadding1d: [SEQUENCE, () => [wasmgrad.zeroPadding1d(1)]],
  zeroPadding2d: [IMAGE, () => [wasmgrad.zeroPadding2d(1)]],
  simpleRnn: [SEQUENCE, () => [wasmgrad.simpleRnn(3)]],
  lstm: [SEQUENCE, () => [wasmgrad.lstm(3, { returnSequences: true })]],
  gru: [SEQUENCE, () => [wasmgrad.gru(3)]],
  bidirectional: [SEQUENCE, () => [wasmgrad.bidirectional(gru(3))]],
  multiHeadAttention: [SEQUENCE, () => [wasmgrad.multiHeadAttention({ heads: 2, causal: true })]],
  scaledDotProductAttention: [
    SEQUENCE,
    () => [lambda((x) => wasmgrad.scaledDotProductAttention(x, x, x, { causal: true }))],
  ],
  transformerBlock: [SEQUENCE, () => [wasmgrad.transformerBlock({ heads: 2 })]],
  learnedPositions: [SEQUENCE, () => [wasmgrad.learnedPositions(5)]],
  sinusoidalPositions: [SEQUENCE, () => [wasmgrad.sinusoidalPositions()]],
  lambda: [ROW, () => [wasmgrad.lambda((x) => x.mul(x).sum([1], { keepDims: true }))]],
  nested: [ROW, () => [wasmgrad.nested(sequential({ input: ROW }, [dense(3)]))]],
  residual: [ROW, () => [wasmgrad.residual(dense(6), wasmgrad.activation("relu"))]],
  concatenate: [ROW, () => [wasmgrad.concatenate(dense(2), dense(3))]],
  standardize: [ROW, () => [wasmgrad.standardize()], true],
  minMax: [ROW, () => [wasmgrad.minMax()], true],
  impute: [ROW, () => [wasmgrad.impute({ indicator: true })], true],
  oneHot: [[1], () => [wasmgrad.oneHot({ categories: 3 })]],
  /** No layer, but as near to the rows. */
  'targets: "standardize"': [ROW, () => [wasmgrad.dense(3)], true, { targets: "standardize" }],
};

const BATCH = 3;

/** A trainer with rows in its buffers. */
function trainerOf([input, layers, isFitted, options]) {
  const net = sequential({ input, seed: 1 }, [...layers(), flatten(), dense(1)]);
  const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam(), batchSize: BATCH, ...options });
  const rows = Array.from({ length: 4 }, (_, i) => [i, -i, i * i, i / 2, 1 - i, 3 * i]);
  if (isFitted) trainer.adapt(rows, options && [1, 2, 4, 8]);
  const { x, y } = trainer.buffers.step;
  const isIds = x instanceof Int32Array;
  x.forEach((_, i) => {
    x[i] = isIds ? i % 7 : input[0] === 1 ? i % 3 : Math.sin(i + 1);
  });
  y.forEach((_, i) => {
    y[i] = Math.cos(i);
  });
  return trainer;
}

const session = new Session();
session.connect();

/** Bytes that `work` puts on the heap, whether they are collected or not, as a sampling profiler sees them. */
async function allocated(work) {
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 256,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  work();
  const { profile } = await session.post("HeapProfiler.stopSampling");
  const sum = (node) => node.selfSize + node.children.reduce((bytes, child) => bytes + sum(child), 0);
  return sum(profile.head);
}

const STEPS = 2000;
const TRIES = 20;

/** The least of some measurements: what a step allocates it allocates in each, what V8 compiles only in some. */
async function leastOf(work) {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && least > 2 * STEPS; i++) least = Math.min(least, await allocated(work));
  return least;
}

const steps = (trainer) => () => {
  for (let i = 0; i < STEPS; i++) trainer.stepBuffers(BATCH);
};

const measured = {};
for (const [name, layer] of Object.entries(LAYERS)) {
  const trainer = trainerOf(layer);
  const work = steps(trainer);
  // Memory that grows is another buffer, which the views of parameters have.
  const wasmBytes = () => Object.values(trainer.parameters)[0].data.buffer.byteLength;
  const before = wasmBytes();
  work();
  const bytes = await leastOf(work);
  const loss = trainer.buffers.step.loss[0];
  measured[name] = {
    bytes,
    wasm: wasmBytes() - before,
    steps: trainer.steps,
    loss,
  };
  trainer.dispose();
}

// What the measurement must see: one small object a step.
const kept = [];
const control = await leastOf(() => {
  kept.length = 0;
  for (let i = 0; i < STEPS; i++) kept.push({ i });
});

const report = JSON.stringify({ steps: STEPS, control, measured });
// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.stdout.write(report, () => process.exit());
