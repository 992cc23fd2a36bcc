/** Comma-separated values: parsed by Papa Parse, in pieces, into typed columns. */
import { describe } from "../../describe.ts";
import { DataError, OptionError } from "../../errors.ts";
import { COUNT, oneOf, type Rule, readOptions, refuseMore, STRING } from "../../options.ts";
import { unknownName } from "../../suggest.ts";
import { nameOf, type Source, textOf } from "../source.ts";
import { MISSING_MARKERS } from "./cells.ts";
import { ColumnBuilder, KINDS, trimmed } from "./column-builder.ts";
import { Parser } from "./papaparse.ts";
import { Table } from "./table.ts";
import type { ColumnKind, TableColumn } from "./table-column.ts";

export interface CsvOptions {
  /** What parts the cells: `","`, `";"`, `"\t"`, `"|"` or any other sign. By default the one of these four that fits the first lines. */
  readonly delimiter?: string;
  /** Whether the first line has the names of the columns (default), or the names themselves, where the file has none. `false` names them `column1`, `column2`, .. */
  readonly header?: boolean | readonly string[];
  /** The sign before the decimals. By default `","` where cells of the first lines are such numbers and the delimiter is another, else `"."`. */
  readonly decimal?: "." | ",";
  /** Kinds of columns by name; of all others the cells decide. A cell that does not fit is an error that says where it is. */
  readonly types?: { readonly [column: string]: ColumnKind };
  /** What stands for a missing value: by default nothing, `NA`, `N/A`, `n/a`, `NaN`, `nan`, `null`, `NULL` and `?`. */
  readonly missing?: readonly string[];
  /** Of bytes, as `TextDecoder` names it; default `"utf-8"`. */
  readonly encoding?: string;
  /** The most rows that are read; by default all. */
  readonly rows?: number;
  /** The most characters of a row, default 2^24: the file is refused before a longer one is in memory. */
  readonly maxRowLength?: number;
  /** What errors call the file, where the source does not know its name. */
  readonly name?: string;
}

export interface CsvStreamOptions extends CsvOptions {
  /** Rows of a table; default 8192. The last one may have fewer. */
  readonly tableRows?: number;
}

const TEXTS: Rule = [
  "an array of texts",
  (list: unknown) => Array.isArray(list) && list.every((entry) => typeof entry === "string"),
  "object",
];
const DELIMITER: Rule = [
  "a sign other than a quote or the end of a line",
  (text: string) => text.length > 0 && !/["\n\r\ufeff]/.test(text),
  "string",
];
const TABLE = {
  delimiter: [undefined, DELIMITER],
  header: [true],
  decimal: [undefined, oneOf(".", ",")],
  types: [undefined, KINDS],
  missing: [MISSING_MARKERS, TEXTS],
  encoding: ["utf-8", STRING],
  rows: [undefined, COUNT],
  maxRowLength: [1 << 24, COUNT],
  name: [undefined, STRING],
} as const;

/**
 * Reads a file of comma-separated values into a table of typed columns. docs/data.md says how kinds are told: a column of
 * numbers is numbers, one of ISO dates is dates, every other is categories.
 *
 * @param source text, bytes, a `Blob` or `File`, a `Response` or a stream, of Node or of the web
 * @throws DataError, with `file`, `line` and `column` in its `cause`, for what is no table: rows of unequal length, a name twice,
 *   no rows, an open quote, a cell that `types` does not allow, a row beyond `maxRowLength`; OptionError for wrong options
 * @example
 * const table = await readCsv("bill,island\n39.1,Biscoe\nNA,Dream\n");
 * table.types; // => { bill: "number", island: "category" }
 * table.toRows()[1]; // => { bill: null, island: "Dream" }
 */
export async function readCsv(source: Source, options: CsvOptions = {}): Promise<Table> {
  refuseMore("readCsv", arguments, 2, "write readCsv(source, options)");
  const settings = readOptions("readCsv", options, TABLE);
  for await (const table of tablesOf("readCsv", source, settings, Infinity)) return table;
  throw new DataError("readCsv: needs a row; got none", "missing");
}

/**
 * Reads a file of any size in tables of a few thousand rows, with memory for no more. The kinds of columns are those of `types`,
 * and for the others what the first table says: a cell further down that does not fit is an error.
 *
 * @throws as `readCsv`, when the piece with the mistake is read
 * @example
 * let rows = 0;
 * for await (const table of streamCsv("a,b\n1,2\n3,4\n5,6\n", { tableRows: 2 })) rows += table.rows;
 * rows; // => 3
 */
export function streamCsv(source: Source, options: CsvStreamOptions = {}): AsyncGenerator<Table> {
  refuseMore("streamCsv", arguments, 2, "write streamCsv(source, options)");
  const { tableRows, ...settings } = readOptions("streamCsv", options, {
    ...TABLE,
    tableRows: [8192, COUNT],
  });
  return tablesOf("streamCsv", source, settings, tableRows);
}

type Settings = ReturnType<typeof readOptions<CsvOptions, typeof TABLE>>;

async function* tablesOf(
  who: string,
  source: unknown,
  settings: Settings,
  tableRows: number,
): AsyncGenerator<Table> {
  const { header } = settings;
  if (typeof header !== "boolean" && !TEXTS[1](header))
    throw new OptionError(`${who}: header must be true, false or an array of names; got ${describe(header)}`);
  const file = settings.name ?? nameOf(source);
  const where = file === undefined ? who : `${who}: ${file}`;
  const most = settings.rows ?? Infinity;
  let building: TableBuilder | undefined;
  let names = typeof header === "boolean" ? undefined : checkedNames(where, file, header, 0);
  let types = settings.types;
  let decimal = settings.decimal;
  let total = 0;
  for await (const { records, delimiter, lineOf } of recordsOf(where, file, source, settings)) {
    decimal ??= guessDecimal(records, delimiter);
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      // A blank line.
      if (record.length === 1 && trimmed(record[0]) === "") continue;
      if (names === undefined) {
        names =
          header === true
            ? checkedNames(where, file, record.map(trimmed), lineOf(i))
            : record.map((_, j) => `column${j + 1}`);
        if (header === true) continue;
      }
      building ??= new TableBuilder(where, file, names, types, settings.missing, decimal);
      building.push(record, lineOf, i);
      total++;
      if (building.rows === tableRows || total === most) {
        const table = building.build();
        types ??= table.types;
        types = { ...table.types, ...types };
        building = undefined;
        yield table;
        if (total === most) return;
      }
    }
  }
  if (building) yield building.build();
  else if (total === 0)
    throw new DataError(
      `${where}: must have at least one row of data; got ${names ? `a header of ${names.length} names alone` : "no text"}` +
        (typeof source === "string" && /^[^\n,;]+\.\w+$/.test(source)
          ? " (a path? open it: fs.createReadStream(path), or await fetch(url))"
          : ""),
      "missing",
      { file },
    );
}

