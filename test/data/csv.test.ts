/** Reading CSV: what becomes of cells, and what is refused. */
import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  type CategoryColumn,
  type CsvOptions,
  readCsv,
  type Source,
  streamCsv,
  type Table,
} from "../../src/data/index.ts";
import { Form, readNumber } from "../../src/data/table/cells.ts";
import { DataError, errorCode, OptionError } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-csv-"));
afterAll(() => rmSync(folder, { recursive: true }));
const iris = new URL("iris.csv", import.meta.url);

const rowsOf = async (text: Source, options?: CsvOptions) => (await readCsv(text, options)).toRows();

describe("readCsv", () => {
  it("tells numbers, dates and categories, and what is missing", async () => {
    const table = await readCsv(
      "n,d,c,empty\n1.5,2024-02-29,x,\n,2024-03-01T12:00Z,y,NA\n-3e2,?,null,NaN\n+.5,NULL,x y,\n",
    );
    expect(table.types).toEqual({ n: "number", d: "date", c: "category", empty: "number" });
    expect(table.toRows()).toEqual([
      { n: 1.5, d: "2024-02-29T00:00:00.000Z", c: "x", empty: null },
      { n: null, d: "2024-03-01T12:00:00.000Z", c: "y", empty: null },
      { n: -300, d: null, c: null, empty: null },
      { n: 0.5, d: null, c: "x y", empty: null },
    ]);
    expect(table.notes).toEqual([]);
  });

  it.each([
    ["a byte order mark", "\ufeffa,b\n1,2\n"],
    ["CR and LF", "a,b\r\n1,2\r\n"],
    ["CR alone", "a,b\r1,2\r"],
    ["no end of the last line", "a,b\n1,2"],
    ["blank lines", "a,b\n\n1,2\n\n\n"],
    ["spaces around cells", " a , b\n 1 ,\t2\n"],
    ["quotes", '"a","b"\n"1","2"\n'],
    ["quotes and CR and LF", '"a","b"\r\n"1","2"\r\n'],
    ["semicolons", "a;b\n1;2\n"],
    ["tabs", "a\tb\n1\t2\n"],
    ["bars", "a|b\n1|2\n"],
  ])("takes %s", async (_, text) => {
    expect(await rowsOf(text)).toEqual([{ a: 1, b: 2 }]);
  });

  it("takes quoted delimiters, quotes and lines", async () => {
    expect(await rowsOf('a,b\n"x, ""y""",1\n"line\none",2\n')).toEqual([
      { a: 'x, "y"', b: 1 },
      { a: "line\none", b: 2 },
    ]);
  });

  it("takes decimal commas where something else parts the cells", async () => {
    expect(await rowsOf("a;b\n1,5;2\n-0,25;3\n")).toEqual([
      { a: 1.5, b: 2 },
      { a: -0.25, b: 3 },
    ]);
    expect(await rowsOf('a,b\n"1,5",2\n', { decimal: "," })).toEqual([{ a: 1.5, b: 2 }]);
    // A column of 1,5 beside one of 1.5 is none of decimal commas.
    expect(await rowsOf("a;b\n1,5;2.5\n")).toEqual([{ a: "1,5", b: 2.5 }]);
  });

  it("makes leading zeros a category, unless told", async () => {
    expect(await rowsOf("zip,zero\n01234,0\n99999,0.5\n")).toEqual([
      { zip: "01234", zero: 0 },
      { zip: "99999", zero: 0.5 },
    ]);
    expect(await rowsOf("zip\n01234\n", { types: { zip: "number" } })).toEqual([{ zip: 1234 }]);
    // Also when numbers came first.
    expect(await rowsOf("zip\n99999\n01234\n")).toEqual([{ zip: "99999" }, { zip: "01234" }]);
  });

  it("makes a column of numbers and text a category with the texts as they were, and says so", async () => {
    const cells = [
      "1",
      "1.50",
      "-0",
      "0.10",
      "1e3",
      "+7",
      ".5",
      "100000000000000000001",
      "0.1",
      "2.",
      "abc",
      "3.0",
    ];
    const table = await readCsv(`a\n${cells.join("\n")}\n`);
    expect(table.toRows().map(({ a }) => a)).toEqual(cells);
    expect(table.notes).toEqual([expect.stringContaining('column "a" has numbers, such as')]);
    const dates = ["2024-01-01", "2024-01-01T10:00", "soon"];
    expect((await rowsOf(`d\n${dates.join("\n")}\n`)).map(({ d }) => d)).toEqual(dates);
  });

  it("sorts categories by code units", async () => {
    const table = await readCsv("c\nä\nb\nZ\na\nİ\ni\nI\nı\n\u{1f600}\n\uffee\n");
    expect((table.column("c") as CategoryColumn).categories).toEqual([
      "I",
      "Z",
      "a",
      "b",
      "i",
      "ä",
      "İ",
      "ı",
      "\u{1f600}",
      "\uffee",
    ]);
  });

  it("keeps names that objects inherit", async () => {
    expect(await rowsOf("constructor,toString,hasOwnProperty\n1,x,y\n")).toEqual([
      { constructor: 1, toString: "x", hasOwnProperty: "y" },
    ]);
    const types = (await readCsv("constructor\n1\n")).types;
    expect(Object.keys(types)).toEqual(["constructor"]);
  });

  it("takes names for a file without, or makes them", async () => {
    expect(await rowsOf("1,2\n", { header: ["a", "b"] })).toEqual([{ a: 1, b: 2 }]);
    expect(await rowsOf("1,2\n", { header: false })).toEqual([{ column1: 1, column2: 2 }]);
    expect(await rowsOf(",a\n0,5\n")).toEqual([{ column1: 0, a: 5 }]);
  });

  it("stops after the rows asked for", async () => {
    let read = 0;
    async function* lines() {
      yield "a\n";
      for (;;) {
        read++;
        yield "1\n".repeat(70_000);
      }
    }
    expect((await readCsv(lines(), { rows: 3 })).rows).toBe(3);
    expect(read).toBeLessThan(5);
  });

  it("reads other encodings", async () => {
    const latin = Uint8Array.of(0x61, 0x0a, 0xe4, 0x0a);
    expect(await rowsOf(latin, { encoding: "windows-1252" })).toEqual([{ a: "ä" }]);
    await expect(readCsv(latin)).rejects.toThrow("the text must be utf-8; got bytes that are none");
    await expect(readCsv(latin, { encoding: "nonsense" })).rejects.toThrow(DataError);
  });
});

