/**
 * Fashion-MNIST from its gzipped files to more than 87 % on the test images: 784-128-10, in one process.
 *
 *   node examples/fashion-mnist.mjs [FOLDER]
 *
 * The folder is that of Debian's package dataset-fashion-mnist by default; the files are also at
 * https://github.com/zalandoresearch/fashion-mnist.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { adam, compile, crossEntropy, dense, sequential } from "wasmgrad";
import { readIdx } from "wasmgrad/data";

const folder = process.argv[2] ?? "/usr/share/datasets/fashion-mnist";
const EPOCHS = 12;

async function read(name) {
  const images = await readIdx(createReadStream(join(folder, `${name}-images-idx3-ubyte.gz`)));
  const labels = await readIdx(createReadStream(join(folder, `${name}-labels-idx1-ubyte.gz`)));
  const x = new Float32Array(images.data.length);
  for (let i = 0; i < x.length; i++) x[i] = images.data[i] / 255;
  return { x: { data: x, shape: images.shape }, y: labels.data };
}

const start = performance.now();
const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
const train = await read("train");
const test = await read("t10k");
console.log(`read ${train.y.length} + ${test.y.length} images after ${seconds()} s`);

const model = sequential({ input: [784], seed: 1 }, [
  dense(128, { activation: "relu" }),
  dense(10, { activation: "softmax" }),
]);
const trainer = compile(model, {
  loss: crossEntropy(),
  optimizer: adam({ learningRate: 0.001 }),
  batchSize: 64,
});
await trainer.fit(train, {
  epochs: EPOCHS,
  onEpoch: ({ epoch, loss }) => console.log(`epoch ${epoch}: loss ${loss.toFixed(4)} after ${seconds()} s`),
});
const { accuracy } = await trainer.evaluateAsync(test);
console.log(`test accuracy ${(100 * accuracy).toFixed(2)} % after ${seconds()} s`);
console.log(`digest ${trainer.digest()}`);
