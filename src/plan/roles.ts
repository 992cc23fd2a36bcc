/**
 * What a program does with each variable. Trained ones have a gradient and slots; state ones are written by update nodes, or
 * by nobody; frozen ones are the same throughout, and no part of the program's state. The same variable may be trained in
 * one program and frozen in another.
 */
import { OptionError } from "../errors.ts";
import type { Graph, Variable } from "../graph/graph.ts";
import type { ValueId } from "../graph/type.ts";
import type { OptimizerPlan } from "./optimizer.ts";

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
 * @param gradients of the variables that a loss reaches
 * @param frozen    names of variables that this program must not change
 */
export function usesOf(
  { variables }: Graph,
  gradients: ReadonlyMap<ValueId, ValueId>,
  frozen: ReadonlySet<string>,
  optimizer: OptimizerPlan | undefined,
): VariableUse[] {
  const uses = variables.map((variable): VariableUse => {
    const gradient = gradients.get(variable.value);
    const role = frozen.has(variable.name) ? "frozen" : gradient === undefined ? "state" : "trained";
    const groups = optimizer?.groups ?? [];
    const group = groups.findIndex(({ match }) => !match || match.test(variable.name));
    return { variable, role, group: Math.max(group, 0), gradient };
  });
  optimizer?.groups.forEach(({ match }, g) => {
    if (!match || uses.some(({ role, group }) => role === "trained" && group === g)) return;
    const names = uses.filter(({ role }) => role === "trained").map(({ variable }) => variable.name);
    throw new OptionError(
      `compile: groups[${g}].match of the optimizer must match a trained parameter that no group before it matches, ` +
        `one of ${names.join(", ")}; got ${match}`,
    );
  });
  return uses;
}
