/**
 * What a program does with each variable. Trained ones have a gradient and slots; state ones are written by update nodes, or
 * by nobody; frozen ones are the same throughout, and no part of the program's state. The same variable may be trained in
 * one program and frozen in another.
 */
import type { Graph, Variable } from "../graph/graph.ts";
import type { ValueId } from "../graph/type.ts";

export type Role = "trained" | "state" | "frozen";

export interface VariableUse {
  readonly variable: Variable;
  readonly role: Role;
  /** Of trained ones: index of the optimizer's group. */
  readonly group: number;
  /** Of trained ones: the value of the gradient. */
  readonly gradient: ValueId | undefined;
}

/**
 * @param frozen    names of variables that this program must not change
 * @param gradients of the variables that a loss reaches, where there is one
 * @param groupOf   index of the optimizer's group that takes a variable, where there is one
 */
export const usesOf = (
  { variables }: Graph,
  frozen: ReadonlySet<string>,
  gradients?: ReadonlyMap<ValueId, ValueId>,
  groupOf?: (name: string) => number,
): VariableUse[] =>
  variables.map((variable): VariableUse => {
    const { name, value } = variable;
    const gradient = gradients?.get(value);
    const role = frozen.has(name) ? "frozen" : gradient === undefined ? "state" : "trained";
    return { variable, role, group: groupOf?.(name) ?? 0, gradient };
  });
