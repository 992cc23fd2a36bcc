/**
 * From pictures to their names: convolutions learn circles, squares and triangles, of any colour, size and place, from pixels as a page
 * has them. It prints new pictures with the names and probabilities that it gives them.
 *
 *   node examples/shapes.mjs [EPOCHS]
 *
 * In a page `nameOf` takes a canvas, an <img> or a frame of a video as it stands: nameOf(document.querySelector("canvas")).
 */
import { adam, compile, conv2d, crossEntropy, dense, flatten, maxPool2d, sequential } from "wasmgrad";
import { fromPixels } from "wasmgrad/data";

const EPOCHS = Number(globalThis.process?.argv[2] ?? 12);
const KINDS = ["circle", "square", "triangle"];
const SIDE = 40;
const AS = { size: [20, 20], channels: 3, range: [-1, 1] };

let state = 1;
const random = (from, to) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return from + ((to - from) * state) / 2 ** 32;
};
const INSIDE = {
  circle: (x, y) => Math.hypot(x, y) < 1,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.9,
  triangle: (x, y) => y < 0.8 && Math.abs(x) < (y + 1) * 0.6,
};

/** A picture as `canvas.getContext("2d").getImageData()` gives it. */
function draw(kind) {
  const data = new Uint8ClampedArray(4 * SIDE * SIDE).fill(255);
  const paper = [random(0, 255), random(0, 255), random(0, 255)];
  const ink = paper.map((value) => (value + random(80, 176)) % 256);
  const size = random(7, 15);
  const [left, top] = [random(size, SIDE - size), random(size, SIDE - size)];
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [x, y] = [((i % SIDE) - left) / size, (Math.floor(i / SIDE) - top) / size];
    data.set(INSIDE[kind](x, y) ? ink : paper, 4 * i);
  }
  return { data, width: SIDE, height: SIDE };
}

const relu = { padding: "same", activation: "relu" };
const model = sequential({ input: [20, 20, 3], seed: 1 }, [
  conv2d(12, { kernel: 3, ...relu }),
  maxPool2d(2),
  conv2d(24, { kernel: 3, ...relu }),
  maxPool2d(2),
  conv2d(32, { kernel: 3, ...relu }),
  maxPool2d(5),
  flatten(),
  dense(3, { activation: "softmax" }),
]);
const trainer = compile(model, {
  loss: crossEntropy(),
  optimizer: adam({ learningRate: 0.003 }),
  labels: KINDS,
});
const pictures = (rows) => {
  const y = Array.from({ length: rows }, (_, i) => KINDS[i % 3]);
  return { x: y.map((kind) => fromPixels(draw(kind), AS).data), y };
};
const onEpoch = ({ epoch, loss }) => {
  if (epoch % Math.ceil(EPOCHS / 4) === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
};
await trainer.fit(pictures(1500), { epochs: EPOCHS, onEpoch });
console.log(
  `of 600 new pictures ${(100 * trainer.evaluate(pictures(600)).accuracy).toFixed(1)} % are named rightly\n`,
);
/** What is on a picture, and how sure that is. */
export const nameOf = (source) => trainer.classify(fromPixels(source, AS))[0];

const shown = KINDS.map(draw);
for (let row = 0; row < SIDE; row += 2) {
  const mark = ({ data }, i) => (data[4 * i] === data[0] ? "." : "#");
  const line = (picture) => Array.from({ length: SIDE }, (_, j) => mark(picture, row * SIDE + j)).join("");
  console.log(shown.map(line).join("  "));
}
for (const { label, probability } of shown.map(nameOf))
  console.log(`${label}, ${(100 * probability).toFixed(1)} %`);
