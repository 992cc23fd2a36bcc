import { Section } from "../../assembly/abi.ts";
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { makeResult, type Result } from "../rows/data.ts";

/** The loss of the rows in the ports, and its gradients by parameter name; updates nothing. */
export function gradientsOf(
  program: Program,
  train: TrainPlan,
  rows: number,
): { readonly loss: number; readonly gradients: { readonly [name: string]: Result } } {
  const loss = lossOf(program, train, rows);
  const gradients: Record<string, Result> = {};
  for (const { name, shape, elements, gradient } of program.plan.variables) {
    const at = gradient >>> 2;
    const values = gradient ? program.f32.slice(at, at + elements) : new Float32Array(elements);
    gradients[name] = makeResult(values, shape);
  }
  return { loss, gradients };
}

/** The loss of the rows in the ports, as training computes it; where the program has its gradients, they are new. */
export function lossOf(program: Program, train: TrainPlan, rows: number): number {
  const { from } = program.section(Section.Forward);
  const { to } = program.section(Section.Backward);
  program.execute({ from, to }, rows);
  return program.f32[train.loss >>> 2];
}
