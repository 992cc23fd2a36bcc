/**
 * A generative adversarial network learns a ring of eight Gaussians: two programs of one memory, trained in turn.
 * It prints how many of the eight it makes points of, and draws them.
 *
 *   node examples/gan.mjs [STEPS]
 */
import {
  adam,
  binaryCrossEntropy,
  compile,
  compileTogether,
  copyParameters,
  dense,
  nested,
  sequential,
} from "wasmgrad";
import { makeRegression } from "wasmgrad/data";

const STEPS = Number(process.argv[2] ?? 3000);
const ROWS = 128;
const MODES = 8;
const SPREAD = 0.1;

// Standard normal numbers: stretches of one long list, from another place each time.
const pool = makeRegression({ rows: 65536, columns: 1, informative: 1 }).x.data;
let at = 0;
function normals(rows) {
  at = (at + 7919) % (pool.length - 2 * rows);
  return Float32Array.from(pool.subarray(at, at + 2 * rows));
}
const centre = (mode) => [2 * Math.cos((mode * Math.PI) / 4), 2 * Math.sin((mode * Math.PI) / 4)];
const ring = () => normals(ROWS).map((value, i) => SPREAD * value + centre((i >> 1) % MODES)[i % 2]);

const relu = { activation: "relu" };
const maker = sequential({ input: [2], seed: 1 }, [dense(64, relu), dense(64, relu), dense(2)]);
const critic = sequential({ input: [2], seed: 2 }, [dense(64, relu), dense(64, relu), dense(1)]);
const make = nested(maker, { name: "maker" });
const judge = nested(critic, { name: "critic" });

const training = {
  loss: binaryCrossEntropy({ fromLogits: true }),
  optimizer: adam({ learningRate: 0.001, beta1: 0.5 }),
  batchSize: 2 * ROWS,
};
const { discriminator, generator, sampler } = compileTogether({
  discriminator: { model: sequential({ input: [2], seed: 2 }, [judge]), ...training },
  generator: { model: sequential({ input: [2], seed: 1 }, [make, judge]), ...training, freeze: ["critic"] },
  sampler: { model: sequential({ input: [2] }, [make]), batchSize: 2 * ROWS },
});
// Points of the averaged generator are steadier than those of the last step.
const average = compile(maker);
copyParameters(sampler, average, { from: "maker" });

const both = { data: new Float32Array(4 * ROWS), shape: [2 * ROWS, 2] };
const realOrMade = new Float32Array(2 * ROWS).fill(1, 0, ROWS);
const real = new Float32Array(2 * ROWS).fill(1);
for (let step = 1; step <= STEPS; step++) {
  both.data.set(ring());
  both.data.set(sampler.predict(normals(ROWS)).data, 2 * ROWS);
  const judged = discriminator.step({ x: both, y: realOrMade });
  const made = generator.step({ x: normals(2 * ROWS), y: real });
  copyParameters(sampler, average, { from: "maker", mix: 0.005 });
  if (step % Math.ceil(STEPS / 6) === 0)
    console.log(`step ${step}: discriminator ${judged.loss.toFixed(3)}, generator ${made.loss.toFixed(3)}`);
}

const points = average.predict(normals(1000)).toArray();
const counts = new Array(MODES).fill(0);
const grid = Array.from({ length: 21 }, () => new Array(42).fill(" "));
for (const [x, y] of points) {
  const near = counts.findIndex(
    (_, mode) => Math.hypot(x - centre(mode)[0], y - centre(mode)[1]) < 3 * SPREAD,
  );
  if (near >= 0) counts[near]++;
  const row = grid[Math.round(10 - 4 * y)];
  if (row) row[Math.round(20 + 8 * x)] = near >= 0 ? "o" : ".";
}
console.log(grid.map((row) => row.join("").trimEnd()).join("\n"));
console.log(`${counts.filter((n) => n >= 20).length} of ${MODES} modes, points of each: ${counts.join(" ")}`);