describe("every source", () => {
  const text = 'a,b\n1,"x\ny"\n2,ü€😀\n';
  const bytes = new TextEncoder().encode(text);
  const path = join(folder, "source.csv");
  writeFileSync(path, text);
  const expected = [
    { a: 1, b: "x\ny" },
    { a: 2, b: "ü€😀" },
  ];
  const SOURCES: Record<string, () => Source> = {
    text: () => text,
    bytes: () => bytes,
    "a buffer": () => bytes.buffer as ArrayBuffer,
    "a stream of Node's": () => createReadStream(path),
    "such a stream in pieces of a byte": () => createReadStream(path, { highWaterMark: 1 }),
    "such a stream of text": () => createReadStream(path, { encoding: "utf8", highWaterMark: 3 }),
    "a stream of objects": () => Readable.from(["a,b\n1,", '"x\ny"\n2,ü€😀\n']),
    "a stream of the web": () => new Blob([bytes]).stream() as ReadableStream<Uint8Array>,
    "a blob": () => new Blob([bytes]),
    "a file": () => new File([bytes], "source.csv"),
    "a response": () => new Response(bytes),
    "pieces of text": () => [...text].map((sign) => sign),
  };
  it.each(Object.keys(SOURCES))("gives the same table: %s", async (name) => {
    const source = SOURCES[name]();
    // A list is no stream, but may be iterated.
    expect(await rowsOf(Array.isArray(source) ? source.values() : source)).toEqual(expected);
  });

  it.each([["iris.csv"], [42], [null], [undefined], [{}], [Promise.resolve("a")], [["a", "b"]], [[1]]])(
    "is refused where it is none: %o",
    async (source) => {
      if (source === "iris.csv")
        await expect(readCsv(source)).rejects.toThrow("must have at least one row of data");
      else await expect(readCsv(source as unknown as Source)).rejects.toThrow(DataError);
    },
  );

  it("says what to do with a path, with gzipped bytes and with UTF-16", async () => {
    await expect(readCsv("data/iris.csv")).rejects.toThrow("(a path? open it: fs.createReadStream(path)");
    await expect(readCsv(Uint8Array.of(0x1f, 0x8b, 8, 0))).rejects.toThrow('new DecompressionStream("gzip")');
    const wide = Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x31, 0);
    await expect(readCsv(wide)).rejects.toThrow('got a mark of UTF-16 (encoding: "utf-16le")');
    expect(await rowsOf(wide, { encoding: "utf-16le" })).toEqual([{ a: 1 }]);
  });

  it("is refused where the response is an error", async () => {
    await expect(readCsv(new Response("no", { status: 404 }))).rejects.toThrow(
      "readCsv: the response must be a success; got status 404",
    );
  });
});

