/** What a program keeps, as tensors of a file: views of its memory, to be written out or filled in. */
import { besideVariable } from "../plan/planned.ts";
import type { FileTensor } from "../safetensors.ts";
import type { Owner } from "./state-check.ts";

/** The variables, in the order in which they were declared. */
export const variableTensors = ({ plan, u8 }: Owner): FileTensor[] =>
  plan.variables.map(({ name, shape, offset, elements }) => ({
    name,
    dtype: "F32",
    shape,
    data: u8.subarray(offset, offset + elements * 4),
  }));

/** What is fitted to data, by name: a flag for each step, [] of 0, 1 (by `fit`) or 2 (by `adapt`), and its numbers, [columns]. */
export const fittedTensors = ({ plan: { counters, state }, u8 }: Owner): FileTensor[] =>
  counters.entries
    .filter(({ isFitted }) => isFitted)
    .map(({ name, kind, at, length }) => ({
      name,
      dtype: "F64",
      shape: kind === "flag" ? [] : [length],
      data: u8.subarray(state.offset + at * 8, state.offset + (at + length) * 8),
    }));

/** What training keeps beside: `<variable>.<slot>` of those that are trained, and the counters by their names. */
export function trainingTensors({ plan, u8 }: Owner): FileTensor[] {
  const { variables, train, layout, counters, state } = plan;
  const beside = [...(train?.slots ?? []), ...(train?.blocks ?? [])].map(
    ({ name, offset }) => [name, offset] as const,
  );
  if ((train?.accumulate ?? 1) > 1) beside.push(["gradientSum" as never, layout.at("sums")]);
  const tensors: FileTensor[] = counters.entries
    .filter(({ isFitted }) => !isFitted)
    .map(({ name, at: index }) => {
      const at = state.offset + index * 8;
      return { name, dtype: "F64", shape: [], data: u8.subarray(at, at + 8) };
    });
  for (const v of variables)
    for (const [slot, block] of v.role === "trained" ? beside : []) {
      const at = besideVariable(plan, block, v);
      const data = u8.subarray(at, at + v.elements * 4);
      tensors.push({ name: `${v.name}.${slot}`, dtype: "F32", shape: v.shape, data });
    }
  return tensors;
}

/** What states hold beside variables. */
export const stateTensors = (program: Owner): FileTensor[] => [
  ...fittedTensors(program),
  ...trainingTensors(program),
];
