import { compile, dense, logicGate, perceptron, sequential } from "wasmgrad";
import { linearSeparability } from "wasmgrad/analysis";
import { check, lesson, say, square, table } from "./print.ts";

lesson(
  "No single unit computes XOR, two layers do",
  "A line separates two classes unless their convex hulls meet. Those of XOR meet in the middle of the square.",
  "Q6.3b",
);

// biome-ignore format: a table
const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
const y = [-1, 1, 1, -1];

const answer = linearSeparability(x, y);
check("XOR is not linearly separable", !answer.separable);
if (answer.separable) throw new Error("unreachable");
const { point, negative, positive } = answer.certificate;
const combination = (terms: typeof negative) =>
  terms.map(({ index, coefficient }) => `${coefficient} (${x[index]})`).join(" + ");
say(`\n  the proof, a point in both hulls:  (${Array.from(point)})`);
say(`    of the points with -1:  ${combination(negative)}`);
say(`    of the points with +1:  ${combination(positive)}`);
say("    A line with one class on either side would have this point on both sides.\n");

// One layer of 100,000 random units, each an attempt of its own.
const units = 100_000;
const attempts = sequential({ input: [2], seed: 1 }, [
  dense(units, {
    activation: "sign",
    weightInitializer: { kind: "normal", mean: 0, std: 1 },
    biasInitializer: { kind: "normal", mean: 0, std: 1 },
  }),
]);
const { data } = compile(attempts, { batchSize: 4 }).predict(x);
const counts = [0, 0, 0, 0, 0];
for (let j = 0; j < units; j++) counts[y.filter((label, i) => data[i * units + j] === label).length]++;
table(
  ["points right", "random units"],
  counts.map((count, right) => [`${right} of 4`, count]),
);
check("none of 100,000 random units gets all four", counts[4] === 0 && counts[3] > 0);
const { reason, epochs, updates } = perceptron({ inputs: 2 }).fit({ x, y });
check(
  `the perceptron rule is still correcting after ${epochs} epochs: ${updates} times`,
  reason === "epochs",
);

const network = compile(logicGate("xor"));
const [or, nand] = [compile(logicGate("or")).predict(x).data, compile(logicGate("nand")).predict(x).data];
const xor = network.predict(x).data;
say("\n  Two layers by hand, XOR = AND(OR, NAND):");
table(
  ["x1 x2", "OR", "NAND", "XOR"],
  x.map((row, i) => [row.join("  "), or[i], nand[i], xor[i]]),
);
square(
  (points) => network.predict(points).data.map((v) => (v + 1) / 2),
  y.map((v) => (v > 0 ? "1" : "0")),
  { columns: 33, lines: 17 },
);
check(
  "two layers get all four",
  xor.every((v, i) => v === y[i]),
);