/** Names that no two columns share. */
function checkedNames(
  where: string,
  file: string | undefined,
  given: readonly string[],
  line: number,
): readonly string[] {
  const names = given.map((name, i) => (name === "" ? `column${i + 1}` : name));
  const seen = new Map<string, number>();
  names.forEach((name, i) => {
    const before = seen.get(name);
    const at = line > 0 ? `${where}: line ${line}` : where;
    if (before !== undefined)
      throw new DataError(
        `${at}: columns must have different names; got ${describe(name)} for columns ${before + 1} and ${i + 1}`,
        "format",
        { file, line, column: name },
      );
    if (name === "__proto__")
      throw new DataError(
        `${at}: no column can have the name "__proto__"; got it for column ${i + 1}`,
        "format",
        {
          file,
          line,
          column: name,
        },
      );
    seen.set(name, i);
  });
  return names;
}

class TableBuilder {
  readonly #where: string;
  readonly #file: string | undefined;
  readonly #columns: readonly ColumnBuilder[];
  rows = 0;

  constructor(
    where: string,
    file: string | undefined,
    names: readonly string[],
    types: CsvOptions["types"],
    missing: readonly string[],
    decimal: "." | ",",
  ) {
    this.#where = where;
    this.#file = file;
    for (const name of Object.keys(types ?? {}))
      if (!names.includes(name))
        throw new DataError(unknownName(`${where}: types`, "column", name, names), "unknown");
    const markers = new Set(missing);
    this.#columns = names.map(
      (name) =>
        new ColumnBuilder(
          name,
          types && Object.hasOwn(types, name) ? types[name] : undefined,
          markers,
          decimal.charCodeAt(0),
        ),
    );
  }

  push(record: readonly string[], lineOf: (i: number) => number, i: number): void {
    const columns = this.#columns;
    if (record.length !== columns.length)
      throw new DataError(
        `${this.#where}: line ${lineOf(i)}: rows must have ${columns.length} cells, one for each column; got ${record.length}` +
          (record.length > columns.length ? " (an unquoted delimiter in a cell?)" : ""),
        "format",
        { file: this.#file, line: lineOf(i) },
      );
    for (let j = 0; j < columns.length; j++) {
      const column = columns[j];
      column.pushText(record[j], () => `${this.#where}: line ${lineOf(i)}, column ${describe(column.name)}`);
    }
    this.rows++;
  }

  build(): Table {
    const columns: TableColumn[] = [];
    const notes: string[] = [];
    for (const builder of this.#columns) {
      const { column, note } = builder.build();
      columns.push(column);
      if (note) notes.push(note);
    }
    return new Table(columns, this.rows, notes);
  }
}

interface Records {
  readonly records: readonly (readonly string[])[];
  readonly delimiter: string;
  /** The line, counted from 1, that record i begins on. */
  readonly lineOf: (i: number) => number;
}

