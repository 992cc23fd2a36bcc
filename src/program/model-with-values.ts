import { type Model, makeModel } from "../model/model.ts";
import { type Border, numbersOf } from "./border.ts";
import type { Program } from "./program.ts";

/** A model that starts with the present parameters, and with what is fitted. */
export function modelWithValues<X, P>(
  program: Program,
  model: Model<X, P>,
  border: Border | undefined,
): Model<X, P> {
  const graph = model.graph.copy();
  graph.calls = model.graph.calls;
  program.plan.variables.forEach((v, i) => {
    const init = { kind: "values" as const, data: program.values(v).slice() };
    graph.variables[i] = { ...graph.variables[i], init };
  });
  border?.inputs.forEach((place, i) => {
    if (place) graph.inputs[i] = { ...graph.inputs[i], initial: Array.from(numbersOf(program, place)) };
  });
  border?.outputs.forEach((place, i) => {
    if (place) graph.outputs[i] = { ...graph.outputs[i], initial: Array.from(numbersOf(program, place)) };
  });
  return makeModel(graph, model.seed, model.named) as Model<X, P>;
}
