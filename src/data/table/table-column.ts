/** The columns of a table, and their cells. */
import { isoText } from "./cells.ts";

/** Numbers; NaN is a missing value. */
export interface NumberColumn {
  readonly name: string;
  readonly kind: "number";
  /** [rows] */
  readonly data: Float64Array;
}

/** Text, each distinct one stored once. */
export interface CategoryColumn {
  readonly name: string;
  readonly kind: "category";
  /** The distinct texts, sorted by code units. */
  readonly categories: readonly string[];
  /** [rows] Index into `categories`; -1 is a missing value. */
  readonly data: Int32Array;
}

/** Days or moments. */
export interface DateColumn {
  readonly name: string;
  readonly kind: "date";
  /** [rows] Milliseconds since 1970-01-01T00:00Z; NaN is a missing value. */
  readonly data: Float64Array;
}

export type TableColumn = NumberColumn | CategoryColumn | DateColumn;

export type ColumnKind = TableColumn["kind"];

/** A cell as JSON has it: dates are ISO text, missing values null. */
export type Cell = number | string | null;

/** One row, by column name. */
export type TableRow = { readonly [column: string]: Cell };

/** A cell as JSON has it. */
export function cellOf(column: TableColumn, row: number): Cell {
  const value = column.data[row];
  if (column.kind === "category") return value < 0 ? null : column.categories[value];
  if (Number.isNaN(value)) return null;
  return column.kind === "date" ? isoText(value) : value;
}

/** Whether a cell has no value. */
export const isMissing = ({ kind, data }: TableColumn, row: number): boolean =>
  kind === "category" ? data[row] < 0 : Number.isNaN(data[row]);
