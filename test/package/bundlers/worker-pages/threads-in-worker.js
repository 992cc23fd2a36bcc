import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";
import { inWorker } from "wasmgrad/worker";

const make = () => {
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  return compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
};
const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
try {
  const trainer = await inWorker(make, { engine: { threads: 2 } });
  await trainer.fit({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  const { threads, why } = await trainer.engineInfo();
  console.log(`${await trainer.digest()} on ${threads}${threads === 2 ? "" : `: ${why}`}`);
  trainer.dispose();
} catch (error) {
  console.log(`${error.code}: ${error.message}`);
}
