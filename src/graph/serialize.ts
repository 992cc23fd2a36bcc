/**
 * What a graph computes, as plain data: ops and attributes by name, in order of dependence. Two graphs that compute the
 * same from the same variables give the same, whatever their values are called, in which order they were made, and
 * whatever else they hold.
 */
import type { Graph, Node } from "./graph.ts";
import type { Column, InputStep } from "./input.ts";
import type { Shape } from "./shape.ts";
import type { DType, ValueId } from "./type.ts";

export interface SerializedType {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface SerializedInput extends SerializedType {
  /** Of a raw row, where steps make another one of it. */
  readonly raw?: Shape;
  readonly columns?: readonly Column[];
  readonly steps?: readonly InputStep[];
}

/** `["input", name]`, `["variable", name]`, `["constant", shape, numbers]` or `["node", index, output]`. */
export type SerializedRef = readonly (string | number | Shape | readonly (number | string)[])[];

export interface SerializedNode {
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly SerializedRef[];
}

export interface SerializedGraph {
  readonly inputs: Readonly<Record<string, SerializedInput>>;
  readonly nodes: readonly SerializedNode[];
  readonly outputs: Readonly<Record<string, SerializedRef>>;
  /** What training makes of variables that no optimizer moves, by their names; absent where there are none. */
  readonly updates?: Readonly<Record<string, SerializedRef>>;
  /** Outputs whose targets are standardized; absent where there are none. */
  readonly targets?: Readonly<Record<string, "standardize">>;
}

/** A serialized graph, and the nodes it was made of, in its order. */
export interface Serialization {
  readonly computation: SerializedGraph;
  readonly nodes: readonly Node[];
}

export const serialize = (graph: Graph): SerializedGraph => serializeNodes(graph).computation;

/** What `serialize` gives, and the node behind each of its nodes. */
export function serializeNodes(graph: Graph): Serialization {
  const producers = new Map<ValueId, Node>();
  for (const node of graph.nodes) for (const id of node.outputs) producers.set(id, node);
  const sources = new Map<ValueId, SerializedRef>();
  for (const { name, value } of graph.inputs) sources.set(value, ["input", name]);
  for (const { name, value } of graph.variables) sources.set(value, ["variable", name]);
  for (const { value, data } of graph.constants)
    sources.set(value, ["constant", graph.shape(value), Array.from(data, asJson)]);

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
  const refsOf = (named: readonly (readonly [string, ValueId])[]) =>
    Object.fromEntries(named.map(([name, value]) => [name, refOf(value)]));
  const outputs = graph.outputs.map(({ name, value }) => [name, value] as const).sort(byName);
  for (const [, value] of outputs) visit(value, producers, indices, add);
  const read = new Set([...indices.keys()].flatMap(({ inputs }) => inputs));
  const updates = graph.updates
    .filter(({ variable }) => read.has(variable))
    .map(({ variable, value }) => [graph.values[variable].name, value] as const)
    .sort(byName);
  for (const [, value] of updates) visit(value, producers, indices, add);
  const inputs = graph.inputs.map(({ name, value, columns, steps, preprocessing }) => {
    const { shape, dtype } = graph.values[value];
    const raw = preprocessing && { raw: preprocessing.shape };
    return [name, { shape, dtype, ...raw, ...(columns && { columns }), ...(steps && { steps }) }] as const;
  });
  const targets = graph.outputs
    .flatMap(({ name, targets }) => (targets ? [[name, targets] as const] : []))
    .sort(byName);
  const computation = {
    inputs: Object.fromEntries(inputs.sort(byName)),
    nodes,
    outputs: refsOf(outputs),
    ...(updates.length > 0 ? { updates: refsOf(updates) } : {}),
    ...(targets.length > 0 ? { targets: Object.fromEntries(targets) } : {}),
  };
  return { computation, nodes: [...indices.keys()] };
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : a > b ? 1 : 0;

/** A number as JSON can tell it from all others. */
const asJson = (value: number): number | string => {
  if (Object.is(value, -0)) return "-0";
  return Number.isFinite(value) ? value : `${value}`;
};

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

/** In the order of their names: members of enums by name too, because formats may renumber them, the rest as it is. */
function namedAttributes({ rule, attrs }: Node): Record<string, unknown> {
  const entries = Object.entries(attrs).map(([name, value]) => {
    const named = rule.enums?.[name]?.[value as number] ?? value;
    return [name, typeof named === "number" ? asJson(named) : named] as const;
  });
  return Object.fromEntries(entries.sort(byName));
}
