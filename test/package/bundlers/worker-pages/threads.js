import { adam, compile, createEngine, crossEntropy, dense, sequential } from "wasmgrad";

const rows = 96;
const x = Float32Array.from({ length: rows * 20 }, (_, i) => ((i * 37) % 101) / 50 - 1);
const y = Array.from({ length: rows }, (_, i) => (i * 7) % 4);

async function digestOn(engine, isEnough) {
  const model = sequential({ input: [20], seed: 1 }, [
    dense(64, { activation: "relu" }),
    dense(4, { activation: "softmax" }),
  ]);
  const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), engine });
  do {
    trainer.reset();
    await trainer.fit({ x, y }, { epochs: 5 });
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (!isEnough());
  return trainer.digest();
}

try {
  const engine = await createEngine({ threads: 2 });
  const { crew } = engine;
  // Everything is shared, also what is too small to pay for it.
  if (crew) crew.hooks.policy = "all";
  const start = performance.now();
  const isLate = () => performance.now() - start > 20_000;
  const digest = await digestOn(engine, () => engine.info().threads === 1 || crew.calls > 10 || isLate());
  const worked = crew?.calls > 10;
  const same = digest === (await digestOn(undefined, () => true));
  console.log(JSON.stringify({ threads: engine.info().threads, worked, same }));
} catch (error) {
  console.log(String(error));
}
