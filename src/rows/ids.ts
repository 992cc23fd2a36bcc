/** Whole numbers at the border: ids of an embedding's rows, read into i32 with every value checked. */
import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import { isNumericArray, type Rows, readRows } from "./data.ts";

/** What ids must be. */
export interface IdRules {
  /** Ids in a row. */
  readonly rowElements: number;
  /** Every id is less than this. */
  readonly below: number;
}

const MOST_EXACT = 1 << 24;

function checked(what: string, value: number, i: number, { rowElements, below }: IdRules): number {
  if (Number.isInteger(value) && value >= 0 && value < below) return value;
  throw new DataError(
    `${what}: ids must be whole numbers from 0 to ${below - 1}; ` +
      `got ${describe(value)} at row ${Math.floor(i / rowElements)}, column ${i % rowElements}`,
  );
}

/** Reads rows `from .. from + count - 1` into `into` at `at`. */
export function readIds(
  what: string,
  data: Rows,
  rules: IdRules,
  from: number,
  count: number,
  into: Int32Array,
  at: number,
): void {
  const { rowElements } = rules;
  const elements = count * rowElements;
  const start = from * rowElements;
  if (isNumericArray(data)) {
    for (let i = 0; i < elements; i++) into[at + i] = checked(what, data[start + i], start + i, rules);
    return;
  }
  // Ids up to 2^24 are exact as f32, which rows are read into; larger tables take typed arrays.
  const read = new Float32Array(elements);
  readRows(what, data, rowElements, from, count, read, 0);
  for (let i = 0; i < elements; i++) {
    if (read[i] > MOST_EXACT)
      throw new DataError(`${what}: ids beyond ${MOST_EXACT} must come in a typed array; got ${read[i]}`);
    into[at + i] = checked(what, read[i], start + i, rules);
  }
}

/** All ids as flat i32. */
export function flattenIds(what: string, data: Rows, rules: IdRules, rows: number): Int32Array {
  const into = new Int32Array(rows * rules.rowElements);
  readIds(what, data, rules, 0, rows, into, 0);
  return into;
}
