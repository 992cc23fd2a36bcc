import { adam, binaryCrossEntropy, compile, createEngine, dense, isSupported, sequential } from "wasmgrad";
import wasm from "wasmgrad/wasmgrad.wasm";

const model = sequential({ input: [2], seed: 42 }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);
const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

/** What comes of kernels that this runtime would have to compile itself. */
function embedded() {
  try {
    compile(model);
    return "compiled";
  } catch (error) {
    return String(error);
  }
}

export default {
  async fetch() {
    const engine = await createEngine({ wasm });
    const trainer = compile(model, {
      loss: binaryCrossEntropy(),
      optimizer: adam({ learningRate: 0.05 }),
      engine,
    });
    await trainer.fit({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
    return Response.json({ digest: trainer.digest(), why: isSupported.why(), embedded: embedded() });
  },
};
