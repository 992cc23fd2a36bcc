/** jax-js on its WebAssembly backend, whole steps under `jit`; Adam as its users write it, from array functions. */
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { serve } from "./child.mjs";
import { MODELS } from "./jax-js-models.mjs";
import {
  CHECKED_STEPS,
  CHECKED_UPDATES,
  oneHot,
  readArray,
  readLayers,
  sample,
  versionOf,
} from "./workloads.mjs";

await init("wasm");
defaultDevice("wasm");

const array = (data, shape) => np.array(data).reshape(shape);

function parametersOf(workload, folder) {
  return readLayers(folder, workload).flatMap(({ w, b, inputs, units }) => [
    array(w, [inputs, units]),
    array(b, [units]),
  ]);
}

/** Consumes parameters and x, as all functions here do. */
function logits(workload, parameters, x) {
  let h = x;
  for (let l = 0; l < parameters.length; l += 2) {
    const z = np.matmul(h, parameters[l]).add(parameters[l + 1]);
    h = l + 2 === parameters.length ? z : workload.hidden === "relu" ? nn.relu(z) : np.tanh(z);
  }
  return h;
}

/** One update of Adam: [w, m, v]. `rate` and `scale` carry the bias corrections. */
function update(w, g, m, v, rate, scale) {
  const m1 = m.mul(0.9).add(g.ref.mul(0.1));
  const v1 = v.mul(0.999).add(g.ref.mul(g).mul(0.001));
  const step = np.divide(m1.ref.mul(rate), np.sqrt(v1.ref.mul(scale)).add(1e-8));
  return [w.sub(step), m1, v1];
}

const corrections = (learningRate, t) => [learningRate / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t)];

async function train(workload, folder, firstStep) {
  const { batch, layers, learningRate } = workload;
  let w = parametersOf(workload, folder);
  let m = w.map((p) => np.zeros(p.shape));
  let v = w.map((p) => np.zeros(p.shape));
  const x = array(readArray(folder, "x"), [batch, layers[0]]);
  const binary = workload.loss === "binaryCrossEntropy";
  const y = readArray(folder, "y");
  const t = array(binary ? y : oneHot(y, layers.at(-1)), [batch, layers.at(-1)]);
  const loss = (parameters, x, t) => {
    const z = logits(workload, parameters, x);
    return binary
      ? nn.softplus(z.ref).sub(z.mul(t)).mean()
      : nn.logSoftmax(z, -1).mul(t).sum(-1).mean().neg();
  };
  const step = jit((w, m, v, rate, scale, x, t) => {
    const [value, g] = valueAndGrad(loss)(
      w.map((p) => p.ref),
      x,
      t,
    );
    const updated = w.map((p, i) => update(p, g[i], m[i], v[i], rate.ref, scale.ref));
    rate.dispose();
    scale.dispose();
    return [value, ...[0, 1, 2].map((part) => updated.map((u) => u[part]))];
  });
  let steps = 0;
  const once = () => {
    const [rate, scale] = corrections(learningRate, ++steps);
    let value;
    [value, w, m, v] = step(w, m, v, rate, scale, x.ref, t.ref);
    return value;
  };
  const check = [];
  if (!firstStep) for (let i = 0; i < CHECKED_STEPS; i++) check.push(once().item());
  return {
    check,
    run: async (units) => {
      for (let i = 0; i < units; i++) once().dispose();
      await blockUntilReady(w);
    },
  };
}

