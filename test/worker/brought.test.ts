/** Trainers of all that `uses` takes cross to the worker of the built package, whose functions only a call asks what they bring. */
import { describe, expect, it } from "vitest";
import { BRINGING } from "../../src/bringing.ts";
import type { Tensor, Trainer } from "../../src/index.ts";
import type { WorkerTrainer } from "../../src/worker/index.ts";
import { noise, thrownBy } from "../fixtures.ts";
import { WAYS } from "./workers.ts";

const [, { inWorker, runInWorkers, main: w }] = WAYS;

const ROWS = 4;

/** A trainer and the rows it learns from; all have two outputs. */
interface Case {
  readonly trainer: Trainer;
  readonly data: {
    readonly x: unknown;
    readonly y: readonly (readonly number[])[];
  };
}

function caseOf(model: unknown, input: readonly number[], settings: object = {}): Case {
  const options = { loss: w.meanSquaredError(), optimizer: w.adam(), ...settings };
  const x = noise(ROWS * input.reduce((size, d) => size * d, 1));
  const y = Array.from({ length: ROWS }, (_, i) => [i % 2, 1 - (i % 2)]);
  return { trainer: w.compile(model as never, options as never) as never, data: { x, y } };
}

/** A layer or several, then the outputs. */
const layers = (input: number[], ...inner: unknown[]): Case =>
  caseOf(w.sequential({ input, seed: 3 }, [...inner, w.flatten(), w.dense(2)] as never), input);
const trained = (settings: object, activation?: "sigmoid" | "softmax"): Case =>
  caseOf(w.sequential({ input: [3], seed: 3 }, [w.dense(2, { activation })]), [3], settings);
const loss = (made: unknown, activation?: "sigmoid" | "softmax") => trained({ loss: made }, activation);
const optimizer = (made: unknown) => trained({ optimizer: made });
const rate = (learningRate: unknown) => optimizer(w.sgd({ learningRate } as never));
/** A function of tensors, then the outputs. */
const traced = (fn: (x: Tensor) => unknown): Case => layers([4], w.lambda(fn as never));
/** Targets of -1 and 1. */
const ofSigns = ({ trainer, data }: Case): Case => ({
  trainer,
  data: { ...data, y: data.y.map((row) => row.map((v) => 2 * v - 1)) },
});

