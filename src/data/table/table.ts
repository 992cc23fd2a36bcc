/** Tables: columns of one kind each, with names. */
import { describe } from "../../describe.ts";
import { DataError, OptionError } from "../../errors.ts";
import { refuseMore } from "../../options.ts";
import { unknownName } from "../../suggest.ts";
import { type SplitOptions, splitRows } from "./split.ts";
import { type Cell, type ColumnKind, cellOf, type TableColumn, type TableRow } from "./table-column.ts";

/**
 * Columns of equal length, each of numbers, categories or dates. Tables do not change: every method gives a new one.
 *
 * @example
 * const table = readJson([
 *   { bill: 39.1, island: "Biscoe" },
 *   { bill: null, island: "Dream" },
 * ]);
 * table.rows; // => 2
 * table.names; // => ["bill", "island"]
 * table.column("island").kind; // => "category"
 * table.toRows()[1]; // => { bill: null, island: "Dream" }
 */
export class Table {
  readonly rows: number;
  readonly columns: readonly TableColumn[];
  /** What the reader found that may surprise, in sentences. */
  readonly notes: readonly string[];
  readonly #byName: ReadonlyMap<string, TableColumn>;

  /** @internal */
  constructor(columns: readonly TableColumn[], rows: number, notes: readonly string[] = []) {
    this.columns = columns;
    this.rows = rows;
    this.notes = notes;
    this.#byName = new Map(columns.map((column) => [column.name, column]));
  }

  /** Of the columns, in their order. */
  get names(): string[] {
    return this.columns.map(({ name }) => name);
  }

  /** The kind of each column by name: what `types` of `readCsv` takes, for another file of the same form. */
  get types(): { [column: string]: ColumnKind } {
    return Object.fromEntries(this.columns.map(({ name, kind }) => [name, kind]));
  }

  /** @throws DataError for a name that no column has */
  column(name: string): TableColumn {
    refuseMore("column", arguments, 1);
    return this.#find("column", name);
  }

  has(name: string): boolean {
    refuseMore("has", arguments, 1);
    return this.#byName.has(name);
  }

  /** These columns, in this order. */
  select(names: readonly string[]): Table {
    refuseMore("select", arguments, 1, "write select([..])");
    return new Table(
      listOfNames("select", names).map((name) => this.#find("select", name)),
      this.rows,
      this.notes,
    );
  }

  /** All columns but these. */
  drop(names: readonly string[]): Table {
    refuseMore("drop", arguments, 1, "write drop([..])");
    const dropped = new Set(listOfNames("drop", names).map((name) => this.#find("drop", name)));
    return new Table(
      this.columns.filter((column) => !dropped.has(column)),
      this.rows,
      this.notes,
    );
  }

  /**
   * The rows for which a function holds.
   *
   * @example
   * const table = readJson([{ a: 1 }, { a: null }, { a: 3 }]);
   * table.filter(({ a }) => a !== null).rows; // => 2
   */
  filter(holds: (row: TableRow, index: number) => unknown): Table {
    refuseMore("filter", arguments, 1);
    if (typeof holds !== "function")
      throw new OptionError(`filter: takes a function of a row; got ${describe(holds)}`);
    const kept: number[] = [];
    for (let i = 0; i < this.rows; i++) if (holds(this.row(i), i)) kept.push(i);
    return takeRows(this, kept);
  }

  /** Rows by their indices, in this order; an index may come twice. */
  take(indices: ArrayLike<number>): Table {
    refuseMore("take", arguments, 1, "write take([..])");
    if (typeof indices !== "object" || indices === null || typeof indices.length !== "number")
      throw new OptionError(`take: indices must be an array; got ${describe(indices)}`);
    for (let i = 0; i < indices.length; i++)
      if (!(Number.isInteger(indices[i]) && indices[i] >= 0 && indices[i] < this.rows))
        throw new OptionError(
          `take: indices must be whole numbers from 0 to ${this.rows - 1}; got ${describe(indices[i])} at ${i}`,
        );
    return takeRows(this, indices);
  }

  /**
   * Keeps a share of the rows apart. Both parts keep the order of the rows; which rows go where follows from the seed, the
   * row count and the columns named.
   *
   * @throws OptionError for a share outside (0, 1) or with too few rows for it, DataError for a name that no column has
   * @example
   * const table = readJson(Array.from({ length: 10 }, (_, i) => ({ value: i, side: i < 5 ? "left" : "right" })));
   * const { train, test } = table.split({ test: 0.2, stratify: "side", seed: 1 });
   * train.rows; // => 8
   * test.toRows().map(({ side }) => side); // => ["left", "right"]
   */
  split(options: SplitOptions): { train: Table; test: Table } {
    refuseMore("split", arguments, 1, "write split({ test: 0.2 })");
    const [train, test] = splitRows(options, this.rows, (name) => this.#find("split", name));
    return { train: takeRows(this, train), test: takeRows(this, test) };
  }

  /** One row. */
  row(index: number): TableRow {
    refuseMore("row", arguments, 1);
    const row: Record<string, Cell> = {};
    for (const column of this.columns) row[column.name] = cellOf(column, index);
    return row;
  }

  /** All rows as JSON has them: numbers, text, ISO text for dates, null for what is missing. */
  toRows(): TableRow[] {
    refuseMore("toRows", arguments, 0);
    return Array.from({ length: this.rows }, (_, i) => this.row(i));
  }

  /** What `JSON.stringify` writes: the rows. */
  toJSON(): TableRow[] {
    return this.toRows();
  }

  #find(who: string, name: string): TableColumn {
    const column = this.#byName.get(name);
    if (!column) throw new DataError(unknownName(who, "column", name, this.names), "unknown");
    return column;
  }
}

function listOfNames(who: string, names: unknown): readonly string[] {
  if (!Array.isArray(names))
    throw new OptionError(`${who}: names must be an array, such as ["id"]; got ${describe(names)}`);
  if (new Set(names).size < names.length)
    throw new OptionError(
      `${who}: each column once; got ${describe(names.find((n, i) => names.indexOf(n) < i))} twice`,
    );
  return names;
}

/** Rows by their indices, unchecked. */
export function takeRows(table: Table, indices: ArrayLike<number>): Table {
  const rows = indices.length;
  const columns = table.columns.map((column): TableColumn => {
    if (column.kind === "category") {
      const data = new Int32Array(rows);
      for (let i = 0; i < rows; i++) data[i] = column.data[indices[i]];
      return { ...column, data };
    }
    const data = new Float64Array(rows);
    for (let i = 0; i < rows; i++) data[i] = column.data[indices[i]];
    return { ...column, data };
  });
  return new Table(columns, rows, table.notes);
}
