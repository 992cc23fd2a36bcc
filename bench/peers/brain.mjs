/**
 * brain.js, its NeuralNetwork in JavaScript (the GPU one needs native code). It updates after every row, has one
 * activation for all layers, squared error and no way to set a seed: one step here is one pass of its own trainer
 * over the rows of a batch, which is as much work but not the same computation.
 */
import { createRequire } from "node:module";
import { serve } from "./child.mjs";
import { oneHot, readArray, versionOf } from "./workloads.mjs";

const require = createRequire(import.meta.url);
const { NeuralNetwork } = require("brain.js");

const NOTE = "its own trainer";

await serve({
  version: versionOf("brain.js"),
  prepare: (workload, folder) => {
    if (workload.kind === "model") return { missing: "dense layers only" };
    if (workload.kind === "product") return { missing: "no products" };
    if (workload.kind === "adam") return { missing: "no optimizer by itself" };
    const { layers, batch, hidden, learningRate = 0.001 } = workload;
    const x = readArray(folder, "x");
    const y = readArray(folder, "y");
    const classes = layers.at(-1);
    const targets = classes === 1 ? y : oneHot(y, classes);
    const rows = Array.from({ length: batch }, (_, i) => ({
      input: x.slice(i * layers[0], (i + 1) * layers[0]),
      output: targets.slice(i * classes, (i + 1) * classes),
    }));
    const net = new NeuralNetwork({ hiddenLayers: layers.slice(1, -1), activation: hidden });
    const train = (iterations) =>
      net.train(rows, { iterations, learningRate, errorThresh: Number.MIN_VALUE });
    train(1);
    if (workload.kind === "train") return { note: NOTE, run: (units) => train(units) };
    return {
      note: "its own network",
      run: (units) => {
        for (let i = 0; i < units; i++) for (const { input } of rows) net.run(input);
      },
    };
  },
});
