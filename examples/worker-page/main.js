/**
 * A page that trains in a worker, draws what the network has learned so far, and moves a ball meanwhile:
 *
 *   npx vite examples/worker-page
 */
import { makeSpirals } from "wasmgrad/data";
import { inWorker } from "wasmgrad/worker";

const SIZE = 80;
const element = (id) => document.getElementById(id);
const [ball, start, stop, said, picture] = ["ball", "start", "stop", "said", "picture"].map(element);

/** Coordinates of all pixels, from -1.2 to 1.2. */
const pixels = Float32Array.from({ length: SIZE * SIZE * 2 }, (_, i) => {
  const [column, row] = [(i >> 1) % SIZE, Math.floor((i >> 1) / SIZE)];
  return ((i % 2 === 0 ? column : row) / (SIZE - 1) - 0.5) * 2.4;
});

function draw(probabilities) {
  const context = picture.getContext("2d");
  const image = context.createImageData(SIZE, SIZE);
  probabilities.forEach((p, i) => {
    image.data.set([255 * p, 96, 255 * (1 - p), 255], i * 4);
  });
  context.putImageData(image, 0, 0);
}

let frames = 0;
function move(time) {
  frames++;
  ball.style.left = `${18 * (1 + Math.sin(time / 500))}em`;
  requestAnimationFrame(move);
}
requestAnimationFrame(move);

const trainer = await inWorker(() => import("./model.js"));
const data = await trainer.bind(makeSpirals({ rows: 600, noise: 0.03, seed: 1 }));
let controller;

/** Trains and draws, an epoch whenever there is room for one. */
async function train(epochs) {
  controller = new AbortController();
  start.disabled = true;
  stop.disabled = false;
  const onEpoch = async ({ epoch, loss }) => {
    said.textContent = `epoch ${epoch}, loss ${loss.toFixed(4)}`;
    draw((await trainer.predict(pixels)).data);
  };
  try {
    return await trainer.fit(data, { epochs, onEpoch, signal: controller.signal });
  } catch (error) {
    if (error !== "stopped") throw error;
  } finally {
    start.disabled = false;
    stop.disabled = true;
  }
}

start.onclick = () => train(2000);
stop.onclick = () => controller.abort("stopped");
draw((await trainer.predict(pixels)).data);

// For the test of this page: it trains a little and reports what came of it.
const report = new URLSearchParams(location.search).get("report");
if (report) {
  const before = frames;
  const { loss, epochs } = await train(300);
  const body = JSON.stringify({ loss, epochs, frames: frames - before, digest: await trainer.digest() });
  await fetch(report, { method: "POST", mode: "no-cors", body });
}
