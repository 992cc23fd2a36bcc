/**
 * What steps learn from rows. Sums run in blocks of a fixed number of lines, one accumulator a column, and the blocks are
 * added in their order: how the work is sliced changes no bit. Missing values (NaN) do not count.
 */
import { DataError } from "../errors.ts";
import { Fitted } from "../graph/input.ts";
import type { Jobs } from "../steps.ts";
import type { FitStages } from "./pipeline.ts";
import type { Stage } from "./stages.ts";

/** Lines of a block of a sum. */
const BLOCK_LINES = 256;
/** Numbers that are read without a break: about a third of a millisecond. */
const NUMBERS_PER_JOB = 1 << 16;
/** Values that are sorted without a break: about 2 ms. A power of two, and not less than a chunk has to start with. */
const CHUNK_VALUES = 1 << 15;

/** Sees lines of `width` numbers. */
type Visit = (x: Float64Array, lines: number) => void;
/** Calls `visit` for each block of lines in their order, in jobs, then each of `done` as a job. */
export type EachBlock = (visit: Visit, ...done: (() => void)[]) => void;

/** The blocks of flat numbers, or of what `linesOf` makes of them. */
export function eachBlockOf(
  raw: Float64Array,
  width: number,
  jobs: Jobs,
  linesOf = (from: number, count: number) => raw.subarray(from * width, (from + count) * width),
): EachBlock {
  const lines = raw.length / width;
  const step = Math.max(1, Math.floor(NUMBERS_PER_JOB / (BLOCK_LINES * width))) * BLOCK_LINES;
  return (visit, ...done) => {
    for (let from = 0; from < lines; from += step)
      jobs.push(() => {
        const end = Math.min(lines, from + step);
        for (let at = from; at < end; at += BLOCK_LINES) {
          const count = Math.min(BLOCK_LINES, end - at);
          visit(linesOf(at, count), count);
        }
      });
    jobs.push(...done);
  };
}

export const fitStages: FitStages = (stages, reader, what, raw, numbers, by, jobs) => {
  stages.forEach((stage, s) => {
    if (stage.fitted.length === 0) return;
    // Nothing else fits it while the jobs wait: whoever started them has the numbers to itself.
    if (by === Fitted.ByFit && numbers[stage.at] !== Fitted.Not) return;
    const linesOf = (from: number, count: number) => reader.lines(what, raw, from, count, s, numbers);
    const into = numbers.subarray(stage.at + 1);
    learn(what, stage, raw.length / reader.width, eachBlockOf(raw, reader.width, jobs, linesOf), into);
    jobs.push(() => {
      numbers[stage.at] = by;
    });
  });
};

function learn(what: string, stage: Stage, lines: number, eachBlock: EachBlock, into: Float64Array): void {
  const { step, columns, width } = stage;
  const count = columns.length;
  const name = (j: number) => `${what}: ${step.name}: column ${columns[j]}`;
  if (step.kind === "standardize") {
    standardizeColumns(name, columns, width, eachBlock, into);
  } else if (step.kind === "minMax") {
    const seen = range(columns, width);
    eachBlock(seen.visit, () => {
      for (let j = 0; j < count; j++) {
        checkSeen(name(j), seen.counts[j]);
        checkFinite(name(j), "range", seen.high[j] - seen.low[j]);
        into[j] = seen.low[j];
        into[count + j] = seen.high[j];
      }
    });
  } else if (step.with === "median") {
    const values = columns.map(() => new Chunks());
    const chunks = Array.from({ length: Math.ceil(lines / CHUNK_VALUES) }, (_, chunk) => chunk);
    eachBlock(
      (x, count) => {
        columns.forEach((column, j) => {
          for (let i = column; i < count * width; i += width) if (!Number.isNaN(x[i])) values[j].add(x[i]);
        });
      },
      ...values.flatMap((own, j) => [
        ...chunks.map((chunk) => () => own.sort(chunk)),
        () => {
          checkSeen(name(j), own.count);
          into[j] = own.median();
        },
      ]),
    );
  } else {
    const seen = sums(columns, width);
    eachBlock(seen.visit, () => {
      for (let j = 0; j < count; j++) {
        checkSeen(name(j), seen.counts[j]);
        into[j] = seen.sums[j] / seen.counts[j];
        checkFinite(name(j), "mean", into[j]);
      }
    });
  }
}

/**
 * Mean and spread of columns, in two passes: the mean, then the squares of what is left. `spread = sqrt(sum (x - mean)^2 / n)`; it
 * is exactly 0, and the mean exactly the value, where a column never changes.
 *
 * @param name  names a column in errors
 * @param into  means, then spreads
 */
