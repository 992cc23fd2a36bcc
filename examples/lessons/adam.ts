import { adam, compile, dense, meanAbsoluteError, sequential } from "wasmgrad";
import { check, curve, lesson, say, table } from "./print.ts";

lesson(
  "Adam, and why it corrects its moments",
  "The averages s and r start at 0 and are biased towards it; divided by 1 - beta^t they are right from the first step on.",
  "Q4.4",
);

const [beta1, beta2] = [0.9, 0.999];

/**
 * Many runs of Adam at once, each with gradients to order: while the prediction x . w stays above the target, the
 * slope of |x . w - target| in each weight is the number in x.
 */
function start(runs: number) {
  const model = sequential({ input: [runs] }, [dense(1, { bias: false, weightInitializer: "zeros" })]);
  const trainer = compile(model, {
    loss: meanAbsoluteError(),
    optimizer: adam({ learningRate: 1e-6, beta1, beta2, epsilonMode: "inside" }),
  });
  const moments = trainer.optimizerState["dense1.weight"];
  return {
    s: moments.firstMoment!.data,
    r: moments.secondMoment!.data,
    step: (g: Float32Array) => trainer.step({ x: { data: g, shape: [1, runs] }, y: [-1e9] }),
  };
}

// A constant gradient g = 3: the corrected moments are 3 and 9 at every step.
const one = start(1);
const rows: (string | number)[][] = [];
let worst = 0;
for (let t = 1; t <= 1000; t++) {
  one.step(Float32Array.of(3));
  const [sHat, rHat] = [one.s[0] / (1 - beta1 ** t), one.r[0] / (1 - beta2 ** t)];
  worst = Math.max(worst, Math.abs(sHat / 3 - 1) * (1 - beta1), Math.abs(rHat / 9 - 1) * (1 - beta2));
  if ([1, 2, 10, 100, 1000].includes(t)) rows.push([`${t}`, one.s[0], sHat, one.r[0], rHat]);
}
say("  g = 3 at every step:");
table(["t", "s", "s / (1 - b1^t)", "r", "r / (1 - b2^t)"], rows);
check("corrected, both are within 2^-23 / (1 - beta) of 3 and 9 at every step", worst <= 2 ** -23);

// Random gradients, uniform on [-1, 3]: mean mu = 1, mean square q = 1 + 16 / 12.
const runs = 4096;
const [mu, q] = [1, 1 + 16 / 12];
const many = start(runs);
let state = 1;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const mean = (values: Float32Array) => values.reduce((sum, v) => sum + v, 0) / runs;
const [plain, corrected]: number[][] = [[], []];
let off = 0;
for (let t = 1; t <= 60; t++) {
  many.step(Float32Array.from({ length: runs }, () => 4 * uniform() - 1));
  plain.push(mean(many.s));
  corrected.push(mean(many.s) / (1 - beta1 ** t));
  off = Math.max(off, Math.abs(corrected[t - 1] - mu), Math.abs(mean(many.r) / (1 - beta2 ** t) - q));
}
say("\n  Random gradients of mean 1: the mean of s over 4,096 runs at t = 1 .. 60,");
say("  corrected (flat, from the start) and as it is (climbing from 0.1):\n");
curve([corrected, plain], { height: 9, names: ["corrected", "as it is"] });
check("over 4,096 runs the corrected means stay within 5 standard errors of mu and q", off < (5 * 2.4) / 64);
