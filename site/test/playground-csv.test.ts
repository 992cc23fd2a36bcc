/** The visitor's tables: what is read, suggested and refused. */
import { describe, expect, it } from "vitest";
import { DEFAULT_CONFIG, readConfig } from "../pages/playground/run/config.ts";
import {
  inputsBeside,
  type OwnTable,
  readTable,
  suggestChoice,
  tasksOf,
  toOwnData,
} from "../pages/playground/run/csv.ts";
import { EXTRAS } from "../pages/playground/run/extras.ts";
import { Run } from "../pages/playground/run/run.ts";
import type { OwnData } from "../pages/playground/run/types.ts";

/** What the page does with a table: it reads, suggests, makes a run. */
async function dataOf(csv: string | Blob): Promise<{ data: OwnData; notes: string[] }> {
  const table = await readTable(csv);
  const choice = suggestChoice(table);
  const { data, notes } = toOwnData(table, choice);
  readConfig({ ...DEFAULT_CONFIG, data });
  return { data, notes: [...table.notes, ...choice.notes, ...notes] };
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "it was taken",
    (error) => `${(error as Error).name}: ${(error as Error).message}`,
  );

/** A table of these rows below `a,b,kind`. */
const rows = (lines: string[], header = "a,b,kind") => [header, ...lines].join("\n");
const many = (count: number, row: (i: number) => string, header?: string) =>
  rows(
    Array.from({ length: count }, (_, i) => row(i)),
    header,
  );
const small = many(8, (i) => `${i},${i * i},${i % 2 ? "odd" : "even"}`);

