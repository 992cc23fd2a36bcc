/* global SECONDS */
import * as wasmgrad from "../../dist/index.js";
import { inWorker } from "../../dist/worker.js";
import { watch } from "./alive.mjs";
import { imageRows, imageTrainer, trainFor } from "./worker-checks.mjs";

const data = imageRows(6_400);

function said({ frames, gaps, ms }) {
  const sorted = gaps.sort((a, b) => a - b);
  const [p99, most] = [sorted[Math.floor(0.99 * (sorted.length - 1))], sorted.at(-1)].map((gap) =>
    gap.toFixed(1),
  );
  const over = (limit) => gaps.filter((gap) => gap > limit).length;
  return `${frames} frames in ${ms.toFixed(0)} ms, ${p99} ms apart at p99, ${most} at most; ${over(20)} over 20 ms, ${over(50)} over 50 ms`;
}

async function measure(trainer) {
  // Not the start: what the engine compiles, and the page that is still loading.
  await trainFor(trainer, data, 1000);
  let callbacks = 0;
  const seen = await watch(async () => {
    callbacks = await trainFor(trainer, data, SECONDS * 1000);
  });
  return `${said(seen)}; ${callbacks} callbacks`;
}

async function measureAll() {
  const idle = await watch(() => new Promise((resolve) => setTimeout(resolve, 2000)));
  const remote = await inWorker(() => imageTrainer(wasmgrad));
  return {
    idle: said(idle),
    "on the page's thread": await measure(imageTrainer(wasmgrad)),
    "in a worker": await measure(remote),
  };
}

const found = await measureAll().catch((error) => ({ error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(found) });
