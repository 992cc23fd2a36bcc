import { adam, binaryCrossEntropy, compile, dense, isSupported, sequential } from "./wasmgrad/index.js";

export const data = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), y: [0, 1, 1, 0] };
export const options = { epochs: 1000, stopWhen: { lossBelow: 0.01 } };

export function makeTrainer() {
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  return compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
}

/** The digest after XOR, or what is missing. */
export async function train() {
  if (!isSupported()) return isSupported.why();
  const trainer = makeTrainer();
  await trainer.fit(data, options);
  return trainer.digest();
}
