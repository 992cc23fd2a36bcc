import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  sequential,
  sgd,
  VERSION,
} from "../../dist/index.js";
import { serve } from "./child.mjs";
import { MODELS, nameOf } from "./wasmgrad-models.mjs";
import { CHECKED_STEPS, CHECKED_UPDATES, readArray, readLayers, sample } from "./workloads.mjs";

/** Single records, where the public API has whole networks only. */
const kernels = () => import("../../build/bench/peer-kernels.mjs");

function modelOf({ layers, hidden, loss }) {
  const output = loss === "crossEntropy" ? "softmax" : "sigmoid";
  return sequential(
    { input: [layers[0]] },
    layers.slice(1).map((n, l) => dense(n, { activation: l + 2 < layers.length ? hidden : output })),
  );
}

function load(predictor, layers) {
  layers.forEach(({ w, b }, l) => {
    predictor.setParameters({ [`dense${l + 1}.weight`]: w, [`dense${l + 1}.bias`]: b });
  });
}

function train(workload, folder, firstStep) {
  const trainer = compile(modelOf(workload), {
    batchSize: workload.batch,
    loss: workload.loss === "crossEntropy" ? crossEntropy() : binaryCrossEntropy(),
    optimizer: adam({ learningRate: workload.learningRate }),
  });
  load(trainer, readLayers(folder, workload));
  const initial = trainer.state();
  const y = readArray(folder, "y");
  const data = {
    x: readArray(folder, "x"),
    y: workload.loss === "crossEntropy" ? Int32Array.from(y) : y,
  };
  return {
    check: firstStep ? [] : trainer.fitSync(data, { epochs: CHECKED_STEPS }).history.loss,
    run: (units) => {
      trainer.restore(initial);
      trainer.fitSync(data, { epochs: units });
    },
    dispose: () => trainer.dispose(),
  };
}

/** A training step of a network of models.mjs. */
function model(workload, folder) {
  const { batch, ids, learningRate, target, shapes } = workload;
  const trainer = compile(MODELS[workload.model](), {
    batchSize: batch,
    loss: target.classes ? crossEntropy() : meanSquaredError(),
    optimizer: workload.optimizer === "adam" ? adam({ learningRate }) : sgd({ learningRate }),
  });
  trainer.setParameters(
    Object.fromEntries(Object.keys(shapes).map((name) => [nameOf(name), readArray(folder, name)])),
  );
  const initial = trainer.state();
  const x = readArray(folder, "x");
  const y = readArray(folder, "y");
  const { classes, steps } = target;
  const labels = Int32Array.from(y);
  const data = {
    x: ids ? Int32Array.from(x) : x,
    y: classes ? (steps ? { data: labels, shape: [batch, steps] } : labels) : y,
  };
  return {
    check: trainer.fitSync(data, { epochs: CHECKED_STEPS }).history.loss,
    run: (units) => {
      trainer.restore(initial);
      trainer.fitSync(data, { epochs: units });
    },
    dispose: () => trainer.dispose(),
  };
}

async function product({ n, transposed }, folder) {
  const { loadRecord, Opcode, Form } = await kernels();
  const record = loadRecord(Opcode.MatMul, {
    form: transposed ? Form.TN : Form.NN,
    a: readArray(folder, "a"),
    b: readArray(folder, "b"),
    m: n,
    n,
    k: n,
  });
  record.run();
  return { check: sample(record.view("c")), run: repeat(record.run) };
}

async function adamUpdate({ n, learningRate }, folder) {
  const { loadRecord, Opcode, Hyper, OptimizerFlag } = await kernels();
  const hyper = new Float64Array(Hyper.Count);
  hyper[Hyper.Beta1] = 0.9;
  hyper[Hyper.Beta2] = 0.999;
  hyper[Hyper.Epsilon] = 1e-8;
  hyper[Hyper.Flags] = OptimizerFlag.BiasCorrection;
  const record = loadRecord(Opcode.Adam, {
    w: readArray(folder, "w"),
    g: readArray(folder, "g"),
    n,
    hyper,
    power1: Float64Array.of(1),
    power2: Float64Array.of(1),
    rate: learningRate,
  });
  for (let i = 0; i < CHECKED_UPDATES; i++) {
    record.run();
    // What the records of the commit do.
    record.doubles("power1")[0] *= hyper[Hyper.Beta1];
    record.doubles("power2")[0] *= hyper[Hyper.Beta2];
  }
  return { check: sample(record.view("w")), run: repeat(record.run) };
}

function predict(workload, folder) {
  const predictor = compile(modelOf(workload), { batchSize: workload.batch });
  load(predictor, readLayers(folder, workload));
  const x = readArray(folder, "x");
  const out = new Float32Array(workload.batch * workload.layers.at(-1));
  predictor.predict(x, { out });
  return {
    check: [...out],
    run: repeat(() => predictor.predict(x, { out })),
    dispose: () => predictor.dispose(),
  };
}

function repeat(run) {
  return (units) => {
    for (let i = 0; i < units; i++) run();
  };
}

await serve({
  version: VERSION,
  prepare: (workload, folder, firstStep) =>
    ({ train, model, product, adam: adamUpdate, predict })[workload.kind](workload, folder, firstStep),
});
