/** XOR and the network that learns it, of a package that is given: for the command, and for pages. */

/** What the command and its workloads take of the package. */
export type Package = Pick<
  typeof import("../index.ts"),
  "adam" | "binaryCrossEntropy" | "compile" | "crossEntropy" | "dense" | "meanSquaredError" | "sequential"
>;

export const XOR = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [0, 1, 1, 0],
};
export const UNTIL = { epochs: 1000, stopWhen: { lossBelow: 0.01 } };

export function xorTrainer(
  {
    adam,
    binaryCrossEntropy,
    compile,
    dense,
    sequential,
  }: Pick<Package, "adam" | "binaryCrossEntropy" | "compile" | "dense" | "sequential">,
  seed: number,
) {
  const model = sequential({ input: [2], seed }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  return compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
}
