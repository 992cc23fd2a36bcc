import * as wg from "wasmgrad";
import { makeSpirals } from "wasmgrad/data";
import { check, lesson, say, show, table } from "./print.ts";

lesson(
  "A training that was saved goes on to the bit",
  "A file with moments and counters goes on as if nothing had happened. One of weights alone predicts the same, but trains on differently.",
);

const data = makeSpirals({ rows: 300, classes: 3, noise: 0.05, seed: 1 });
const model = wg.sequential({ input: [2], seed: 42 }, [
  wg.standardize(),
  wg.dense(32, { activation: "tanh" }),
  wg.dropout(0.1),
  wg.dense(3, { activation: "softmax" }),
]);
const labels = ["red", "green", "blue"];
const [loss, optimizer] = [wg.crossEntropy(), wg.adam({ learningRate: 0.02 })];
const start = () => wg.compile(model, { loss, optimizer, batchSize: 32, labels });

// 20 epochs at once; or 5 and three steps more, a file, and what is left.
const whole = start();
whole.fitSync(data, { epochs: 20 });
const first = start();
first.fitSync(data, { epochs: 5 });
first.fitSync(data, { steps: 3 });
const complete = first.save({ training: true });
const weights = first.save();

// Files do not bring code: who reads a model with dropout says so.
const uses = [wg.dropout];
const [resumed, restarted] = [complete, weights].map((file): typeof whole => wg.loadTrainer(file, { uses }));
resumed.fitSync(data, { untilEpoch: 20 });
restarted.fitSync(data, { epochs: 15 });
const facts = (trainer: typeof whole) => [
  show(trainer.evaluate(data).loss, 5),
  trainer.digest().slice(0, 16),
];
table(
  ["", "loss", "digest of the weights"],
  [
    ["20 epochs at once", ...facts(whole)],
    ["saved on the way, with moments", ...facts(resumed)],
    ["saved on the way, weights alone", ...facts(restarted)],
  ],
);
const [a, b] = [resumed, whole].map((trainer) => trainer.digest({ training: true }));
check("saved within epoch 6, it goes on to the same bits, moments included", a === b);
check("from weights alone Adam starts anew, and ends elsewhere", restarted.digest() !== whole.digest());

say("\n  the file of weights:");
const { tensors } = wg.readTensors(weights);
table(
  ["tensor", "shape", "bytes"],
  Object.entries(tensors).map(([name, { shape, data }]) => [name, `[${shape}]`, `${data.length}`]),
);
say(`  ${weights.length} bytes in all; with moments and counters ${complete.length}\n`);
const reader = wg.load(weights, { uses });
const [read, trained] = [reader, first].map((each) => each.predict(data.x).data);
check(
  "it predicts the same bits, the scaling of raw rows included",
  read.every((p, i) => Object.is(p, trained[i])),
);
const [{ label }] = reader.classify([[0.5, 0]]);
check(`and knows the names of its classes: ${label}`, labels.includes(label));

const damaged = weights.map((byte, i) => (i === weights.length - 7 ? byte ^ 1 : byte));
let refusal = "";
try {
  wg.load(damaged, { uses });
} catch (error) {
  refusal = `${error}`;
}
check("a file with one bit changed is refused", refusal.startsWith("FileError"));
say(`    ${refusal}`);
