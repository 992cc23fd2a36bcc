/**
 * What a program of the packed package prints: digests of a network, trained, saved to a file, read and
 * trained on, and trained in a worker and on two threads.
 */
import { adam, binaryCrossEntropy, compile, createEngine, dense, sequential } from "wasmgrad";
import { readCsv, trainTable } from "wasmgrad/data";
import { loadTrainerFile, saveFile } from "wasmgrad/node";
import { inWorker } from "wasmgrad/worker";

const model = sequential({ input: [2], seed: 42 }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);
const makeTrainer = (options = {}) =>
  compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }), ...options });
const trainer = makeTrainer();
const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const data = { x, y: [0, 1, 1, 0] };
const options = { epochs: 1000, stopWhen: { lossBelow: 0.01 } };
await trainer.fit(data, options);
const digest = trainer.digest();
await saveFile("xor.safetensors", trainer, { training: true });
const read = await loadTrainerFile("xor.safetensors");
for (const one of [trainer, read]) await one.fit(data, { epochs: 10 });
const remote = await inWorker(() => makeTrainer());
await remote.fit(data, options);
const worker = await remote.digest();
remote.dispose();
const engine = await createEngine({ threads: 2 });
// Small as it is, it would stay on one thread.
Object.assign(engine.crew.hooks, { policy: "all", waits: true });
const threaded = makeTrainer({ engine });
await threaded.fit(data, options);
const { threads } = engine.info();
const shared = engine.crew.calls > 0;
engine.dispose();
const table = await readCsv("size,kind\n1,small\n2,small\n8,large\n9,large\n".repeat(10));
const { trainer: classifier } = await trainTable(table, { target: "kind" });
console.log(
  JSON.stringify({
    digest,
    worker,
    threaded: threaded.digest(),
    threads,
    shared,
    goesOn: read.digest({ training: true }) === trainer.digest({ training: true }),
    label: classifier.classify([{ size: 9 }])[0].label,
  }),
);
