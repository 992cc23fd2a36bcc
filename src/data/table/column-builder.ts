/** Columns as their cells come in, of a kind that the cells decide or the user said. */
import { describe } from "../../describe.ts";
import { DataError } from "../../errors.ts";
import type { Rule } from "../../options.ts";
import { Form, parsedNumber, type ReadCell, readDate, readNumber, writeCell } from "./cells.ts";
import type { ColumnKind, TableColumn } from "./table-column.ts";

/** Kinds by column name. */
export const KINDS: Rule = [
  'an object of "number", "category" or "date" by column name',
  (kinds: object | null) =>
    kinds !== null && Object.values(kinds).every((kind) => /^(number|category|date)$/.test(String(kind))),
  "object",
];

/** Rows of a stretch: a column grows by whole stretches, so that nothing is copied before its end. */
const STRETCH = 8192;

/**
 * Most numbers of a column whose own text is kept, where it does not follow from the value. Of those beyond, a column that
 * turns out to be text gets the shortest text of the value.
 */
const MOST_KEPT = 100_000;

/** Numbers that come one by one, and how each was written. */
class Cells {
  readonly #values: Float64Array[] = [];
  readonly #forms: Uint8Array[] = [];
  length = 0;

  push(value: number, form: number): void {
    const at = this.length % STRETCH;
    if (at === 0) {
      this.#values.push(new Float64Array(STRETCH));
      this.#forms.push(new Uint8Array(STRETCH));
    }
    const last = this.#values.length - 1;
    this.#values[last][at] = value;
    this.#forms[last][at] = form;
    this.length++;
  }

  valueAt(row: number): number {
    return this.#values[Math.floor(row / STRETCH)][row % STRETCH];
  }

  formAt(row: number): number {
    return this.#forms[Math.floor(row / STRETCH)][row % STRETCH];
  }

  /** All values in one array; lets go of the stretches one after the other. */
  toArray<A extends Float64Array | Int32Array>(into: A): A {
    let left = this.length;
    for (let i = 0; i < this.#values.length; i++) {
      into.set(this.#values[i].subarray(0, Math.min(STRETCH, left)), i * STRETCH);
      left -= STRETCH;
      this.#values[i] = this.#values[0].subarray(0, 0);
    }
    return into;
  }
}

/** Where a cell stands, for errors. */
export type Place = () => string;

/** What a builder says of its column beside the column. */
export interface BuiltColumn {
  readonly column: TableColumn;
  readonly note?: string;
}

/** Makes one column. */
export class ColumnBuilder {
  readonly name: string;
  readonly #told: ColumnKind | undefined;
  readonly #missing: ReadonlySet<string>;
  readonly #decimal: number;
  #kind: ColumnKind | undefined;
  #cells = new Cells();
  /** Texts that values do not tell, by row. */
  #kept = new Map<number, string>();
  readonly #codes = new Map<string, number>();
  readonly #read: ReadCell = { value: 0, form: 0 };

  /** @param told the kind that the column must have; by default its cells decide */
  constructor(name: string, told: ColumnKind | undefined, missing: ReadonlySet<string>, decimal: number) {
    this.name = name;
    this.#told = told;
    this.#kind = told;
    this.#missing = missing;
    this.#decimal = decimal;
  }

