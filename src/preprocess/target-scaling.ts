/** Targets that are standardized before they meet the loss. Losses of numbers bring it along: pages with others do not carry it. */
import { DataError } from "../errors.ts";
import { Fitted } from "../graph/input.ts";
import { inStretches, type Jobs } from "../steps.ts";
import { eachBlockOf, standardizeColumns } from "./fit.ts";

/** `numbers` are what is fitted for an output: a flag, means and spreads. */
export interface TargetScaling {
  /** Fits mean and spread of each column to all rows, once the jobs are done: where they are not fitted, or by `adapt` anyway. */
  fit(what: string, y: Float64Array, width: number, numbers: Float64Array, by: Fitted, jobs: Jobs): void;
  /** All rows as the loss reads them, once the jobs are done; @throws DataError for what is not finite then */
  scale(what: string, y: Float64Array, width: number, numbers: Float64Array, jobs: Jobs): Float32Array;
  /** `(y - mean) / spread` in f64, of `count` numbers from `from` on; the first of a row stands at a multiple of `width`. */
  transform(
    y: Float64Array,
    width: number,
    numbers: Float64Array,
    from: number,
    count: number,
    into: Float32Array,
    at: number,
  ): void;
}

const transform: TargetScaling["transform"] = (y, width, numbers, from, count, into, at) => {
  for (let i = 0; i < count; i++) {
    const column = (from + i) % width;
    into[at + i] = (y[from + i] - numbers[1 + column]) / (numbers[1 + width + column] || 1);
  }
};

export const targetScaling: TargetScaling = {
  fit(what, y, width, numbers, by, jobs) {
    if (by === Fitted.ByFit && numbers[0] !== Fitted.Not) return;
    standardizeColumns(
      (j) => `${what}: column ${j}`,
      Array.from({ length: width }, (_, j) => j),
      width,
      eachBlockOf(y, width, jobs),
      numbers.subarray(1),
    );
    jobs.push(() => {
      numbers[0] = by;
    });
  },

  scale(what, y, width, numbers, jobs) {
    const into = new Float32Array(y.length);
    inStretches(jobs, y.length / width, width, (row, rows) => {
      const from = row * width;
      transform(y, width, numbers, from, rows * width, into, from);
      for (let i = from; i < from + rows * width; i++)
        if (into[i] - into[i] !== 0)
          throw new DataError(
            `${what}: targets must be finite in single precision when they are standardized; ` +
              `got ${y[i]} at row ${Math.floor(i / width)}, column ${i % width}`,
            "not-finite",
          );
    });
    return into;
  },

  transform,
};
