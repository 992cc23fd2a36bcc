/**
 * The steps of an input as code: what each makes of a block of lines, in f64. A line is one list of columns: a row, or a
 * part of one where rows have more axes.
 */
import { DataError } from "../errors.ts";
import type { FittedEntry, InputStep } from "../graph/input.ts";

/** A step with what it is for an input of so many columns. */
export interface Stage {
  readonly step: InputStep;
  /** The columns it is for; and of each column its index among them, -1 for others. */
  readonly columns: readonly number[];
  readonly indices: Int32Array;
  /** Columns before and after it. */
  readonly width: number;
  readonly newWidth: number;
  /** What it learns: a flag and its numbers; empty where there is nothing to learn. */
  readonly fitted: readonly FittedEntry[];
  /** Index of its flag among the fitted numbers of the input. */
  readonly at: number;
}

/** The columns of a step among `width`, in the order given. */
export const columnsOf = ({ columns }: InputStep, width: number): readonly number[] =>
  columns === "all" ? Array.from({ length: width }, (_, column) => column) : columns;

const LEARNS: Readonly<Record<InputStep["kind"], readonly (readonly [string, FittedEntry["kind"]])[]>> = {
  standardize: [
    ["mean", "fitted"],
    ["spread", "spread"],
  ],
  minMax: [
    ["low", "fitted"],
    ["high", "fitted"],
  ],
  impute: [["value", "fitted"]],
  oneHot: [],
};

export function stageOf(step: InputStep, width: number, at: number): Stage {
  const columns = columnsOf(step, width);
  const { name, kind, categories = [], unseen } = step;
  const learns = kind === "impute" && typeof step.with === "number" ? [] : LEARNS[kind];
  const fitted: FittedEntry[] = learns.map(([part, partKind]) => ({
    name: `${name}.${part}`,
    kind: partKind,
    length: columns.length,
  }));
  if (fitted.length > 0) fitted.unshift({ name: `${name}.fitted`, kind: "flag", length: 1 });
  const places = categories.reduce((sum, count) => sum + count - (unseen ? 0 : 1), 0);
  const indices = new Int32Array(width).fill(-1);
  columns.forEach((column, j) => {
    indices[column] = j;
  });
  const added = kind === "oneHot" ? places : step.indicator ? columns.length : 0;
  return { step, columns, indices, width, newWidth: width + added, fitted, at };
}

/** `spread || 1`, `high - low || 1`: columns that never change are divided by 1. */
const divisor = (spread: number) => spread || 1;

/**
 * Does one step for `lines` lines of `x`, in place where the width stays and into `y` where it does not.
 *
 * @param y another array than `x`
 * @param fail says which line and column has what no category stands for
 * @returns the array that holds the result
 */
export function applyStage(
  stage: Stage,
  numbers: Float64Array,
  x: Float64Array,
  y: Float64Array,
  lines: number,
  fail: (line: number, column: number, value: number) => never,
): Float64Array {
  const { step, columns, width, newWidth, at } = stage;
  const count = columns.length;
  const end = lines * width;
  switch (step.kind) {
    case "standardize":
      for (let j = 0; j < count; j++) {
        const mean = numbers[at + 1 + j];
        const spread = divisor(numbers[at + 1 + count + j]);
        for (let i = columns[j]; i < end; i += width) x[i] = (x[i] - mean) / spread;
      }
      return x;
    case "minMax":
      for (let j = 0; j < count; j++) {
        const low = numbers[at + 1 + j];
        const range = divisor(numbers[at + 1 + count + j] - low);
        for (let i = columns[j]; i < end; i += width) x[i] = (x[i] - low) / range;
      }
      return x;
    case "impute":
      return impute(step, columns, numbers, at, x, y, lines, width, newWidth);
    case "oneHot":
      return oneHot(stage, x, y, lines, fail);
  }
}

function impute(
  { with: filler, indicator }: InputStep,
  columns: readonly number[],
  numbers: Float64Array,
  at: number,
  x: Float64Array,
  y: Float64Array,
  lines: number,
  width: number,
  newWidth: number,
): Float64Array {
  const into = indicator ? y : x;
  if (indicator)
    for (let line = 0; line < lines; line++)
      for (let j = 0; j < width; j++) y[line * newWidth + j] = x[line * width + j];
  for (let j = 0; j < columns.length; j++) {
    for (let line = 0; line < lines; line++) {
      const i = line * newWidth + columns[j];
      const isMissing = Number.isNaN(into[i]);
      // Not in a variable: V8 would put it on the heap.
      if (isMissing) into[i] = typeof filler === "number" ? filler : numbers[at + 1 + j];
      if (indicator) into[line * newWidth + width + j] = isMissing ? 1 : 0;
    }
  }
  return into;
}

function oneHot(
  { step: { categories = [], unseen }, indices, width, newWidth }: Stage,
  x: Float64Array,
  y: Float64Array,
  lines: number,
  fail: (line: number, column: number, value: number) => never,
): Float64Array {
  y.fill(0, 0, lines * newWidth);
  let to = 0;
  for (let column = 0; column < width; column++) {
    const j = indices[column];
    if (j < 0) {
      for (let line = 0; line < lines; line++) y[line * newWidth + to] = x[line * width + column];
      to++;
      continue;
    }
    const known = categories[j];
    for (let line = 0; line < lines; line++) {
      const value = x[line * width + column];
      const isKnown = Number.isInteger(value) && value >= 0 && value < known;
      if (!isKnown && !unseen) fail(line, column, value);
      y[line * newWidth + to + (isKnown ? value : known)] = 1;
    }
    to += known + (unseen ? 1 : 0);
  }
  return y;
}

/** The error for a number that is none of a column's categories. */
export function noCategory(
  what: string,
  { step, indices }: Stage,
  row: number,
  column: number,
  value: number,
): never {
  const known = step.categories?.[indices[column]] ?? 0;
  throw new DataError(
    `${what}: categories must be whole numbers from 0 to ${known - 1}; got ${value} at row ${row}, column ${column} ` +
      `of ${step.name}${value === known ? " (categories count from 0)" : ""}`,
    "label",
  );
}
