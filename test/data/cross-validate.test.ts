/** Cross-validation and importances: which rows go where, what is measured, and what it is worth. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type CrossValidateOptions,
  columns,
  crossValidate,
  type MetricFunction,
  makeRegression,
  permutationImportance,
  readCsv,
} from "../../src/data/index.ts";
import {
  adam,
  compile,
  crossEntropy,
  DataError,
  dense,
  meanSquaredError,
  OptionError,
  sequential,
  type Trainer,
} from "../../src/index.ts";

import { balancedAccuracy, f1, logLoss } from "../../src/metrics/index.ts";

const iris = columns(await readCsv(readFileSync(new URL("iris.csv", import.meta.url))), {
  target: "species",
});

const makeIris = () =>
  compile(sequential({ input: [4], seed: 1 }, [dense(3, { activation: "softmax" })]), {
    loss: crossEntropy(),
    optimizer: adam({ learningRate: 0.05 }),
    labels: iris.labels as string[],
  });
const makeLinear = () =>
  compile(sequential({ input: [1], seed: 1 }, [dense(1)]), {
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.1 }),
  });

/** A trainer that only notes what it is given. */
function spy(seen: { fit: unknown[]; evaluate: unknown[] }): Trainer {
  return {
    steps: 0,
    fit: async (data: unknown) => {
      seen.fit.push(data);
    },
    evaluateAsync: async (data: { y: { length: number } }) => {
      seen.evaluate.push(data);
      return { loss: data.y.length };
    },
    predictAsync: async () => ({ data: new Float32Array(0), shape: [0] }),
    manifest: () => ({ options: {} }),
    dispose() {},
  } as unknown as Trainer;
}

