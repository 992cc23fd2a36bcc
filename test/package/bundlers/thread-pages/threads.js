// Trains once alone, until the workers are there, then on two threads, as the sources do; prints what came of it.
import { adam, compile, createEngine, crossEntropy, dense, sequential } from "wasmgrad";

const engine = await createEngine({ threads: 2 });
// Every record is shared, as small as they are.
engine.crew.hooks.policy = "all";
const model = sequential({ input: [5], seed: 7 }, [
  dense(16, { activation: "relu" }),
  dense(12, { activation: "tanh" }),
  dense(3, { activation: "softmax" }),
]);
const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), batchSize: 8, engine });
const x = Float32Array.from({ length: 37 * 5 }, (_, i) => ((i * 37) % 101) / 50 - 1);
const y = Array.from({ length: 37 }, (_, i) => (i * 7) % 3);
for (let turn = 0; turn < 3000 && engine.crew.calls === 0; turn++) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  trainer.predict(x);
}
trainer.fitSync({ x, y }, { epochs: 3 });
console.log(JSON.stringify({ digest: trainer.digest(), shared: engine.crew.calls > 2, ...engine.info() }));
engine.dispose();
