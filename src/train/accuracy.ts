/** How many rows of a batch a classifier has right. */
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { isOfClasses, type LossTraits } from "./losses.ts";
import type { Column } from "./windows.ts";

/** Rows of the batch that the evaluating tape has just scored whose most probable class is the target's. */
export function countRight(
  { f32 }: Program,
  { outputs: [{ offset, rowElements: classes }] }: NonNullable<TrainPlan["evaluate"]>,
  loss: LossTraits,
  { data, words }: Column,
  from: number,
  count: number,
): number {
  const scores = f32.subarray(offset >>> 2, (offset >>> 2) + count * classes);
  let right = 0;
  for (let row = 0; row < count; row++) {
    const at = (from + row) * words;
    if (!isOfClasses(loss)) {
      let all = true;
      for (let j = 0; j < classes; j++) {
        const score = scores[row * classes + j];
        if (!isFinite32(score) || score >= 0 !== data[at + j] >= 0.5) all = false;
      }
      if (all) right++;
      continue;
    }
    const label = words === 1 ? data[at] : largest(data, at, classes);
    if (largest(scores, row * classes, classes) === label) right++;
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
