/** From a file to predictions, as the issue that asked for it wrote it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { columns, crossValidate, readCsv, readJson, type TableRow } from "../../src/data/index.ts";
import { adam, compile, crossEntropy, dense, load, meanSquaredError, sequential } from "../../src/index.ts";

/** Penguins that do not exist: three species by bill and island, with holes. */
const file = [
  "id,bill,island,sex,species",
  ...Array.from({ length: 120 }, (_, i) => {
    const species = ["Adelie", "Chinstrap", "Gentoo"][i % 3];
    const bill = [38, 48, 47][i % 3] + ((i * 7) % 11) / 4;
    const island = ["Torgersen", "Dream", "Biscoe"][(i % 3) * (i % 9 === 0 ? 0 : 1)];
    return `${i},${i % 13 === 0 ? "NA" : bill},${island},${i % 17 === 0 ? "" : ["male", "female"][i % 2]},${species}`;
  }),
].join("\n");

describe("the code of issue 11", () => {
  it("runs, and what load gives needs no table", async () => {
    const { train, test } = (await readCsv(file)).split({ test: 0.2, stratify: "species", seed: 1 });
    const data = columns(train, { target: "species", drop: ["id"] }); // kinds, vocabularies, labels: from train only
    const model = sequential({ columns: data.columns }, [
      dense(32, { activation: "relu" }),
      dense(data.labels.length, { activation: "softmax" }),
    ]);
    const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), labels: data.labels });
    await trainer.fit(data, { epochs: 200, validation: 0.2, earlyStopping: { patience: 20 } });
    const evaluation = trainer.evaluate(data.of(test));
    expect(evaluation.accuracy).toBeGreaterThan(0.9);
    const predictor = load(trainer.save());
    const [{ label }] = predictor.classify([{ bill: 39.1, island: "Torgersen", sex: null }] as never) as {
      label: string;
    }[];
    expect(label).toBe("Adelie");
    // A category that no row had, and a key that is not there.
    expect(predictor.classify([{ bill: 47, island: "Atlantis", sex: "male" }] as never).length).toBe(1);
    expect(() => predictor.classify([{ bill: 39.1, sex: null }] as never)).toThrow(/island/);
    // Rows as objects are the same as what the table gives.
    const objects = test.drop(["species", "id"]).toRows();
    expect(predictor.predict(objects as never)).toEqual(trainer.predict(data.xOf(test) as never));
  });
});

describe("rows of a table", () => {
  it("are validation rows as well, and can be bound", async () => {
    const { train, test } = (await readCsv(file)).split({ test: 0.25, stratify: "species" });
    const data = columns(train, { target: "species" });
    const make = () =>
      compile(sequential({ columns: data.columns, seed: 2 }, [dense(3, { activation: "softmax" })]), {
        loss: crossEntropy(),
        optimizer: adam({ learningRate: 0.05 }),
        labels: data.labels,
      });
    const trainer = make();
    const { validation, history } = await trainer.fit(data, { epochs: 100, validation: data.of(test) });
    expect(validation).toEqual(trainer.evaluate(data.of(test)));
    expect(history.validationLoss?.length).toBe(100);
    const bound = make();
    await bound.fit(bound.bind(data), { epochs: 100 });
    expect(bound.digest()).toBe(trainer.digest());
  });
});

describe("dates and wide numbers", () => {
  it("a column of unix milliseconds predicts as well as the same column minus its mean", async () => {
    const start = 1.7e12;
    const rows = Array.from({ length: 100 }, (_, i) => ({
      at: start + 3_600_000 * i,
      y: (i - 50) / 25 + 0.01 * (i % 3),
    }));
    const mean = rows.reduce((sum, { at }) => sum + at, 0) / rows.length;
    const errorOf = async (table: TableRow[]) => {
      const data = columns(readJson(table), { target: "y" });
      const model = sequential({ columns: data.columns, seed: 1 }, [
        dense(8, { activation: "tanh" }),
        dense(1),
      ]);
      const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.02 }) });
      await trainer.fit(data, { epochs: 200 });
      return trainer.evaluate(data).loss;
    };
    const whole = await errorOf(rows);
    const centred = await errorOf(rows.map(({ at, y }) => ({ at: at - mean, y })));
    const dates = await errorOf(rows.map(({ at, y }) => ({ at: new Date(at).toISOString(), y })));
    expect(whole).toBeLessThan(0.01);
    expect(Math.abs(whole - centred)).toBeLessThan(1e-4);
    expect(dates).toBeCloseTo(whole, 6);
  });
});

describe("cross-validation of a model with columns", () => {
  it("fits scaling anew in each fold", async () => {
    const table = await readCsv(readFileSync(new URL("iris.csv", import.meta.url)));
    const data = columns(table, { target: "species" });
    const fitted: string[] = [];
    const make = () => {
      const trainer = compile(
        sequential({ columns: data.columns, seed: 1 }, [dense(3, { activation: "softmax" })]),
        { loss: crossEntropy(), optimizer: adam({ learningRate: 0.05 }), labels: data.labels },
      );
      const { fit } = trainer;
      trainer.fit = async (...given) => {
        const result = await fit.apply(trainer, given);
        fitted.push(JSON.stringify(trainer.preprocessing));
        return result;
      };
      return trainer;
    };
    const { mean } = await crossValidate(make, data, { folds: 4, fit: { epochs: 60 } });
    expect(mean.accuracy).toBeGreaterThan(0.9);
    expect(new Set(fitted).size).toBe(4);
    expect(fitted[0]).toContain("mean");
  });
});