describe("what is no table is refused, with file, line and column:", () => {
  const BAD: Record<string, [text: string, message: string | RegExp, cause: object, options?: CsvOptions]> = {
    "a name twice": [
      "a,b,a\n1,2,3\n",
      'line 1: columns must have different names; got "a" for columns 1 and 3',
      { line: 1, column: "a" },
    ],
    __proto__: [
      "a,__proto__\n1,2\n",
      'line 1: no column can have the name "__proto__"; got it for column 2',
      { line: 1 },
    ],
    "a short row": [
      "a,b\n1,2\n3\n",
      "line 3: rows must have 2 cells, one for each column; got 1",
      { line: 3 },
    ],
    "a long row": ["a,b\n1,2,3\n", "line 2: rows must have 2 cells", { line: 2 }],
    "a short row below quoted lines": [
      'a,b\n"x\ny\nz",2\n\n3\n',
      "line 6: rows must have 2 cells",
      { line: 6 },
    ],
    "an open quote": [
      'a,b\n1,"2\n3,4\n',
      "line 2: a quote must be closed; got the end of the file",
      { line: 2 },
    ],
    "a quote in quotes": [
      'a,b\n1,"2"x,3\n',
      "line 2: a quote inside a quoted cell must be doubled",
      { line: 2 },
    ],
    "no rows": ["a,b\n", "must have at least one row of data; got a header of 2 names alone", {}],
    "no text": ["", "must have at least one row of data; got no text", {}],
    "text for a number": [
      "a,b\n1,2\n3,four\n",
      'line 3, column "b": the column must have a number or nothing in each row; got "four"',
      {},
      { types: { b: "number" } },
    ],
    "text for a date": [
      "a\n2024-02-30\n",
      'line 2, column "a": the column must have an ISO date or nothing in each row; got "2024-02-30"',
      {},
      { types: { a: "date" } },
    ],
    "a type for no column": [
      "age\n1\n",
      'types: unknown column "agee"; did you mean age?',
      {},
      { types: { agee: "number" } },
    ],
  };
  it.each(Object.keys(BAD))("%s", async (name) => {
    const [text, message, cause, options] = BAD[name];
    const error = await readCsv(new File([text], "data.csv"), options).catch((e) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(/^readCsv: data\.csv: /);
    expect(error.message).toContain(message);
    expect(error.cause).toMatchObject(cause);
    if ("line" in cause) expect(error.cause.file).toBe("data.csv");
  });

  it("a line of 2 GB, before it is in memory", async () => {
    let pieces = 0;
    async function* line() {
      yield "a,b\n1,2\n";
      for (; pieces < 32768; pieces++) yield "x".repeat(65536);
    }
    const before = process.memoryUsage().rss;
    const error = await readCsv(line(), { name: "long.csv" }).catch((e) => e);
    expect(errorCode(error)).toBe("data-limit");
    expect(error.message).toContain("long.csv: line 3: a row must have at most 16777216 characters");
    expect(pieces).toBeLessThan(1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });

  it("wrong options", async () => {
    for (const options of [
      { delimiter: "" },
      { delimiter: '"' },
      { decimal: ";" },
      { types: { a: "float" } },
      { types: null },
      { missing: "NA" },
      { rows: 0 },
      { header: 1 },
      { separator: ";" },
    ])
      await expect(readCsv("a\n1\n", options as CsvOptions), JSON.stringify(options)).rejects.toThrow(
        OptionError,
      );
  });
});

describe("streamCsv", () => {
  it("gives tables of so many rows, with the kinds of the first", async () => {
    const tables: Table[] = [];
    for await (const table of streamCsv("a,b\n1,x\n2,y\n3,z\n4,5\n5,\n", { tableRows: 2 }))
      tables.push(table);
    expect(tables.map(({ rows }) => rows)).toEqual([2, 2, 1]);
    expect(tables.flatMap((table) => table.toRows().map(({ b }) => b))).toEqual(["x", "y", "z", "5", null]);
    for (const { types } of tables) expect(types).toEqual({ a: "number", b: "category" });
  });

  it("refuses what the first table did not have, and names its line", async () => {
    const read = async () => {
      for await (const _ of streamCsv("a\n1\n2\nx\n", { tableRows: 2 }));
    };
    await expect(read()).rejects.toThrow(
      'streamCsv: line 4, column "a": the column must have a number or nothing in each row; got "x"',
    );
  });

  it("gives the rows of readCsv for every size of pieces and tables", async () => {
    const text = `${["a,b,c", ...Array.from({ length: 300 }, (_, i) => `${i},"x ""${i % 7}""\r\n${i}",${i / 8}`)].join("\r\n")}\r\n`;
    const expected = await rowsOf(text);
    expect(expected.length).toBe(300);
    for (const size of [1, 2, 3, 7, 64, 1000])
      for (const tableRows of [1, 7, 1000]) {
        const pieces: string[] = [];
        for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size));
        const rows = [];
        for await (const table of streamCsv(pieces.values(), { tableRows })) rows.push(...table.toRows());
        expect(rows).toEqual(expected);
      }
  });

  it("cuts long texts where it likes", async () => {
    // Longer than what is parsed at once, so that pieces end inside of quotes, between quotes and between CR and LF.
    const line = (i: number) => `${i},"a ""b""\r\nc${i}",${i}\r\n`;
    const text = `a,b,c\r\n${Array.from({ length: 40_000 }, (_, i) => line(i)).join("")}`;
    for (const start of ["", "x", "xx", "xxx"]) {
      const table = await readCsv(`${start}${text}`);
      expect(table.rows).toBe(40_000);
      for (const i of [0, 12_345, 39_999]) expect(table.row(i)).toMatchObject({ b: `a "b"\r\nc${i}`, c: i });
    }
  });
});