describe("a table", () => {
  it("becomes data: the last column is the target, two columns of numbers are the axes", async () => {
    const { data, notes } = await dataOf(small);
    expect(data.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ["a", "number"],
      ["b", "number"],
    ]);
    expect([data.target.name, data.target.kind, data.axes, notes]).toEqual([
      "kind",
      "category",
      ["a", "b"],
      [],
    ]);
  });

  it.each([
    ["with a BOM", `\ufeff${small}`],
    ["with CRLF", small.replaceAll("\n", "\r\n")],
    ["with CR", small.replaceAll("\n", "\r")],
    ["with tabs", small.replaceAll(",", "\t")],
    ["with semicolons", small.replaceAll(",", ";")],
    ["as a file", new Blob([`\ufeff${small}`])],
  ])("is read %s", async (_, csv) => {
    expect((await dataOf(csv)).data).toEqual((await dataOf(small)).data);
  });

  it("may have semicolons and decimal commas", async () => {
    const { data } = await dataOf("x;y;t\n1,5;2;a\n2,25;3;b\n-3,5;1;a\n0,5;2;b");
    expect(data.columns[0].cells).toEqual([1.5, 2.25, -3.5, 0.5]);
  });

  it("may lack values: inputs as null, rows without a target are left out", async () => {
    const { data, notes } = await dataOf(rows(["1,,x", "NA,2,y", "3,4,", "5,6,x", "7,8,y"]));
    expect(data.columns.map(({ cells }) => cells)).toEqual([
      [1, null, 5, 7],
      [null, 2, 6, 8],
    ]);
    expect(notes).toEqual(["1 row without a target is left out."]);
  });

  it("has classes where its target is a few whole numbers, else numbers", async () => {
    const classes = await dataOf(many(20, (i) => `${i},${i},${i % 3}`));
    expect(classes.data.target).toMatchObject({
      kind: "category",
      cells: expect.arrayContaining(["0", "1", "2"]),
    });
    const numbers = await dataOf(many(20, (i) => `${i},${i},${(i % 3) + 0.5}`));
    expect(numbers.data.target.kind).toBe("number");
    const more = await dataOf(many(20, (i) => `${i},${i},${i}`));
    expect(more.data.target.kind).toBe("number");
  });

  it.each([
    ["1 and 2", (i: number) => `${1 + (i % 2)}`, ["1", "2"]],
    ["1.0 and 2.0", (i: number) => `${1 + (i % 2)}.0`, ["1", "2"]],
    ["1 to 10", (i: number) => `${1 + (i % 10)}`, Array.from({ length: 10 }, (_, i) => `${i + 1}`)],
    ["-1, 0 and 1", (i: number) => `${(i % 3) - 1}`, ["-1", "0", "1"]],
  ])("trains to the classes %s, in the order of numbers", async (_, kind, names) => {
    const { data } = await dataOf(many(40, (i) => `${i % 7},${i},${kind(i)}`));
    const run = new Run({ ...DEFAULT_CONFIG, data }, EXTRAS);
    expect(run.rows.outputs).toEqual(names);
    expect(run.train(5)).toBe(true);
    run.dispose();
  });

  it("learns a few numbers as classes or as numbers, whichever is chosen", async () => {
    const table = await readTable(
      many(20, (i) => `${i},${(i % 3) + 0.5},${1 + (i % 10)},w${i % 2}`, "id,half,grade,word"),
    );
    expect(table.columns.map(tasksOf)).toEqual([
      ["numbers"],
      ["numbers", "classes"],
      ["classes", "numbers"],
      ["classes"],
    ]);
    const kinds = (target: string) =>
      ([undefined, "numbers", "classes"] as const).map(
        (task) => toOwnData(table, { target, inputs: ["id"], axes: ["id", "id"], task }).data.target.kind,
      );
    expect(kinds("half")).toEqual(["number", "number", "category"]);
    expect(kinds("grade")).toEqual(["category", "number", "category"]);
    expect(kinds("word")).toEqual(["category", "category", "category"]);
  });

  it("keeps its columns in their order when another one becomes the target", async () => {
    const table = await readTable(many(20, (i) => `1,${i},${i * i},${i % 3}`, "same,a,b,t"));
    const suggested = suggestChoice(table);
    expect(suggested.inputs).toEqual(["a", "b"]);
    const inputs = inputsBeside("a", table, suggested);
    const { data } = toOwnData(table, { target: "a", inputs: [...inputs].reverse(), axes: ["b", "t"] });
    expect(data.columns.map(({ name }) => name)).toEqual(["b", "t"]);
    expect(inputsBeside("a", table, { ...suggested, target: "same" })).toEqual(["b"]);
    const wide = await readTable(
      many(
        6,
        (i) => Array.from({ length: 40 }, (_, j) => (i * (j + 1)) % 5).join(","),
        Array.from({ length: 40 }, (_, j) => `c${j}`).join(","),
      ),
    );
    expect(inputsBeside("c39", wide, { ...suggestChoice(wide), target: "c38" })).toHaveLength(32);
  });

  it.each([
    ["with points and commas", "1.200;2,5;x\n1.300;3,5;y\n1.250;2,5;x\n1.1;3,5;y", "2,5"],
    ["with thousands", "1,5;1.200,5;x\n2,5;2.100,5;y\n3,5;1.200,5;x\n4,5;2.100,5;y", "1.200,5"],
  ])("says so where numbers %s are read as words", async (_, cells, shown) => {
    const { notes } = await dataOf(`a;b;kind\n${cells}`);
    expect(notes).toEqual([
      `"b" has cells such as "${shown}" and is read as words: if they are numbers, write all without signs for thousands and with the same sign for decimals.`,
    ]);
  });

  it("counts dates as days", async () => {
    const { data, notes } = await dataOf(
      rows(["1970-01-02,1,x", "1970-01-11,2,y", "1970-01-01,3,x", "1970-01-03,4,y"]),
    );
    expect(data.columns[0]).toMatchObject({ kind: "number", cells: [1, 10, 0, 2] });
    expect(notes).toEqual(['"a" has dates: they count as days since 1970.']);
  });

  it("has classes as the target where the last column is the only one with numbers", async () => {
    const header = "kind,colour,weight";
    const { data } = await dataOf(many(12, (i) => `k${i % 2},c${i % 3},${i}`, header));
    expect([data.target.name, data.columns.map(({ name }) => name), data.axes]).toEqual([
      "colour",
      ["kind", "weight"],
      ["weight", "weight"],
    ]);
    const table = await readTable(many(40, (i) => `k${i % 20},c${i % 15},${i}`, header));
    const choice = suggestChoice(table);
    expect([choice.target, choice.axes]).toEqual(["weight", ["", ""]]);
    expect(() => toOwnData(table, choice)).toThrow(
      "No input has numbers, and the surface needs a column of numbers: choose one as an input",
    );
  });

  it("shows one column of numbers on both axes", async () => {
    const { data } = await dataOf(many(8, (i) => `${i},w${i % 2},${i % 2 ? "x" : "y"}`));
    expect(data.axes).toEqual(["a", "a"]);
    const run = new Run({ ...DEFAULT_CONFIG, data }, EXTRAS);
    expect(run.train(5)).toBe(true);
    expect(run.rows.inputs).toEqual(["a", "b = w0", "b = w1", "b = other"]);
    run.dispose();
  });

  it("leaves out columns that say nothing, and says so", async () => {
    const header = "empty,same,id,n,kind";
    const { data, notes } = await dataOf(many(60, (i) => `,7,word${i},${i},${i % 2 ? "x" : "y"}`, header));
    expect(data.columns.map(({ name }) => name)).toEqual(["n"]);
    expect(notes).toEqual([
      'Column "empty" is left out: it has no values.',
      'Column "same" is left out: it has the same value in every row.',
      'Column "id" is left out: it has 60 different words, and 50 is the most.',
    ]);
  });

  it("has at most 5,000 rows and 32 inputs", async () => {
    const long = await dataOf(many(5003, (i) => `${i % 100},${i % 7},${i % 2 ? "x" : "y"}`));
    expect([long.data.target.cells.length, long.notes]).toEqual([
      5000,
      ["Only the first 5,000 rows are used."],
    ]);
    const header = Array.from({ length: 100 }, (_, i) => `c${i}`).join(",");
    const wide = await dataOf(
      many(6, (i) => Array.from({ length: 100 }, (_, j) => (i * j) % 5).join(","), header),
    );
    expect(wide.data.columns).toHaveLength(32);
    expect(wide.notes.at(-1)).toMatch(/^Only the first 32 of 79 columns are used as inputs/);
  });

  it("keeps hostile text as text of one line", async () => {
    const evil = ["</script><b>", "*/ `$" + "{x}`", "=1+1", "a\u2028b", "constructor"];
    const header = `"${evil[0]}",b,toString`;
    const { data } = await dataOf(
      many(20, (i) => `${i},"${evil[i % 5]}",${i % 2 ? "__proto__" : "y"}`, header),
    );
    expect(data.columns[0].name).toBe("</script><b>");
    expect(new Set<unknown>(data.columns[1].cells)).toEqual(
      new Set(evil.map((text) => text.replace("\u2028", " "))),
    );
    expect(data.target).toMatchObject({
      name: "toString",
      cells: expect.arrayContaining(["__proto__", "y"]),
    });
  });

  it("cuts names and words that are too long", async () => {
    const { data } = await dataOf(
      many(8, (i) => `${i},${"w".repeat(150)}${i % 2},${i % 2}`, `${"n".repeat(200)},b,t`),
    );
    expect(data.columns.map(({ name }) => name.length)).toEqual([100, 1]);
    expect(new Set<unknown>(data.columns[1].cells)).toEqual(
      new Set([`${"w".repeat(99)}…`, `${"w".repeat(96)} (2)`]),
    );
  });

  it("keeps names and words apart that would be the same once they are tidy", async () => {
    const columns = (await readTable(many(4, (i) => `${i},${i},${i % 2}`, '"a\nb",a b,t'))).columns;
    expect(columns.map(({ name }) => name)).toEqual(["a b", "a b (2)", "t"]);
    const kinds = ["a b", "a\u0085b", "a\u2028b", "a b (2)"];
    const { data } = await dataOf(many(20, (i) => `${i},${i},${kinds[i % 4]}`));
    expect(new Set<unknown>(data.target.cells).size).toBe(4);
  });
});

