import { describe, expect, it } from "vitest";
import { makeBlobs, makeMoons, makeWave, readJson, trainTestSplit } from "../../src/data/index.ts";
import { OptionError, ShapeError } from "../../src/index.ts";

const rowsOf = ({ x }: { x: { data: Float64Array; shape: readonly [number, number] } }) =>
  Array.from({ length: x.shape[0] }, (_, i) => `${x.data.subarray(i * x.shape[1], (i + 1) * x.shape[1])}`);

describe("trainTestSplit", () => {
  it("puts each row with its target into one part, in its order", () => {
    const data = makeBlobs({ rows: 31, classes: 3, columns: 4, seed: 2 });
    const { train, test } = trainTestSplit(data, { test: 0.3, seed: 5 });
    expect([train.x.shape, test.x.shape]).toEqual([
      [22, 4],
      [9, 4],
    ]);
    const all = rowsOf(data);
    for (const part of [train, test]) {
      const places = rowsOf(part).map((row) => all.indexOf(row));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect([...part.y]).toEqual(places.map((place) => data.y[place]));
    }
    expect([...rowsOf(train), ...rowsOf(test)].sort()).toEqual(all.sort());
  });

  it("gives both parts the same shares of the classes, unless told otherwise", () => {
    const data = makeMoons({ rows: 200, seed: 1 });
    const counts = (y: Int32Array) => y.reduce((sum, label) => sum + label);
    const even = trainTestSplit(data, { test: 0.25, seed: 3 });
    expect([counts(even.train.y), counts(even.test.y)]).toEqual([75, 25]);
    const byChance = Array.from({ length: 5 }, (_, seed) =>
      counts(trainTestSplit(data, { test: 0.25, stratify: false, seed }).test.y),
    );
    expect(new Set(byChance).size).toBeGreaterThan(1);
  });

  it("is of its seed, and of the rows that a table splits into", () => {
    const data = makeWave({ rows: 40, seed: 1 });
    const { test } = trainTestSplit(data, { test: 0.25, seed: 7 });
    expect(trainTestSplit(data, { test: 0.25, seed: 7 }).test).toEqual(test);
    expect(trainTestSplit(data, { test: 0.25, seed: 8 }).test).not.toEqual(test);
    const table = readJson(Array.from(data.y, (y) => ({ y })));
    const column = table.split({ test: 0.25, seed: 7 }).test.column("y");
    expect([...column.data]).toEqual([...test.y]);
  });

  it("takes names of classes", () => {
    const x = { data: Float64Array.of(1, 2, 3, 4), shape: [4, 1] as const };
    const { train, test } = trainTestSplit({ x, y: ["a", "b", "a", "b"] }, { test: 0.5 });
    expect([train.y.slice().sort(), test.y.slice().sort()]).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("refuses what it cannot split", () => {
    const data = makeMoons({ rows: 4 });
    expect(() => trainTestSplit(data, { test: 1 })).toThrow(OptionError);
    expect(() => trainTestSplit(data, {} as never)).toThrow("trainTestSplit: test must be given");
    expect(() => trainTestSplit(data, { test: 0.01 })).toThrow(
      "trainTestSplit: both parts must get at least one row; got 4 rows and test: 0.01",
    );
    expect(() => trainTestSplit({ ...data, y: new Int32Array(3) }, { test: 0.5 })).toThrow(ShapeError);
    expect(() => trainTestSplit(undefined as never, { test: 0.5 })).toThrow(ShapeError);
  });
});