/** A training step of a network of models.mjs. */
function model(workload, folder) {
  const { batch, learningRate, target, ids } = workload;
  const names = Object.keys(workload.shapes);
  let w = names.map((name) => array(readArray(folder, name), workload.shapes[name]));
  let m = w.map((p) => np.zeros(p.shape));
  let v = w.map((p) => np.zeros(p.shape));
  const given = readArray(folder, "x");
  const x = ids
    ? array(oneHot(given, ids), [batch, ...workload.x, ids])
    : array(given, [batch, ...workload.x]);
  const y = readArray(folder, "y");
  const classes = target.classes;
  const t = classes
    ? array(oneHot(y, classes), [batch, ...(target.steps ? [target.steps] : []), classes])
    : array(y, [batch, target.units]);
  const loss = (w, x, t) => {
    const p = Object.fromEntries(names.map((name, i) => [name, w[i]]));
    const z = MODELS[workload.model](p, x);
    return classes ? nn.logSoftmax(z, -1).mul(t).sum(-1).mean().neg() : np.square(z.sub(t)).mean();
  };
  const gradients = (w, x, t) => {
    const [value, g] = valueAndGrad(loss)(
      w.map((p) => p.ref),
      x,
      t,
    );
    return [value, g];
  };
  const adamStep = jit((w, m, v, rate, scale, x, t) => {
    const [value, g] = gradients(w, x, t);
    const updated = w.map((p, i) => update(p, g[i], m[i], v[i], rate.ref, scale.ref));
    rate.dispose();
    scale.dispose();
    return [value, ...[0, 1, 2].map((part) => updated.map((u) => u[part]))];
  });
  const sgdStep = jit((w, x, t) => {
    const [value, g] = gradients(w, x, t);
    return [value, w.map((p, i) => p.sub(g[i].mul(learningRate)))];
  });
  let steps = 0;
  const once = () => {
    let value;
    if (workload.optimizer === "adam")
      [value, w, m, v] = adamStep(w, m, v, ...corrections(learningRate, ++steps), x.ref, t.ref);
    else [value, w] = sgdStep(w, x.ref, t.ref);
    return value;
  };
  const check = [];
  for (let i = 0; i < CHECKED_STEPS; i++) check.push(once().item());
  return {
    check,
    run: async (units) => {
      for (let i = 0; i < units; i++) once().dispose();
      await blockUntilReady(w);
    },
  };
}

async function product({ n, transposed }, folder) {
  const a = array(readArray(folder, "a"), [n, n]);
  const b = array(readArray(folder, "b"), [n, n]);
  await blockUntilReady([a, b]);
  const multiply = jit((a, b) => np.matmul(transposed ? np.transpose(a) : a, b));
  return {
    check: sample(multiply(a.ref, b.ref).dataSync()),
    run: async (units) => {
      for (let i = 0; i < units; i++) {
        const c = multiply(a.ref, b.ref);
        await c.blockUntilReady();
        c.dispose();
      }
    },
    dispose: () => [a, b].forEach((p) => void p.dispose()),
  };
}

async function adam({ n, learningRate }, folder) {
  let w = np.array(readArray(folder, "w"));
  const g = np.array(readArray(folder, "g"));
  let m = np.zeros([n]);
  let v = np.zeros([n]);
  const apply = jit((w, g, m, v, rate, scale) => update(w, g, m, v, rate, scale));
  let t = 0;
  const run = async (units) => {
    for (let i = 0; i < units; i++) {
      [w, m, v] = apply(w, g.ref, m, v, ...corrections(learningRate, ++t));
      await blockUntilReady([w, m, v]);
    }
  };
  await run(CHECKED_UPDATES);
  return {
    check: sample(w.ref.dataSync()),
    run,
    dispose: () => [w, g, m, v].forEach((p) => void p.dispose()),
  };
}

async function predict(workload, folder) {
  const parameters = parametersOf(workload, folder);
  const x = readArray(folder, "x");
  const apply = jit((parameters, x) => nn.softmax(logits(workload, parameters, x), -1));
  const once = () =>
    apply(
      parameters.map((p) => p.ref),
      array(x, [workload.batch, workload.layers[0]]),
    ).data();
  return {
    check: [...(await once())],
    run: async (units) => {
      for (let i = 0; i < units; i++) await once();
    },
  };
}

await serve({
  version: versionOf("@jax-js/jax"),
  prepare: (workload, folder, firstStep) =>
    ({ train, model, product, adam, predict })[workload.kind](workload, folder, firstStep),
});
