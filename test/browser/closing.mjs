/** A page that trains for ever, on two threads and in a worker, and says when both have begun: for checks that close it. */
import * as wasmgrad from "../../dist/index.js";
import { inWorker } from "../../dist/worker.js";
import { imageRows, imageTrainer } from "./worker-checks.mjs";

const data = imageRows(640);
const engine = await wasmgrad.createEngine({ threads: 2 });
const compile = (model, options) => wasmgrad.compile(model, { ...options, engine });
const trainers = [imageTrainer({ ...wasmgrad, compile }), await inWorker(() => imageTrainer(wasmgrad))];
const begun = trainers.map(
  (trainer) => new Promise((resolve) => trainer.fit(data, { epochs: 1e9, onEpoch: () => resolve() })),
);
await Promise.all(begun);
parent.postMessage("training", "*");
