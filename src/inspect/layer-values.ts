/** What the layers of a graph give: the values that others read of them. */
import type { Graph, Node } from "../graph/graph.ts";
import { ROWS } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { isWithin } from "../model/summary.ts";

/** A value that a layer gives in one of its calls, and the node that makes it. */
export interface LayerValue {
  /** `dense1`; where the layer is called several times `dense1#1`, `dense1#2`, .. */
  readonly name: string;
  readonly value: ValueId;
  readonly node: Node;
}

/** The layers of a graph in order of use, without those that hold them. */
export const layerNames = (graph: Graph): string[] => [
  ...new Set(graph.nodes.flatMap(({ phase, scope }) => (phase === "forward" && scope !== "" ? scope : []))),
];

/** All that can be asked for: layers, and the models and layers around them, such as `encoder` of `encoder.dense1`. */
export function namesWithin(graph: Graph): string[] {
  const names = new Set<string>();
  for (const layer of layerNames(graph))
    for (let end = layer.indexOf("."); ; end = layer.indexOf(".", end + 1)) {
      names.add(end < 0 ? layer : layer.slice(0, end));
      if (end < 0) break;
    }
  return [...names];
}

/**
 * What a layer gives: of each of its nodes the first output that nodes of other layers or the model's outputs read, one for each
 * call. Of a call whose result goes only to the next call of the same layer there is no such value. Of a layer that nobody
 * reads it is what its last node makes.
 *
 * @param layer a layer, or what is around several: then what these give to others
 */
export function valuesOf(graph: Graph, layer: string): LayerValue[] {
  const read = new Set(graph.outputs.map(({ value }) => value));
  const own: Node[] = [];
  for (const node of graph.nodes)
    if (node.phase === "forward") {
      if (isWithin(node.scope, layer)) own.push(node);
      else for (const id of node.inputs) read.add(id);
    }
  const readOf = ({ outputs }: Node) => outputs.find((id) => read.has(id));
  // States that `bidirectional` gives beside its output come from its two ways: they are no calls.
  const isWay = ({ op, scope }: Node) =>
    op === "recurrent" && (scope === `${layer}.forward` || scope === `${layer}.backward`);
  const given = own.filter((node) => readOf(node) !== undefined && !isWay(node));
  const all = given.length > 0 ? given : own.slice(-1);
  return all.map((node, i) => ({
    name: all.length > 1 ? `${layer}#${i + 1}` : layer,
    value: readOf(node) ?? node.outputs[0],
    node,
  }));
}

/** Whether a value has rows of numbers, which results can hold. */
export const hasRows = ({ values }: Graph, id: ValueId): boolean =>
  values[id].dtype === "f32" && values[id].shape[0] === ROWS;