const CASES: Readonly<Record<string, () => Case>> = {
  activityPenalty: () => layers([4], w.dense(3), w.activityPenalty({ l1: 1e-4 })),
  adadelta: () => optimizer(w.adadelta()),
  adagrad: () => optimizer(w.adagrad()),
  amsgrad: () => optimizer(w.adam({ amsgrad: w.amsgrad })),
  averagePool1d: () => layers([6, 2], w.averagePool1d(2)),
  averagePool2d: () => layers([6, 6, 2], w.averagePool2d(2)),
  batchNorm: () => layers([4], w.dense(3), w.batchNorm()),
  bidirectional: () => layers([4, 2], w.bidirectional(w.gru(3))),
  categoricalFocal: () => loss(w.categoricalFocal(), "softmax"),
  categoricalHinge: () => loss(w.categoricalHinge()),
  concat: () => traced((x) => w.concat([x, w.dense(2)(x)])),
  concatenate: () => layers([4], w.concatenate(w.dense(3), w.dense(2))),
  conv1d: () => layers([6, 2], w.conv1d(2, { kernel: 3 })),
  conv1dTranspose: () => layers([4, 2], w.conv1dTranspose(3, { kernel: 3, stride: 2 })),
  conv2d: () => layers([4, 4, 2], w.conv2d(2, { kernel: 3 })),
  conv2dTranspose: () => layers([4, 4, 2], w.conv2dTranspose(3, { kernel: 3, stride: 2 })),
  cosineDecay: () => rate(w.cosineDecay({ initial: 0.1, steps: 5 })),
  cosineRestarts: () => rate(w.cosineRestarts({ initial: 0.1, steps: 2 })),
  cosineSimilarity: () => loss(w.cosineSimilarity()),
  depthwiseConv1d: () => layers([6, 2], w.depthwiseConv1d({ kernel: 3 })),
  depthwiseConv2d: () => layers([4, 4, 2], w.depthwiseConv2d({ kernel: 3 })),
  dropout: () => layers([4], w.dense(8), w.dropout(0.5)),
  embedding: () => {
    const input = { shape: [2], dtype: "i32" };
    const made = caseOf(
      w.sequential({ input, seed: 3 } as never, [w.embedding(3, 2), w.flatten(), w.dense(2)]),
      [2],
    );
    return { ...made, data: { ...made.data, x: Int32Array.of(0, 1, 2, 0, 1, 2, 2, 1) } };
  },
  exponentialDecay: () => rate(w.exponentialDecay({ initial: 0.1, factor: 0.5, steps: 2 })),
  focal: () => loss(w.focal(), "sigmoid"),
  gaussianNoise: () => layers([4], w.gaussianNoise(0.1)),
  globalAveragePool1d: () => layers([4, 2], w.globalAveragePool1d()),
  globalAveragePool2d: () => layers([4, 4, 2], w.globalAveragePool2d()),
  globalMaxPool1d: () => layers([4, 2], w.globalMaxPool1d()),
  globalMaxPool2d: () => layers([4, 4, 2], w.globalMaxPool2d()),
  groupNorm: () => layers([4, 4], w.groupNorm(2)),
  gru: () => layers([4, 2], w.gru(3)),
  hardSigmoid: () => layers([4], w.dense(3), w.hardSigmoid()),
  hardSwish: () => layers([4], w.dense(3), w.hardSwish()),
  hinge: () => ofSigns(loss(w.hinge())),
  klDivergence: () => loss(w.klDivergence(), "softmax"),
  l1: () => trained({ penalties: [w.l1(0.01)] }),
  l2: () => trained({ penalties: [w.l2(0.01)] }),
  lambda: () =>
    layers(
      [4],
      w.dense(3),
      w.lambda((x: Tensor) => x.mul(x)),
    ),
  layerNorm: () => layers([4], w.layerNorm()),
  learnedPositions: () => layers([4, 4], w.learnedPositions(4)),
  lion: () => optimizer(w.lion()),
  logCosh: () => loss(w.logCosh()),
  lstm: () => layers([4, 2], w.lstm(3)),
  maxNorm: () => trained({ constraints: [w.maxNorm(0.5)] }),
  maxPool1d: () => layers([6, 2], w.maxPool1d(2)),
  maxPool2d: () => layers([4, 4, 2], w.maxPool2d(2)),
  mish: () => layers([4], w.dense(3), w.mish()),
  model: () => {
    const net = w.model({ inputs: { x: [4] }, seed: 3 }, ({ x }) => w.dense(2)(x.sin()));
    const { trainer, data } = caseOf(net, [4]);
    return { trainer, data: { ...data, x: { x: data.x } } };
  },
  multiHeadAttention: () => layers([4, 4], w.multiHeadAttention({ heads: 2 })),
  nadam: () => optimizer(w.nadam()),
  nested: () => layers([4], w.nested(w.sequential({ input: [4], seed: 1 }, [w.dense(3), w.batchNorm()]))),
  oneCycle: () => rate(w.oneCycle({ maximum: 0.1, steps: 5 })),
  poisson: () => loss(w.poisson()),
  polynomialDecay: () => rate(w.polynomialDecay({ initial: 0.1, steps: 5 })),
  prelu: () => layers([4], w.dense(3), w.prelu()),
  quantile: () => loss(w.quantile({ q: 0.3 })),
  randomNormal: () => traced((x) => x.add(w.randomNormal(x))),
  randomUniform: () => traced((x) => x.add(w.randomUniform(x))),
  reduceOnPlateau: () => rate(w.reduceOnPlateau({ initial: 0.1, patience: 0 })),
  relu6: () => layers([4], w.dense(3), w.relu6()),
  residual: () => layers([4], w.residual(w.dense(4))),
  rmsNorm: () => layers([4], w.rmsNorm()),
  rmsprop: () => optimizer(w.rmsprop()),
  rprop: () => optimizer(w.rprop()),
  scaledDotProductAttention: () =>
    layers([4, 4], w.lambda(((x: Tensor) => w.scaledDotProductAttention(x, x, x)) as never)),
  separableConv1d: () => layers([6, 2], w.separableConv1d(3, { kernel: 3 })),
  separableConv2d: () => layers([4, 4, 2], w.separableConv2d(3, { kernel: 3 })),
  simpleRnn: () => layers([4, 2], w.simpleRnn(3)),
  sinusoidalPositions: () => layers([4, 4], w.sinusoidalPositions()),
  spatialDropout: () => layers([4, 4], w.spatialDropout(0.5)),
  squaredHinge: () => ofSigns(loss(w.squaredHinge())),
  stack: () => traced((x) => w.stack([x, x.mul(x)])),
  stepDecay: () => rate(w.stepDecay({ initial: 0.1, every: 2, factor: 0.5 })),
  transformerBlock: () => layers([4, 4], w.transformerBlock({ heads: 2, hidden: 6 })),
  upsample1d: () => layers([4, 2], w.upsample1d(2)),
  upsample2d: () => layers([4, 4, 2], w.upsample2d(2)),
  zeroPadding1d: () => layers([4, 2], w.zeroPadding1d(1)),
  zeroPadding2d: () => layers([4, 4, 2], w.zeroPadding2d(1)),
};

/** A loss that is a function stays in its file, whoever brings it. */
const STAYS = "customLoss";

describe("a trainer of the built package crosses", () => {
  it("whatever of the package it is made of", () => {
    expect([...Object.keys(CASES), STAYS].sort()).toEqual(BRINGING.split(" ").sort());
  });

  it.each(Object.entries(CASES))("which without uses is refused, made of %s", (_, make) => {
    const bytes = make().trainer.save({ training: true });
    const refused = thrownBy(() => w.loadTrainer(bytes));
    expect(w.errorCode(refused)).toBe("file-uses");
  });

  it("with everything that files need uses for, and learns to the same bits", async () => {
    const fit = { epochs: 3 };
    const jobs = Object.values(CASES).map((make) => ({
      source: () => make().trainer,
      run: async (remote: WorkerTrainer) => {
        await remote.fit(make().data as never, fit);
        return remote.digest({ training: true });
      },
    }));
    const digests = await runInWorkers(jobs, { workers: 1 });
    const alone = Object.values(CASES).map((make) => {
      const { trainer, data } = make();
      trainer.fitSync(data as never, fit);
      return trainer.digest({ training: true });
    });
    const byName = (all: readonly string[]) => Object.keys(CASES).map((name, i) => `${name} ${all[i]}`);
    expect(byName(digests)).toEqual(byName(alone));
  }, 60_000);

  it("but for losses that are functions, which it says", async () => {
    const { trainer } = loss(w.customLoss((a: Tensor, b: Tensor) => a.sub(b).square().mean()));
    await expect(inWorker(trainer)).rejects.toThrow(
      /^inWorker: the file's loss is a function, which files do not keep; got no loss: make the trainer in a worker file/,
    );
  });
});