describe("what is no table is refused by a sentence", () => {
  it.each([
    ["nothing", "", "TableError: This table is empty"],
    ["blank lines", "\n\n  \n", "TableError: This table is empty"],
    ["a header only", "a,b,c\n", "TableError: This table has a header and no rows"],
    ["one column", "a\n1\n2\n3\n4", "TableError: This table has one column"],
    ["one class", many(8, (i) => `${i},${i},x`), 'ConfigError: The target "kind" has one class alone, "x"'],
    [
      "30 classes",
      many(60, (i) => `${i},${i},class ${i % 30}`),
      'ConfigError: "kind" has 30 different classes, and 10 is the most',
    ],
    ["all missing", many(8, () => ",NA,?"), "TableError: No column has different numbers"],
    [
      "a target that is all missing",
      many(8, (i) => `${i},${i * i},`),
      'ConfigError: "kind" has no value in any row',
    ],
    [
      "1e39",
      many(8, (i) => `${i === 3 ? "1e39" : i},${i},${i % 2}`),
      'ConfigError: "a" must have numbers up to 1e+30; row 4 has 1e+39.',
    ],
    [
      "names that come twice",
      rows(["1,2,x"], "a,a,b"),
      'TableError: Two columns have the name "a": rename one of them.',
    ],
    [
      "__proto__",
      rows(["1,2,x"], "a,__proto__,b"),
      'TableError: A column cannot have the name "__proto__": rename it.',
    ],
    [
      "an open quote",
      rows(["1,2,x", '3,"4,y', "5,6,x"]),
      "TableError: Line 3 opens a quote that is not closed",
    ],
    [
      "a quote inside",
      rows(["1,2,x", '3,"4"5",y']),
      "TableError: Line 3 has a single quote inside a quoted cell",
    ],
    ["a row too short", rows(["1,2,x", "3,4"]), "TableError: Line 3 has 2 cells and the header 3"],
    ["NUL", rows(["1,2,x\0"]), "TableError: This is no text in UTF-8"],
    ["30 megabytes", "a".repeat(30 * 2 ** 20), "TableError: This table has 30 megabytes, and 20 is the most"],
    [
      "a file of 30 megabytes",
      new Blob([new Uint8Array(30 * 2 ** 20)]),
      "TableError: This table has 30 megabytes",
    ],
    [
      "no numbers",
      many(8, (i) => `w${i % 3},v${i % 2},${i % 2 ? "x" : "y"}`),
      "TableError: No column has different numbers",
    ],
    ["3 rows", many(3, (i) => `${i},${i * 2},${i % 2}`), "ConfigError: The number of rows must be"],
  ])("%s", async (_, csv, message) => {
    expect(await messageOf(dataOf(csv))).toContain(message);
  });

  it("and so is a choice of columns that cannot be", async () => {
    const table: OwnTable = await readTable(small);
    const choice = suggestChoice(table);
    expect(() => toOwnData(table, { ...choice, target: "a" })).toThrow(
      '"a" cannot be an input and the target, too.',
    );
    expect(() => toOwnData(table, { ...choice, inputs: ["zz"] })).toThrow('The table has no column "zz".');
    expect(() => toOwnData(table, { ...choice, axes: ["a", "kind"] })).toThrow(
      'An axis must be one of a, b; this is "kind".',
    );
    expect(() => toOwnData(table, { ...choice, inputs: [], axes: ["", ""] })).toThrow("No input has numbers");
  });

  it("as is a column that no training row has a value of", async () => {
    const table = await readTable(many(40, (i) => `${i === 7 ? 3 : ""},${i},${i % 2}`));
    const choice = { target: "kind", inputs: ["a", "b"], axes: ["a", "b"] as const };
    const messages = Array.from({ length: 8 }, (_, seed) => {
      const { data } = toOwnData(table, choice, { train: 50, seed });
      try {
        new Run({ ...DEFAULT_CONFIG, data }, EXTRAS).dispose();
        return "it runs";
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(new Set(messages)).toEqual(
      new Set([
        "it runs",
        '"a" has no value in any training row: leave the column out, or train on more rows.',
      ]),
    );
  });
});