export function standardizeColumns(
  name: (j: number) => string,
  columns: readonly number[],
  width: number,
  eachBlock: EachBlock,
  into: Float64Array,
): void {
  const count = columns.length;
  const first = sums(columns, width);
  const seen = range(columns, width);
  const isConstant = (j: number) => seen.low[j] === seen.high[j];
  eachBlock(
    (x, lines) => {
      first.visit(x, lines);
      seen.visit(x, lines);
    },
    () => {
      for (let j = 0; j < count; j++) {
        checkSeen(name(j), first.counts[j]);
        into[j] = isConstant(j) ? seen.low[j] : first.sums[j] / first.counts[j];
        checkFinite(name(j), "mean", into[j]);
      }
    },
  );
  const squares = sums(columns, width, (value, j) => (value - into[j]) * (value - into[j]));
  eachBlock(squares.visit, () => {
    for (let j = 0; j < count; j++) {
      into[count + j] = isConstant(j) ? 0 : Math.sqrt(squares.sums[j] / squares.counts[j]);
      checkFinite(name(j), "spread", into[count + j]);
    }
  });
}

/** Sums and numbers of values of columns. */
function sums(
  columns: readonly number[],
  width: number,
  termOf: (value: number, j: number) => number = (value) => value,
) {
  const totals = new Float64Array(columns.length);
  const counts = new Float64Array(columns.length);
  const visit: Visit = (x, lines) => {
    for (let j = 0; j < columns.length; j++) {
      let sum = 0;
      let seen = 0;
      for (let i = columns[j]; i < lines * width; i += width) {
        if (Number.isNaN(x[i])) continue;
        sum += termOf(x[i], j);
        seen++;
      }
      totals[j] += sum;
      counts[j] += seen;
    }
  };
  return { sums: totals, counts, visit };
}

/** The least and the largest value of columns. */
function range(columns: readonly number[], width: number) {
  const low = new Float64Array(columns.length).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(columns.length).fill(Number.NEGATIVE_INFINITY);
  const counts = new Float64Array(columns.length);
  const visit: Visit = (x, lines) => {
    for (let j = 0; j < columns.length; j++)
      for (let i = columns[j]; i < lines * width; i += width) {
        if (Number.isNaN(x[i])) continue;
        if (x[i] < low[j]) low[j] = x[i];
        if (x[i] > high[j]) high[j] = x[i];
        counts[j]++;
      }
  };
  return { low, high, counts, visit };
}

/** Values in chunks of a bounded length, so that sorting one does not take long. */
class Chunks {
  count = 0;
  readonly #chunks: Float64Array[] = [];
  /** Values in the last chunk, which grows as it fills. */
  #used = CHUNK_VALUES;

  add(value: number): void {
    const chunks = this.#chunks;
    if (this.#used === CHUNK_VALUES) {
      chunks.push(new Float64Array(64));
      this.#used = 0;
    }
    let last = chunks[chunks.length - 1];
    if (this.#used === last.length) {
      const longer = new Float64Array(last.length * 2);
      longer.set(last);
      chunks[chunks.length - 1] = last = longer;
    }
    // + 0: the median of zeros is 0, of whatever sign they are.
    last[this.#used++] = value + 0;
    this.count++;
  }

  /** Sorts one chunk, when all values are there. */
  sort(chunk: number): void {
    const chunks = this.#chunks;
    if (chunk === chunks.length - 1) chunks[chunk] = chunks[chunk].subarray(0, this.#used);
    chunks[chunk]?.sort();
  }

  /** The middle value, or the mean of the two in the middle, when all chunks are sorted. */
  median(): number {
    const upper = this.#valueAt(Math.floor(this.count / 2));
    if (this.count % 2 === 1) return upper;
    const lower = this.#valueAt(this.count / 2 - 1);
    const sum = lower + upper;
    return sum - sum === 0 ? sum / 2 : lower / 2 + upper / 2;
  }

  /** The value with `k` before it in the order of all: halves the widest range that it may lie in. */
  #valueAt(k: number): number {
    const chunks = this.#chunks;
    const from = chunks.map(() => 0);
    const to = chunks.map(({ length }) => length);
    for (;;) {
      let widest = 0;
      for (let c = 1; c < chunks.length; c++) if (to[c] - from[c] > to[widest] - from[widest]) widest = c;
      const pivot = chunks[widest][(from[widest] + to[widest]) >>> 1];
      const below = chunks.map((chunk) => firstIndex(chunk, (value) => value >= pivot));
      const upTo = chunks.map((chunk) => firstIndex(chunk, (value) => value > pivot));
      const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
      if (k < total(below)) for (let c = 0; c < to.length; c++) to[c] = Math.min(to[c], below[c]);
      else if (k < total(upTo)) return pivot;
      else for (let c = 0; c < from.length; c++) from[c] = Math.max(from[c], upTo[c]);
    }
  }
}

/** The first index of a sorted chunk whose value holds; its length if none does. */
function firstIndex(chunk: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(chunk[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function checkSeen(name: string, count: number): void {
  if (count === 0)
    throw new DataError(`${name}: must have a value in some row; got none: leave the column out`, "missing");
}

function checkFinite(name: string, statistic: string, value: number): void {
  if (value - value !== 0)
    throw new DataError(`${name}: must have a finite ${statistic}; got ${value}`, "not-finite");
}
