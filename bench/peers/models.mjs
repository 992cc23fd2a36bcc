/**
 * Networks that are more than dense layers, as data: what each takes and gives, and its parameters by name in the layouts of wasmgrad (images
 * [rows, h, w, channels], kernels [h, w, in, out], sequences [rows, steps, features]). Each runtime builds them in its own terms:
 * `wasmgrad-models.mjs`, `jax-js-models.mjs`, `tfjs-models.mjs`, `torch_models.py`.
 */

const affine = (name, ...shape) => ({ [`${name}.weight`]: shape, [`${name}.bias`]: [shape.at(-1)] });
const norm = (name, n) => ({ [`${name}.gamma`]: [n], [`${name}.beta`]: [n] });

const recurrent = (units, gates) => ({
  "recurrent.weight": [2, gates * units],
  "recurrent.recurrentWeight": [units, gates * units],
  "recurrent.bias": [gates * units],
  ...affine("head", units, 1),
});

export const TRANSFORMER = { vocabulary: 65, width: 64, heads: 4, steps: 64, blocks: 2 };

function transformerShapes() {
  const { vocabulary, width, steps, blocks } = TRANSFORMER;
  const block = (i) => ({
    ...norm(`block${i}.norm1`, width),
    ...affine(`block${i}.query`, width, width),
    ...affine(`block${i}.key`, width, width),
    ...affine(`block${i}.value`, width, width),
    ...affine(`block${i}.output`, width, width),
    ...norm(`block${i}.norm2`, width),
    ...affine(`block${i}.up`, width, 4 * width),
    ...affine(`block${i}.down`, 4 * width, width),
  });
  const all = Array.from({ length: blocks }, (_, i) => block(i + 1));
  return {
    "embedding.weight": [vocabulary, width],
    "positions.weight": [steps, width],
    ...Object.assign({}, ...all),
    ...norm("norm", width),
    ...affine("head", width, vocabulary),
  };
}

const model = (name, model, rest) => ({
  kind: "model",
  name,
  model,
  optimizer: "adam",
  learningRate: 0.001,
  ...rest,
});

/** `x` is the shape of a row; `ids` of whole numbers below it; `target` the classes, or units, of a row or of each step. */
export const MODELS = [
  model("LeNet 28x28x1, batch 32", "lenet", {
    batch: 32,
    x: [28, 28, 1],
    target: { classes: 10 },
    shapes: {
      ...affine("conv1", 5, 5, 1, 6),
      ...affine("conv2", 5, 5, 6, 16),
      ...affine("dense1", 400, 120),
      ...affine("dense2", 120, 84),
      ...affine("head", 84, 10),
    },
  }),
  model("CNN 28x28x1, 32-32-64 channels, batch 32", "cnn", {
    batch: 32,
    x: [28, 28, 1],
    target: { classes: 10 },
    shapes: {
      ...affine("conv1", 3, 3, 1, 32),
      ...affine("conv2", 3, 3, 32, 32),
      ...affine("conv3", 3, 3, 32, 64),
      ...affine("dense1", 3136, 128),
      ...affine("head", 128, 10),
    },
    // Minutes for a step.
    without: { "tfjs cpu": "not tried: minutes a step" },
  }),
  model("LSTM 2-32-1, 50 steps, batch 32", "lstm", {
    batch: 32,
    x: [50, 2],
    target: { units: 1 },
    shapes: recurrent(32, 4),
  }),
  model("GRU 2-32-1, 50 steps, batch 32", "gru", {
    batch: 32,
    x: [50, 2],
    target: { units: 1 },
    shapes: { ...recurrent(32, 3), "recurrent.recurrentBias": [32] },
  }),
  model("character transformer, 2 blocks of 64, 64 steps, batch 16", "transformer", {
    batch: 16,
    x: [TRANSFORMER.steps],
    ids: TRANSFORMER.vocabulary,
    target: { classes: TRANSFORMER.vocabulary, steps: TRANSFORMER.steps },
    shapes: transformerShapes(),
  }),
  model("micro:bit 24-BN-16-3, SGD, batch 16", "microbit", {
    batch: 16,
    optimizer: "sgd",
    learningRate: 0.01,
    x: [24],
    target: { classes: 3 },
    shapes: { ...norm("norm", 24), ...affine("dense1", 24, 16), ...affine("head", 16, 3) },
  }),
];

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

/** Parameters by name, `x` and `y`, from uniform numbers in [-1, 1). */
export function makeModelArrays({ shapes, batch, x, ids, target }, next) {
  const fill = (n, of) => Float32Array.from({ length: n }, of);
  const arrays = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const fans = sizeOf(shape.slice(0, -1)) + shape.at(-1);
    const scale = shape.length === 1 ? 0.01 : Math.sqrt(6 / fans);
    arrays[name] = fill(sizeOf(shape), () => (name.endsWith("gamma") ? 1 : scale * next()));
  }
  const below = (n) => () => Math.floor(((next() + 1) / 2) * n);
  arrays.x = fill(batch * sizeOf(x), ids ? below(ids) : next);
  const { classes, units, steps = 1 } = target;
  arrays.y = fill(batch * steps * (units ?? 1), classes ? below(classes) : next);
  return arrays;
}
