/** Windows over series, sequences of equal length, vocabularies. */
import { describe, expect, it } from "vitest";
import { padSequences, readJson, vocabulary, type WindowsOptions, windows } from "../../src/data/index.ts";
import {
  adam,
  compile,
  DataError,
  dense,
  flatten,
  meanSquaredError,
  OptionError,
  sequential,
} from "../../src/index.ts";

const table = readJson(
  Array.from({ length: 10 }, (_, t) => ({
    at: `2024-01-${10 + t}`,
    a: t,
    b: 10 * t,
    shop: t % 3 === 0 ? "x" : "y",
    note: "n",
  })),
);
const lists = (rows: readonly Float64Array[]) => rows.map((row) => [...row]);

describe("windows", () => {
  it("see so many rows and predict those after them", () => {
    const two = windows(table, { length: 2, horizon: 2, columns: ["b", "a"], target: ["a"], stride: 3 });
    expect(lists(two.x)).toEqual([
      [0, 0, 10, 1],
      [30, 3, 40, 4],
      [60, 6, 70, 7],
    ]);
    expect(lists(two.y)).toEqual([
      [2, 3],
      [5, 6],
      [8, 9],
    ]);
    expect(two.shape).toEqual([2, 2]);
    expect([...two.last]).toEqual([1, 4, 7]);
  });

  it("are views: a row is stored once, whatever the length", () => {
    const { x, y } = windows(table, { length: 4, columns: ["a", "b"] });
    expect(x.length).toBe(6);
    for (const row of [...x, ...y]) expect(row.buffer).toBe(x[0].buffer);
    expect(x[0].buffer.byteLength).toBe(10 * 2 * 8);
  });

  it("take all numbers and dates by default", () => {
    const { x, shape } = windows(table.drop(["note"]), { length: 1, groups: "shop" });
    expect(shape).toEqual([1, 3]);
    expect(x[0][0]).toBe(Date.UTC(2024, 0, 10));
  });

  it("hold rows of one group, in the order of the table", () => {
    const { x, y, last } = windows(table, { length: 2, columns: ["a"], groups: "shop" });
    expect(lists(x)).toEqual([
      [0, 3],
      [3, 6],
      [1, 2],
      [2, 4],
      [4, 5],
      [5, 7],
    ]);
    expect(lists(y).flat()).toEqual([6, 9, 4, 5, 7, 8]);
    expect([...last]).toEqual([3, 6, 2, 4, 5, 7]);
  });

  it("train a network", async () => {
    const wave = readJson(Array.from({ length: 200 }, (_, t) => ({ v: Math.sin(t / 5) })));
    const data = windows(wave, { length: 8 });
    const trainer = compile(
      sequential({ input: [8, 1], seed: 1 }, [flatten(), dense(8, { activation: "tanh" }), dense(1)]),
      {
        loss: meanSquaredError(),
        optimizer: adam({ learningRate: 0.01 }),
      },
    );
    await trainer.fit(data, { epochs: 200 });
    expect(trainer.evaluate(data).loss).toBeLessThan(0.001);
  });

  it.each([
    [{}, OptionError, "windows: length must be the rows that the model sees"],
    [{ length: 0 }, OptionError, "windows: length must be a whole number >= 1; got 0"],
    [{ length: 2, columns: [] }, OptionError, "windows: columns must be an array of names"],
    [{ length: 2, columns: ["c"] }, DataError, 'windows: unknown column "c"'],
    [{ length: 2, groups: "shp" }, DataError, 'windows: unknown column "shp"; did you mean shop?'],
    [
      { length: 2, columns: ["note"] },
      DataError,
      'windows: columns must be numbers or dates; got text in "note"',
    ],
    [
      { length: 10 },
      DataError,
      "windows: a series must have at least length + horizon rows, 11; got 10 at most",
    ],
    [{ length: 4, groups: "shop", horizon: 3 }, DataError, "11"],
  ])("refuse %j", (options, Kind, message) => {
    if (message === "11") {
      // Six rows in one series and four in the other.
      expect(() => windows(table, options as WindowsOptions)).toThrow("7; got 6 at most");
      return;
    }
    expect(() => windows(table, options as WindowsOptions)).toThrow(Kind);
    expect(() => windows(table, options as WindowsOptions)).toThrow(message);
  });
});

describe("padSequences", () => {
  const sequences = [[1, 2, 3], Int32Array.of(4), []];

  it("fills and cuts at the end or at the start", () => {
    expect([...padSequences(sequences).data]).toEqual([1, 2, 3, 4, 0, 0, 0, 0, 0]);
    expect([...padSequences(sequences, { side: "start" }).data]).toEqual([1, 2, 3, 0, 0, 4, 0, 0, 0]);
    expect([...padSequences(sequences, { length: 2, value: 9 }).data]).toEqual([1, 2, 4, 9, 9, 9]);
    expect([...padSequences(sequences, { length: 2, side: "start" }).data]).toEqual([2, 3, 0, 4, 0, 0]);
    expect(padSequences(sequences, { length: 5 }).shape).toEqual([3, 5]);
  });

  it("refuses what is no sequence", () => {
    for (const bad of [[], "ab", [1, 2], [["a"]], [[Number.NaN]], [[]]])
      expect(() => padSequences(bad as never), JSON.stringify(bad)).toThrow(DataError);
    expect(() => padSequences([[1]], { length: 0 })).toThrow(OptionError);
    expect(() => padSequences([[1]], { side: "left" as "end" })).toThrow(OptionError);
  });
});

describe("vocabulary", () => {
  it("gives characters ids by code units, and back", () => {
    const letters = vocabulary(["bä", "Za😀"]);
    expect(letters.tokens).toEqual(["", "Z", "a", "b", "ä", "😀"]);
    expect(letters.size).toBe(6);
    expect([...letters.encode("😀ab?")]).toEqual([5, 2, 3, 0]);
    expect(letters.decode(letters.encode("Zäba😀"))).toBe("Zäba😀");
  });

  it("gives words ids, those that come often enough", () => {
    const words = vocabulary("the cat \n the dog  the cat", { by: "words", minCount: 2 });
    expect(words.tokens).toEqual(["", "cat", "the"]);
    expect([...words.encode("a cat the")]).toEqual([0, 1, 2]);
    expect(words.decode([2, 0, 1])).toBe("the cat");
  });

  it("refuses what is no text, and ids that are none", () => {
    expect(() => vocabulary("")).toThrow(DataError);
    expect(() => vocabulary(3 as never)).toThrow(DataError);
    expect(() => vocabulary("a", { by: "letters" as "words" })).toThrow(OptionError);
    expect(() => vocabulary("a").encode(1 as never)).toThrow(DataError);
    expect(() => vocabulary("a").decode([2])).toThrow(
      "decode: ids must be whole numbers from 0 to 1; got 2 at 0",
    );
  });
});
