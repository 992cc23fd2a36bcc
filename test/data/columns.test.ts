/** The rules of docs/data.md by which `columns` reads a table, one by one. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ColumnsOptions, columns, readCsv, readJson, type TableRow } from "../../src/data/index.ts";
import { adam, compile, crossEntropy, DataError, dense, OptionError, sequential } from "../../src/index.ts";

const iris = await readCsv(readFileSync(new URL("iris.csv", import.meta.url)));

/** A table of n rows with a target of two classes. */
const tableOf = (n: number, row: (i: number) => object, types = {}) =>
  readJson(Array.from({ length: n }, (_, i) => ({ ...row(i), target: i % 2 ? "yes" : "no" })) as TableRow[], {
    types,
  });
const learnt = (n: number, row: (i: number) => object, options?: Partial<ColumnsOptions>) =>
  columns(tableOf(n, row), { target: "target", ...options });
const targetOf = (values: readonly unknown[], options?: Partial<ColumnsOptions>) =>
  columns(readJson(values.map((target, i) => ({ x: i / 3, target }))), { target: "target", ...options });
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("the target", () => {
  it("is classes where it is text", () => {
    const data = targetOf(["b", "a", "b"]);
    expect(data).toMatchObject({ task: "classification", labels: ["a", "b"] });
    expect(data.y).toEqual(["b", "a", "b"]);
  });

  it("is classes where it is whole numbers of at most 20 different values", () => {
    expect(targetOf([...upTo(20), ...upTo(20)])).toMatchObject({ task: "classification" });
    expect(targetOf([...upTo(21), ...upTo(21)])).toMatchObject({ task: "regression", labels: [] });
    expect(targetOf([0, 1, 0.5])).toMatchObject({ task: "regression" });
    expect(targetOf([3, -1, 3]).labels).toEqual(["-1", "3"]);
  });

  it("is what the user says", () => {
    expect(targetOf([0, 1, 2], { task: "regression" }).y).toEqual(Float64Array.of(0, 1, 2));
    expect(targetOf(upTo(30), { task: "classification" }).labels.length).toBe(30);
    expect(targetOf([0, 1], { kinds: { target: "number" } }).task).toBe("regression");
    expect(targetOf([0.5, 1], { kinds: { target: "category" } }).labels).toEqual(["0.5", "1"]);
    expect(() => targetOf(["a", "b"], { task: "regression" })).toThrow(
      'columns: the target of a regression must be numbers; got text in "target", such as "a"',
    );
  });

  it("has labels sorted by code units", () => {
    expect(targetOf([10, 9, 2]).labels).toEqual(["10", "2", "9"]);
    expect(targetOf(["ä", "z", "Z", "I", "ı", "i"]).labels).toEqual(["I", "Z", "i", "z", "ä", "ı"]);
  });

  it("is no date", () => {
    expect(() => targetOf(["2024-01-01", "2024-01-02"])).toThrow(
      'columns: the target must be numbers or classes; got dates in "target"',
    );
  });

  it("needs two classes", () => {
    expect(() => targetOf(["a", "a"])).toThrow(
      'columns: the target must have at least two classes; got "a" alone in "target"',
    );
  });

  it("needs a value in each row", () => {
    expect(() => targetOf(["a", "b", null])).toThrow(
      'columns: the target "target" must have a value in each row; got none at row 2 (leave such rows out: table.filter)',
    );
  });

  it("must be a column", () => {
    expect(() => columns(iris, { target: "specie" })).toThrow(
      'columns: unknown column "specie"; did you mean species? Columns: sepal length, ',
    );
    expect(() => columns(iris, {} as ColumnsOptions)).toThrow(OptionError);
    expect(() => columns(iris, { target: "species", drop: ["species"] })).toThrow(OptionError);
  });
});

describe("numbers", () => {
  it("stay numbers, scaled, the mean for missing ones", () => {
    expect(learnt(4, (i) => ({ month: i % 3 })).columns).toEqual([
      { name: "month", kind: "number", with: "mean", scale: "standardize" },
    ]);
    expect(learnt(4, (i) => ({ month: i || null }), { impute: "median", scale: "minMax" }).columns).toEqual([
      { name: "month", kind: "number", with: "median", indicator: true, scale: "minMax" },
    ]);
    expect(() => learnt(4, (i) => ({ month: i }), { impute: "mode" as "mean" })).toThrow(OptionError);
  });

  it("are categories where the user says so", () => {
    const data = learnt(4, (i) => ({ month: i === 3 ? 10 : 9 - (i % 2) }), { kinds: { month: "category" } });
    expect(data.columns).toEqual([{ name: "month", kind: "category", categories: ["10", "8", "9"] }]);
    expect([...data.x.data]).toEqual([2, 1, 2, 0]);
  });
});

