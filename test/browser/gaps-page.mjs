/* global SECONDS */
import * as wasmgrad from "../../dist/index.js";
import { inWorker } from "../../dist/worker.js";
import { watch } from "./alive.mjs";
import { imageRows, imageTrainer, trainFor } from "./worker-checks.mjs";

const data = imageRows(6_400);

async function measure(trainer) {
  // Not the start: what the engine compiles, and the page that is still loading.
  await trainFor(trainer, data, 1000);
  let callbacks = 0;
  const { frames, longestGap, ms } = await watch(async () => {
    callbacks = await trainFor(trainer, data, SECONDS * 1000);
  });
  return `${frames} frames in ${ms.toFixed(0)} ms, ${longestGap.toFixed(1)} ms apart at most; ${callbacks} callbacks, ${await trainer.epochs} epochs`;
}

async function measureAll() {
  const idle = await watch(() => new Promise((resolve) => setTimeout(resolve, 2000)));
  const remote = await inWorker(() => imageTrainer(wasmgrad));
  return {
    idle: `${idle.frames} frames in ${idle.ms.toFixed(0)} ms, ${idle.longestGap.toFixed(1)} ms apart at most`,
    "on the page's thread": await measure(imageTrainer(wasmgrad)),
    "in a worker": await measure(remote),
  };
}

const found = await measureAll().catch((error) => ({ error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(found) });