describe("crossValidate", () => {
  it("tests each row once with a model that did not see it", async () => {
    const seen = {
      fit: [] as { x: number[][]; y: number[] }[],
      evaluate: [] as { x: number[][]; y: number[] }[],
    };
    const x = Array.from({ length: 23 }, (_, i) => [i, -i]);
    const y = x.map(([a]) => a / 2);
    const { folds, mean, deviation } = await crossValidate(() => spy(seen), { x, y }, { folds: 5, seed: 2 });
    expect(seen.evaluate.flatMap((data) => data.y).sort((a, b) => a - b)).toEqual(y);
    seen.evaluate.forEach((data, k) => {
      expect([...seen.fit[k].y, ...data.y].sort((a, b) => a - b)).toEqual(y);
      for (const part of [data, seen.fit[k]]) expect(part.x.map(([a]) => a / 2)).toEqual(part.y);
    });
    expect(folds.map(({ loss }) => loss).sort()).toEqual([4, 4, 5, 5, 5]);
    expect(mean.loss).toBeCloseTo(4.6, 12);
    expect(deviation.loss).toBeCloseTo(Math.sqrt(0.3), 12);
  });

  it("gives each fold the classes in the same shares", async () => {
    const seen = { fit: [], evaluate: [] as { y: string[] }[] };
    const x = Array.from({ length: 40 }, (_, i) => [i]);
    const y = x.map(([i]) => (i < 10 ? "few" : "many"));
    await crossValidate(() => spy(seen), { x, y } as never);
    for (const data of seen.evaluate) expect(data.y.filter((name) => name === "few").length).toBe(2);
    seen.evaluate = [];
    await crossValidate(() => spy(seen), { x, y } as never, { stratify: false, seed: 1 });
    expect(seen.evaluate.every((data) => data.y.filter((name) => name === "few").length === 2)).toBe(false);
  });

  it("keeps groups in one fold", async () => {
    const seen = { fit: [], evaluate: [] as { y: number[] }[] };
    const groups = Array.from({ length: 40 }, (_, i) => `g${i % 7}`);
    const x = groups.map((_, i) => [i]);
    await crossValidate(() => spy(seen), { x, y: x.flat() }, { groups, folds: 3 });
    const folds = seen.evaluate.map((data) => new Set(data.y.map((i) => groups[i])));
    expect(folds.reduce((sum, { size }) => sum + size, 0)).toBe(7);
  });

  it("takes every form of rows, and weights", async () => {
    const forms = [
      { x: { data: Float64Array.of(0, 1, 2, 3), shape: [4, 1] }, y: Float32Array.of(1, 3, 5, 7) },
      { x: [[0], [1], [2], [3]], y: { data: [1, 3, 5, 7], shape: [4, 1] } },
      { x: Float32Array.of(0, 1, 2, 3), y: [1, 3, 5, 7], sampleWeight: [1, 1, 1, 1] },
      { x: [Float32Array.of(0), Float32Array.of(1), [2], [3]], y: [[1], [3], [5], [7]] },
    ];
    const results = [];
    for (const data of forms)
      results.push(
        await crossValidate(makeLinear, data as never, { folds: 2, stratify: false, fit: { epochs: 3 } }),
      );
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it("scores iris, with metrics of the user's own, the same every time", async () => {
    const wrong: MetricFunction = (truth: Int32Array, { data }) =>
      truth.filter(
        (label, i) => label !== [0, 1, 2].reduce((a, b) => (data[3 * i + b] > data[3 * i + a] ? b : a)),
      ).length;
    const run = () => crossValidate(makeIris, iris, { folds: 3, metrics: [wrong], fit: { epochs: 100 } });
    const result = await run();
    expect(result.mean.accuracy).toBeGreaterThan(0.9);
    for (const { accuracy, wrong } of result.folds) expect(wrong).toBeCloseTo(50 * (1 - accuracy), 10);
    expect(await run()).toEqual(result);
  });

  it("takes the metrics of wasmgrad/metrics", async () => {
    const options = { folds: 3, metrics: [f1, balancedAccuracy, logLoss], fit: { epochs: 100 } };
    const { folds, mean } = await crossValidate(makeIris, iris, options);
    for (const { accuracy, balancedAccuracy } of folds)
      expect(Math.abs(balancedAccuracy - accuracy)).toBeLessThan(0.05);
    expect(mean.f1).toBeGreaterThan(0.9);
    for (const fold of folds) expect(fold.logLoss).toBeCloseTo(fold.loss, 5);
    const trainer = makeIris();
    await trainer.fit(iris, { epochs: 100 });
    const byLoss = await permutationImportance(trainer, iris);
    const byLogLoss = await permutationImportance(trainer, iris, { metric: logLoss });
    expect(byLogLoss.map(({ column }) => column)).toEqual(byLoss.map(({ column }) => column));
    expect(byLogLoss[0].importance).toBeCloseTo(byLoss[0].importance, 5);
    expect((await permutationImportance(trainer, iris, { metric: f1 }))[0].importance).toBeGreaterThan(0.1);
  });

  it.each([
    [{ folds: 1 }, OptionError],
    [{ folds: 200 }, OptionError],
    [{ metrics: ["accuracy"] }, OptionError],
    [{ groups: [1] }, OptionError],
    [{ groups: new Array(150).fill(0) }, OptionError],
    [{ k: 3 }, OptionError],
  ])("refuses %j", async (options, Kind) => {
    await expect(crossValidate(makeIris, iris, options as CrossValidateOptions)).rejects.toThrow(Kind);
  });

  it("refuses a trainer that is not fresh, and data that are none", async () => {
    const one = makeIris();
    await expect(crossValidate(() => one, iris)).rejects.toThrow("make must give a fresh trainer each time");
    await expect(crossValidate(one as never, iris)).rejects.toThrow(OptionError);
    await expect(crossValidate(makeIris, null as never)).rejects.toThrow(DataError);
    await expect(crossValidate(makeIris, { x: 1, y: 2 } as never)).rejects.toThrow(DataError);
    await expect(crossValidate(makeLinear, { x: [[1], [2]], y: [1, 2, 3] }, { folds: 2 })).rejects.toThrow(
      "all parts must have as many rows; got 2 and 3",
    );
  });
});

describe("permutationImportance", () => {
  it("ranks three informative of ten columns first, on 20 seeds", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { x, y } = makeRegression({ rows: 150, columns: 10, informative: 3, seed });
      const model = sequential({ input: [10], seed }, [dense(8, { activation: "tanh" }), dense(1)]);
      const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.02 }) });
      await trainer.fit({ x, y }, { epochs: 100 });
      const ranked = await permutationImportance(trainer, { x, y }, { seed });
      expect(ranked.length).toBe(10);
      expect(
        ranked
          .slice(0, 3)
          .map(({ column }) => column)
          .sort(),
      ).toEqual(["column1", "column2", "column3"]);
      expect(ranked[2].importance).toBeGreaterThan(2 * Math.abs(ranked[3].importance));
      trainer.dispose();
    }
  });

  it("measures what the permuted rows lose", async () => {
    const trainer = makeLinear();
    trainer.fitSync({ x: [[0], [1]], y: [1, 3] }, { epochs: 300 });
    const data = { x: [[0], [1], [2], [3]], y: [1, 3, 5, 7] };
    const [{ importance, column, deviation }] = await permutationImportance(trainer, data, { repeats: 40 });
    expect(column).toBe("column1");
    // The mean of (2 (a - b))^2 over all pairs of 0 to 3, four of them equal: 4 * 2.5.
    expect(Math.abs(importance - 10)).toBeLessThan(2);
    expect(deviation).toBeGreaterThan(0);
  });

  it("takes names from the data, rows in every form, and metrics of either direction", async () => {
    const trainer = makeIris();
    await trainer.fit(iris, { epochs: 100 });
    const ranked = await permutationImportance(trainer, iris);
    expect(ranked[0].column).toBe("petal length");
    const { x, y } = iris;
    const names = iris.columns.map(({ name }) => name);
    const nested = Array.from({ length: 150 }, (_, i) => [...x.data.subarray(4 * i, 4 * i + 4)]);
    expect(await permutationImportance(trainer, { x: nested, y }, { names })).toEqual(ranked);
    expect(await permutationImportance(trainer, { x: Float32Array.from(x.data), y }, { names })).toEqual(
      ranked,
    );
    const right = (truth: Int32Array, { data }: { data: Float32Array }) =>
      truth.filter((label, i) => [0, 1, 2].every((k) => data[3 * i + k] <= data[3 * i + label])).length / 150;
    const byAccuracy = await permutationImportance(trainer, iris, { metric: right });
    expect(byAccuracy[0].column).toBe("petal length");
    expect(byAccuracy[0].importance).toBeGreaterThan(0.1);
    const wrong = Object.assign((...given: Parameters<typeof right>) => 1 - right(...given), {
      better: "lower" as const,
    });
    const byError = await permutationImportance(trainer, iris, { metric: wrong });
    expect(byError.map(({ column }) => column)).toEqual(byAccuracy.map(({ column }) => column));
    expect(byError[0].importance).toBeCloseTo(byAccuracy[0].importance, 10);
  });

  it("changes neither the trainer nor the data", async () => {
    const trainer = makeIris();
    const digest = trainer.digest();
    const before = [...iris.x.data];
    await permutationImportance(trainer, iris, { repeats: 1 });
    expect(trainer.digest()).toBe(digest);
    expect([...iris.x.data]).toEqual(before);
  });

  it.each([[{ repeats: 0 }], [{ names: ["a"] }], [{ metric: "accuracy" }], [{ n: 3 }]])(
    "refuses %j",
    async (options) => {
      await expect(permutationImportance(makeIris(), iris, options as never)).rejects.toThrow(OptionError);
    },
  );
});
