/** The trainer that crosses to the worker as a file. */
import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";

const model = sequential({ input: [2], seed: 1 }, [
  dense(48, { activation: "tanh" }),
  dense(48, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);

export default () =>
  compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.005 }), batchSize: 64 });