describe("categories", () => {
  it("are an index, the next for unseen ones, NaN for missing ones", () => {
    const data = learnt(5, (i) => ({ c: ["b", "a", null, "b", "a"][i] }));
    expect(data.columns).toEqual([{ name: "c", kind: "category", categories: ["a", "b"] }]);
    expect([...data.x.data]).toEqual([1, 0, NaN, 1, 0]);
    const other = tableOf(3, (i) => ({ c: ["z", null, "b"][i] }));
    expect([...data.of(other).x.data]).toEqual([2, NaN, 1]);
  });

  it("are those of the rows, also where the table was split", () => {
    const table = tableOf(6, (i) => ({ c: ["rare", "a", "b", "a", "b", "a"][i] }));
    const data = columns(table.take([1, 2, 3, 4]), { target: "target" });
    expect(data.columns).toEqual([{ name: "c", kind: "category", categories: ["a", "b"] }]);
    expect([...data.of(table).x.data]).toEqual([2, 0, 1, 0, 1, 0]);
  });

  it("are numbers where the user says so", () => {
    const data = learnt(4, (i) => ({ zip: ["01", "02", "01", "10"][i] }), { kinds: { zip: "number" } });
    expect([...data.x.data]).toEqual([1, 2, 1, 10]);
    expect(() => learnt(2, () => ({ c: "x" }), { kinds: { c: "number" } })).toThrow(
      'columns: column "c" must have numbers, as kinds says; got "x" at row 0',
    );
  });
});

describe("dates", () => {
  it("are milliseconds since 1970 in UTC", () => {
    const data = learnt(2, (i) => ({ at: `2024-03-0${i + 1}` }));
    expect(data.columns).toEqual([{ name: "at", kind: "date", with: "mean", scale: "standardize" }]);
    expect([...data.x.data]).toEqual([Date.UTC(2024, 2, 1), Date.UTC(2024, 2, 2)]);
  });
});

describe("left out, with a note, is", () => {
  const CASES: Record<string, [row: (i: number) => object, note: string]> = {
    "a column without values": [() => ({ c: null }), "it has no values"],
    "a column of one number": [() => ({ c: 3 }), "it has the same value in every row"],
    "a column of one text": [() => ({ c: "x" }), "it has the same value in every row"],
    "text different in every row": [(i) => ({ c: `name ${i}` }), "its values are different in every row"],
    "free text": [
      (i) => ({ c: `name ${i % 150}` }),
      "it has 150 different texts, more than maxCategories, 100",
    ],
  };
  it.each(Object.keys(CASES))("%s", (name) => {
    const [row, reason] = CASES[name];
    const rows = (i: number) => ({ ...row(i), x: i / 7 });
    const data = learnt(200, rows);
    expect(data.columns.map((column) => column.name)).toEqual(["x"]);
    expect(data.notes).toEqual([
      expect.stringContaining(`column "c" is left out: ${reason} (kinds: { "c": `),
    ]);
    const { kind } = tableOf(200, rows).column("c");
    expect(learnt(200, rows, { kinds: { c: kind } }).columns.map((column) => column.name)).toEqual([
      "c",
      "x",
    ]);
  });

  it.each(["id", "ID", "index", "Customer ID", "customer_id", "customerId", "column1", "Unnamed: 0"])(
    "a number different in every row called %s",
    (name) => {
      const data = learnt(50, (i) => ({ [name]: 1000 - i, x: i % 7 }));
      expect(data.columns.map((column) => column.name)).toEqual(["x"]);
      expect(data.notes[0]).toContain("it numbers the rows");
    },
  );

  it.each(["x", "age", "grid", "acid", "valid"])("no number different in every row called %s", (name) => {
    expect(learnt(50, (i) => ({ [name]: i })).columns.length).toBe(1);
  });

  it("no column of one text with missing ones", () => {
    expect(learnt(4, (i) => ({ c: i < 2 ? "x" : null })).columns.length).toBe(1);
  });

  it("an error, where nothing is left", () => {
    expect(() => learnt(4, () => ({ c: 1 }))).toThrow(
      'columns: a column beside the target must be left to learn from; got none; column "c" is left out',
    );
  });
});

