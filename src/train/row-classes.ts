/** The classes that targets name, one a row. */
import { LossFn } from "../graph/op.ts";
import type { DataRules } from "./training-data.ts";
import type { Column, Dataset } from "./windows.ts";

/** The first target's column. */
export const targetOf = ({ train }: DataRules, { columns }: Dataset): Column =>
  columns[train.tape.ports.findIndex(({ kind }) => kind === "target")];

/**
 * The class of a row, where rows have one: with a cross-entropy as the only loss, the most probable one of a distribution,
 * 0 or 1 for one sigmoid. Undefined elsewhere: several sigmoids are labels of their own.
 */
export function classesOf(rules: DataRules, dataset: Dataset): ((row: number) => number) | undefined {
  const [{ loss, rowElements }, ...others] = rules.losses;
  const isClass = loss.fn === LossFn.CrossEntropy;
  if (others.length > 0 || !(isClass || (loss.fn === LossFn.BinaryCrossEntropy && rowElements === 1)))
    return undefined;
  const { data, words } = targetOf(rules, dataset);
  if (words === 1) return (row) => Math.floor(data[row] + 0.5);
  return (row) => {
    let label = 0;
    for (let j = 1; j < words; j++) if (data[row * words + j] > data[row * words + label]) label = j;
    return label;
  };
}
