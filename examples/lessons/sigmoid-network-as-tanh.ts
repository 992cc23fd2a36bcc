import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";
import { convertActivations } from "wasmgrad/transform";
import { check, lesson, say, show, table } from "./print.ts";

lesson(
  "A network of sigmoid units equals one of tanh units",
  "sigmoid(z) = (tanh(z/2) + 1) / 2, so halving a layer and letting the next one absorb the rest changes the units, not the function.",
  "Q4.2",
);

// A sigmoid network that has learned XOR, read before its last sigmoid.
// biome-ignore format: a table
const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
const y = [0, 1, 1, 0];
const network = sequential({ input: [2], seed: 2 }, [
  dense(3, { activation: "sigmoid", name: "hidden" }),
  dense(1, { name: "logit" }),
]);
const trainer = compile(network, {
  loss: binaryCrossEntropy({ fromLogits: true }),
  optimizer: adam({ learningRate: 0.1 }),
});
trainer.fitSync({ x, y }, { epochs: 5000, stopWhen: { lossBelow: 0.01 } });

const sigmoids = trainer.toModel();
const tanhs = convertActivations(sigmoids, "sigmoid", "tanh");
const [a, b] = [compile(sigmoids), compile(tanhs)];
const row = (name: string, i: number) => [
  `${name}[${i}]`,
  a.parameters[name].data[i],
  b.parameters[name].data[i],
];
table(
  ["", "sigmoid", "tanh"],
  [row("hidden.weight", 0), row("hidden.bias", 0), row("logit.weight", 0), row("logit.bias", 0)],
);
const weights = a.parameters["logit.weight"].data;
const sum = weights.reduce((s, w) => s + w, 0);
say(`  logit.bias moves by half the sum of its weights: ${show(sum / 2)}`);
say();

const [before, after] = [a.predict(x).data, b.predict(x).data];
table(
  ["input", "sigmoid", "tanh"],
  x.map((row, i) => [row.join(" "), before[i], after[i]]),
);
const worst = Math.max(...before.map((v, i) => Math.abs(v - after[i])));
check(`both networks give the same logits, to ${show(worst, 2)}`, worst < 1e-5);

const back = compile(convertActivations(tanhs, "tanh", "sigmoid"));
const same = (name: string) =>
  a.parameters[name].data.every((v, i) => Object.is(v, back.parameters[name].data[i]));
check("there and back gives every weight bit for bit", same("hidden.weight") && same("logit.weight"));

try {
  convertActivations(sequential({ input: [2] }, [dense(1, { activation: "sigmoid" })]), "sigmoid", "tanh");
} catch (error) {
  say("\n  A single layer has no next layer to absorb anything:");
  say(`  ${error}`);
}
