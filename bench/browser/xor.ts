/** The main job, as `bench/start-xor.mjs` has it. */
import { adam, binaryCrossEntropy, compile, dense, sequential } from "../../src/index.ts";
import { verifyThat } from "../verify.ts";

export const xorData = { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), y: [0, 1, 1, 0] };

/** XOR from nothing to loss < 0.01. */
export function trainXor() {
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const train = () => trainer.fitSync(xorData, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  verifyThat("XOR must reach loss < 0.01", train().reason === "lossBelow");
  return { trainer, train };
}
