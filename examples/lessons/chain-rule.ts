import { valueAndGrad } from "wasmgrad";
import { check, lesson, say, show, table } from "./print.ts";

lesson(
  "Reverse mode on a small graph",
  "One call gives the value of L = (w1 + w2) w3 and its slope in every weight; a step against the slopes lowers L.",
  "Q1",
);

const lossOf = valueAndGrad((w1, w2, w3) => w1.add(w2).mul(w3));

const w = [1, 2.3, 5.7];
const { value, gradients } = lossOf(w[0], w[1], w[2]);

// By hand: s = w1 + w2, so dL/dw3 = s, and dL/ds = w3 reaches w1 and w2 unchanged.
const byHand = [w[2], w[2], w[0] + w[1]];
say(`  L = ${show(value)}`);
say();
table(
  ["", "w", "dL/dw", "by hand", "w - 0.01 dL/dw"],
  w.map((wi, i) => [`w${i + 1}`, wi, gradients[i], byHand[i], wi - 0.01 * gradients[i]]),
);

const next = w.map((wi, i) => wi - 0.01 * gradients[i]);
const after = lossOf(next[0], next[1], next[2]).value;
say(`  L after the step = ${show(after, 5)}`);
say();

const near = (a: number, b: number) => Math.abs(a - b) <= 4 * 2 ** -24 * Math.abs(b);
check("the value is 18.81", near(value, 18.81));
check(
  "the slopes are 5.7, 5.7 and 3.3",
  byHand.every((g, i) => near(gradients[i], g)),
);
check(`the step lowers L by ${show(value - after, 3)}`, after < value);
