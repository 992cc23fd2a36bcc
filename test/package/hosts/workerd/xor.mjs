import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";

/** The digest after XOR. */
export async function train(options = {}) {
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, {
    loss: binaryCrossEntropy(),
    optimizer: adam({ learningRate: 0.05 }),
    ...options,
  });
  const x = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ];
  await trainer.fit({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  return trainer.digest();
}
