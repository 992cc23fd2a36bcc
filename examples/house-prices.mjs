/**
 * A regression with holes, categories and dates: prices of houses. The houses are invented, by a formula with 4 % noise.
 *
 *   node examples/house-prices.mjs
 */
import { createReadStream } from "node:fs";
import { adam, compile, dense, meanSquaredError, sequential } from "wasmgrad";
import { columns, permutationImportance, readCsv } from "wasmgrad/data";

const table = await readCsv(createReadStream(new URL("data/houses.csv", import.meta.url)));
const { train, test } = table.split({ test: 0.2, seed: 1 });
const data = columns(train, { target: "price" });
for (const note of data.notes) console.log(note);

const model = sequential({ columns: data.columns, seed: 1 }, [dense(32, { activation: "relu" }), dense(1)]);
const trainer = compile(model, {
  loss: meanSquaredError(),
  optimizer: adam({ learningRate: 0.01 }),
  targets: "standardize",
});
await trainer.fit(data, { epochs: 500, validation: 0.2, earlyStopping: { patience: 40 } });

const { x, y } = data.of(test);
const predicted = trainer.predict(x).data;
const errors = Array.from(y, (price, i) => Math.abs(predicted[i] / price - 1)).sort((a, b) => a - b);
console.log(`median error of ${y.length} houses: ${(100 * errors[errors.length >> 1]).toFixed(1)} %`);
const important = await permutationImportance(trainer, data.of(test));
console.log(`in order of importance: ${important.map(({ column }) => column).join(", ")}`);

const house = { sold: "2024-06-01", area: 120, rooms: 4, built: null, district: "Hafen", garden: "yes" };
console.log(
  `a house of 120 m2 near the harbour: ${Math.round(trainer.predict([house]).data[0] / 1000)} thousand`,
);
