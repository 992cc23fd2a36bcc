/** Damaged CSV files against a parser written plainly: the same cells, or a typed error. */
import { describe, expect, it } from "vitest";
import { readCsv, type Table } from "../../src/data/index.ts";
import { damage, generator, resultOf } from "./damage.ts";

/** The records of a text, or undefined where a quote is not closed or stands alone in quotes. */
function recordsOf(text: string): string[][] | undefined {
  const newline = text.includes("\n") || !text.includes("\r") ? "\n" : "\r";
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  for (;;) {
    let cell = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        if (at >= text.length) return undefined;
        if (text[at] !== '"') cell += text[at++];
        else if (text[at + 1] === '"') {
          cell += '"';
          at += 2;
        } else break;
      }
      at++;
      while (at < text.length && text[at] !== "," && text[at] !== newline && text[at].trim() === "") at++;
      if (at < text.length && text[at] !== "," && text[at] !== newline) return undefined;
    } else while (at < text.length && text[at] !== "," && text[at] !== newline) cell += text[at++];
    if (newline === "\n" && (at >= text.length || text[at] === newline) && cell.endsWith("\r"))
      cell = cell.slice(0, -1);
    record.push(cell);
    if (text[at] !== ",") {
      records.push(record);
      record = [];
      if (at >= text.length) return records;
    }
    at++;
  }
}

/** Whether a table has the cells of a text. */
function agrees(table: Table, text: string): boolean {
  const records = (recordsOf(text) ?? []).filter((record) => record.length > 1 || record[0].trim() !== "");
  return (
    table.rows === records.length &&
    records.every((record, i) =>
      record.every((cell, j) => {
        const value = Object.values(table.row(i))[j];
        const given = cell.trim();
        if (value === null)
          return ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "?"].includes(given);
        if (typeof value === "number") return Object.is(value, Number(given));
        return value === given || value === new Date(given).toISOString();
      }),
    )
  );
}

const FILE = `1,"a ""b""",2024-01-01,x\r\n2.50,"c
d",2024-02-29,\r\n,"e, f",NA,y\r\n-0.1,g,2024-03-01,"z"\r\n`;

describe("10,000 damaged CSV files", () => {
  it("are refused with a typed error or have the cells that a plain parser finds", async () => {
    const file = new TextEncoder().encode(FILE);
    const below = generator(11);
    let loaded = 0;
    for (let run = 0; run < 10_000; run++) {
      const bytes = damage(file, below);
      let text: string | undefined;
      try {
        text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch {}
      const table = await resultOf(() => readCsv(bytes, { header: false, delimiter: ",", decimal: "." }));
      if (table) {
        loaded++;
        expect(text, `run ${run}`).toBeDefined();
        expect(agrees(table, text as string), `run ${run}: ${JSON.stringify(text)}`).toBe(true);
      } else if (text !== undefined) {
        const records = recordsOf(text)?.filter((record) => record.length > 1 || record[0].trim() !== "");
        const isTable =
          records && records.length > 0 && records.every(({ length }) => length === records[0].length);
        expect(isTable ?? false, `run ${run}: ${JSON.stringify(text)}`).toBe(false);
      }
    }
    expect(loaded).toBeGreaterThan(1000);
    expect(loaded).toBeLessThan(9000);
  }, 120_000);

  it("would be caught if cells were lost", async () => {
    expect(agrees(await readCsv("1,2\n3,4", { header: false }), "1,2\n3,5")).toBe(false);
    expect(recordsOf('a,"b\n')).toBeUndefined();
    expect(recordsOf('"a"b')).toBeUndefined();
  });
});
