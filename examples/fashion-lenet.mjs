/**
 * A network of convolutions learns Fashion-MNIST: 90 % of the test images after seven epochs, 88 % after three. It prints
 * the accuracy of each epoch, which kinds it takes for which, and an image that it gets wrong.
 *
 *   node examples/fashion-lenet.mjs [EPOCHS] [IMAGES] [FOLDER]
 *
 * LeCun et al. 1998, http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf. The folder is that of Debian's package
 * dataset-fashion-mnist by default; the files are also at https://github.com/zalandoresearch/fashion-mnist.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { adam, compile, conv2d, crossEntropy, dense, flatten, maxPool2d, sequential } from "wasmgrad";
import { readIdx } from "wasmgrad/data";
import { confusionMatrix } from "wasmgrad/plot";

const EPOCHS = Number(process.argv[2] ?? 7);
const IMAGES = Number(process.argv[3] ?? 60000);
const FOLDER = process.argv[4] ?? "/usr/share/datasets/fashion-mnist";
const KINDS = [
  "t-shirt",
  "trousers",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "boot",
];

async function read(name, most) {
  const file = (kind) => readIdx(createReadStream(join(FOLDER, `${name}-${kind}-ubyte.gz`)));
  const [images, labels] = await Promise.all([file("images-idx3"), file("labels-idx1")]);
  const rows = Math.min(most, labels.data.length);
  const x = Float32Array.from(images.data.subarray(0, rows * 784), (value) => value / 255);
  return { x: { data: x, shape: [rows, 28, 28, 1] }, y: labels.data.subarray(0, rows) };
}
const train = await read("train", IMAGES);
const test = await read("t10k", 10000);

const relu = { activation: "relu" };
const model = sequential({ input: [28, 28, 1], seed: 1 }, [
  conv2d(6, { kernel: 5, padding: "same", ...relu }),
  maxPool2d(2),
  conv2d(16, { kernel: 5, ...relu }),
  maxPool2d(2),
  flatten(),
  dense(120, relu),
  dense(84, relu),
  dense(10, { activation: "softmax" }),
]);
const optimizer = adam({ learningRate: 0.001 });
const trainer = compile(model, { loss: crossEntropy(), optimizer, batchSize: 64, labels: KINDS });

await trainer.fit(train, {
  epochs: EPOCHS,
  onEpoch: async ({ epoch, loss }) => {
    const { accuracy } = await trainer.evaluateAsync(test);
    console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}, test accuracy ${(100 * accuracy).toFixed(2)} %`);
  },
});

console.log(confusionMatrix(trainer, test).toString());
const named = trainer.classify(test.x);
const wrong = named.findIndex(({ index, probability }, i) => index !== test.y[i] && probability > 0.9);
if (wrong >= 0) {
  const pixels = test.x.data.subarray(784 * wrong, 784 * (wrong + 1));
  for (let at = 0; at < 784; at += 56)
    console.log(Array.from(pixels.subarray(at, at + 28), (v) => " .:oO@"[Math.round(5 * v)]).join(""));
  console.log(`${KINDS[test.y[wrong]]}, taken for ${named[wrong].label}`);
}
