/** What every runtime does: as data, with seeded inputs that all of them read from the same files. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MODELS, makeModelArrays } from "./models.mjs";

const network = (name, layers, batch, hidden, loss, learningRate) => ({
  kind: "train",
  name,
  layers,
  batch,
  hidden,
  loss,
  learningRate,
});

const product = (n, transposed) => ({
  kind: "product",
  name: `product ${n}${transposed ? ", A transposed" : ""}`,
  n,
  transposed,
});

const prediction = (layers, batch) => ({
  kind: "predict",
  name: `prediction ${layers.join("-")}, ${batch} ${batch === 1 ? "row" : "rows"}`,
  layers,
  batch,
  hidden: "relu",
  loss: "crossEntropy",
});

export const XOR = network("XOR 2-8-1, batch 4", [2, 8, 1], 4, "tanh", "binaryCrossEntropy", 0.05);

export const WORKLOADS = [
  XOR,
  network("2-16-16-1, batch 64", [2, 16, 16, 1], 64, "tanh", "binaryCrossEntropy", 0.01),
  network("64-64-10, batch 16", [64, 64, 10], 16, "relu", "crossEntropy", 0.001),
  network("784-128-10, batch 32", [784, 128, 10], 32, "relu", "crossEntropy", 0.001),
  network("784-512-512-10, batch 128", [784, 512, 512, 10], 128, "relu", "crossEntropy", 0.001),
  product(128, false),
  product(128, true),
  product(512, false),
  product(512, true),
  product(1024, false),
  product(1024, true),
  ...MODELS,
  { kind: "adam", name: "Adam, 1M parameters", n: 1 << 20, learningRate: 0.001 },
  prediction([784, 512, 512, 10], 1),
  prediction([784, 512, 512, 10], 64),
];

/** Mulberry32, uniform on [-1, 1). */
function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  };
}

/** The arrays of a workload by name; networks have w0, b0, w1, .. in [in, out], x, and y with one target a row. */
export function makeArrays(workload) {
  const next = generator(42);
  const fill = (n, scale = 1) => Float32Array.from({ length: n }, () => scale * next());
  const { kind } = workload;
  if (kind === "model") return makeModelArrays(workload, next);
  if (kind === "product") return { a: fill(workload.n ** 2), b: fill(workload.n ** 2) };
  if (kind === "adam") return { w: fill(workload.n), g: fill(workload.n) };
  const { layers, batch, loss } = workload;
  const arrays = {};
  for (let l = 1; l < layers.length; l++) {
    arrays[`w${l - 1}`] = fill(layers[l - 1] * layers[l], Math.sqrt(6 / (layers[l - 1] + layers[l])));
    arrays[`b${l - 1}`] = fill(layers[l], 0.01);
  }
  if (workload === XOR) {
    arrays.x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
    arrays.y = Float32Array.of(0, 1, 1, 0);
    return arrays;
  }
  arrays.x = fill(batch * layers[0]);
  const classes = layers.at(-1);
  arrays.y =
    loss === "binaryCrossEntropy"
      ? Float32Array.from({ length: batch }, (_, i) => (arrays.x[2 * i] * arrays.x[2 * i + 1] > 0 ? 1 : 0))
      : Float32Array.from({ length: batch }, () => Math.floor((next() + 1) * 0.5 * classes));
  return arrays;
}

const pathOf = (folder, name) => join(folder, `${name}.f32`);

/** Writes the arrays as raw little-endian f32, for children in any language. */
export function writeArrays(folder, arrays) {
  for (const [name, data] of Object.entries(arrays)) writeFileSync(pathOf(folder, name), data);
}

export function readArray(folder, name) {
  const bytes = readFileSync(pathOf(folder, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Weights and biases of a network: [{ w, b, inputs, units }]. */
export function readLayers(folder, { layers }) {
  return layers.slice(1).map((units, l) => ({
    inputs: layers[l],
    units,
    w: readArray(folder, `w${l}`),
    b: readArray(folder, `b${l}`),
  }));
}

/** Class indices as one-hot rows. */
export function oneHot(labels, classes) {
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) rows[i * classes + labels[i]] = 1;
  return rows;
}

/** 64 elements, evenly spread: enough to tell a wrong product or update from a right one. */
export function sample(values) {
  const stride = Math.max(1, Math.floor(values.length / 64));
  return Array.from({ length: Math.min(64, values.length) }, (_, i) => values[i * stride + (i % stride)]);
}

/** Losses that are compared before a network's training is timed. */
export const CHECKED_STEPS = 5;
/** Updates after which optimizers are compared. */
export const CHECKED_UPDATES = 3;

/** The installed version of a package, whether or not it exports its package.json. */
export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
