/**
 * The runs behind the golden files, beside those of the states. Nothing here may change, or files of old would be taken for those of other
 * models; what is new comes beside it.
 */
import { runs } from "./runs.mjs";

const ROWS = {
  x: Array.from({ length: 12 }, (_, i) => [(i % 5) / 4, ((i * 7) % 11) / 10 - 0.5, (i % 3) - 1]),
  y: Array.from({ length: 12 }, (_, i) => (i * 5) % 4),
};

const TABLE = {
  x: Array.from({ length: 10 }, (_, i) => ({
    area: i === 4 ? null : 40 + ((i * 37) % 90),
    city: ["Rome", "Oslo", "Lima"][i % 3],
    built: `19${60 + i}-03-11`,
  })),
  y: Array.from({ length: 10 }, (_, i) => 1e6 + 1e4 * ((i * 37) % 90)),
};

const IDS = {
  x: {
    words: [
      [0, 4],
      [1, 3],
      [2, 2],
      [3, 1],
    ],
    more: [[0.5], [-1], [2], [0]],
  },
  y: { price: [1, 2, 3, 4], kind: [0, 1, 1, 0] },
};

/** @param wasmgrad the package */
export const fileRuns = (wasmgrad) => {
  const {
    activation,
    adam,
    batchNorm,
    compile,
    crossEntropy,
    dense,
    dropout,
    embedding,
    flatten,
    huber,
    inputColumns,
    layerNorm,
    meanSquaredError,
    model,
    sequential,
    sgd,
  } = wasmgrad;
  const epochsOf = (data, epochs) => (trainer) => trainer.fitSync(data, { epochs });
  return {
    ...runs(wasmgrad),
    /** Running statistics and draws. */
    statistics: {
      compile: () =>
        compile(
          sequential({ input: [3], seed: 2 }, [
            dense(6),
            batchNorm({ momentum: 0.8 }),
            activation("relu"),
            dropout(0.25),
            layerNorm(),
            dense(4),
          ]),
          { loss: crossEntropy({ fromLogits: true }), optimizer: adam(), batchSize: 5 },
        ),
      train: epochsOf(ROWS, 3),
      goOn: epochsOf(ROWS, 2),
    },
    /** Columns of a table, what they were fitted to, standardized targets. */
    table: {
      compile: () =>
        compile(
          sequential(
            {
              columns: inputColumns([
                { name: "area", kind: "number", with: "median", indicator: true },
                { name: "city", kind: "category", categories: ["Oslo", "Rome"] },
                { name: "built", kind: "date", scale: "minMax" },
              ]),
            },
            [dense(4, { activation: "tanh" }), dense(1)],
          ),
          { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }), targets: "standardize" },
        ),
      train: epochsOf(TABLE, 4),
      goOn: epochsOf(TABLE, 3),
    },
    /** Names of inputs and outputs, ids, tensors. */
    tensors: {
      compile: () =>
        compile(
          model(
            { inputs: { words: { shape: [2], dtype: "i32" }, more: [1] }, seed: 7 },
            ({ words, more }) => {
              const h = flatten()(embedding(5, 3)(words)).mul(0.5).add(more);
              return { price: dense(1)(h.abs()), kind: dense(2, { activation: "softmax" })(h) };
            },
          ),
          { loss: { price: huber({ delta: 0.5 }), kind: crossEntropy() }, optimizer: sgd({ momentum: 0.9 }) },
        ),
      train: epochsOf(IDS, 4),
      goOn: epochsOf(IDS, 3),
    },
  };
};
