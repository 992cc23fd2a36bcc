import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";
import { serveTrainer } from "wasmgrad/worker";

serveTrainer(({ seed }) => {
  const model = sequential({ input: [2], seed }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  return compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
});
