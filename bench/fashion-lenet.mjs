/**
 * Fashion-MNIST with a network of the size of LeNet-5 (LeCun et al. 1998): what bench/fashion-mnist.mjs times. examples/fashion-lenet.mjs
 * is the example.
 *
 *   node bench/fashion-lenet.mjs [FOLDER [EPOCHS]]
 *
 * The folder is that of Debian's package dataset-fashion-mnist by default; the files are also at
 * https://github.com/zalandoresearch/fashion-mnist.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import {
  adam,
  compile,
  conv2d,
  crossEntropy,
  dense,
  flatten,
  maxPool2d,
  sequential,
  stepDecay,
} from "wasmgrad";
import { readIdx } from "wasmgrad/data";

const folder = process.argv[2] ?? "/usr/share/datasets/fashion-mnist";
const EPOCHS = Number(process.argv[3] ?? 14);

async function read(name) {
  const images = await readIdx(createReadStream(join(folder, `${name}-images-idx3-ubyte.gz`)));
  const labels = await readIdx(createReadStream(join(folder, `${name}-labels-idx1-ubyte.gz`)));
  const data = Float32Array.from(images.data, (pixel) => pixel / 255);
  return { x: { data, shape: [labels.data.length, 28, 28, 1] }, y: labels.data };
}

const train = await read("train");
const test = await read("t10k");
const model = sequential({ input: [28, 28, 1], seed: 1 }, [
  conv2d(6, { kernel: 5, padding: "same", activation: "relu" }),
  maxPool2d(2),
  conv2d(16, { kernel: 5, activation: "relu" }),
  maxPool2d(2),
  flatten(),
  dense(120, { activation: "relu" }),
  dense(84, { activation: "relu" }),
  dense(10, { activation: "softmax" }),
]);
// 0.001 for ten epochs of 938 updates, a tenth of it afterwards.
const learningRate = stepDecay({ initial: 0.001, every: 10 * 938, factor: 0.1 });
const trainer = compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate }), batchSize: 64 });
const cpu = () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
let [training, since] = [0, cpu()];
await trainer.fit(train, {
  epochs: EPOCHS,
  onEpoch: ({ epoch, loss }) => {
    training += cpu() - since;
    const accuracy = (100 * trainer.evaluate(test).accuracy).toFixed(2);
    console.log(
      `epoch ${epoch}: loss ${loss.toFixed(4)}, test accuracy ${accuracy} %, ${training.toFixed(1)} s of CPU`,
    );
    since = cpu();
  },
});
console.log(`digest ${trainer.digest()}`);
