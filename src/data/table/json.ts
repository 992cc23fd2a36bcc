/** Rows as JSON has them: an array of objects, or one object a line. */
import { describe } from "../../describe.ts";
import { DataError } from "../../errors.ts";
import { readOptions, refuseMore, STRING } from "../../options.ts";
import { unknownName } from "../../suggest.ts";
import { MISSING_MARKERS } from "./cells.ts";
import { ColumnBuilder, KINDS } from "./column-builder.ts";
import { Table } from "./table.ts";
import type { ColumnKind } from "./table-column.ts";

export interface JsonOptions {
  /** Kinds of columns by name; of all others the values decide. */
  readonly types?: { readonly [column: string]: ColumnKind };
  /** What errors call the file. */
  readonly name?: string;
}

/**
 * Reads rows into a table: an array of objects with the same keys, its JSON text, or text with one object a line. Numbers are
 * numbers, text and booleans categories, unless all of a column is ISO dates; null and NaN are missing.
 *
 * @throws DataError for a key that a row lacks or has beyond those of the first row, and for values of other types, naming row
 *   and column; for text that is no JSON; for no rows
 * @example
 * const table = readJson('{"height": 1.7, "at": "2024-02-29"}\n{"height": null, "at": "2024-03-01"}');
 * table.types; // => { height: "number", at: "date" }
 */
export function readJson(
  rows: string | readonly { readonly [column: string]: unknown }[],
  options: JsonOptions = {},
): Table {
  refuseMore("readJson", arguments, 2, "write readJson(rows, options)");
  const { types, name } = readOptions("readJson", options, {
    types: [undefined, KINDS],
    name: [undefined, STRING],
  });
  const where = name === undefined ? "readJson" : `readJson: ${name}`;
  const list = typeof rows === "string" ? parseRows(where, rows) : rows;
  if (!Array.isArray(list))
    throw new DataError(
      `${where}: rows must be an array of objects or JSON text; got ${describe(list)}`,
      "type",
    );
  if (list.length === 0) throw new DataError(`${where}: must have at least one row; got none`, "missing");
  const names = Object.keys(rowAt(where, list, 0));
  if (names.length === 0) throw new DataError(`${where}: rows must have at least one key; got {}`, "missing");
  for (const column of Object.keys(types ?? {}))
    if (!names.includes(column))
      throw new DataError(unknownName(`${where}: types`, "column", column, names), "unknown");
  const missing = new Set(MISSING_MARKERS);
  const columns = names.map((column) => {
    if (column === "__proto__")
      throw new DataError(`${where}: no column can have the name "__proto__"; got it in row 0`, "format");
    return new ColumnBuilder(
      column,
      types && Object.hasOwn(types, column) ? types[column] : undefined,
      missing,
      46,
    );
  });
  for (let i = 0; i < list.length; i++) {
    const row = rowAt(where, list, i);
    for (const column of columns) {
      if (!Object.hasOwn(row, column.name))
        throw new DataError(
          `${where}: row ${i}: each row must have the keys of the first; got none named ${describe(column.name)} (null is a missing value)`,
          "missing",
          { file: name, row: i, column: column.name },
        );
      column.pushValue(row[column.name], () => `${where}: row ${i}, column ${describe(column.name)}`);
    }
    if (Object.keys(row).length > names.length) {
      const other = Object.keys(row).find((key) => !names.includes(key));
      throw new DataError(
        `${where}: row ${i}: each row must have the keys of the first; got ${describe(other)} beside them`,
        "unknown",
        {
          file: name,
          row: i,
          column: other,
        },
      );
    }
  }
  const built = columns.map((column) => column.build());
  return new Table(
    built.map(({ column }) => column),
    list.length,
    built.flatMap(({ note }) => note ?? []),
  );
}

function rowAt(where: string, rows: readonly unknown[], i: number): Readonly<Record<string, unknown>> {
  const row = rows[i];
  if (typeof row === "object" && row !== null && !Array.isArray(row) && !ArrayBuffer.isView(row))
    return row as Readonly<Record<string, unknown>>;
  throw new DataError(`${where}: rows must be objects; got ${describe(row)} at row ${i}`, "type");
}

/** The objects of a JSON array, or of lines. */
function parseRows(where: string, text: string): unknown {
  if (/^\s*\[/.test(text)) return parseJson(where, text, "");
  const rows: unknown[] = [];
  text.split("\n").forEach((line, i) => {
    if (line.trim() !== "") rows.push(parseJson(where, line, ` in line ${i + 1}`));
  });
  return rows;
}

function parseJson(where: string, text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DataError(`${where}: text must be JSON; got ${describe(text.trim())}${at}`, "format");
  }
}
