import { adam, compile, conv2d, crossEntropy, dense, flatten, globalMaxPool2d, sequential } from "wasmgrad";
import { check, lesson, table } from "./print.ts";

lesson(
  "A convolution finds a shape wherever it is",
  "One small window of weights slides over the picture. Move the shape, and the answer moves with it; the largest answer stays the same.",
);

const SIDE = 12;
const SHAPES = {
  plus: [".#.", "###", ".#."],
  cross: ["#.#", ".#.", "#.#"],
  ring: ["###", "#.#", "###"],
  corner: ["#..", "#..", "###"],
};
type Name = keyof typeof SHAPES;
const NAMES = Object.keys(SHAPES) as Name[];
let state = 1;
const below = (n: number) =>
  Math.floor((n * (state = (Math.imul(state, 1664525) + 1013904223) >>> 0)) / 2 ** 32);

/** A picture [12, 12, 1] with a shape, its left edge in a column from `from` to `from + 3`, among specks of dust. */
function draw(name: Name, from: number, dust = 6) {
  const picture = Array.from({ length: SIDE }, () => Array.from({ length: SIDE }, () => [0]));
  for (let i = 0; i < dust; i++) picture[below(SIDE)][below(SIDE)] = [1];
  const [left, top] = [from + below(4), below(SIDE - 2)];
  for (let i = 0; i < 9; i++)
    picture[top + Math.floor(i / 3)][left + (i % 3)] = [
      Number(SHAPES[name][Math.floor(i / 3)][i % 3] === "#"),
    ];
  return picture;
}
function pictures(count: number, from: number) {
  const y = Array.from({ length: count }, (_, i) => NAMES[i % 4]);
  return { x: y.map((name) => draw(name, from)), y };
}
// Both learn from pictures with the shape on the left, and are asked about the right as well.
const [seen, onLeft, onRight] = [pictures(400, 0), pictures(400, 0), pictures(400, 6)];
const options = {
  loss: crossEntropy(),
  optimizer: adam({ learningRate: 0.01 }),
  batchSize: 32,
  labels: NAMES,
};
const input = [SIDE, SIDE, 1] as const;
const names = () => dense(4, { activation: "softmax" });
const window = conv2d(12, { kernel: 3, activation: "relu", name: "window" });
const networks = {
  dense: compile(
    sequential({ input, seed: 1 }, [flatten(), dense(32, { activation: "relu" }), names()]),
    options,
  ),
  convolution: compile(sequential({ input, seed: 1 }, [window, globalMaxPool2d(), names()]), options),
};
const score: Record<string, number[]> = {};
for (const [name, network] of Object.entries(networks)) {
  network.fitSync(seen, { epochs: 40 });
  const numbers = Object.values(network.parameters).reduce((sum, { data }) => sum + data.length, 0);
  score[name] = [numbers, ...[seen, onLeft, onRight].map((rows) => 100 * network.evaluate(rows).accuracy!)];
}
table(
  ["network", "weights", "seen", "new, left", "new, right"],
  Object.entries(score).map(([name, [numbers, ...rates]]) => [name, numbers, ...rates.map((v) => `${v} %`)]),
);
check(
  "the dense network knows all it has seen, and on the right it guesses",
  score.dense[1] === 100 && score.dense[3] < 40,
);
check("the convolution is right on at least 98 % on both sides", Math.min(...score.convolution) >= 98);

// The windows alone, on one shape in two places: the same numbers, moved.
const alone = compile(sequential({ input }, [window]));
alone.setParameters({ "window.weight": networks.convolution.parameters["window.weight"].data });
const plus = draw("plus", 0, 0);
const moved = plus.map((line) => [...line.slice(-6), ...line.slice(0, -6)]);
const [here, there] = alone.predict([plus, moved]).toArray();
const isSame = here.every((line, r) => line.slice(0, 4).every((v, c) => `${v}` === `${there[r][c + 6]}`));
check("a shape moved by 6 columns gives the same answers 6 columns further, to the bit", isSame);
