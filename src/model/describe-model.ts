/** Models as plain data, for files and links: what they compute, how they start, whether rows come by name. */
import {
  type DeserializeContext,
  describeGraph,
  deserialize,
  type GraphDescription,
} from "../graph/deserialize.ts";
import { ROWS } from "../graph/shape.ts";
import { checkRows, type Model, makeModel, SEED } from "./model.ts";

export interface ModelDescription extends GraphDescription {
  readonly seed: number;
  readonly named: Model["named"];
}

export const describeModel = ({ graph, seed, named }: Model): ModelDescription => ({
  seed,
  named,
  ...describeGraph(graph),
});

/**
 * The model of a description that may come from anywhere.
 *
 * @throws what `context.fail` throws, and errors of the rules of ops for shapes that do not fit
 */
export function modelFrom(who: string, given: unknown, context: DeserializeContext): Model {
  const graph = deserialize(given, context);
  const { seed, named } = given as Partial<ModelDescription>;
  const { inputs, outputs } = named ?? {};
  if (!(typeof seed === "number" && SEED[1](seed))) return context.fail(`seed must be ${SEED[0]}`, seed);
  if (!(typeof inputs === "boolean" && typeof outputs === "boolean"))
    return context.fail("named must say whether inputs and outputs have names", named);
  for (const [bare, count] of [
    [!inputs, graph.inputs.length],
    [!outputs, graph.outputs.length],
  ] as const)
    if (bare && count !== 1) context.fail("several inputs or outputs must have names", `${count} without`);
  for (const { name, value } of graph.outputs) {
    const { shape, dtype } = graph.values[value];
    if (shape[0] !== ROWS || dtype !== "f32")
      context.fail(`output ${name} must be [rows, ..] of f32`, `[${shape}] of ${dtype}`);
  }
  checkRows(who, graph);
  return makeModel(graph, seed, { inputs, outputs });
}
