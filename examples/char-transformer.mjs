/**
 * A transformer that writes like this package's documentation, one character after the other, and is measured on text that it has not
 * seen beside a bigram model, which knows the last character only. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 *
 *   node examples/char-transformer.mjs [STEPS]
 */
import { readdirSync, readFileSync } from "node:fs";
import * as wasmgrad from "wasmgrad";
import { vocabulary } from "wasmgrad/data";

const { adam, compile, cosineDecay, crossEntropy, dense, embedding } = wasmgrad;
const { layerNorm, learnedPositions, sequential, transformerBlock } = wasmgrad;
const STEPS = Number(process.argv[2] ?? 3000);
const T = 64;
const folder = new URL("../docs/", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), "utf8");
const texts = readdirSync(folder).sort().map(read);
// Without code, tables and empty lines.
const prose = texts.map((text) => text.replace(/```[\s\S]*?```|^\|.*\n|[^\n -~]|^\n/gm, ""));
const characters = vocabulary(prose, { by: "characters" });
const { size } = characters;
const ids = characters.encode(prose.join(""));
const cut = Math.floor(0.9 * ids.length);

/** Stretches of T characters, and for each place the character behind it. */
function stretches(from, to, step) {
  const count = Math.floor((to - from - T - 1) / step);
  const rows = (by) =>
    Int32Array.from({ length: count * T }, (_, i) => ids[from + Math.floor(i / T) * step + (i % T) + by]);
  return { x: { data: rows(0), shape: [count, T] }, y: { data: rows(1), shape: [count, T] } };
}
const train = stretches(0, cut, 7);
const test = stretches(cut, ids.length, T);

// What follows what, as often as in the text and once more: the mean of -log p over the same test.
const counts = new Float64Array(size * size).fill(1);
const totals = new Float64Array(size).fill(size);
for (let i = 0; i + 1 < cut; i++) {
  counts[ids[i] * size + ids[i + 1]]++;
  totals[ids[i]]++;
}
const logOf = (a, i) => Math.log(counts[a * size + test.y.data[i]] / totals[a]);
const bigram = test.x.data.reduce((sum, a, i) => sum - logOf(a, i), 0) / test.x.data.length;
console.log(`${ids.length} characters, ${size} different ones`);

const model = sequential({ input: { shape: [T], dtype: "i32" }, seed: 1 }, [
  embedding(size, 64),
  learnedPositions(T),
  transformerBlock({ heads: 4, causal: true }),
  transformerBlock({ heads: 4, causal: true }),
  layerNorm(),
  dense(size, { activation: "softmax" }),
]);
const learningRate = cosineDecay({ initial: 0.003, steps: STEPS, warmup: Math.ceil(STEPS / 10) });
const trainer = compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate }), batchSize: 16 });
for (let part = 1; part <= 5; part++) {
  await trainer.fit(train, { steps: Math.round((STEPS * part) / 5) - trainer.steps });
  console.log(`step ${trainer.steps}: loss ${trainer.evaluate(test).loss.toFixed(3)}`);
}
console.log(`a bigram model: loss ${bigram.toFixed(3)}\n`);

// Attention is causal: what stands behind the last character changes nothing.
const written = [...characters.encode("Training ")];
for (let seed = 1; written.length < 400; ) {
  const seen = written.slice(-T);
  const row = new Int32Array(T);
  row.set(seen);
  const { data } = trainer.predict({ data: row, shape: [1, T] });
  const probabilities = data.subarray((seen.length - 1) * size, seen.length * size);
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  let left = seed / 2 ** 32;
  written.push(
    Math.max(
      probabilities.findIndex((p) => (left -= p) <= 0),
      0,
    ),
  );
}
console.log(characters.decode(written));