/** The records of a text, some thousand at a time. */
async function* recordsOf(
  where: string,
  file: string | undefined,
  source: unknown,
  settings: Settings,
): AsyncGenerator<Records> {
  const { maxRowLength } = settings;
  let { delimiter } = settings;
  let newline: "\n" | "\r" | undefined;
  let rest = "";
  let line = 1;
  // Pieces wait until they are as long as what is left of an open row: a long row is not parsed anew with each of them.
  let waiting: string[] = [];
  let waitingLength = 0;

  const parse = (text: string, isLast: boolean): Records | undefined => {
    newline ??= text.includes("\n") || !text.includes("\r") ? "\n" : "\r";
    delimiter ??= guessDelimiter(text, newline, isLast);
    const parser = new Parser({ delimiter, newline });
    // A last line ends as all others do: the parser takes CR and spaces behind a quote before the end of a line alone.
    const whole = isLast && !text.endsWith(newline) ? text + newline : text;
    const { data, errors, meta } = parser.parse(whole, 0, !isLast);
    const first = line;
    // Without a quote no record takes more than a line.
    const isPlain = !text.includes('"');
    const lineOf = (i: number) => first + (isPlain ? i : linesOf(data, i));
    const [error] = errors;
    if (error)
      throw new DataError(
        `${where}: line ${lineOf(error.row)}: ${
          error.code === "MissingQuotes"
            ? "a quote must be closed; got the end of the file"
            : "a quote inside a quoted cell must be doubled; got a single one"
        }`,
        "format",
        { file, line: lineOf(error.row) },
      );
    rest = isLast ? "" : text.slice(meta.cursor);
    if (rest.length > maxRowLength)
      throw new DataError(
        `${where}: line ${lineOf(data.length)}: a row must have at most ${maxRowLength} characters; got more` +
          " (a quote that is not closed? maxRowLength sets the limit)",
        "limit",
        { file, line: lineOf(data.length) },
      );
    line = lineOf(data.length);
    if (newline === "\n") for (const record of data) dropReturn(record);
    return data.length > 0 ? { records: data, delimiter, lineOf } : undefined;
  };

  for await (const piece of textOf(where, source, settings.encoding)) {
    waiting.push(piece);
    waitingLength += piece.length;
    if (waitingLength < LEAST_PARSED || waitingLength < rest.length) continue;
    // A quote or the two signs that end a line may be cut in two: the last sign waits.
    const text = rest + waiting.join("");
    waiting = [text.slice(-1)];
    waitingLength = 1;
    const records = parse(text.slice(0, -1), false);
    if (records) yield records;
  }
  const text = rest + waiting.join("");
  rest = "";
  if (text !== "") {
    const records = parse(text, true);
    if (records) yield records;
  }
}

/** Characters that are parsed at once at least. */
const LEAST_PARSED = 1 << 17;

/** Lines that the first i records take: those with quotes may take several. */
function linesOf(records: readonly (readonly string[])[], i: number): number {
  let lines = i;
  for (let r = 0; r < i; r++)
    for (const cell of records[r])
      for (let at = cell.indexOf("\n"); at >= 0; at = cell.indexOf("\n", at + 1)) lines++;
  return lines;
}

/** Lines that end with CR and LF, of which the parser takes LF. */
function dropReturn(record: string[]): void {
  const last = record.length - 1;
  const cell = record[last];
  if (cell.charCodeAt(cell.length - 1) === 13) record[last] = cell.slice(0, -1);
}

const DELIMITERS = [",", ";", "\t", "|"];
const LINES_TO_GUESS = 20;
const TEXT_TO_GUESS = 1 << 16;

/** The delimiter that parts most cells, the same number in each of the first lines; else the one with most in the header. */
function guessDelimiter(text: string, newline: string, isLast: boolean): string {
  const start = text.slice(0, TEXT_TO_GUESS);
  let best = ",";
  let most = 1;
  let mostUneven = 1;
  let uneven = ",";
  for (const delimiter of DELIMITERS) {
    const parser = new Parser({ delimiter, newline });
    const { data } = parser.parse(start, 0, !(isLast && start.length === text.length));
    const widths = data
      .slice(0, LINES_TO_GUESS)
      .flatMap((record) => (record.length === 1 && record[0].trim() === "" ? [] : [record.length]));
    if (widths.length === 0) continue;
    const isEven = widths.every((width) => width === widths[0]);
    if (isEven && widths[0] > most) [best, most] = [delimiter, widths[0]];
    if (widths[0] > mostUneven) [uneven, mostUneven] = [delimiter, widths[0]];
  }
  return most > 1 ? best : uneven;
}

/** Numbers such as 3,14 in cells that something else parts; no numbers such as 3.14 beside them. */
function guessDecimal(records: readonly (readonly string[])[], delimiter: string): "." | "," {
  if (delimiter === ",") return ".";
  let commas = 0;
  let points = 0;
  for (const record of records.slice(0, 1000))
    for (const cell of record) {
      const text = trimmed(cell);
      if (/^[+-]?\d+,\d+$/.test(text)) commas++;
      else if (/^[+-]?\d+\.\d+$/.test(text)) points++;
    }
  return commas > 0 && points === 0 ? "," : ".";
}
