/** All steps of one input: how its rows are given, what they learn, and the numbers that reach the graph. */
import { DataError } from "../errors.ts";
import { type Column, Fitted, type InputStep, type Preprocessing } from "../graph/input.ts";
import type { Shape } from "../graph/shape.ts";
import { countRows, type Rows, readRows } from "../rows/data.ts";
import { type TableReader, tableReader } from "./columns.ts";
import { applyStage, noCategory, type Stage, stageOf } from "./stages.ts";

/** Numbers of a block that goes through all steps at once: it stays in the caches. */
const BLOCK_NUMBERS = 1 << 12;

/** What fits the steps to rows; pages that load a model to predict leave it out. */
export type FitStages = (
  stages: readonly Stage[],
  lineReader: LineReader,
  ...rest: Parameters<Required<Preprocessing>["fit"]>
) => void;

/** Runs the first steps for lines of raw rows. */
export interface LineReader {
  readonly width: number;
  /** What the first `count` steps make of `lines` lines from line `from` on; valid until the next call. */
  lines(
    what: string,
    raw: Float64Array,
    from: number,
    lines: number,
    count: number,
    numbers: Float64Array,
  ): Float64Array;
}

/**
 * @param shape   of a raw row; its last axis is the columns
 * @param columns what they are, for rows of a table
 */
export function preprocessingOf(
  shape: Shape,
  columns: readonly Column[] | undefined,
  steps: readonly InputStep[],
  fitStages?: FitStages,
): Preprocessing {
  const width = shape[shape.length - 1];
  const rowElements = shape.reduce((p, d) => p * d, 1);
  const stages: Stage[] = [];
  let at = 0;
  for (const step of steps) {
    const stage = stageOf(step, stages[stages.length - 1]?.newWidth ?? width, at);
    at += stage.fitted.reduce((sum, { length }) => sum + length, 0);
    stages.push(stage);
  }
  const learning = stages.filter(({ fitted }) => fitted.length > 0);
  const reader = columns
    ? tableReader(columns)
    : numberReader(rowElements, missingIn(stages, width, rowElements));
  const linesPerRow = rowElements / width;
  const widest = Math.max(width, ...stages.map(({ newWidth }) => newWidth));
  const newWidth = stages[stages.length - 1]?.newWidth ?? width;
  const blockRows = Math.max(1, Math.floor(BLOCK_NUMBERS / (widest * linesPerRow)));
  /** Two blocks of lines that steps read from and write to; made when they are needed. */
  let x = new Float64Array(0);
  let y = x;
  // Variables, where a closure for each call would be made in steps that allocate nothing.
  let who = "";
  let firstLine = 0;
  let present: Stage;
  const fail = (line: number, column: number, value: number) =>
    noCategory(who, present, Math.floor((firstLine + line) / linesPerRow), column, value);

  const linesOf: LineReader["lines"] = (what, raw, from, lines, count, numbers) => {
    if (x.length < lines * widest) {
      x = new Float64Array(lines * widest);
      y = new Float64Array(lines * widest);
    }
    who = what;
    firstLine = from;
    const start = from * width;
    for (let i = 0; i < lines * width; i++) x[i] = raw[start + i];
    for (let s = 0; s < count; s++) {
      present = stages[s];
      if (applyStage(present, numbers, x, y, lines, fail) === x) continue;
      const before = x;
      x = y;
      y = before;
    }
    return x;
  };

  return {
    shape,
    rowElements,
    widths: stages.map((stage) => stage.newWidth),
    fitted: stages.flatMap(({ fitted }) => fitted),
    countRows: reader.countRows,
    read: reader.read,
    transform: (what, raw, rawAt, from, count, numbers, into, to, checked) => {
      const first = rawAt / width;
      for (let row = 0; row < count; row += blockRows) {
        const lines = Math.min(blockRows, count - row) * linesPerRow;
        const made = linesOf(what, raw, first + row * linesPerRow, lines, stages.length, numbers);
        const at = to + row * linesPerRow * newWidth;
        for (let i = 0; i < lines * newWidth; i++) {
          into[at + i] = made[i];
          const kept = into[at + i];
          if (checked && kept - kept !== 0) {
            const line = row * linesPerRow + Math.floor(i / newWidth);
            throw notFinite(what, made[i], from + Math.floor(line / linesPerRow), i % newWidth);
          }
        }
      }
    },
    unfitted: (numbers, from) => {
      for (const { at, step } of learning) if (numbers[from + at] === Fitted.Not) return step.name;
      return undefined;
    },
    ...(fitStages && {
      fit: (...given: Parameters<Required<Preprocessing>["fit"]>) =>
        fitStages(stages, { width, lines: linesOf }, ...given),
    }),
  };
}

const notFinite = (what: string, value: number, row: number, column: number) =>
  new DataError(
    `${what}: numbers must be finite in single precision after preprocessing; ` +
      `got ${value} at row ${row}, column ${column} (scale the column)`,
    "not-finite",
  );

/** Rows of plain numbers. */
const numberReader = (rowElements: number, missing: Uint8Array): TableReader => ({
  countRows: (what, given) => countRows(what, given as Rows, rowElements),
  read: (what, given, from, count, into, at) =>
    readRows(what, given as Rows, rowElements, from, count, into, at, missing),
});

/** Which numbers of a raw row may be missing: those whose column meets an impute step, or a place for what is unseen. */
function missingIn(stages: readonly Stage[], width: number, rowElements: number): Uint8Array {
  const may = new Uint8Array(width);
  /** The raw column that stands at each place now; -1 for what a step has made. */
  let columns = Array.from({ length: width }, (_, column) => column);
  for (const { step, columns: taken, indices, newWidth } of stages) {
    if (step.kind === "impute" || step.unseen)
      for (const place of taken) if (columns[place] >= 0) may[columns[place]] = 1;
    if (step.kind === "oneHot")
      columns = columns.flatMap((column, place) => {
        const categories = step.categories?.[indices[place]];
        return categories === undefined
          ? [column]
          : Array<number>(categories + (step.unseen ? 1 : 0)).fill(-1);
      });
    while (columns.length < newWidth) columns.push(-1);
  }
  return Uint8Array.from({ length: rowElements }, (_, i) => may[i % width]);
}
