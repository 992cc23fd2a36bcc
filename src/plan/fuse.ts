/**
 * Rewrites runs of nodes that one kernel can do, such as a dense layer with its activation; `fuse-gradients.ts` has those of
 * training. Value ids stay, so whoever named a value before finds it after. Fusion changes no bit: each fused kernel
 * computes what its parts would.
 */
import { type Graph, is, type Node } from "../graph/graph.ts";
import { Fn, type Op, type OpAttrs, type OpName } from "../graph/op.ts";
import type { ValueId } from "../graph/type.ts";

/** Drops every node whose outputs nobody in `wanted` depends on. */
export function dropDead(graph: Graph, wanted: readonly ValueId[]): void {
  const live = graph.nodesOf(wanted);
  graph.nodes = graph.nodes.filter((node) => live.has(node));
}

/** A graph that is being rewritten. */
export interface Fusing {
  readonly graph: Graph;
  /** Its nodes, undefined where one was merged into another. */
  readonly nodes: (Node | undefined)[];
  /** Where the input of a node is made, if by a linear node of this op and phase, and for one use only; else -1. */
  soleLinear(node: Node, op: "dense" | "denseGradInput" | "conv" | "maxPoolGrad"): number;
  replace<K extends OpName>(
    at: number,
    old: Node,
    rule: Op<K>,
    attrs: OpAttrs[K],
    inputs: readonly ValueId[],
    outputs: readonly ValueId[],
  ): void;
}

/** Tries to merge the node at `i` with others. */
export type Fusions = (fusing: Fusing, node: Node | undefined, i: number) => void;

/**
 * @param kept  values that must still be made, whatever else happens: outputs, loss, gradients
 * @param other fusions beside those of layers
 */
export function fuse(graph: Graph, kept: readonly ValueId[], other?: Fusions): void {
  const nodes: (Node | undefined)[] = graph.nodes;
  const uses = new Int32Array(graph.values.length);
  const producer = new Map<ValueId, number>();
  graph.nodes.forEach((node, i) => {
    for (const id of node.inputs) uses[id]++;
    for (const id of node.outputs) producer.set(id, i);
  });
  for (const id of kept) uses[id] += 2;
  const fusing: Fusing = {
    graph,
    nodes,
    soleLinear: ({ inputs: [id], phase }, op) => {
      const at = producer.get(id) ?? -1;
      const node = nodes[at];
      const isLinear = is(node, op) && node.phase === phase && node.attrs.fn === Fn.Identity;
      return isLinear && uses[id] === 1 ? at : -1;
    },
    replace: (at, old, rule, attrs, inputs, outputs) => {
      nodes[at] = { ...old, op: rule.name, rule, attrs, inputs, outputs };
    },
  };
  nodes.forEach((node, i) => {
    fuseActivation(fusing, node, i);
    other?.(fusing, node, i);
  });
  graph.nodes = nodes.filter((node) => node !== undefined);
}

/** A dense layer or a convolution with its activation. */
function fuseActivation({ nodes, soleLinear, replace }: Fusing, node: Node | undefined, i: number): void {
  if (!is(node, "unary")) return;
  const at = Math.max(soleLinear(node, "dense"), soleLinear(node, "conv"));
  if (at < 0) return;
  const { rule, attrs, inputs } = nodes[at] as Node<"dense" | "conv">;
  replace(i, node, rule as Op<"dense">, { ...attrs, ...node.attrs }, inputs, node.outputs);
  nodes[at] = undefined;
}
