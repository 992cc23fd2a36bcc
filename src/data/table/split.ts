/** Which rows are kept apart: shares and folds, by chance, by classes or by groups. */
import { OptionError } from "../../errors.ts";
import { type Rule, readOptions, STRING } from "../../options.ts";
import { Random } from "../../random.ts";
import type { TableColumn } from "./table-column.ts";

export interface SplitOptions {
  /** The share of the rows that `test` gets, in (0, 1). */
  readonly test: number;
  /** A column whose values both parts get in the same shares. */
  readonly stratify?: string;
  /** A column whose rows of equal value go to the same part: all visits of one patient. */
  readonly groups?: string;
  /** Default 0. */
  readonly seed?: number;
}

export const SEED_RULE: Rule = [
  "a whole number from 0 to 2^53 - 1",
  (n: number) => Number.isSafeInteger(n) && n >= 0,
];

export const TEST_SHARE: Rule = ["in (0, 1)", (n: number) => n > 0 && n < 1];

/** The rows of both parts, each ascending. */
export function splitRows(
  options: SplitOptions,
  rows: number,
  find: (name: string) => TableColumn,
): [train: Int32Array, test: Int32Array] {
  const { test, stratify, groups, seed } = readOptions("split", options, {
    test: [undefined, TEST_SHARE],
    stratify: [undefined, STRING],
    groups: [undefined, STRING],
    seed: [0, SEED_RULE],
  });
  if (test === undefined) throw new OptionError("split: test must be given, such as { test: 0.2 }; got none");
  if (stratify !== undefined && groups !== undefined)
    throw new OptionError("split: stratify or groups, not both; got both");
  if (groups === undefined)
    return splitClasses(
      "split",
      stratify === undefined ? [everyRow(rows)] : valuesOf(find(stratify)),
      rows,
      test,
      seed,
    );
  const isTest = new Uint8Array(rows);
  markGroups(isTest, valuesOf(find(groups)), wantedOf("split", rows, test), new Random(seed, "split"));
  const count = isTest.reduce((sum, mark) => sum + mark, 0);
  if (count === 0 || count === rows)
    throw new OptionError(
      `split: groups must leave a row to both parts; got ${JSON.stringify(groups)}, of which one value has most of the rows`,
    );
  return partsOf(isTest, count);
}

/** The rows of both parts, each ascending; `test` has so large a share of each class. */
export function splitClasses(
  who: string,
  classes: readonly number[][],
  rows: number,
  test: number,
  seed: number,
): [train: Int32Array, test: Int32Array] {
  const wanted = wantedOf(who, rows, test);
  const isTest = new Uint8Array(rows);
  markShares(isTest, classes, wanted, new Random(seed, "split"));
  return partsOf(isTest, wanted);
}

function wantedOf(who: string, rows: number, test: number): number {
  const wanted = Math.floor(rows * test + 0.5);
  if (wanted < 1 || wanted >= rows)
    throw new OptionError(`${who}: both parts must get at least one row; got ${rows} rows and test: ${test}`);
  return wanted;
}

function partsOf(isTest: Uint8Array, count: number): [train: Int32Array, test: Int32Array] {
  const parts: [Int32Array, Int32Array] = [new Int32Array(isTest.length - count), new Int32Array(count)];
  const ends = [0, 0];
  for (let row = 0; row < isTest.length; row++) parts[isTest[row]][ends[isTest[row]]++] = row;
  return parts;
}

const everyRow = (rows: number) => Array.from({ length: rows }, (_, row) => row);

/** The rows of each distinct value, missing ones last; values ascending, text by code units. */
export function valuesOf({ kind, data }: TableColumn): number[][] {
  const byValue = new Map<number, number[]>();
  for (let row = 0; row < data.length; row++) {
    const value = Number.isNaN(data[row]) ? Infinity : data[row];
    const key = kind === "category" && value < 0 ? Infinity : value;
    const rows = byValue.get(key);
    if (rows) rows.push(row);
    else byValue.set(key, [row]);
  }
  return [...byValue].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rows]) => rows);
}

/** How many of `total` each class gets: in proportion, the largest fractions rounded up first (Hare's quotas). */
export function proportional(sizes: readonly number[], total: number): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size * total) / all);
  const counts = exact.map(Math.floor);
  const order = sizes.map((_, i) => i).sort((i, j) => exact[j] - counts[j] - (exact[i] - counts[i]) || i - j);
  let left = total - counts.reduce((sum, count) => sum + count, 0);
  for (const i of order)
    if (left > 0 && counts[i] < sizes[i]) {
      left--;
      counts[i]++;
    }
  return counts;
}

function markShares(isTest: Uint8Array, classes: readonly number[][], wanted: number, random: Random): void {
  const counts = proportional(
    classes.map(({ length }) => length),
    wanted,
  );
  classes.forEach((rows, i) => {
    for (const row of random.shuffle([...rows]).slice(0, counts[i])) isTest[row] = 1;
  });
}

/** Whole groups in random order, each taken while it brings the count nearer to what is wanted. */
function markGroups(isTest: Uint8Array, groups: readonly number[][], wanted: number, random: Random): void {
  let count = 0;
  for (const rows of random.shuffle([...groups])) {
    if (Math.abs(count + rows.length - wanted) >= Math.abs(count - wanted)) continue;
    for (const row of rows) isTest[row] = 1;
    count += rows.length;
  }
}

/**
 * The fold of each row, 0 to folds - 1: folds differ by at most one row, and so does each class between folds.
 *
 * @param classes the rows of each class; one class is a plain partition
 */
export function foldsOf(classes: readonly number[][], rows: number, folds: number, seed: number): Int32Array {
  const random = new Random(seed, "folds");
  const fold = new Int32Array(rows);
  // Dealt like cards, the next class from where the last ended.
  let next = 0;
  for (const members of classes)
    for (const row of random.shuffle([...members])) {
      fold[row] = next;
      next = (next + 1) % folds;
    }
  return fold;
}
