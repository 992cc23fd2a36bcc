/** One cell of a text file as a number or a date, and back: what a column of mixed cells needs when it becomes text. */
import { isoMilliseconds } from "../../iso-date.ts";

/** What stands for a missing value unless told. */
export const MISSING_MARKERS: readonly string[] = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "?"];

/**
 * How a number or a date was written, in a byte: 0 to 22 is the count of its decimals, and these.
 */
export const Form = {
  /** As `String(value)` writes it. */
  Shortest: 252,
  /** `YYYY-MM-DD`. */
  Day: 253,
  /** In no such form: the text is kept. */
  Kept: 254,
  /** There is no value. */
  Missing: 255,
} as const;

/** The last number or date read; one object for all cells, because 20 million objects take longer than their parsing. */
export interface ReadCell {
  value: number;
  form: number;
}

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** Digits that always fit into 2^53. */
const EXACT_DIGITS = 15;

const ANY_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const LEADING_ZERO = /^[+-]?0\d/;

/**
 * Reads a finite decimal number into the nearest f64, as `Number` does; whether the text is one. Numbers with a leading
 * zero, as in 007, are none: they are names such as postal codes.
 *
 * Up to 15 digits are an exact integer, divided once by an exact power of ten, which rounds correctly (Clinger 1990, "How to
 * read floating point numbers accurately", https://doi.org/10.1145/93542.93557); all else is left to `Number`.
 *
 * @param decimal code of the sign between units and decimals
 */
export function readNumber(text: string, decimal: number, into: ReadCell): boolean {
  const { length } = text;
  let at = 0;
  const negative = text.charCodeAt(0) === 45;
  if (negative) at = 1;
  const first = at;
  let digits = 0;
  let decimals = -1;
  let integer = 0;
  for (; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      integer = integer * 10 + (code - 48);
      digits++;
      if (decimals >= 0) decimals++;
    } else if (code === decimal && decimals < 0 && digits > 0) decimals = 0;
    else return readAnyNumber(text, decimal, into);
  }
  if (digits === 0 || digits > EXACT_DIGITS || decimals === 0) return readAnyNumber(text, decimal, into);
  decimals = Math.max(decimals, 0);
  const units = digits - decimals;
  if (units > 1 && text.charCodeAt(first) === 48) return false;
  const value = decimals === 0 ? integer : integer / POWERS_OF_TEN[decimals];
  into.value = negative ? -value : value;
  into.form = negative && value === 0 ? Form.Kept : decimals;
  return true;
}

function readAnyNumber(text: string, decimal: number, into: ReadCell): boolean {
  const point = decimal === 46 ? text : withPoint(text, decimal);
  if (!ANY_NUMBER.test(point) || LEADING_ZERO.test(point)) return false;
  const value = Number(point);
  if (value - value !== 0) return false;
  into.value = value;
  into.form = String(value) === text ? Form.Shortest : Form.Kept;
  return true;
}

/** The number that a text is, with leading zeros too, where a column is told to be numbers; NaN for every other text. */
export function parsedNumber(text: string, decimal = 46): number {
  const point = decimal === 46 ? text : withPoint(text, decimal);
  const value = ANY_NUMBER.test(point) ? Number(point) : NaN;
  return value - value === 0 ? value : NaN;
}

/** With `.` for the decimal sign; a number that has `.` already is none in such a file. */
const withPoint = (text: string, decimal: number) =>
  text.includes(".") ? "" : text.replace(String.fromCharCode(decimal), ".");

/** Reads an ISO date into milliseconds since 1970 in UTC; whether the text is one. */
export function readDate(text: string, into: ReadCell): boolean {
  // Most text is told from a date by its length or its fifth character.
  if (text.length < 10 || text.charCodeAt(4) !== 45) return false;
  const milliseconds = isoMilliseconds(text);
  if (Number.isNaN(milliseconds)) return false;
  into.value = milliseconds;
  into.form = text.length === 10 ? Form.Day : Form.Kept;
  return true;
}

/** The text that a number or a date was read from; of those that were not kept, a text of the same value. */
export function writeCell(value: number, form: number, decimal: number): string {
  if (form === Form.Day) return isoText(value).slice(0, 10);
  if (form >= Form.Shortest) return String(value);
  const text = value.toFixed(form);
  return decimal === 46 ? text : text.replace(".", String.fromCharCode(decimal));
}

/** `2024-02-29T12:00:00.000Z` of milliseconds since 1970. */
export const isoText = (milliseconds: number): string => new Date(milliseconds).toISOString();
