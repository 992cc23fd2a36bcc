/** Tables: their parts, and how they are split. */
import { describe, expect, it } from "vitest";
import { readJson, type SplitOptions } from "../../src/data/index.ts";
import { foldsOf, proportional } from "../../src/data/table/split.ts";
import { DataError, OptionError } from "../../src/index.ts";

const table = readJson(
  Array.from({ length: 100 }, (_, i) => ({
    n: i,
    side: i % 10 < 7 ? "left" : "right",
    patient: `p${Math.floor(i / 7)}`,
    hole: i % 3 ? i : null,
  })),
);

describe("a table", () => {
  it("gives columns, rows and cells", () => {
    expect(table.rows).toBe(100);
    expect(table.names).toEqual(["n", "side", "patient", "hole"]);
    expect(table.has("side")).toBe(true);
    expect(table.has("toString")).toBe(false);
    expect(table.row(3)).toEqual({ n: 3, side: "left", patient: "p0", hole: null });
  });

  it("selects, drops, takes and filters without changing", () => {
    expect(table.select(["side", "n"]).names).toEqual(["side", "n"]);
    expect(table.drop(["side", "n"]).names).toEqual(["patient", "hole"]);
    expect(
      table
        .take([5, 5, 0])
        .toRows()
        .map(({ n }) => n),
    ).toEqual([5, 5, 0]);
    expect(table.take(Int32Array.of(7)).rows).toBe(1);
    expect(table.filter(({ side, hole }) => side === "right" && hole === null).rows).toBe(10);
    expect(table.filter((_, i) => i < 3).rows).toBe(3);
    expect(table.names.length).toBe(4);
  });

  it("refuses names, rows and functions that are none", () => {
    expect(() => table.column("sid")).toThrow('column: unknown column "sid"; did you mean side?');
    expect(() => table.select(["x"])).toThrow(DataError);
    expect(() => table.select("n" as never)).toThrow(OptionError);
    expect(() => table.select(["n", "n"])).toThrow('select: each column once; got "n" twice');
    expect(() => table.drop(["x"])).toThrow(DataError);
    expect(() => table.take([100])).toThrow("take: indices must be whole numbers from 0 to 99; got 100 at 0");
    expect(() => table.take([-1])).toThrow(OptionError);
    expect(() => table.take([0.5])).toThrow(OptionError);
    expect(() => table.take(3 as never)).toThrow(OptionError);
    expect(() => table.filter("n" as never)).toThrow(OptionError);
    expect(() => (table.drop as (...names: unknown[]) => unknown)(["n"], "side")).toThrow(OptionError);
  });
});

describe("split", () => {
  const rowsOf = (options: SplitOptions) => {
    const { train, test } = table.split(options);
    return [train, test].map((part) => part.toRows().map(({ n }) => n as number));
  };

  it("keeps a share apart, each row once, in order, the same rows every time", () => {
    const [train, test] = rowsOf({ test: 0.25, seed: 3 });
    expect(test.length).toBe(25);
    expect([...train, ...test].sort((a, b) => a - b)).toEqual(table.toRows().map(({ n }) => n));
    for (const part of [train, test]) expect(part).toEqual([...part].sort((a, b) => a - b));
    expect(rowsOf({ test: 0.25, seed: 3 })).toEqual([train, test]);
    expect(rowsOf({ test: 0.25, seed: 4 })).not.toEqual([train, test]);
    expect(rowsOf({ test: 0.25, seed: 0 })).toEqual(rowsOf({ test: 0.25 }));
  });

  it("draws every row equally often", () => {
    const counts = new Array(100).fill(0);
    for (let seed = 0; seed < 400; seed++) for (const n of rowsOf({ test: 0.2, seed })[1]) counts[n]++;
    for (const count of counts) expect(Math.abs(count - 80)).toBeLessThan(40);
  });

  it("gives both parts the classes in the same shares", () => {
    for (const seed of [0, 1, 2]) {
      const { train, test } = table.split({ test: 0.2, stratify: "side", seed });
      expect(test.filter(({ side }) => side === "right").rows).toBe(6);
      expect(train.filter(({ side }) => side === "right").rows).toBe(24);
    }
    // A number's values are classes as well, and missing ones are one.
    const { test } = table.split({ test: 0.5, stratify: "hole", seed: 1 });
    expect(test.filter(({ hole }) => hole === null).rows).toBe(17);
  });

  it("keeps groups together", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { train, test } = table.split({ test: 0.3, groups: "patient", seed });
      const patients = (part: typeof train) => new Set(part.toRows().map(({ patient }) => patient));
      expect([...patients(test)].filter((patient) => patients(train).has(patient))).toEqual([]);
      expect(Math.abs(test.rows - 30)).toBeLessThan(4);
    }
  });

  it.each([
    [{}, "split: test must be given"],
    [{ test: 0 }, "split: test must be in (0, 1); got 0"],
    [{ test: 1 }, "split: test must be in (0, 1)"],
    [{ test: 0.001 }, "split: both parts must get at least one row; got 100 rows and test: 0.001"],
    [{ test: 0.2, seed: -1 }, "split: seed must be a whole number from 0 to 2^53 - 1; got -1"],
    [{ test: 0.2, stratify: "side", groups: "patient" }, "split: stratify or groups, not both"],
    [{ test: 0.2, shuffle: true }, "split: unknown option"],
  ])("refuses %j", (options, message) => {
    const call = () => table.split(options as never);
    expect(call).toThrow(OptionError);
    expect(call).toThrow(message);
  });

  it("refuses columns that are none, and one group", () => {
    expect(() => table.split({ test: 0.2, stratify: "sid" })).toThrow(DataError);
    const one = readJson([{ g: "a" }, { g: "a" }, { g: "a" }]);
    expect(() => one.split({ test: 0.4, groups: "g" })).toThrow(
      "split: groups must leave a row to both parts",
    );
  });
});

describe("shares and folds", () => {
  it("give whole numbers nearest to the shares, that add up", () => {
    expect(proportional([50, 50, 50], 30)).toEqual([10, 10, 10]);
    expect(proportional([1, 1, 1], 2)).toEqual([1, 1, 0]);
    expect(proportional([90, 9, 1], 10)).toEqual([9, 1, 0]);
    expect(proportional([5], 5)).toEqual([5]);
  });

  it("deal each class evenly over the folds", () => {
    const classes = [
      [0, 2, 4, 6, 8, 10, 12],
      [1, 3, 5, 7, 9, 11],
    ];
    const folds = foldsOf(classes, 13, 5, 7);
    const sizes = (rows: readonly number[]) =>
      [0, 1, 2, 3, 4].map((f) => rows.filter((row) => folds[row] === f).length);
    for (const rows of [...classes, classes.flat()]) {
      const counts = sizes(rows);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
    expect(foldsOf(classes, 13, 5, 7)).toEqual(folds);
    expect(foldsOf(classes, 13, 5, 8)).not.toEqual(folds);
  });
});
