/**
 * The runs behind the golden states: what trains, on what, how far. Nothing here may change, or states of old would be
 * taken for those of other models; what is new comes beside it.
 */
const XOR = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [0, 1, 1, 0],
};

/** Twelve rows of 3 numbers and 4 classes. */
const CLASSES = {
  x: Array.from({ length: 12 }, (_, i) => [(i % 5) / 4, ((i * 7) % 11) / 10 - 0.5, (i % 3) - 1]),
  y: Array.from({ length: 12 }, (_, i) => (i * 5) % 4),
};

/** @param wasmgrad the package */
export const runs = ({
  adam,
  adamW,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  sequential,
  sgd,
}) => ({
  /** Adam, one group. */
  xor: {
    compile: (seed = 42) =>
      compile(
        sequential({ input: [2], seed }, [
          dense(8, { activation: "tanh" }),
          dense(1, { activation: "sigmoid" }),
        ]),
        { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) },
      ),
    train: (trainer) => trainer.fitSync(XOR, { epochs: 10 }),
    goOn: (trainer) => trainer.fitSync(XOR, { epochs: 5 }),
  },
  /** AdamW with two groups, labels, short batches, an order of its own. */
  "two-groups": {
    compile: (seed = 3) =>
      compile(
        sequential({ input: [3], seed }, [
          dense(5, { activation: "relu", name: "hidden" }),
          dense(4, { activation: "softmax" }),
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
    train: (trainer) => trainer.fitSync(CLASSES, { epochs: 4 }),
    goOn: (trainer) => trainer.fitSync(CLASSES, { epochs: 5 }),
  },
  /** Two passes of a group of three. */
  accumulate: {
    compile: (seed = 5) =>
      compile(sequential({ input: [3], seed }, [dense(4, { activation: "gelu" }), dense(2)]), {
        loss: meanSquaredError(),
        optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
        accumulate: 3,
      }),
    train: (trainer) => passes(trainer, 5),
    goOn: (trainer) => passes(trainer, 5),
  },
  /** Without anything that trains. */
  predictor: {
    compile: (seed = 8) =>
      compile(
        sequential({ input: [3], seed }, [
          dense(4, { activation: "silu" }),
          dense(2, { activation: "softmax" }),
        ]),
      ),
    train: (predictor) => predictor.setParameters({ "dense1.bias": [0.5, -0.25, 0, 1] }),
    goOn: () => {},
  },
});

function passes(trainer, count) {
  const rows = CLASSES.x.slice(0, 5);
  for (let pass = 0; pass < count; pass++)
    trainer.step({ x: rows, y: rows.map(([p, q, r]) => [p * q, r - p]) });
}
