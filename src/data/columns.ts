/** From a table to what a model takes: which columns it reads, as what, and what it shall learn. */
import { describe } from "../describe.ts";
import { DataError, OptionError } from "../errors.ts";
import type { Column } from "../graph/input.ts";
import { inputColumns } from "../model/preprocessing.ts";
import { COUNT, oneOf, type Rule, readOptions, refuseMore, STRING } from "../options.ts";
import { listed, unknownName } from "../suggest.ts";
import { encodeColumn, textAt } from "./encode.ts";
import { parsedNumber } from "./table/cells.ts";
import { KINDS } from "./table/column-builder.ts";
import { Table } from "./table/table.ts";
import { type ColumnKind, isMissing, type TableColumn } from "./table/table-column.ts";

export interface ColumnsOptions {
  /** The column to predict. */
  readonly target: string;
  /** Columns that the model shall not see. */
  readonly drop?: readonly string[];
  /** What columns are, where their cells do not say it; a column named here is never left out. */
  readonly kinds?: { readonly [column: string]: ColumnKind };
  /** By default classes where the target is text, or whole numbers of at most 20 different values. */
  readonly task?: "classification" | "regression";
  /** What stands for missing numbers: the column's mean (default) or median, or a number. Where the table has some, the model also gets whether one was missing. */
  readonly impute?: "mean" | "median" | number;
  /** How numbers are scaled; default `"standardize"`. */
  readonly scale?: "standardize" | "minMax" | "none";
  /** The most values of a category; a column with more is left out as free text. Default 100. */
  readonly maxCategories?: number;
}

/** Targets with more values are numbers. */
const MOST_CLASSES = 20;

/** Whole numbers under such a name, different in each row, count rows. */
const COUNTS_ROWS = /^(id|index|key|no|nr|number|row|rownames|column1|unnamed.*)$|[_ -]id$/i;
const ENDS_IN_ID = /[a-z]I[dD]$/;

const NAMES: Rule = [
  'an array of names, such as ["id"]',
  (list: unknown) => Array.isArray(list) && list.every((entry) => typeof entry === "string"),
  "object",
];

/** Rows and targets as `fit` takes them, with what was learnt from the table they came from. */
export class TableData {
  /** Encoded rows: a category as its index, a date in milliseconds, a missing value as NaN. Shape [rows, columns]. */
  readonly x: { readonly data: Float64Array; readonly shape: readonly [number, number] };
  /** A class name a row, or [rows] numbers. */
  readonly y: string[] | Float64Array;
  readonly #learnt: Learnt;

  /** @internal */
  constructor(learnt: Learnt, table: Table, who: string) {
    this.#learnt = learnt;
    this.x = encode(learnt, table, who);
    this.y = targetsOf(learnt, table, who);
  }

  /** What `sequential({ columns })` takes: names, kinds and categories, all from the table given to `columns`. */
  get columns(): readonly Column[] {
    return this.#learnt.columns;
  }

  /** The classes, sorted by code units: what `compile` takes. Empty for numbers. */
  get labels(): readonly string[] {
    return this.#learnt.labels;
  }

  get task(): "classification" | "regression" {
    return this.#learnt.task;
  }

  get target(): string {
    return this.#learnt.target;
  }

  /** What was left out and why, in sentences. */
  get notes(): readonly string[] {
    return this.#learnt.notes;
  }

