/**
 * Trains XOR once in a fresh process; the exit status says whether it was learned. With `--cold` it prints how long that
 * took from the end of the import, in ms: asking the clock and printing make Node load modules of its own.
 */
import { adam, binaryCrossEntropy, compile, dense, sequential } from "../dist/index.js";

function train() {
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
  const { reason } = trainer.fitSync({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  process.exitCode = reason === "lossBelow" ? 0 : 1;
}

if (process.argv[2] === "--cold") {
  const start = performance.now();
  train();
  console.log(performance.now() - start);
} else train();
