import { adam, binaryCrossEntropy, compile, dense, l2, sequential } from "wasmgrad";
import { makeMoons } from "wasmgrad/data";
import { check, curve, lesson, say, show, table } from "./print.ts";

lesson(
  "A network learns its rows by heart",
  "The loss on rows it trains on goes towards 0; on rows it has not seen the loss falls, turns and rises. More rows or smaller weights close the gap.",
);

// Two half moons that overlap: no rule is right on all of these points.
const unseen = makeMoons({ rows: 1000, noise: 0.35, seed: 100 });

/** 64 tanh units and `rows` points to train on: the loss on these and on unseen points after each epoch. */
function train(rows: number, penalties: ReturnType<typeof l2>[] = []) {
  const seen = makeMoons({ rows, noise: 0.35, seed: 1 });
  const layers = [dense(64, { activation: "tanh" }), dense(1, { activation: "sigmoid" })];
  const trainer = compile(sequential({ input: [2], seed: 1 }, layers), {
    loss: binaryCrossEntropy(),
    optimizer: adam({ learningRate: 0.03 }),
    batchSize: 32,
    penalties,
  });
  const before = trainer.evaluate(unseen).loss;
  const { history } = trainer.fitSync(seen, { epochs: Math.ceil(12_000 / rows), validation: unseen });
  const validation = [before, ...history.validationLoss!];
  const least = Math.min(...validation);
  const { loss, accuracy = 0 } = trainer.evaluate(seen);
  return {
    history,
    validation,
    least,
    at: validation.indexOf(least),
    loss,
    accuracy,
    after: validation.at(-1)!,
  };
}

const few = train(30);
const many = train(1000);
const small = train(30, [l2(0.01)]);
table(
  ["", "epochs", "loss, seen", "loss, unseen", "its least", "in epoch"],
  Object.entries({ "30 rows": few, "1,000 rows": many, "30 rows, l2(0.01)": small }).map(([name, run]) => [
    name,
    run.validation.length - 1,
    ...[run.loss, run.after, run.least].map((v) => show(v, 3)),
    run.at,
  ]),
);
say("  30 rows, the loss over the epochs:\n");
curve([few.history.loss, few.validation.slice(1)], { names: ["seen", "unseen"] });

check(`30 rows: ${100 * few.accuracy} % right on what it has seen`, few.accuracy === 1);
check("the loss on unseen rows ends at more than three times its least", few.after > 3 * few.least);
check("on unseen rows it would have been better not to train at all", few.after > few.validation[0]);
check("1,000 rows: seen and unseen differ by less than 0.05", Math.abs(many.after - many.loss) < 0.05);
check(
  "30 rows and a price on large weights: less than half the loss on unseen rows",
  small.after < few.after / 2,
);