  /**
   * Rows and targets of another table in the same terms. Categories that the first table did not have share a place of their
   * own.
   *
   * @throws DataError for a column that is absent or of another kind, and for a class that the first table did not have
   */
  of(table: Table): TableData {
    refuseMore("of", arguments, 1, "write of(table)");
    return new TableData(this.#learnt, checkedTable("of", table), "of");
  }

  /** The rows of a table that need not have the target. */
  xOf(table: Table): TableData["x"] {
    refuseMore("xOf", arguments, 1, "write xOf(table)");
    return encode(this.#learnt, checkedTable("xOf", table), "xOf");
  }

  /**
   * The rows of a table, or of tables that come one after the other, as `fitStream` takes them, a table's at a time.
   *
   * @throws as `of`
   */
  async *rowsOf(tables: Table | AsyncIterable<Table> | Iterable<Table>): AsyncGenerator<EncodedRow[]> {
    refuseMore("rowsOf", arguments, 1, "write rowsOf(tables)");
    for await (const table of tables instanceof Table ? [tables] : tables) {
      const { x, y } = new TableData(this.#learnt, checkedTable("rowsOf", table), "rowsOf");
      const [rows, width] = x.shape;
      // Each row has memory of its own: one that waits in a buffer shall not keep the table.
      yield Array.from({ length: rows }, (_, i) => ({
        x: x.data.slice(i * width, (i + 1) * width),
        y: y[i],
      }));
    }
  }
}

/** One row of a table as numbers, with its target. */
export interface EncodedRow {
  readonly x: Float64Array;
  readonly y: string | number;
}

interface Learnt {
  readonly columns: readonly Column[];
  readonly target: string;
  readonly task: "classification" | "regression";
  readonly labels: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Says what a model reads from a table and what it shall predict. docs/data.md has each rule; whatever is left out is told in
 * `notes`. Kinds, categories and labels come from this table alone: give it the rows to train on.
 *
 * @returns `{ x, y }` as `fit` takes it, with `columns`, `labels`, `task`, `notes` and `of(table)` beside
 * @throws DataError for an unknown column, a target that is missing in a row or has one class, and where no column is left;
 *   OptionError for wrong options
 * @example
 * const table = readJson([
 *   { id: 1, bill: 39.1, island: "Biscoe", species: "Adelie" },
 *   { id: 2, bill: 46.5, island: "Dream", species: "Chinstrap" },
 *   { id: 3, bill: 38.9, island: "Biscoe", species: "Adelie" },
 * ]);
 * const data = columns(table, { target: "species", drop: ["id"] });
 * data.labels; // => ["Adelie", "Chinstrap"]
 * data.columns.map(({ name }) => name); // => ["bill", "island"]
 * [...data.x.data]; // => [39.1, 0, 46.5, 1, 38.9, 0]
 */
export function columns(table: Table, options: ColumnsOptions): TableData {
  refuseMore("columns", arguments, 2, "write columns(table, { target })");
  checkedTable("columns", table);
  const settings = readOptions("columns", options, {
    target: [undefined, STRING],
    drop: [[] as readonly string[], NAMES],
    kinds: [{} as NonNullable<ColumnsOptions["kinds"]>, KINDS],
    task: [undefined, oneOf("classification", "regression")],
    impute: ["mean" as NonNullable<ColumnsOptions["impute"]>],
    scale: ["standardize" as const, oneOf("standardize", "minMax", "none")],
    maxCategories: [100, COUNT],
  });
  const { target, drop, kinds, impute } = settings;
  if (target === undefined)
    throw new OptionError(
      `columns: target must be the column to predict, one of ${listed(table.names)}; got none`,
    );
  if (impute !== "mean" && impute !== "median" && !Number.isFinite(impute))
    throw new OptionError(`columns: impute must be "mean", "median" or a number; got ${describe(impute)}`);
  for (const name of [target, ...drop, ...Object.keys(kinds)])
    if (!table.has(name)) throw new DataError(unknownName("columns", "column", name, table.names), "unknown");
  if (drop.includes(target))
    throw new OptionError(`columns: the target must not be dropped; got ${describe(target)} in drop`);

  const notes = [...table.notes];
  const learnt: Column[] = [];
  for (const column of table.columns) {
    const { name } = column;
    if (name === target || drop.includes(name)) continue;
    const told = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const reason = told === undefined ? useless(column, table.rows, settings.maxCategories) : undefined;
    if (reason !== undefined)
      notes.push(
        `column ${describe(name)} is left out: ${reason} (kinds: { ${JSON.stringify(name)}: "${column.kind}" } keeps it)`,
      );
    else learnt.push(learnColumn(column, told ?? column.kind, table.rows, settings));
  }
  if (learnt.length === 0)
    throw new DataError(
      `columns: a column beside the target must be left to learn from; got none${notes.map((note) => `; ${note}`).join("")}`,
      "missing",
    );
  const task = taskOf(table.column(target), kinds[target], settings.task, table.rows);
  const labels = task === "classification" ? labelsOf(table.column(target), table.rows) : [];
  return new TableData({ columns: inputColumns(learnt), target, task, labels, notes }, table, "columns");
}

function checkedTable(who: string, table: unknown): Table {
  if (table instanceof Table) return table;
  throw new DataError(
    `${who}: takes a table, as readCsv and readJson give it; got ${describe(table)}`,
    "type",
  );
}

/** Why nothing can be learnt from a column; undefined where something may be. */
function useless(column: TableColumn, rows: number, maxCategories: number): string | undefined {
  let present = 0;
  const values = new Set<number>();
  for (let row = 0; row < rows; row++) {
    if (isMissing(column, row)) continue;
    present++;
    values.add(column.data[row]);
  }
  if (present === 0) return "it has no values";
  if (values.size === 1 && present === rows) return "it has the same value in every row";
  const isUnique = values.size === present && present === rows;
  if (column.kind === "category") {
    if (isUnique) return "its values are different in every row";
    if (values.size > maxCategories)
      return `it has ${values.size} different texts, more than maxCategories, ${maxCategories}`;
  }
  if (
    column.kind === "number" &&
    isUnique &&
    rows > 1 &&
    (COUNTS_ROWS.test(column.name) || ENDS_IN_ID.test(column.name))
  ) {
    let isWhole = true;
    for (const value of values) isWhole &&= Number.isInteger(value);
    if (isWhole) return "it numbers the rows";
  }
  return undefined;
}

function learnColumn(
  column: TableColumn,
  kind: ColumnKind,
  rows: number,
  {
    impute,
    scale,
  }: { readonly impute: "mean" | "median" | number; readonly scale: "standardize" | "minMax" | "none" },
): Column {
  const { name } = column;
  if (kind === "category") {
    const found = new Set<string>();
    if (column.kind === "category") {
      const used = new Uint8Array(column.categories.length);
      for (let row = 0; row < rows; row++) if (column.data[row] >= 0) used[column.data[row]] = 1;
      for (const [i, category] of column.categories.entries()) if (used[i]) found.add(category);
    } else
      for (let row = 0; row < rows; row++)
        if (!isMissing(column, row)) found.add(textAt(column, row) as string);
    return { name, kind, categories: [...found].sort() };
  }
  if (column.kind === "category")
    for (let row = 0; row < rows; row++)
      if (
        column.data[row] >= 0 &&
        (kind === "date" || Number.isNaN(parsedNumber(textAt(column, row) as string)))
      )
        throw new DataError(
          `columns: column ${describe(name)} must have ${kind === "date" ? "ISO dates" : "numbers"}, as kinds says; ` +
            `got ${describe(textAt(column, row))} at row ${row}`,
          "type",
        );
  let hasMissing = false;
  for (let row = 0; row < rows && !hasMissing; row++) hasMissing = isMissing(column, row);
  return { name, kind, with: impute, ...(hasMissing ? { indicator: true } : {}), scale };
}

function taskOf(
  column: TableColumn,
  kind: ColumnKind | undefined,
  task: ColumnsOptions["task"],
  rows: number,
): "classification" | "regression" {
  const { name } = column;
  for (let row = 0; row < rows; row++)
    if (isMissing(column, row))
      throw new DataError(
        `columns: the target ${describe(name)} must have a value in each row; got none at row ${row} ` +
          "(leave such rows out: table.filter)",
        "missing",
      );
  if (column.kind === "date")
    throw new DataError(
      `columns: the target must be numbers or classes; got dates in ${describe(name)}`,
      "type",
    );
  const asked =
    task ?? (kind === "category" ? "classification" : kind === "number" ? "regression" : undefined);
  if (column.kind === "category") {
    if (asked === "regression")
      throw new DataError(
        `columns: the target of a regression must be numbers; got text in ${describe(name)}, such as ${describe(textAt(column, 0))}`,
        "type",
      );
    return "classification";
  }
  if (asked) return asked;
  const values = new Set<number>();
  for (let row = 0; row < rows; row++) {
    values.add(column.data[row]);
    if (!Number.isInteger(column.data[row]) || values.size > MOST_CLASSES) return "regression";
  }
  return "classification";
}

function labelsOf(column: TableColumn, rows: number): string[] {
  const found = new Set<string>();
  for (let row = 0; row < rows; row++) found.add(textAt(column, row) as string);
  if (found.size < 2)
    throw new DataError(
      `columns: the target must have at least two classes; got ${describe([...found][0])} alone in ${describe(column.name)}`,
      "label",
    );
  return [...found].sort();
}

function encode({ columns }: Learnt, table: Table, who: string): TableData["x"] {
  const { rows } = table;
  const data = new Float64Array(rows * columns.length);
  columns.forEach((column, j) => {
    if (!table.has(column.name))
      throw new DataError(
        `${who}: the table must have the columns of the first one; got none named ${describe(column.name)}`,
        "missing",
      );
    encodeColumn(who, column, table.column(column.name), data, j, columns.length);
  });
  return { data, shape: [rows, columns.length] };
}

function targetsOf({ target, task, labels }: Learnt, table: Table, who: string): string[] | Float64Array {
  if (!table.has(target))
    throw new DataError(
      `${who}: the table must have the target ${describe(target)}; got ${listed(table.names)} (xOf needs none)`,
      "missing",
    );
  const column = table.column(target);
  for (let row = 0; row < table.rows; row++)
    if (isMissing(column, row))
      throw new DataError(
        `${who}: the target ${describe(target)} must have a value in each row; got none at row ${row}`,
        "missing",
      );
  if (task === "regression") {
    if (column.kind === "number") return column.data.slice();
    throw new DataError(
      `${who}: the target ${describe(target)} must be numbers; got ${column.kind}s`,
      "type",
    );
  }
  const known = new Set(labels);
  return Array.from({ length: table.rows }, (_, row) => {
    const label = textAt(column, row) as string;
    if (!known.has(label))
      throw new DataError(
        `${unknownName(`${who}: target ${describe(target)}`, "label", label, labels)}; it is at row ${row}`,
        "label",
      );
    return label;
  });
}
