import * as wg from "wasmgrad";
import { crossEntropy, logLikelihood } from "wasmgrad/analysis";
import { check, curve, lesson, say, show, table } from "./print.ts";

lesson(
  "Maximum likelihood is minimum cross-entropy",
  "log p(D) = sum_i sum_j y_ij log yhat_ij, and the cross-entropy is its negative: to raise one is to lower the other.",
  "Q4.3",
);

// Three clouds of points, one per class.
const x: number[][] = [];
const y: number[] = [];
for (let i = 0; i < 60; i++) {
  const [angle, radius] = [(2 * Math.PI * (i % 3)) / 3, 0.3 + 0.7 * ((i * 0.618) % 1)];
  x.push([radius * Math.cos(angle + 0.02 * i), radius * Math.sin(angle + 0.02 * i)]);
  y.push(i % 3);
}
const model = wg.sequential({ input: [2], seed: 1 }, [wg.dense(3, { activation: "softmax" })]);
const trainer = wg.compile(model, {
  loss: wg.crossEntropy(),
  optimizer: wg.sgd({ learningRate: 1 }),
  batchSize: 60,
});

const likelihoods: number[] = [];
const rows: (string | number)[][] = [];
let exact = true;
for (let epoch = 0; epoch <= 60; epoch++) {
  const yhat = trainer.predict(x).toArray();
  const [l, h] = [logLikelihood(yhat, y), crossEntropy(yhat, y)];
  likelihoods.push(l);
  if (epoch % 15 === 0) rows.push([`${epoch}`, l, h, h / 60, trainer.evaluate({ x, y }).loss]);
  exact &&= h === -l;
  trainer.fitSync({ x, y });
}
table(["epoch", "log p(D)", "H", "H / 60", "training loss"], rows);
say("  log p(D) over 60 epochs of gradient descent on the cross-entropy:\n");
curve([likelihoods], { height: 7, names: ["log p(D)"] });
check("H = -log p(D) exactly, in every epoch", exact);
check(
  "each step raises the likelihood",
  likelihoods.every((l, i) => i === 0 || l > likelihoods[i - 1]),
);

// With the identity as data and no bias, the weights are the logits, and their gradient is that of the logits.
// biome-ignore format: a table
const logits = [[2, -1, 0.5], [0, 0, 1], [-1, 3, 0]];
const targets = [0, 2, 0];
// biome-ignore format: a table
const identity = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const probe = wg.compile(
  wg.sequential({ input: [3] }, [wg.dense(3, { activation: "softmax", bias: false, name: "logits" })]),
  { loss: wg.crossEntropy(), optimizer: wg.sgd() },
);
probe.setParameters({ "logits.weight": logits });
const { gradients } = probe.gradients({ x: identity, y: targets });
const softmax = probe.predict(identity).data;
const expected = Array.from(softmax, (p, at) => (p - (targets[Math.floor(at / 3)] === at % 3 ? 1 : 0)) / 3);
say();
table(
  ["row", "gradient in the logits", "(softmax - y) / N"],
  [0, 1, 2].map((i) => [
    `${i}`,
    ...[gradients["logits.weight"].data, expected].map((g) =>
      Array.from(g.slice(3 * i, 3 * i + 3), (v) => show(v, 3).padStart(8)).join(" "),
    ),
  ]),
);
const worst = Math.max(...expected.map((g, i) => Math.abs(g - gradients["logits.weight"].data[i])));
check("the gradient in the logits is (softmax - y) / N", worst < 1e-7);
