/** Trainers of every kind that files hold, each with data to go on with. */
import {
  activation,
  adam,
  adamW,
  batchNorm,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  dropout,
  embedding,
  flatten,
  huber,
  impute,
  inputColumns,
  layerNorm,
  meanSquaredError,
  minMax,
  model,
  oneHot,
  reshape,
  sequential,
  sgd,
  standardize,
  type Trainer,
} from "../../src/index.ts";

/** Numbers that repeat, without a generator. */
export const numbers = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => (((i + 1) * 7919 * (seed + 3)) % 101) / 50 - 1);

const table = (rows: number, columns: number, seed: number) =>
  Array.from({ length: rows }, (_, i) => numbers(columns, seed + i));

const classes = (rows: number, count: number) => Array.from({ length: rows }, (_, i) => (i * 5) % count);

interface Network {
  /** biome-ignore lint/suspicious/noExplicitAny: of any inputs and outputs */
  readonly make: () => Trainer<any, any>;
  // biome-ignore lint/suspicious/noExplicitAny: as the trainer takes them
  readonly data: any;
  /** What `load` must be given, and `loadTrainer`. */
  readonly uses: readonly never[];
  readonly trainerUses: readonly never[];
}

const network = (
  make: Network["make"],
  data: unknown,
  uses: readonly unknown[] = [],
  more: readonly unknown[] = uses,
) => ({ make, data, uses, trainerUses: more }) as Network;

export const NETWORKS: Readonly<Record<string, Network>> = {
  xor: network(
    () =>
      compile(
        sequential({ input: [2], seed: 42 }, [
          dense(8, { activation: "tanh" }),
          dense(1, { activation: "sigmoid" }),
        ]),
        { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }), labels: ["no", "yes"] },
      ),
    {
      x: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      y: [0, 1, 1, 0],
    },
  ),
  "dropout, groups, short batches": network(
    () =>
      compile(
        sequential({ input: [3], seed: 3 }, [
          dense(6, { activation: { name: "leakyRelu", alpha: 0.2 }, name: "hidden" }),
          dropout(0.25),
          dense(4),
          activation("softmax"),
        ]),
        {
          loss: crossEntropy(),
          optimizer: adamW({
            learningRate: 0.02,
            groups: [{ match: /bias$/, weightDecay: 0, learningRate: 0.04 }],
          }),
          labels: ["north", "east", "south", "west"],
          batchSize: 5,
          shuffleSeed: 9,
        },
      ),
    { x: table(12, 3, 1), y: classes(12, 4) },
    [],
    [dropout],
  ),
  "accumulated gradients, momentum, shapes": network(
    () =>
      compile(
        sequential({ input: [2, 3], seed: 5 }, [
          flatten(),
          dense(6, { activation: "gelu", bias: false }),
          reshape([3, 2]),
          flatten(),
          dense(2),
        ]),
        {
          loss: huber({ delta: 0.5 }),
          optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
          accumulate: 3,
          batchSize: 2,
        },
      ),
    { x: table(11, 6, 2), y: table(11, 2, 3) },
  ),
  "logits, batchNorm, layerNorm": network(
    () =>
      compile(
        sequential({ input: [4], seed: 8 }, [
          dense(5),
          batchNorm({ momentum: 0.8 }),
          activation("relu"),
          layerNorm(),
          dense(3),
        ]),
        {
          loss: crossEntropy({ fromLogits: true }),
          optimizer: adam({ epsilonMode: "inside" }),
          batchSize: 8,
        },
      ),
    { x: table(20, 4, 4), y: classes(20, 3) },
    [batchNorm, layerNorm],
  ),
  "several inputs and outputs, ids, tensors": network(
    () => {
      const shared = dense(3, { activation: "silu", name: "shared" });
      const net = model(
        { inputs: { z: [3], ids: { shape: [2], dtype: "i32" }, a: [3] }, seed: 11 },
        ({ z, ids, a }) => {
          const words = flatten()(embedding(7, 2)(ids));
          const h = shared(a).add(shared(z)).mul(0.5).sub(-0);
          const sums = h.add(a).add(z).add(a.square().exp().mul(0.01));
          return {
            second: dense(2, { activation: "softmax" })(h),
            first: dense(1)(words)
              .add(sums.mean(1, { keepDims: true }))
              .add(sums.transpose().transpose().sum(1, { keepDims: true })),
          };
        },
      );
      return compile(net, {
        loss: { second: crossEntropy(), first: meanSquaredError() },
        optimizer: adam({ learningRate: 0.01 }),
        batchSize: 4,
      });
    },
    {
      x: {
        z: table(10, 3, 5),
        a: table(10, 3, 6),
        ids: Array.from({ length: 10 }, (_, i) => [i % 7, (i * 3) % 7]),
      },
      y: { first: numbers(10, 7), second: classes(10, 2) },
    },
    [model, embedding],
  ),
  "columns of a table, standardized targets": network(
    () =>
      compile(
        sequential(
          {
            columns: inputColumns([
              { name: "area", kind: "number", with: "median", indicator: true },
              { name: "city", kind: "category", categories: ["Oslo", "Rome"] },
              { name: "built", kind: "date", scale: "minMax" },
            ]),
            seed: 4,
          },
          [dense(6, { activation: "relu" }), dense(1)],
        ),
        {
          loss: meanSquaredError(),
          optimizer: adam({ learningRate: 0.01 }),
          targets: "standardize",
          batchSize: 4,
        },
      ),
    {
      x: Array.from({ length: 14 }, (_, i) => ({
        area: i % 5 === 3 ? null : 40 + ((i * 37) % 90),
        city: ["Rome", "Oslo", "Lima", null][i % 4],
        built: `19${60 + i}-0${1 + (i % 9)}-11`,
      })),
      y: Array.from({ length: 14 }, (_, i) => 1e6 + 1e4 * ((i * 37) % 90)),
    },
  ),
  "preprocessing of rows with two axes": network(
    () => {
      const trainer = compile(
        sequential({ input: [2, 3], seed: 6 }, [
          impute({ with: -1, columns: [0], indicator: true }),
          standardize({ columns: [0, 1] }),
          oneHot({ columns: [2], categories: 3 }),
          minMax({ columns: [1] }),
          flatten(),
          dense(2, { activation: "softmax" }),
        ]),
        { loss: crossEntropy(), optimizer: sgd({ learningRate: 0.1 }), batchSize: 5 },
      );
      return trainer;
    },
    {
      x: Array.from({ length: 12 }, (_, i) =>
        [0, 1].map((j) => [i % 4 === 1 ? Number.NaN : 3 * i + j, ((i * 7 + j) % 11) - 5, (i + j) % 3]),
      ),
      y: classes(12, 2),
    },
  ),
};
