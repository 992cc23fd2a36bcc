/** Columns of a table as the numbers that a model with `columns` reads. */
import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import type { Column } from "../graph/input.ts";
import { isoText, parsedNumber } from "./table/cells.ts";
import { isMissing, type TableColumn } from "./table/table-column.ts";

/** The text of a cell as a category; undefined where it is missing. */
export function textAt(column: TableColumn, row: number): string | undefined {
  if (isMissing(column, row)) return undefined;
  const value = column.data[row];
  if (column.kind === "category") return column.categories[value];
  return column.kind === "date" ? isoText(value) : String(value);
}

/**
 * Writes a column into rows of `width` numbers at place j: a category as its index, `categories.length` for those that the model
 * does not know, a date in milliseconds, NaN for what is missing.
 */
export function encodeColumn(
  who: string,
  column: Column,
  from: TableColumn,
  into: Float64Array,
  j: number,
  width: number,
): void {
  const rows = from.data.length;
  if (column.kind === "category") {
    const index = new Map(column.categories.map((category, i) => [category, i]));
    const unseen = column.categories.length;
    const ofText = (text: string | undefined) => (text === undefined ? NaN : (index.get(text) ?? unseen));
    if (from.kind === "category") {
      const codes = Float64Array.from(from.categories, ofText);
      for (let row = 0; row < rows; row++)
        into[row * width + j] = from.data[row] < 0 ? NaN : codes[from.data[row]];
    } else for (let row = 0; row < rows; row++) into[row * width + j] = ofText(textAt(from, row));
    return;
  }
  if (from.kind !== "category") {
    for (let row = 0; row < rows; row++) into[row * width + j] = from.data[row];
    return;
  }
  for (let row = 0; row < rows; row++) {
    const text = textAt(from, row);
    const value = text === undefined ? NaN : column.kind === "number" ? parsedNumber(text) : NaN;
    if (text !== undefined && Number.isNaN(value))
      throw new DataError(
        `${who}: column ${describe(column.name)} must have ${column.kind}s; got ${describe(text)} at row ${row}`,
        "type",
      );
    into[row * width + j] = value;
  }
}
