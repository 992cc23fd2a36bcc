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

/** The digest of two threads, how many there were, and why not two. */
async function trainInThreads() {
  const engine = await createEngine({ threads: 2 });
  // Small as it is, it would stay on one thread.
  Object.assign(engine.crew?.hooks ?? {}, { policy: "all" });
  // The first program has the workers started, which takes them a while.
  await train(engine);
  for (let i = 0; i < 1000 && engine.info().threads < 2 && !engine.info().why; i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const threaded = await train(engine);
  const { threads, why } = engine.info();
  engine.dispose();
  return { threaded, threads, ...(why ? { why } : {}) };
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
