/** Whether what is computed for one row depends on the other rows of the pass. */
import type { Graph, Node } from "./graph.ts";
import type { Shape } from "./shape.ts";
import type { ValueId } from "./type.ts";

/** Where rows mix: the node that mixes them, and the value that it makes of them. */
export interface RowMixing {
  readonly node: Node;
  readonly value: ValueId;
}

const isFixed = (shape: Shape) => shape.every((d) => d >= 0);

/**
 * The first node on a path to one of `outputs` that mixes rows.
 *
 * As long as none does, a value that depends on the rows has one axis of `k rows` elements, of which row i has the
 * elements `k i .. k i + k - 1`, and holds nothing of other rows there. An op keeps this, or
 *
 *   loses the axis                 a sum over it, a product that contracts it, a loss
 *   says that it mixes rows        `Op.mixesRows`: it moves or joins elements along the axis
 *
 * Other ways there are none: two such axes are refused when a node is made, and so is a softmax along one.
 *
 * @param graph the graph as it will run: a rewrite for inference may take out what mixes rows in training
 * @param outputs values of the graph; what they do not depend on may mix rows
 */
export function findRowMixing(graph: Graph, outputs: readonly ValueId[]): RowMixing | undefined {
  const wanted = new Set(outputs);
  let found: RowMixing | undefined;
  // From the last node to the first: the last one found is the first of the graph.
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((id) => wanted.has(id))) continue;
    for (const id of node.inputs) wanted.add(id);
    const shapes = (ids: readonly ValueId[]) => ids.map((id) => graph.shape(id));
    const inputs = shapes(node.inputs);
    if (inputs.every(isFixed)) continue;
    const made = shapes(node.outputs);
    const lost = made.findIndex(isFixed);
    if (lost >= 0 || node.rule.mixesRows?.(inputs, made, node.attrs))
      found = { node, value: node.outputs[Math.max(lost, 0)] };
  }
  return found;
}