  /** Takes a cell of a text file. */
  pushText(cell: string, place: Place): void {
    if (this.#kind === "number" && readNumber(cell, this.#decimal, this.#read)) {
      this.#pushRead(cell);
      return;
    }
    const text = trimmed(cell);
    if (this.#missing.has(text)) this.pushMissing();
    else if (this.#reads(text)) this.#pushRead(text);
    else if (this.#told === "number") this.#pushLeadingZero(text, place);
    else if (this.#told === "date") throw this.#refuse(text, place);
    else this.#pushCategory(text);
  }

  /** Numbers such as 007 are numbers where the user says so. */
  #pushLeadingZero(text: string, place: Place): void {
    const value = parsedNumber(text, this.#decimal);
    if (Number.isNaN(value)) throw this.#refuse(text, place);
    this.#cells.push(value, Form.Shortest);
  }

  /** Takes a value of JSON: text stays text, unless all of a column is ISO dates. */
  pushValue(value: unknown, place: Place): void {
    if (value === null || value === undefined || Number.isNaN(value)) this.pushMissing();
    else if (typeof value === "number" && value - value === 0) this.#pushNumber(value, place);
    else if (typeof value === "boolean") this.#pushWord(String(value), place);
    else if (typeof value === "string") this.#pushWord(value, place);
    else
      throw new DataError(
        `${place()}: values must be finite numbers, text, booleans or null; got ${describe(value)}`,
        "type",
      );
  }

  pushMissing(): void {
    if (this.#kind === "category") this.#cells.push(-1, 0);
    else this.#cells.push(NaN, Form.Missing);
  }

  #pushNumber(value: number, place: Place): void {
    this.#kind ??= "number";
    if (this.#kind === "number") this.#cells.push(value, Form.Shortest);
    else if (this.#told === "date") throw this.#refuse(String(value), place);
    else this.#pushCategory(String(value));
  }

  #pushWord(text: string, place: Place): void {
    if (this.#told === "number") this.pushText(text, place);
    else if (this.#kind !== "number" && this.#kind !== "category" && readDate(text, this.#read)) {
      this.#kind = "date";
      this.#pushRead(text);
    } else if (this.#told === "date") throw this.#refuse(text, place);
    else this.#pushCategory(text);
  }

  /** Reads a text as what the column is, which its first cell decides; whether it is that. */
  #reads(text: string): boolean {
    const isOpen = this.#kind === undefined;
    if ((isOpen || this.#kind === "number") && readNumber(text, this.#decimal, this.#read))
      this.#kind = "number";
    else if ((isOpen || this.#kind === "date") && readDate(text, this.#read)) this.#kind = "date";
    else return false;
    return true;
  }

  #pushRead(text: string): void {
    const { value, form } = this.#read;
    if (form === Form.Kept && this.#kept.size < MOST_KEPT) this.#kept.set(this.#cells.length, detached(text));
    this.#cells.push(value, form);
  }

  #pushCategory(text: string): void {
    if (this.#kind !== "category") this.#becomeCategory();
    this.#cells.push(this.#codeOf(text), 0);
  }

  #codeOf(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(detached(text), code);
    }
    return code;
  }

  /** Turns the cells before into the texts that they were. */
  #becomeCategory(): void {
    this.#kind = "category";
    const cells = this.#cells;
    this.#cells = new Cells();
    for (let row = 0; row < cells.length; row++) {
      const form = cells.formAt(row);
      if (form === Form.Missing) this.pushMissing();
      else {
        const text = this.#kept.get(row) ?? writeCell(cells.valueAt(row), form, this.#decimal);
        this.#cells.push(this.#codeOf(text), 0);
      }
    }
    this.#kept = new Map();
  }

  #refuse(text: string, place: Place): DataError {
    const what = this.#told === "date" ? "an ISO date" : "a number";
    return new DataError(
      `${place()}: the column must have ${what} or nothing in each row; got ${describe(text)}`,
      "type",
    );
  }

  /** The column; the builder is used up. */
  build(): BuiltColumn {
    const { name } = this;
    const kind = this.#kind ?? "number";
    const rows = this.#cells.length;
    if (kind !== "category")
      return { column: { name, kind, data: this.#cells.toArray(new Float64Array(rows)) } };
    const given = [...this.#codes.keys()];
    const categories = [...given].sort();
    const place = new Map(categories.map((text, i) => [text, i]));
    const sorted = Int32Array.from(given, (text) => place.get(text) as number);
    const data = this.#cells.toArray(new Int32Array(rows));
    for (let i = 0; i < rows; i++) if (data[i] >= 0) data[i] = sorted[data[i]];
    return { column: { name, kind, categories, data }, note: this.#mixedNote(categories) };
  }

  #mixedNote(categories: readonly string[]): string | undefined {
    if (this.#told !== undefined) return undefined;
    const isNumber = (category: string) => readNumber(category, this.#decimal, this.#read);
    const text = categories.find((category) => !isNumber(category) && !isNumberLike(category));
    const number = categories.find(isNumber);
    if (text === undefined || number === undefined) return undefined;
    return (
      `column ${describe(this.name)} has numbers, such as ${number}, and text, such as ${describe(text)}: ` +
      `all are taken as categories (types: { ${JSON.stringify(this.name)}: "number" } says where the first text is)`
    );
  }
}

/** Digits with a leading zero: no text among numbers, but a name like them. */
const isNumberLike = (text: string) => /^[+-]?\d+$/.test(text);

const isSpace = (code: number) => code === 32 || (code >= 9 && code <= 13) || code === 160;

/** Without the spaces around it; most cells have none. */
export const trimmed = (text: string): string =>
  isSpace(text.charCodeAt(0)) || isSpace(text.charCodeAt(text.length - 1)) ? text.trim() : text;

/** A text that does not keep the whole file in memory: engines make a part of a text a reference into it. */
const detached = (text: string): string => (text.length < 13 ? text : ` ${text}`.slice(1));
