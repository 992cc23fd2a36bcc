/**
 * From a CSV file to a classifier in a few lines: split, scale, stop early, score, save, load.
 *
 *   node examples/iris.mjs
 */
import { createReadStream } from "node:fs";
import { adam, compile, crossEntropy, dense, load, sequential } from "wasmgrad";
import { columns, crossValidate, permutationImportance, readCsv } from "wasmgrad/data";

const table = await readCsv(createReadStream(new URL("data/iris.csv", import.meta.url)));
const { train, test } = table.split({ test: 0.2, stratify: "species", seed: 1 });
const data = columns(train, { target: "species" });

const makeTrainer = () =>
  compile(
    sequential({ columns: data.columns, seed: 1 }, [
      dense(16, { activation: "relu" }),
      dense(data.labels.length, { activation: "softmax" }),
    ]),
    { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), labels: data.labels },
  );
const trainer = makeTrainer();
const { best } = await trainer.fit(data, { epochs: 500, validation: 0.2, earlyStopping: { patience: 30 } });
console.log(`best epoch ${best.epoch}, validation loss ${best.validation.loss.toFixed(3)}`);
console.log(`test accuracy ${(100 * trainer.evaluate(data.of(test)).accuracy).toFixed(1)} %`);

const { mean, deviation } = await crossValidate(makeTrainer, data, { folds: 5, fit: { epochs: 100 } });
console.log(
  `cross-validated ${(100 * mean.accuracy).toFixed(1)} +- ${(100 * deviation.accuracy).toFixed(1)} %`,
);
const [first] = await permutationImportance(trainer, data.of(test));
console.log(`most important: ${first.column}`);

const loaded = load(trainer.save());
const flower = { "sepal length": 5.1, "sepal width": null, "petal length": 1.4, "petal width": 0.2 };
console.log(`a flower without a sepal width: ${loaded.classify([flower])[0].label}`);
