/**
 * Trains XOR once in a fresh process and says at once how long that took from the end of the import, in ms. Neither
 * `performance` nor `console`: either makes Node load modules of its own.
 */
import { writeSync } from "node:fs";
import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";

const start = process.hrtime.bigint();
const model = sequential({ input: [2], seed: 42 }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);
const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
const { reason } = trainer.fitSync({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
const coldMs = Number(process.hrtime.bigint() - start) / 1e6;
writeSync(1, JSON.stringify({ coldMs, converged: reason === "lossBelow" }));
