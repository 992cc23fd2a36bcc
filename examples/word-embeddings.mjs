/**
 * Words of this package's own documentation as vectors: skip-gram, which learns to guess the words around a word. It prints the nearest
 * neighbours of a few words, by the angle between vectors.
 *
 *   node examples/word-embeddings.mjs [EPOCHS]
 *
 * Mikolov et al. 2013, https://arxiv.org/abs/1301.3781
 */
import { readdirSync, readFileSync } from "node:fs";
import { adam, compile, crossEntropy, dense, embedding, flatten, sequential } from "wasmgrad";
import { vocabulary } from "wasmgrad/data";

const EPOCHS = Number(process.argv[2] ?? 10);
const AROUND = 4;
const LEAST = 8;
const SHOWN = ["training", "weights", "loss", "predict", "columns", "bits", "error", "memory"];
const COMMON =
  "a an the of and or in is are it its to for that which as by with be not from on at has have no so than what where";
const common = new Set(COMMON.split(" "));
const folder = new URL("../docs/", import.meta.url);
const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8").toLowerCase());
const prose = texts.map((text) => text.replace(/```[\s\S]*?```/g, "."));
const sentences = prose
  .flatMap((text) => text.split(/[.:;|]\s|\n\n/))
  .map((sentence) => sentence.match(/[a-z]{2,}/g)?.filter((word) => !common.has(word)) ?? []);
const counts = new Map();
for (const word of sentences.flat()) counts.set(word, (counts.get(word) ?? 0) + 1);
const kept = sentences.map((words) => words.filter((word) => counts.get(word) >= LEAST));
const words = vocabulary(
  kept.map((list) => list.join(" ")),
  { by: "words" },
);

const centres = [];
const contexts = [];
for (const sentence of kept) {
  const ids = words.encode(sentence.join(" "));
  for (let i = 0; i < ids.length; i++)
    for (let j = Math.max(0, i - AROUND); j < Math.min(ids.length, i + AROUND + 1); j++)
      if (i !== j) {
        centres.push(ids[i]);
        contexts.push(ids[j]);
      }
}
console.log(`${kept.flat().length} words, ${words.size} different ones, ${centres.length} pairs`);

const model = sequential({ input: { shape: [1], dtype: "i32" }, seed: 1 }, [
  embedding(words.size, 32, { name: "words" }),
  flatten(),
  dense(words.size, { activation: "softmax" }),
]);
const trainer = compile(model, {
  loss: crossEntropy(),
  optimizer: adam({ learningRate: 0.003 }),
  batchSize: 128,
});
const onEpoch = ({ epoch, loss }) => {
  if (epoch % Math.ceil(EPOCHS / 5) === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`);
};
await trainer.fit({ x: Int32Array.from(centres), y: Int32Array.from(contexts) }, { epochs: EPOCHS, onEpoch });

const table = trainer.parameters["words.table"].data;
const vectors = words.tokens.map((_, id) => {
  const vector = table.slice(32 * id, 32 * id + 32);
  return vector.map((value) => value / Math.hypot(...vector));
});
for (const word of SHOWN) {
  const [own] = Array.from(words.encode(word), (id) => vectors[id]);
  const nearest = words.tokens
    .map((token, id) => ({ token, cosine: vectors[id].reduce((sum, value, k) => sum + value * own[k], 0) }))
    .filter(({ token }) => token !== word && token !== "")
    .sort((p, q) => q.cosine - p.cosine);
  console.log(
    `${word}: ${nearest
      .slice(0, 5)
      .map(({ token }) => token)
      .join(", ")}`,
  );
}
