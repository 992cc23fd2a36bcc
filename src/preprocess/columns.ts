/** Rows of a table at the border: objects by column name, lists in column order, or numbers that are encoded already. */
import { describe } from "../describe.ts";
import { DataError, ShapeError } from "../errors.ts";
import type { Column } from "../graph/input.ts";
import { isoMilliseconds } from "../iso-date.ts";
import { classOf } from "../realm.ts";
import { countRows, isNumericArray, type Rows, readRows } from "../rows/data.ts";
import { nearest } from "../suggest.ts";

/** Reads the cell of a column as a number; NaN stands for what is missing. */
type ReadCell = (cell: unknown) => number | undefined;

export interface TableReader {
  countRows(what: string, given: unknown): number;
  read(what: string, given: unknown, from: number, count: number, into: Float64Array, at: number): void;
}

/** Whether cells are numbers already: categories by their index, dates as milliseconds. */
const isEncoded = (given: unknown): given is Rows =>
  isNumericArray(given) ||
  (typeof given === "object" && given !== null && "data" in given && "shape" in given);

const isMissing = (cell: unknown) =>
  cell === null || cell === undefined || (typeof cell === "number" && Number.isNaN(cell));

function readerOf(column: Column): ReadCell {
  if (column.kind === "category") {
    const index = new Map(column.categories.map((category, i) => [category, i]));
    const unseen = column.categories.length;
    return (cell) =>
      typeof cell === "string" ||
      typeof cell === "number" ||
      typeof cell === "boolean" ||
      typeof cell === "bigint"
        ? (index.get(String(cell)) ?? unseen)
        : undefined;
  }
  if (column.kind === "number")
    return (cell) => (typeof cell === "number" && Number.isFinite(cell) ? cell : undefined);
  return (cell) => {
    const time =
      typeof cell === "string"
        ? isoMilliseconds(cell)
        : typeof cell === "number"
          ? cell
          : classOf(cell) === "Date"
            ? (cell as Date).getTime()
            : Number.NaN;
    return Number.isFinite(time) ? time : undefined;
  };
}

/** What a cell of a column must be, for errors. */
const RULES: Readonly<Record<Column["kind"], string>> = {
  number: "must hold finite numbers",
  category: "must hold names",
  date: "must hold ISO 8601 dates, such as 2024-02-29 or 2024-02-29T12:30:00Z",
};

const hintFor = (kind: Column["kind"], cell: unknown) =>
  cell === "" || cell === undefined
    ? " (write null for a missing value)"
    : kind === "number" && typeof cell === "string" && Number.isFinite(+cell)
      ? " (convert it with Number)"
      : kind === "number" && typeof cell === "boolean"
        ? " (write 1 or 0)"
        : "";

export function tableReader(columns: readonly Column[]): TableReader {
  const names = columns.map(({ name }) => name);
  const readers = columns.map(readerOf);
  const width = columns.length;
  const everywhere = new Uint8Array(width).fill(1);

  const cellOf = (what: string, row: unknown, index: number, j: number): unknown => {
    if (Array.isArray(row)) return row[j];
    const name = names[j];
    // Getters of a class are cells, what every object inherits is none.
    if (!Object.hasOwn(row as object, name) && (!(name in (row as object)) || name in Object.prototype))
      throw absent(what, row as object, index, j);
    return (row as Readonly<Record<string, unknown>>)[name];
  };

  const absent = (what: string, row: object, index: number, j: number): DataError => {
    // The key that was probably meant, among those that no column takes.
    const others = Object.keys(row).filter((key) => !names.includes(key));
    const meant = nearest(names[j], others);
    return new DataError(
      `${what}: rows must have the column ${describe(names[j])}; got row ${index} without it` +
        (meant === undefined
          ? " (write null for a missing value)"
          : `: did you mean it by ${describe(meant)}?`),
      "missing",
    );
  };

  /** Categories by index must be those of the column, or the one behind them. */
  const checkEncoded = (what: string, from: number, count: number, into: Float64Array, at: number) => {
    for (let j = 0; j < width; j++) {
      const column = columns[j];
      if (column.kind !== "category") continue;
      const { length } = column.categories;
      for (let i = 0; i < count; i++) {
        const value = into[at + i * width + j];
        if (Number.isNaN(value) || (Number.isInteger(value) && value >= 0 && value <= length)) continue;
        throw new DataError(
          `${what}: column ${describe(names[j])} must hold whole numbers from 0 to ${length}, ${length} for an unseen ` +
            `category, or NaN; got ${value} at row ${from + i}`,
          "label",
        );
      }
    }
  };

  const readTable: TableReader["read"] = (what, given, from, count, into, at) => {
    const rows = given as readonly unknown[];
    for (let i = 0; i < count; i++) {
      const index = from + i;
      const row = rows[index];
      if (typeof row !== "object" || row === null)
        throw new DataError(
          `${what}: rows must be objects or arrays; got ${describe(row)} as row ${index}`,
          "type",
        );
      if (isNumericArray(row)) {
        // Names do not fit in it: it is encoded.
        readRows(what, given as Rows, width, index, 1, into, at + i * width, everywhere);
        checkEncoded(what, index, 1, into, at + i * width);
        continue;
      }
      if (Array.isArray(row) && row.length !== width)
        throw new ShapeError(
          `${what}: row ${index} must have ${width} values, one a column; got ${row.length}`,
          "rows",
        );
      for (let j = 0; j < width; j++) {
        const cell = cellOf(what, row, index, j);
        const value = isMissing(cell) ? Number.NaN : readers[j](cell);
        if (value === undefined)
          throw new DataError(
            `${what}: column ${describe(names[j])} ${RULES[columns[j].kind]}; got ${describe(cell)} at row ${index}` +
              hintFor(columns[j].kind, cell),
            "type",
          );
        into[at + i * width + j] = value;
      }
    }
  };

  return {
    countRows: (what, given) => {
      if (isEncoded(given)) return countRows(what, given, width);
      if (Array.isArray(given)) return given.length;
      throw new DataError(
        `${what}: rows must be an array of objects, one a row, such as [{ ${describe(names[0])}: .. }]; got ${describe(given)}`,
        given === undefined ? "missing" : "type",
      );
    },
    read: (what, given, from, count, into, at) => {
      if (!isEncoded(given)) return readTable(what, given, from, count, into, at);
      readRows(what, given, width, from, count, into, at, everywhere);
      checkEncoded(what, from, count, into, at);
    },
  };
}
