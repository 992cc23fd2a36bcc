import { adam, binaryCrossEntropy, compile, dense, lstm, sequential } from "wasmgrad";
import { check, curve, lesson, say, show, table } from "./print.ts";

lesson(
  "Gates that start open remember",
  "Asked at the end for the first of 80 numbers, an LSTM must carry it past 79 others. What is kept at each step shrinks by the forget gate: 0.5 forgets all, 0.98 does not.",
);

const STEPS = 80;
const UNITS = 8;
let state = 1;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;

/** Sequences [80, 1]: the first number is 1 or -1, and is to be named at the end; the others are noise. */
function sequences(count: number) {
  const y = Array.from({ length: count }, () => (uniform() < 0.5 ? 0 : 1));
  const noise = () => Array.from({ length: STEPS - 1 }, () => [2 * uniform() - 1]);
  return { x: y.map((label) => [[2 * label - 1], ...noise()]), y };
}
const [seen, unseen] = [sequences(256), sequences(512)];

/** Columns of an LSTM are i, f, g, o; f = sigmoid(bias + ..) is the share of the memory c that the next step keeps. */
const biasOf = (forget: number) =>
  Float32Array.from({ length: 4 * UNITS }, (_, j) => (Math.floor(j / UNITS) === 1 ? forget : 0));

// The gate alone: without other weights c is multiplied by f at each step, and the state is h = tanh(c).
const alone = compile(
  sequential({ input: [STEPS, 1] }, [lstm(1, { name: "memory", returnSequences: true })]),
);
const impulse = [[[1], ...Array.from({ length: STEPS - 1 }, () => [0])]];
function remembered(forget: number) {
  alone.setParameters({
    "memory.weight": [0, 0, 1, 0],
    "memory.recurrentWeight": [0, 0, 0, 0],
    "memory.bias": [0, forget, 0, 30],
  });
  return Array.from(alone.predict(impulse).data, (h) => Math.atanh(h));
}
const rows: (string | number)[][] = [];
let worst = 0;
for (const bias of [0, 1, 4]) {
  const f = 1 / (1 + Math.exp(-bias));
  const c = remembered(bias);
  const kept = c[4] / c[0];
  worst = Math.max(worst, Math.abs(kept / f ** 4 - 1));
  rows.push([`${bias}`, show(f, 3), show(kept, 4), show(f ** 4, 4), show(f ** (STEPS - 1), 2)]);
}
table(["forget bias", "f", "kept after 4 steps", "f^4", "f^79"], rows);
say("  what is left of the first number at steps 1 to 80, for a bias of 4 and of 0:\n");
curve([remembered(4), remembered(0)], { height: 7, names: ["bias 4", "bias 0"] });
check("what is kept after t steps is f^t", worst < 1e-4);

/** Trained from this bias: the share of new sequences whose first number it names. */
function train(seed: number, forget: number) {
  const layers = [lstm(UNITS, { name: "memory" }), dense(1, { activation: "sigmoid" })];
  const trainer = compile(sequential({ input: [STEPS, 1], seed }, layers), {
    loss: binaryCrossEntropy(),
    optimizer: adam({ learningRate: 0.01 }),
    clip: { norm: 1 },
    batchSize: 32,
  });
  trainer.setParameters({ "memory.bias": biasOf(forget) });
  trainer.fitSync(seen, { epochs: 20 });
  return trainer.evaluate(unseen).accuracy!;
}
const seeds = [1, 2, 3];
const [closed, open] = [0, 4].map((forget) => seeds.map((seed) => train(seed, forget)));
say("\n  trained: right on 512 new sequences, from three seeds");
const percent = (rates: number[]) => rates.map((rate) => `${show(100 * rate, 3)} %`);
table(
  ["forget bias at the start", "seed 1", "seed 2", "seed 3"],
  [
    ["0", ...percent(closed)],
    ["4", ...percent(open)],
  ],
);
check("with gates half open, all three guess", Math.max(...closed) < 0.6);
check("with gates that start open, all three have learned it", Math.min(...open) > 0.8);
