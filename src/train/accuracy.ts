/** How many rows, or positions of sequences, of a batch a classifier has right. */
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { isOfClasses, type LossOfRows } from "./losses.ts";
import type { Column } from "./windows.ts";

/** Whether a unit counts in the loss: a row, or a position of a sequence. */
export function countsUnit({ loss: { ignore } }: LossOfRows, { data }: Column, unit: number): boolean {
  return !ignore || !(data instanceof Int32Array) || data[unit] !== ignore.index;
}

/** Units of some rows that count. */
export function countUnits(of: LossOfRows, target: Column, from: number, count: number): number {
  const { loss, positions } = of;
  if (!loss.ignore) return count * positions;
  let counted = 0;
  for (let unit = from * positions; unit < (from + count) * positions; unit++)
    if (countsUnit(of, target, unit)) counted++;
  return counted;
}

/** Units of the batch that count, that the evaluating tape has just scored, and whose most probable class is the target's. */
export function countRight(
  { f32 }: Program,
  { outputs: [{ offset, rowElements }] }: NonNullable<TrainPlan["evaluate"]>,
  of: LossOfRows,
  target: Column,
  from: number,
  count: number,
): number {
  const { data, words } = target;
  const { loss, positions } = of;
  const scores = f32.subarray(offset >>> 2, (offset >>> 2) + count * rowElements);
  const classes = rowElements / positions;
  const step = words / positions;
  let right = 0;
  for (let unit = 0; unit < count * positions; unit++) {
    const to = from * positions + unit;
    const at = to * step;
    if (!isOfClasses(loss)) {
      let all = true;
      for (let j = 0; j < classes; j++) {
        const score = scores[unit * classes + j];
        if (!isFinite32(score) || score >= 0 !== data[at + j] >= 0.5) all = false;
      }
      if (all) right++;
      continue;
    }
    if (!countsUnit(of, target, to)) continue;
    const label = step === 1 ? data[at] : largest(data, at, classes);
    if (largest(scores, unit * classes, classes) === label) right++;
  }
  return right;
}

const isFinite32 = (value: number) => value - value === 0;

/** The index of the largest value; -1, which is no class, where one is NaN or infinite. */
function largest(values: Column["data"], at: number, count: number): number {
  let best = 0;
  for (let j = 0; j < count; j++) {
    if (!isFinite32(values[at + j])) return -1;
    if (values[at + j] > values[at + best]) best = j;
  }
  return best;
}
