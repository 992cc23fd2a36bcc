import { compile, model } from "wasmgrad";
import { check, curve, lesson, say, table } from "./print.ts";

lesson(
  "tanh(x) + 1 = 2 sigmoid(2x)",
  "Both sides are one function. In f32 they agree everywhere to 4 units of 2^-24, though each is computed by its own kernel.",
  "Q4.1",
);

const both = compile(
  model({ inputs: { x: [1] } }, ({ x }) => ({
    left: x.tanh().add(1),
    right: x.mul(2).sigmoid().mul(2),
  })),
  { batchSize: 4096 },
);
const at = (x: ArrayLike<number>) => {
  const { left, right } = both.predict({ x: Float32Array.from(x) });
  return { left: left.data, right: right.data };
};

const some = [-9, -8, -4, -1, 0, 0.5, 1, 4, 9];
const { left, right } = at(some);
table(
  ["x", "tanh(x) + 1", "2 sigmoid(2x)", "exact", "difference in 2^-24"],
  some.map((x, i) => [`${x}`, left[i], right[i], 2 / (1 + Math.exp(-2 * x)), (left[i] - right[i]) * 2 ** 24]),
);
say("  Far to the left tanh(x) + 1 subtracts almost equal numbers, and a multiple of 2^-24 is all");
say("  that can remain. The sigmoid subtracts nothing, and keeps all of its digits.\n");

// Numbers of every magnitude and both signs.
const many = Array.from({ length: 200_000 }, (_, i) => (i % 2 ? -1 : 1) * 2 ** (-30 + (37 * i) / 200_000));
const all = at(many);
let worst = 0;
many.forEach((_, i) => {
  worst = Math.max(worst, Math.abs(all.left[i] - all.right[i]));
});
say("  tanh(x) + 1 for x from -4 to 4:\n");
curve([Array.from(at(Array.from({ length: 72 }, (_, i) => (i - 36) / 9)).left)], {
  height: 8,
  names: ["tanh(x) + 1"],
});
say(`  largest difference over 200,000 numbers: ${worst * 2 ** 24} x 2^-24`);
check("the two sides differ by at most 4 x 2^-24", worst <= 4 * 2 ** -24);
const zero = at([0]);
check("at 0 both are exactly 1", zero.left[0] === 1 && zero.right[0] === 1);
