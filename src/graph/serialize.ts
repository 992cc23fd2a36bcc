/**
 * What a graph computes, as plain data: ops and attributes by name, in order of dependence. Two graphs that compute the
 * same from the same variables give the same, whatever their values are called and whatever else they hold.
 */
import type { Graph, Node } from "./graph.ts";
import type { Shape } from "./shape.ts";
import type { DType, ValueId } from "./type.ts";

export interface SerializedType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** `["input", name]`, `["variable", name]`, `["constant", shape, numbers]` or `["node", index, output]`. */
export type SerializedRef = readonly (string | number | Shape | readonly number[])[];

export interface SerializedNode {
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly SerializedRef[];
}

export interface SerializedGraph {
  readonly inputs: Readonly<Record<string, SerializedType>>;
  readonly nodes: readonly SerializedNode[];
  readonly outputs: Readonly<Record<string, SerializedRef>>;
}

export function serialize(graph: Graph): SerializedGraph {
  const producers = new Map<ValueId, Node>();
  for (const node of graph.nodes) for (const id of node.outputs) producers.set(id, node);
  const sources = new Map<ValueId, SerializedRef>();
  for (const { name, value } of graph.inputs) sources.set(value, ["input", name]);
  for (const { name, value } of graph.variables) sources.set(value, ["variable", name]);
  for (const { value, data } of graph.constants)
    sources.set(value, ["constant", graph.shape(value), Array.from(data)]);

  const nodes: SerializedNode[] = [];
  const indices = new Map<Node, number>();
  const refOf = (id: ValueId): SerializedRef => {
    const node = producers.get(id);
    if (!node) return sources.get(id) as SerializedRef;
    return ["node", indices.get(node) as number, node.outputs.indexOf(id)];
  };
  const add = (node: Node) => {
    indices.set(node, nodes.length);
    nodes.push({ op: node.op, attrs: namedAttributes(node), inputs: node.inputs.map(refOf) });
  };
  for (const { value } of graph.outputs) visit(value, producers, indices, add);
  return {
    inputs: Object.fromEntries(
      graph.inputs.map(({ name, value }) => [
        name,
        { shape: graph.shape(value), dtype: graph.values[value].dtype },
      ]),
    ),
    nodes,
    outputs: Object.fromEntries(graph.outputs.map(({ name, value }) => [name, refOf(value)])),
  };
}

/** Adds what a value depends on, then its node; without recursion, because graphs may be thousands of nodes deep. */
function visit(
  wanted: ValueId,
  producers: ReadonlyMap<ValueId, Node>,
  done: ReadonlyMap<Node, number>,
  add: (node: Node) => void,
): void {
  const open = [wanted];
  for (;;) {
    const id = open[open.length - 1];
    if (id === undefined) return;
    const node = producers.get(id);
    const missing =
      node && !done.has(node) ? node.inputs.find((input) => isPending(input, producers, done)) : undefined;
    if (missing !== undefined) {
      open.push(missing);
      continue;
    }
    if (node && !done.has(node)) add(node);
    open.pop();
  }
}

function isPending(
  id: ValueId,
  producers: ReadonlyMap<ValueId, Node>,
  done: ReadonlyMap<Node, number>,
): boolean {
  const node = producers.get(id);
  return node !== undefined && !done.has(node);
}

/** Members of enums by name, the rest as it is; numbers that a format may renumber are no part of what is kept. */
function namedAttributes({ rule, attrs }: Node): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attrs).map(([name, value]) => [name, rule.enums?.[name]?.[value as number] ?? value]),
  );
}