describe("of", () => {
  const data = columns(iris.drop(["sepal width"]), { target: "species" });

  it("finds columns by name", () => {
    const turned = iris.select([...iris.names].reverse()).take([100, 3]);
    expect(data.of(turned).y).toEqual(["virginica", "setosa"]);
    expect([...data.of(turned).x.data]).toEqual([6.3, 6, 2.5, 4.6, 1.5, 0.2]);
    expect(data.xOf(turned.drop(["species"]))).toEqual(data.of(turned).x);
  });

  it("refuses absent columns, columns of another kind, and unseen labels", () => {
    expect(() => data.of(iris.drop(["petal width"]))).toThrow(
      'of: the table must have the columns of the first one; got none named "petal width"',
    );
    expect(() => data.of(iris.drop(["species"]))).toThrow('of: the table must have the target "species"');
    const row = { "sepal length": 1, "petal length": "x", "petal width": 1, species: "setosa" };
    expect(() => data.of(readJson([row]))).toThrow(
      'of: column "petal length" must have numbers; got "x" at row 0',
    );
    expect(() => data.of(readJson([{ ...row, "petal length": 1, species: "virgnica" }]))).toThrow(
      'of: target "species": unknown label "virgnica"; did you mean virginica? Labels: setosa, versicolor, virginica; it is at row 0',
    );
  });

  it("takes a column of missing values as any kind", () => {
    const c = learnt(4, (i) => ({ c: i % 2 ? "a" : "b", n: i }));
    expect([...c.of(readJson([{ c: null, n: null, target: "no" }])).x.data]).toEqual([NaN, NaN]);
  });
});

describe("what columns gives", () => {
  it("is data for fit: x and y are its only keys", async () => {
    const data = columns(iris, { target: "species" });
    const keys = [];
    for (const key in data) keys.push(key);
    expect(keys).toEqual(["x", "y"]);
    const model = sequential({ input: [4], seed: 1 }, [dense(3, { activation: "softmax" })]);
    const trainer = compile(model, {
      loss: crossEntropy(),
      optimizer: adam({ learningRate: 0.05 }),
      labels: data.labels as string[],
    });
    await trainer.fit(data, { epochs: 200 });
    expect(trainer.evaluate(data).accuracy).toBeGreaterThan(0.9);
  });

  it("is refused for what is no table", () => {
    expect(() => columns([{ a: 1 }] as never, { target: "a" })).toThrow(DataError);
  });
});

describe("readJson", () => {
  it("reads objects, JSON text and lines", () => {
    const rows = [
      { n: 1.5, t: "x", b: true, d: "2024-01-01" },
      { n: null, t: "5", b: false, d: null },
    ];
    const table = readJson(rows);
    expect(table.types).toEqual({ n: "number", t: "category", b: "category", d: "date" });
    expect(table.toRows()).toEqual([
      { n: 1.5, t: "x", b: "true", d: "2024-01-01T00:00:00.000Z" },
      { n: null, t: "5", b: "false", d: null },
    ]);
    expect(readJson(JSON.stringify(rows)).toRows()).toEqual(table.toRows());
    expect(readJson(rows.map((row) => JSON.stringify(row)).join("\n")).toRows()).toEqual(table.toRows());
    expect(readJson(JSON.stringify(table)).toRows()).toEqual(table.toRows());
  });

  it.each([
    [
      [{ a: 1 }, {}],
      'readJson: row 1: each row must have the keys of the first; got none named "a" (null is a missing value)',
    ],
    [
      [{ a: 1 }, { a: 1, b: 2 }],
      'readJson: row 1: each row must have the keys of the first; got "b" beside them',
    ],
    [
      [{ a: { b: 1 } }],
      'readJson: row 0, column "a": values must be finite numbers, text, booleans or null; got { b: 1 }',
    ],
    [[{ a: Infinity }], 'readJson: row 0, column "a": values must be finite'],
    [[[1]], "readJson: rows must be objects; got an array of 1 at row 0"],
    [[], "readJson: must have at least one row; got none"],
    [[{}], "readJson: rows must have at least one key; got {}"],
    ['[{"a": 1}', 'readJson: text must be JSON; got "[{\\"a\\": 1}"'],
    ['{"a": 1}\n{"a"}', 'readJson: text must be JSON; got "{\\"a\\"}" in line 2'],
    ['{"__proto__": 1}', 'readJson: no column can have the name "__proto__"'],
    [42, "readJson: rows must be an array of objects or JSON text; got 42"],
  ])("refuses %j", (rows, message) => {
    const call = () => readJson(rows as never);
    expect(call).toThrow(DataError);
    expect(call).toThrow(message);
  });
});
