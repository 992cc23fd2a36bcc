/** The networks of models.mjs in wasmgrad: models, whose layers have the names of the parameters there, but for `NAMES`. */
import {
  batchNorm,
  conv2d,
  dense,
  embedding,
  flatten,
  gru,
  layerNorm,
  learnedPositions,
  lstm,
  maxPool2d,
  sequential,
  transformerBlock,
} from "../../dist/index.js";
import { TRANSFORMER } from "./models.mjs";

const relu = (units, name) => dense(units, { activation: "relu", name });
const conv = (filters, kernel, padding, name) =>
  conv2d(filters, { kernel, padding, activation: "relu", name });
const classes = (units) => dense(units, { activation: "softmax", name: "head" });

export const MODELS = {
  lenet: () =>
    sequential({ input: [28, 28, 1] }, [
      conv(6, 5, "same", "conv1"),
      maxPool2d(2),
      conv(16, 5, "valid", "conv2"),
      maxPool2d(2),
      flatten(),
      relu(120, "dense1"),
      relu(84, "dense2"),
      classes(10),
    ]),

  cnn: () =>
    sequential({ input: [28, 28, 1] }, [
      conv(32, 3, "same", "conv1"),
      conv(32, 3, "same", "conv2"),
      maxPool2d(2),
      conv(64, 3, "same", "conv3"),
      maxPool2d(2),
      flatten(),
      relu(128, "dense1"),
      classes(10),
    ]),

  lstm: () => sequential({ input: [50, 2] }, [lstm(32, { name: "recurrent" }), dense(1, { name: "head" })]),

  gru: () => sequential({ input: [50, 2] }, [gru(32, { name: "recurrent" }), dense(1, { name: "head" })]),

  transformer() {
    const { vocabulary, width, heads, steps, blocks } = TRANSFORMER;
    return sequential({ input: { shape: [steps], dtype: "i32" } }, [
      embedding(vocabulary, width, { name: "embedding" }),
      learnedPositions(steps, { name: "positions" }),
      ...Array.from({ length: blocks }, (_, i) =>
        transformerBlock({ heads, causal: true, name: `block${i + 1}` }),
      ),
      layerNorm({ name: "norm" }),
      classes(vocabulary),
    ]);
  },

  microbit: () => sequential({ input: [24] }, [batchNorm({ name: "norm" }), relu(16, "dense1"), classes(3)]),
};

const NAMES = [
  [/^(embedding|positions)\.weight$/, "$1.table"],
  [/\.(query|key|value|output)\./, ".attention.$1."],
  [/\.up\./, ".hidden."],
  [/\.down\./, ".output."],
];

/** What a parameter of models.mjs is called here. */
export const nameOf = (name) => NAMES.reduce((own, [from, to]) => own.replace(from, to), name);
