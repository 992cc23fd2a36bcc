/** Whole trainings of tables: the network, what it is compared with, and what is said of both. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  permutationImportance,
  readCsv,
  readJson,
  type TableEpoch,
  type TrainTableOptions,
  trainTable,
} from "../../src/data/index.ts";
import type { ClassReport } from "../../src/metrics/index.ts";
import { mixedCsv, tenColumns } from "./generated.ts";

const iris = await readCsv(readFileSync(new URL("iris.csv", import.meta.url), "utf8"));
const species = iris.names[iris.names.length - 1];
const options: TrainTableOptions = { target: species };

const line = readJson(
  Array.from({ length: 80 }, (_, i) => ({
    a: i % 17,
    b: (i * 7) % 11,
    y: (i % 17) * 3 - ((i * 7) % 11) + 0.5,
  })),
);

const without = (values: object, name: string) =>
  Object.fromEntries(Object.entries(values).filter(([own]) => own !== name));

describe("trainTable", () => {
  it("trains a classifier with nothing but a target, and scores it on rows held back", async () => {
    const { trainer, data, report } = await trainTable(iris, options);
    expect(report).toMatchObject({
      task: "classification",
      target: species,
      rows: 150,
      validationRows: 30,
      hidden: [64],
      isBalanced: false,
      isRefit: true,
      scores: { metric: "accuracy", constant: 1 / 3 },
    });
    expect(report.scores.network).toBeGreaterThan(0.9);
    expect(report.scores.linear).toBeGreaterThan(0.9);
    expect(report.comparison.map(({ metric }) => metric)).toEqual(["accuracy", "balancedAccuracy", "f1"]);
    expect(report.comparison[0]).toEqual({ metric: "accuracy", ...without(report.scores, "metric") });
    // Ten rows of each class: always the same one has precision 1/3 and recall 1 for it, and 0 for the others.
    expect(report.comparison[2].constant).toBeCloseTo((2 * (1 / 3)) / (4 / 3) / 3, 12);
    expect(report.history.validationLoss).toHaveLength(report.history.loss.length);
    const { classes, macro, rows, accuracy } = report.details as ClassReport;
    expect(classes.map(({ label, support }) => [label, support])).toEqual(report.labels.map((l) => [l, 10]));
    expect([rows, accuracy]).toEqual([30, report.scores.network]);
    expect(macro.f1).toBeCloseTo(report.comparison[2].network, 12);
    // What comes back was trained on all rows.
    expect(data.y).toHaveLength(150);
    expect(trainer.evaluate(data as never).accuracy).toBeGreaterThan(0.95);
  });

  it("gives the same bits again, and others with another seed", async () => {
    const digest = async (seed: number) =>
      (await trainTable(iris, { ...options, seed, epochs: 20 })).trainer.digest();
    const first = await digest(0);
    expect(await digest(0)).toBe(first);
    expect(await digest(1)).not.toBe(first);
  });

  it("trains a regression in units of its target", async () => {
    const { trainer, report } = await trainTable(line, { target: "y" });
    expect(report).toMatchObject({ task: "regression", labels: [], scores: { metric: "r2" } });
    expect(report.scores.network).toBeGreaterThan(0.98);
    expect(report.scores.constant).toBeLessThanOrEqual(0);
    expect(report.comparison.map(({ metric }) => metric)).toEqual(["r2", "mae", "rmse"]);
    expect(report.comparison[1].network).toBeLessThan(report.comparison[1].constant);
    const [found] = trainer.predict([{ a: 10, b: 2 }]).data;
    expect(Math.abs(found - 28.5)).toBeLessThan(3);
  });

  it("tells of each epoch: of the network, of the linear model, and of the network on all rows", async () => {
    const seen: TableEpoch[] = [];
    const { report } = await trainTable(iris, {
      ...options,
      epochs: 12,
      weightDecay: 0.1,
      onEpoch: (event) => seen.push(event),
    });
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual(["network", "linear", "refit"]);
    expect(seen.filter(({ stage }) => stage === "network").map(({ epoch }) => epoch)).toEqual(
      Array.from({ length: report.epochs }, (_, i) => i + 1),
    );
    expect(seen.filter(({ stage }) => stage === "refit")).toHaveLength(report.bestEpoch);
    expect(seen[0].validation?.loss).toBeGreaterThan(0);
    expect(report.weightDecay).toBe(0.1);
  });

  it("holds nothing back where it is told so, and says what that means", async () => {
    const { report } = await trainTable(iris, { ...options, validation: 0, epochs: 10 });
    expect(report).toMatchObject({ validationRows: 0, isRefit: false, epochs: 10 });
    expect(report.notes.join()).toContain("nothing was held back");
  });

  it("trains a linear model where there are no hidden layers, and compares it with none", async () => {
    const { report } = await trainTable(iris, { ...options, hidden: [], epochs: 10 });
    expect(report.hidden).toEqual([]);
    expect(report.scores.linear).toBeUndefined();
    expect(report.parameters).toBe(4 * 3 + 3);
  });

  it("says when the network does not beat what needs none", async () => {
    const noise = readJson(
      Array.from({ length: 60 }, (_, i) => ({ a: (i * 37) % 23, y: i % 2 ? "no" : "yes" })),
    );
    const { report } = await trainTable(noise, { target: "y", epochs: 2 });
    expect(report.notes.join()).toMatch(/does not beat (the same answer|a linear model)/);
  });

  it("tries weaker decays where the network does not fit, and keeps what is better by more than chance", async () => {
    // Two spirals: a network with strong decay sees nothing in them.
    const spirals = readJson(
      Array.from({ length: 600 }, (_, i) => {
        const turn = 0.5 + (7 * Math.floor(i / 2)) / 300;
        const side = i % 2 ? 1 : -1;
        return {
          a: side * turn * Math.cos(turn),
          b: side * turn * Math.sin(turn),
          kind: i % 2 ? "in" : "out",
        };
      }),
    );
    const { report } = await trainTable(spirals, { target: "kind" });
    expect(report.weightDecay).toBeLessThan(1);
    expect(report.scores.network).toBeGreaterThan(0.85);
    expect(report.scores.linear).toBeLessThan(0.75);
  }, 60_000);

  it("weighs classes where one is rare, on a table with categories, dates and holes", async () => {
    const table = await readCsv(mixedCsv(3000, 5));
    const { train, test } = table.split({ test: 0.3, stratify: "churned", seed: 1 });
    const { trainer, data, report } = await trainTable(train, { target: "churned" });
    expect(report).toMatchObject({ isBalanced: true, scores: { metric: "balancedAccuracy", constant: 0.5 } });
    expect(report.columns).not.toContain("id");
    expect(report.notes.join()).toContain("a class is rare");
    const { x, y } = data.of(test);
    const found = trainer.classify(x as never);
    const recall = (label: string) => {
      const rows = (y as string[]).flatMap((truth, i) => (truth === label ? [i] : []));
      return rows.filter((i) => found[i].label === label).length / rows.length;
    };
    expect((recall("yes") + recall("no")) / 2).toBeGreaterThanOrEqual(0.85);
    const plain = await trainTable(train, { target: "churned", classWeight: "none", epochs: 5 });
    expect(plain.report).toMatchObject({ isBalanced: false, scores: { metric: "accuracy" } });
  }, 60_000);
});

describe("permutation importances of a trained table", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "rank the three informative of ten columns first, seed %i",
    async (seed) => {
      const { csv, informative } = tenColumns(300, seed);
      const { trainer, data } = await trainTable(await readCsv(csv), { target: "side", seed });
      const found = await permutationImportance(trainer, data as never, {
        names: data.columns.map(({ name }) => name),
        seed,
      });
      expect(
        found
          .slice(0, 3)
          .map(({ column }) => column)
          .sort(),
      ).toEqual([...informative].sort());
    },
  );
});

describe("a trainTable that is aborted", () => {
  /** Aborted after so many epochs, or after the first that is worse than the one before. */
  async function aborted(after: number | "worse") {
    const controller = new AbortController();
    const losses: number[] = [];
    const result = await trainTable(iris, {
      ...options,
      signal: controller.signal,
      onEpoch: ({ epoch, validation }) => {
        losses.push(validation?.loss ?? Number.NaN);
        if (after === "worse" ? losses[epoch - 1] > losses[epoch - 2] : epoch === after) controller.abort();
      },
    });
    return { ...result, losses };
  }

  it("has the best weights so far, and says so", async () => {
    const { trainer, report, losses } = await aborted(9);
    expect(report).toMatchObject({
      reason: "aborted",
      epochs: 9,
      isRefit: false,
    });
    expect(report.scores.linear).toBeUndefined();
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(report.bestEpoch).toBe(best);
    expect(trainer.epochs).toBe(best);
    expect(report.evaluation.loss).toBe(losses[best - 1]);
    expect(report.history.validationLoss).toEqual(losses);
  });

  it("goes on from there with the same rows held back", async () => {
    const { trainer, report } = await aborted(9);
    const again = await trainTable(iris, { ...options, resume: trainer, epochs: 40 });
    expect(again.trainer).toBe(trainer);
    expect(again.report.validationRows).toBe(30);
    expect(again.report.evaluation.loss).toBeLessThan(report.evaluation.loss);
    expect(again.report.history.loss[0]).toBeLessThan(report.history.loss[0]);
  });

  it("knows the best epoch of before when it goes on", async () => {
    const { trainer, losses } = await aborted("worse");
    const best = losses.length - 1;
    expect(trainer.epochs).toBe(best);
    // A value that no epoch can beat.
    trainer.fitMemory!.best = -1;
    const again = await trainTable(iris, { ...options, resume: trainer, epochs: 3 });
    expect(again.report.bestEpoch).toBe(best);
  });

  it("fails before the first epoch, where nothing is learnt yet", async () => {
    const reason = new Error("not now");
    await expect(trainTable(iris, { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("goes on with a finished trainer on all rows", async () => {
    const { trainer } = await trainTable(iris, { ...options, epochs: 10 });
    const epochs = trainer.epochs;
    const { report } = await trainTable(iris, { ...options, resume: trainer, epochs: 5 });
    expect(report.validationRows).toBe(0);
    expect(trainer.epochs).toBe(epochs + 5);
    expect(report.epochs).toBe(epochs + 5);
  });
});

describe("trainTable refuses", () => {
  it.each([
    [
      { hidden: [0] },
      "trainTable: hidden must be an array of whole numbers >= 1, such as [32, 16]; got an array of 1",
    ],
    [{ hidden: "32" }, "trainTable: hidden must be an array of whole numbers >= 1"],
    [{ validation: 1 }, "trainTable: validation must be in [0, 1); got 1"],
    [{ epochs: 0 }, "trainTable: epochs must be a whole number >= 1; got 0"],
    [{ epoch: 5 }, 'trainTable: unknown option "epoch"; did you mean epochs?'],
    [{ classWeight: "equal" }, 'trainTable: classWeight must be "balanced" or "none"; got "equal"'],
    [{ target: "nothing" }, "unknown column"],
    [{ learningRate: 0 }, "trainTable: learningRate must be a finite number > 0"],
  ])("%j", async (wrong, message) => {
    await expect(trainTable(iris, { ...options, ...wrong } as never)).rejects.toThrow(message);
  });

  it("a class of which no row is left to train on", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ a: i, y: i < 20 ? "p" : "q" }));
    const table = readJson([...rows, { a: 41, y: "r" }]);
    // Which part gets the one row of r is a matter of the seed.
    const outcomes = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map((seed) =>
        trainTable(table, { target: "y", epochs: 1, seed, validation: 0.5 }).then(
          () => "trained",
          (error: Error) => error.message,
        ),
      ),
    );
    for (const outcome of outcomes)
      expect(outcome).toMatch(
        /^trained$|^trainTable: each class must have rows to train on; got all of "r" held back/,
      );
  });
});
