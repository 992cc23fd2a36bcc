/** XOR in pages and workers, beside a copy of the package in the folder `wasmgrad`. */
import {
  adam,
  binaryCrossEntropy,
  compile,
  createEngine,
  dense,
  isSupported,
  sequential,
} from "./wasmgrad/index.js";
import { inWorker } from "./wasmgrad/worker.js";

const data = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), y: [0, 1, 1, 0] };
const options = { epochs: 1000, stopWhen: { lossBelow: 0.01 } };

function makeTrainer(engine) {
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  return compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }), engine });
}

/** The digest, or what is missing. */
export async function train(engine) {
  if (!isSupported()) return isSupported.why();
  const trainer = makeTrainer(engine);
  await trainer.fit(data, options);
  return trainer.digest();
}

async function trainInWorker() {
  const remote = await inWorker(() => makeTrainer());
  await remote.fit(data, options);
  const digest = await remote.digest();
  remote.dispose();
  return digest;
}

/** The digest of two threads, how many there were, whether the second took part, and why not. */
async function trainInThreads() {
  const engine = await createEngine({ threads: 2 });
  const { crew } = engine;
  // Small as it is, it would stay on one thread.
  if (crew) crew.hooks.policy = "all";
  const first = makeTrainer(engine);
  for (let turn = 0; turn < 3000 && crew && crew.calls === 0 && !engine.info().why; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    first.predict(data.x);
  }
  const before = crew?.calls;
  // The program that the second thread has by now: it is over sooner than a new one would get there.
  await first.fit(data, options);
  const threaded = first.digest();
  const { threads, why } = engine.info();
  const shared = crew !== undefined && crew.calls > before;
  engine.dispose();
  return { threaded, threads, shared, ...(why ? { why } : {}) };
}

/** All that a page can do. */
export async function trainEverywhere() {
  const [page, worker, threads] = await Promise.all([
    train().catch(String),
    trainInWorker().catch(String),
    trainInThreads().catch((error) => ({ threaded: String(error) })),
  ]);
  return { page, worker, ...threads };
}