describe("readNumber", () => {
  const read = { value: 0, form: 0 };

  it("gives the bits of Number for every decimal", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
          fc.tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(15)).map(([n, d]) => (n / 7).toFixed(d)),
          fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()).map(([a, b]) => `${a}.${b}`),
        ),
        (text) => {
          expect(readNumber(text, 46, read)).toBe(true);
          expect(Object.is(read.value, Number(text)) || (text === "-0" && read.form === Form.Kept)).toBe(
            true,
          );
        },
      ),
      { numRuns: 5000, seed: 1 },
    );
  });

  it.each([
    "",
    "-",
    "+",
    ".",
    "1..2",
    "1e",
    "e1",
    "0x10",
    "Infinity",
    "1e999",
    "1_000",
    "1 000",
    "--1",
    "007",
    "-01",
    "1,5",
    "NaN",
  ])("takes %j for no number", (text) => {
    expect(readNumber(text, 46, read)).toBe(false);
  });
});

describe("a table does not depend on the machine's place", () => {
  it("gives the same digest under another time zone and language", () => {
    const script = `
      import { createHash } from "node:crypto";
      import { readFileSync } from "node:fs";
      import { columns, readCsv } from "wasmgrad/data";
      import { adam, compile, crossEntropy, dense, sequential } from "wasmgrad";
      const text = readFileSync(${JSON.stringify(fileURLToPath(iris))}, "utf8");
      const table = await readCsv("d,name,n\\n2024-03-31T02:30,\u0130i,1.5\\n2024-02-29,Iı,\\n1969-12-31T23:59:59.999+09:00,\u00e4z,2\\n");
      const { train, test } = (await readCsv(text)).split({ test: 0.2, stratify: "species", seed: 1 });
      const data = columns(train, { target: "species" });
      const model = sequential({ columns: data.columns, seed: 1 }, [dense(3, { activation: "softmax" })]);
      const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), labels: data.labels });
      await trainer.fit(data, { epochs: 5, validation: 0.2 });
      const hash = createHash("sha256");
      hash.update(JSON.stringify([table, table.column("name").categories, data.labels, test, data.columns]));
      hash.update(new Uint8Array(data.of(test).x.data.buffer));
      hash.update(trainer.save());
      console.log(hash.digest("hex"));`;
    const run = (env: Record<string, string>) =>
      execFileSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: fileURLToPath(new URL("../../", import.meta.url)),
        env: { ...process.env, ...env },
        encoding: "utf8",
      });
    const here = run({ TZ: "UTC", LANG: "C" });
    expect(here).toMatch(/^[0-9a-f]{64}\n$/);
    expect(run({ TZ: "Asia/Tokyo", LANG: "tr_TR", LC_ALL: "tr_TR" })).toBe(here);
    expect(run({ TZ: "America/St_Johns", LANG: "de_DE.UTF-8" })).toBe(here);
  });
});
