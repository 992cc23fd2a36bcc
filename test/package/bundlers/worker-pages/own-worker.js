import { inWorker } from "wasmgrad/worker";

const worker = () => new Worker(new URL("../workers/xor.js", import.meta.url), { type: "module" });
const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
try {
  const trainer = await inWorker({ seed: 42 }, { worker });
  await trainer.fit({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  console.log(await trainer.digest());
  trainer.dispose();
} catch (error) {
  console.log(`${error.code}: ${error.message}`);
}
