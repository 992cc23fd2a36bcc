/**
 * An autoencoder squeezes pictures of rings through three numbers, which is how many tell a ring from another. Encoder, decoder
 * and the whole share their parameters. It prints pictures beside what the three numbers bring back, and a walk from one to another.
 *
 *   node examples/autoencoder.mjs [EPOCHS]
 */
import {
  adam,
  compileTogether,
  dense,
  flatten,
  meanSquaredError,
  nested,
  reshape,
  sequential,
} from "wasmgrad";
import { makeRegression } from "wasmgrad/data";

const EPOCHS = Number(process.argv[2] ?? 60);
const SIDE = 14;
const CODE = 3;

/** Pictures of a ring each: somewhere, of some radius. */
function rings(rows, seed) {
  const { data } = makeRegression({ rows, columns: 3, informative: 1, seed }).x;
  const pixels = new Float32Array(rows * SIDE * SIDE);
  for (let i = 0; i < pixels.length; i++) {
    const row = Math.floor(i / SIDE / SIDE);
    const [x, y, size] = data.subarray(3 * row, 3 * row + 3);
    const across = (i % SIDE) - SIDE / 2 - 1.2 * x;
    const down = (Math.floor(i / SIDE) % SIDE) - SIDE / 2 - 1.2 * y;
    const off = Math.hypot(across, down) - (3.5 + Math.max(-1.5, Math.min(1.5, size)));
    pixels[i] = Math.max(0, 1 - Math.abs(off) / 1.2);
  }
  return { data: pixels, shape: [rows, SIDE, SIDE] };
}

const relu = { activation: "relu" };
const images = { input: [SIDE, SIDE], seed: 1 };
const squeeze = sequential(images, [flatten(), dense(128, relu), dense(32, relu), dense(CODE)]);
const last = [dense(SIDE * SIDE, { activation: "sigmoid" }), reshape([SIDE, SIDE])];
const unfold = sequential({ input: [CODE] }, [dense(32, relu), dense(128, relu), ...last]);
const encode = nested(squeeze, { name: "encoder" });
const decode = nested(unfold, { name: "decoder" });
const { autoencoder, encoder, decoder } = compileTogether({
  autoencoder: {
    model: sequential(images, [encode, decode]),
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.002 }),
    batchSize: 64,
  },
  encoder: { model: sequential(images, [encode]) },
  decoder: { model: sequential({ input: [CODE] }, [decode]) },
});

const train = rings(4096, 1);
const onEpoch = ({ epoch, loss }) => {
  if (epoch % Math.ceil(EPOCHS / 6) === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
};
await autoencoder.fit({ x: train, y: train }, { epochs: EPOCHS, onEpoch });

function show(pictures) {
  const shade = (value) => " .:oO@"[Math.round(5 * Math.max(0, Math.min(1, value)))];
  const line = (j) => pictures.map((rows) => Array.from(rows[j], shade).join("")).join(" | ");
  console.log(Array.from({ length: SIDE }, (_, j) => line(j).trimEnd()).join("\n"));
}
const test = rings(200, 2);
const codes = encoder.predict(test).toArray();
const back = decoder.predict(codes).toArray();
const lines = Array.from({ length: 3 * SIDE }, (_, i) => test.data.subarray(i * SIDE, (i + 1) * SIDE));
console.log("\nrings, each beside what its three numbers bring back:");
show([0, 1, 2].flatMap((i) => [lines.slice(i * SIDE, (i + 1) * SIDE), back[i]]));

const [from, to] = [codes[1], codes[2]];
const walk = [0, 0.25, 0.5, 0.75, 1].map((share) => from.map((value, k) => value + share * (to[k] - value)));
console.log("\nfrom one ring to another, by their numbers:");
show(decoder.predict(walk).toArray());
const { loss } = autoencoder.evaluate({ x: test, y: test });
console.log(`\nloss of new rings ${loss.toFixed(4)}`);
