/**
 * Measures, on the built package, what training and prediction leave in memory, and prints one JSON object. A process
 * of its own, because it needs `--expose-gc` and a heap nobody else writes to. Run by `memory.test.ts`.
 */
import { Session } from "node:inspector/promises";
import { adam, binaryCrossEntropy, compile, createEngine, dense, sequential } from "../../dist/index.js";

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const y = [0, 1, 1, 0];
const make = (seed = 1, options = {}) =>
  compile(
    sequential({ input: [2], seed }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]),
    { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }), ...options },
  );

function heap() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Bytes that `work` puts on the heap, whether they are collected or not, as a sampling profiler sees them. */
async function allocated(work) {
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 256,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  work();
  const { profile } = await session.post("HeapProfiler.stopSampling");
  session.disconnect();
  const sum = (node) => node.selfSize + node.children.reduce((bytes, child) => bytes + sum(child), 0);
  return sum(profile.head);
}

async function training() {
  const trainer = make();
  const data = { x, y };
  const steps = () => {
    for (let i = 0; i < 10_000; i++) trainer.step(data);
  };
  // Everything once before, because V8 keeps what it compiles on the heap.
  trainer.fitSync(data, { epochs: 20_000 });
  await trainer.fit(data, { epochs: 100_000 });
  steps();
  const { byteLength } = trainer.parameters["dense1.weight"].data.buffer;
  const measure = async () => {
    const before = heap();
    trainer.fitSync(data, { epochs: 1_000_000 });
    const sync = heap() - before;
    await trainer.fit(data, { epochs: 100_000 });
    steps();
    return { sync, all: heap() - before };
  };
  // The lower of two: what steps keep is there each time, what V8 compiles late only once.
  const [first, second] = [await measure(), await measure()];
  return {
    sync: Math.min(first.sync, second.sync),
    all: Math.min(first.all, second.all),
    wasm: trainer.parameters["dense1.weight"].data.buffer.byteLength - byteLength,
  };
}

async function prediction() {
  const trainer = make();
  const options = { out: new Float32Array(1) };
  const rows = [[0, 1]];
  const flat = Float32Array.of(0, 1);
  const predict = () => {
    for (let i = 0; i < 100_000; i++) trainer.predict(rows, options);
    for (let i = 0; i < 100_000; i++) trainer.predict(flat, options);
  };
  for (let i = 0; i < 3; i++) predict();
  return { bytesOf200000: await allocated(predict) };
}

/** 100,000 calls each on the rows that stand in the engine's memory. */
async function buffers() {
  const trainer = make();
  const { x: seen, out, step } = trainer.buffers;
  // Not in a variable: some engines would put each of its values on the heap.
  const sum = new Float64Array(1);
  const loop = () => {
    for (let i = 0; i < 100_000; i++) {
      seen[0] = step.x[0] = i & 1;
      trainer.run(1);
      step.y[0] = out[0] > 0.5 ? 0 : 1;
      trainer.stepBuffers(1);
      sum[0] += trainer.buffers.step.loss[0];
    }
  };
  for (let i = 0; i < 3; i++) loop();
  return { bytesOf200000: await allocated(loop), sum: sum[0] };
}

async function dropped() {
  const engine = await createEngine();
  let most = 0;
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 10_000; i++) {
    make(i, { engine }).fitSync({ x, y });
    // What finalizers count is told only between turns of the event loop.
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, engine.livePrograms);
  }
  const grown = process.memoryUsage().rss - before;
  for (let i = 0; i < 10_000; i++) make(i, { engine, windowRows: 4 }).dispose();
  return { grown, most, live: engine.livePrograms };
}

async function disposed() {
  const kept = [];
  const memories = [];
  for (let i = 0; i < 10; i++) {
    const trainer = make(i);
    memories.push(new WeakRef(trainer.buffers.step.x.buffer));
    trainer.restore(trainer.state());
    trainer.dispose();
    kept.push(trainer);
  }
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  return { programs: kept.length, memories: memories.filter((ref) => ref.deref()).length };
}

const report = JSON.stringify({
  disposed: await disposed(),
  training: await training(),
  prediction: await prediction(),
  buffers: await buffers(),
  dropped: await dropped(),
});
// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.stdout.write(report, () => process.exit());
