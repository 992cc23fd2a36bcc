import { adam, binaryCrossEntropy, compile, dense, parity, sequential } from "wasmgrad";
import { check, curve, lesson, say, table } from "./print.ts";

lesson(
  "Parity of n bits, by induction and by training",
  "If a network knows the parity of n - 1 bits, one XOR block makes it that of n. And a network that is only shown the rows learns it too.",
  "Q6.4",
);

const rowsOf = (n: number) =>
  Array.from({ length: 2 ** n }, (_, i) => Array.from({ length: n }, (_, k) => (i >> (n - 1 - k)) & 1));
const odd = (row: readonly number[]) => row.reduce((sum, bit) => sum + bit, 0) % 2;

const built: (string | number)[][] = [];
let allRight = true;
for (let n = 1; n <= 10; n++) {
  const x = rowsOf(n);
  const network = compile(parity(n));
  const layers = Object.keys(network.parameters).length / 2;
  const got = network.predict(x).data;
  const right = x.filter((row, i) => got[i] === 2 * odd(row) - 1).length;
  allRight &&= right === x.length;
  built.push([`${n}`, layers, `${right} of ${x.length}`]);
}
say("  built from XOR blocks:");
table(["n", "layers", "inputs right"], built);
check("right on all 2^n inputs for n = 1 .. 10", allRight);

const trained: (string | number)[][] = [];
let history: readonly number[] = [];
let allLearned = true;
for (let n = 2; n <= 6; n++) {
  const x = rowsOf(n);
  const y = x.map(odd);
  const trainer = compile(
    sequential({ input: [n], seed: 1 }, [
      dense(16, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ]),
    { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.02 }), batchSize: 64 },
  );
  // One row on the wrong side costs ln 2 at least, so a mean below ln 2 / 2^n leaves none.
  const run = trainer.fitSync({ x, y }, { epochs: 5000, stopWhen: { lossBelow: Math.LN2 / 2 ** n } });
  const { accuracy = 0 } = trainer.evaluate({ x, y });
  allLearned &&= accuracy === 1;
  trained.push([`${n}`, run.steps, run.loss, `${100 * accuracy} %`]);
  history = [...run.history.loss, run.loss];
}
say("\n  trained, with 16 tanh units:");
table(["n", "steps", "loss", "inputs right"], trained);
say("  the loss for n = 6:\n");
curve([history], { names: ["loss"] });
check("a trained network reaches 100 % for n = 2 .. 6", allLearned);
