/** The backward graph, and a gradient value with a buffer of its own for each variable that the loss reaches. */
import { Builder } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { place } from "../graph/ops/gradient.ts";
import type { ValueId } from "../graph/type.ts";
import { differentiate } from "./differentiate.ts";

/**
 * Extends a graph by the gradients of its loss.
 *
 * @param frozen names of variables without gradient
 * @returns the gradient of each variable that the loss reaches
 */
export function addGradients(
  graph: Graph,
  loss: ValueId,
  frozen: ReadonlySet<string>,
): Map<ValueId, ValueId> {
  const updated = new Set(graph.updates.map(({ variable }) => variable));
  const wanted = graph.variables.filter(
    ({ name, value, dtype }) => dtype === "f32" && !frozen.has(name) && !updated.has(value),
  );
  const found = differentiate(
    graph,
    loss,
    wanted.map((v) => v.value),
  );
  const builder = new Builder(graph);
  builder.phase = "backward";
  const made = new Map<ValueId, Node>();
  for (const node of graph.nodes) for (const id of node.outputs) made.set(id, node);
  const taken = new Set<ValueId>();
  const gradients = new Map<ValueId, ValueId>();
  wanted.forEach(({ name, value, shape }, i) => {
    const gradient = found[i];
    if (gradient === undefined) return;
    const root = rootOf(gradient, made);
    if (made.has(root) && !taken.has(root)) {
      taken.add(root);
      gradients.set(value, gradient);
      return;
    }
    // What two variables share, or what is a constant, is copied.
    builder.scope = name;
    gradients.set(value, builder.emit(place, { shape }, [gradient])[0]);
  });
  return gradients;
}

/** The value that a chain of reshapes starts from. */
function rootOf(id: ValueId, made: ReadonlyMap<ValueId, Node>): ValueId {
  let root = id;
  for (let node = made.get(root); node?.rule.alias !== undefined; node = made.get(root))
    root = node.inputs[node.rule.alias];
  return root;
}
