/** A graph as it is when nothing is trained: ops that differ then say what they become. */
import { Builder } from "./builder.ts";
import type { Graph } from "./graph.ts";
import type { ValueId } from "./type.ts";

export interface InferenceGraph {
  readonly graph: Graph;
  /** What stands in the rewritten graph for a value of the given one. */
  standsFor(id: ValueId): ValueId;
}

/** Rewrites a forward graph for inference. Update nodes go; value ids stay, but where an op became another value. */
export function forInference(given: Graph): InferenceGraph {
  const graph = given.copy();
  graph.updates.length = 0;
  if (given.nodes.every((node) => node.phase === "forward" && !node.rule.inference))
    return { graph, standsFor: (id) => id };
  graph.nodes = [];
  const became = new Map<ValueId, ValueId>();
  const standsFor = (id: ValueId) => became.get(id) ?? id;
  const builder = new Builder(graph);
  for (const node of given.nodes) {
    if (node.phase !== "forward") continue;
    const inputs = became.size === 0 ? node.inputs : node.inputs.map(standsFor);
    const { inference } = node.rule;
    if (!inference) {
      graph.nodes.push({ ...node, inputs });
      continue;
    }
    builder.scope = node.scope;
    const shape = (id: ValueId) => graph.shape(id);
    const made = inference({ op: node.rule, attrs: node.attrs, inputs, emit: builder.emit, shape });
    node.outputs.forEach((id, i) => {
      if (made[i] !== undefined) became.set(id, made[i]);
    });
  }
  graph.outputs.forEach(({ name, value }, i) => {
    graph.outputs[i] = { name, value: standsFor(value) };
  });
  return { graph, standsFor };
}
