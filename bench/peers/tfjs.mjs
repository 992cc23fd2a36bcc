/** TensorFlow.js, core API with `optimizer.minimize`; the backend is the second argument: wasm or cpu. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { serve } from "./child.mjs";
import { modelsOf } from "./tfjs-models.mjs";
import { CHECKED_STEPS, CHECKED_UPDATES, oneHot, readArray, readLayers, sample } from "./workloads.mjs";

const backend = process.argv[2] === "--first-step" ? process.argv[4] : process.argv[2];
const require = createRequire(import.meta.url);
const log = console.log;
console.log = console.info = console.warn = console.error;
const tf = require("@tensorflow/tfjs");
if (backend === "wasm") {
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/"));
  wasm.setThreadsCount(1);
}
await tf.setBackend(backend);
await tf.ready();
console.log = log;

const adamOf = (learningRate) => tf.train.adam(learningRate, 0.9, 0.999, 1e-8);

function forward(workload, folder) {
  const layers = readLayers(folder, workload).map(({ w, b, inputs, units }) => ({
    w: tf.variable(tf.tensor2d(w, [inputs, units])),
    b: tf.variable(tf.tensor1d(b)),
  }));
  const logits = (x) =>
    layers.reduce((h, { w, b }, l) => {
      const z = tf.add(tf.matMul(h, w), b);
      return l + 1 === layers.length ? z : workload.hidden === "relu" ? tf.relu(z) : tf.tanh(z);
    }, x);
  return { variables: layers.flatMap(({ w, b }) => [w, b]), logits };
}

/** Updates that `optimizer` makes of `loss`: the first ones with their losses, then as many as are asked for. */
function updates(optimizer, loss, variables, checked, dispose) {
  const once = () => {
    const value = optimizer.minimize(loss, true, variables);
    const [number] = value.dataSync();
    value.dispose();
    return number;
  };
  return {
    check: Array.from({ length: checked }, once),
    run: (units) => {
      for (let i = 0; i < units; i++) optimizer.minimize(loss, false, variables);
      // The cpu and wasm backends compute at once; reading makes sure of it.
      variables[0].dataSync();
    },
    dispose,
  };
}

/** A training step of a network of models.mjs. */
function model(workload, folder) {
  const { batch, ids, learningRate, target } = workload;
  const parameters = Object.fromEntries(
    Object.entries(workload.shapes).map(([name, shape]) => [
      name,
      tf.variable(tf.tensor(readArray(folder, name), shape)),
    ]),
  );
  const given = readArray(folder, "x");
  const x = ids
    ? tf.tensor(oneHot(given, ids), [batch, ...workload.x, ids])
    : tf.tensor(given, [batch, ...workload.x]);
  const y = readArray(folder, "y");
  const { classes, units } = target;
  const t = classes ? tf.tensor2d(oneHot(y, classes), [y.length, classes]) : tf.tensor2d(y, [batch, units]);
  const network = modelsOf(tf)[workload.model];
  const loss = () => {
    const z = network(parameters, x);
    return classes
      ? tf.losses.softmaxCrossEntropy(t, z.reshape([-1, classes]))
      : tf.losses.meanSquaredError(t, z);
  };
  const optimizer = workload.optimizer === "adam" ? adamOf(learningRate) : tf.train.sgd(learningRate);
  return updates(optimizer, loss, Object.values(parameters), CHECKED_STEPS, () =>
    tf.dispose([x, t, optimizer, parameters]),
  );
}

function train(workload, folder, firstStep) {
  const { batch, layers, learningRate } = workload;
  const { variables, logits } = forward(workload, folder);
  const x = tf.tensor2d(readArray(folder, "x"), [batch, layers[0]]);
  const binary = workload.loss === "binaryCrossEntropy";
  const y = readArray(folder, "y");
  const t = tf.tensor2d(binary ? y : oneHot(y, layers.at(-1)), [batch, layers.at(-1)]);
  const loss = () =>
    binary ? tf.losses.sigmoidCrossEntropy(t, logits(x)) : tf.losses.softmaxCrossEntropy(t, logits(x));
  const optimizer = adamOf(learningRate);
  return updates(optimizer, loss, variables, firstStep ? 0 : CHECKED_STEPS, () =>
    tf.dispose([x, t, optimizer, variables]),
  );
}

function product({ n, transposed }, folder) {
  const a = tf.tensor2d(readArray(folder, "a"), [n, n]);
  const b = tf.tensor2d(readArray(folder, "b"), [n, n]);
  const c = tf.matMul(a, b, transposed, false);
  const check = sample(c.dataSync());
  c.dispose();
  return {
    check,
    run: (units) => {
      for (let i = 0; i < units; i++) tf.matMul(a, b, transposed, false).dispose();
    },
    dispose: () => tf.dispose([a, b]),
  };
}

function adam({ learningRate }, folder) {
  const w = tf.variable(tf.tensor1d(readArray(folder, "w")), true, "w");
  const g = tf.tensor1d(readArray(folder, "g"));
  const optimizer = adamOf(learningRate);
  const run = (units) => {
    for (let i = 0; i < units; i++) optimizer.applyGradients({ w: g });
  };
  run(CHECKED_UPDATES);
  return { check: sample(w.dataSync()), run, dispose: () => tf.dispose([w, g, optimizer]) };
}

function predict(workload, folder) {
  const { variables, logits } = forward(workload, folder);
  const x = readArray(folder, "x");
  const once = () =>
    tf.tidy(() => tf.softmax(logits(tf.tensor2d(x, [workload.batch, workload.layers[0]]))).dataSync());
  return {
    check: [...once()],
    run: (units) => {
      for (let i = 0; i < units; i++) once();
    },
    dispose: () => tf.dispose(variables),
  };
}

await serve({
  version: tf.version.tfjs,
  prepare: (workload, folder, firstStep) => {
    tf.disposeVariables();
    return { train, model, product, adam, predict }[workload.kind](workload, folder, firstStep);
  },
});
