/** Plain loops over Float32Arrays, as in the benchmark of the package itself. */
import { adamUpdate, PlainNetwork, productNN, productTN } from "../../build/bench/peer-kernels.mjs";
import { serve } from "./child.mjs";
import { CHECKED_STEPS, CHECKED_UPDATES, readArray, readLayers, sample } from "./workloads.mjs";

function network(workload, folder) {
  const plain = new PlainNetwork(workload);
  const parameters = readLayers(folder, workload).flatMap(({ w, b }) => [w, b]);
  plain.load(parameters);
  return { plain, parameters };
}

function train(workload, folder) {
  const { plain, parameters } = network(workload, folder);
  const data = { x: readArray(folder, "x"), y: readArray(folder, "y") };
  const step = () => plain.step(data, 0, workload.batch);
  return {
    check: Array.from({ length: CHECKED_STEPS }, step),
    run: (units) => {
      plain.load(parameters);
      for (let i = 0; i < units; i++) step();
    },
  };
}

function product({ n, transposed }, folder) {
  const a = readArray(folder, "a");
  const b = readArray(folder, "b");
  const c = new Float32Array(n * n);
  const run = (units) => {
    for (let i = 0; i < units; i++) (transposed ? productTN : productNN)(c, a, b, n, n, n);
  };
  run(1);
  return { check: sample(c), run };
}

function adam({ n, learningRate }, folder) {
  const w = readArray(folder, "w");
  const g = readArray(folder, "g");
  const m = new Float32Array(n);
  const v = new Float32Array(n);
  let t = 0;
  const run = (units) => {
    for (let i = 0; i < units; i++) adamUpdate(w, g, m, v, ++t, learningRate);
  };
  run(CHECKED_UPDATES);
  return { check: sample(w), run };
}

function predict(workload, folder) {
  const { plain } = network(workload, folder);
  const x = readArray(folder, "x");
  const run = (units) => {
    for (let i = 0; i < units; i++) plain.predict(x, 0, workload.batch);
  };
  return { check: [...plain.predict(x, 0, workload.batch)], run };
}

await serve({
  version: process.versions.v8,
  prepare: (workload, folder) =>
    workload.kind === "model"
      ? { missing: "dense layers only" }
      : { train, product, adam, predict }[workload.kind](workload, folder),
});
