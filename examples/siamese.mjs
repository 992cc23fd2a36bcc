/**
 * A siamese network learns whether two flowers are of one species: one embedding, used twice. Then one flower of each species is
 * enough to name all others: theirs is the species of the nearest one. It prints how often that is right, before and after.
 *
 *   node examples/siamese.mjs [EPOCHS]
 */
import { createReadStream } from "node:fs";
import { adam, binaryCrossEntropy, compileTogether, dense, model, nested, sequential } from "wasmgrad";
import { readCsv } from "wasmgrad/data";

const EPOCHS = Number(process.argv[2] ?? 20);
const FEATURES = ["sepal length", "sepal width", "petal length", "petal width"];
const MIDDLE = [6, 3, 4, 1];

const table = await readCsv(createReadStream(new URL("data/iris.csv", import.meta.url)));
const flowers = (part) =>
  part.toRows().map((row) => ({ x: FEATURES.map((name, i) => row[name] - MIDDLE[i]), species: row.species }));
const { train, test } = table.split({ test: 0.5, stratify: "species", seed: 1 });
const [known, others] = [flowers(train), flowers(test)];

/** All pairs of different flowers, and whether they are of one species. */
function pairs(list) {
  const both = list.flatMap((a, i) => list.slice(i + 1).map((b) => [a, b]));
  const [a, b] = [0, 1].map((side) => both.map((pair) => pair[side].x));
  return { x: { a, b }, y: { same: both.map(([p, q]) => (p.species === q.species ? 1 : 0)) } };
}

const embedding = sequential({ input: [4], seed: 1 }, [dense(16, { activation: "tanh" }), dense(3)]);
const embed = nested(embedding, { name: "embed" });
const { siamese, embedder } = compileTogether({
  siamese: {
    model: model({ inputs: { a: [4], b: [4] }, seed: 1 }, ({ a, b }) => ({
      same: dense(1, { activation: "sigmoid" })(embed(a).sub(embed(b)).square()),
    })),
    loss: { same: binaryCrossEntropy() },
    optimizer: adam({ learningRate: 0.005 }),
  },
  embedder: { model: sequential({ input: [4] }, [embed]) },
});

const distance = (p, q) => Math.hypot(...p.map((value, i) => value - q[i]));
/** How many of the others the nearest of three known flowers names rightly, over 25 choices of the three. */
function namedRightly(place) {
  const species = [...new Set(known.map((flower) => flower.species))];
  let right = 0;
  for (let choice = 0; choice < 25; choice++) {
    const one = species.map((name) => known.filter((flower) => flower.species === name)[choice]);
    const places = place(one.map(({ x }) => x));
    place(others.map(({ x }) => x)).forEach((at, i) => {
      const far = places.map((other) => distance(at, other));
      if (species[far.indexOf(Math.min(...far))] === others[i].species) right++;
    });
  }
  return `${((100 * right) / (25 * others.length)).toFixed(1)} %`;
}

console.log(`named by one flower of each species, as measured: ${namedRightly((x) => x)}`);
const onEpoch = ({ epoch, loss }) => {
  if (epoch % Math.ceil(EPOCHS / 5) === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`);
};
await siamese.fit(pairs(known), { epochs: EPOCHS, onEpoch });
console.log(
  `named by one flower of each species, embedded: ${namedRightly((x) => embedder.predict(x).toArray())}`,
);

const strangers = pairs(others);
const { data } = siamese.predict(strangers.x).same;
const right = strangers.y.same.filter((same, i) => data[i] > 0.5 === (same === 1)).length;
console.log(
  `the same species or not, of pairs of new flowers: ${((100 * right) / data.length).toFixed(1)} % right`,
);
