/** The classes that targets name, one a row. */
import { hasOneClass } from "./losses.ts";
import type { DataRules } from "./training-data.ts";
import type { Column, Dataset } from "./windows.ts";

/** The first target's column. */
export const targetOf = ({ train }: DataRules, { columns }: Dataset): Column =>
  columns[train.tape.ports.findIndex(({ kind }) => kind === "target")];

/**
 * The class of a row, where rows have one: with a loss of classes as the only one, the most probable one of a distribution,
 * 0 or 1 for one yes-or-no output. Undefined elsewhere: several of those are labels of their own.
 */
export function classesOf(rules: DataRules, dataset: Dataset): ((row: number) => number) | undefined {
  const [first, ...others] = rules.losses;
  const { loss } = first;
  if (others.length > 0 || !hasOneClass(first)) return undefined;
  const { data, words } = targetOf(rules, dataset);
  if (loss.family === "signs") return (row) => (data[row] > 0 ? 1 : 0);
  if (words === 1) return (row) => Math.floor(data[row] + 0.5);
  return (row) => {
    let label = 0;
    for (let j = 1; j < words; j++) if (data[row * words + j] > data[row * words + label]) label = j;
    return label;
  };
}
