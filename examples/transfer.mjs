/**
 * What a network has learnt from many rows helps another that has few: the trunk of a classifier of three spirals is frozen, and a
 * new head learns from 15 rows which arm is the first. It prints the accuracy beside that of a network that starts from nothing.
 *
 *   node examples/transfer.mjs [EPOCHS]
 */
import {
  adam,
  binaryCrossEntropy,
  compile,
  copyParameters,
  crossEntropy,
  dense,
  nested,
  sequential,
} from "wasmgrad";
import { makeSpirals } from "wasmgrad/data";
import { decisionBoundary } from "wasmgrad/plot";

const EPOCHS = Number(process.argv[2] ?? 200);
const relu = { activation: "relu" };
const spirals = (rows, seed) => makeSpirals({ rows, classes: 3, turns: 1.25, noise: 0.03, seed });
const isFirst = ({ x, y }) => ({ x, y: Array.from(y, (arm) => (arm === 0 ? 1 : 0)) });

const trunk = nested(
  sequential({ input: [2], seed: 1 }, [dense(64, relu), dense(64, relu), dense(16, relu)]),
  {
    name: "trunk",
  },
);
const teacher = compile(
  sequential({ input: [2], seed: 1 }, [trunk, dense(3, { activation: "softmax", name: "arms" })]),
  { loss: crossEntropy(), optimizer: adam({ learningRate: 0.003 }) },
);
await teacher.fit(spirals(3000, 1), { epochs: Math.ceil(EPOCHS / 5) });
const { accuracy } = teacher.evaluate(spirals(3000, 2));
console.log(`three arms, from 3000 rows: accuracy ${(100 * accuracy).toFixed(1)} %`);

const head = sequential({ input: [2], seed: 2 }, [trunk, dense(1, { activation: "sigmoid", name: "first" })]);
const training = { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.01 }), batchSize: 8 };
const few = isFirst(spirals(15, 3));
const many = isFirst(spirals(3000, 4));

const student = compile(head, { ...training, freeze: ["trunk"] });
copyParameters(teacher, student, { from: "trunk", to: "trunk" });
const before = student.parameters["trunk.dense1.weight"].data.slice();
await student.fit(few, { epochs: EPOCHS });
const beginner = compile(head, training);
await beginner.fit(few, { epochs: EPOCHS });

for (const [name, trainer] of Object.entries({
  "the frozen trunk and a new head": student,
  "a new network": beginner,
})) {
  console.log(`\n${name}, from 15 rows: accuracy ${(100 * trainer.evaluate(many).accuracy).toFixed(1)} %`);
  console.log(decisionBoundary(trainer, few).toString());
}
const same = student.parameters["trunk.dense1.weight"].data.every((value, i) => value === before[i]);
console.log(`the trunk is as it was: ${same}`);
