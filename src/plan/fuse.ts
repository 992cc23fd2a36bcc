/**
 * Rewrites runs of nodes that one kernel can do: a dense layer with its activation, its input gradient with that of
 * the activation before it, a loss with its gradient. Value ids stay, so whoever named a value before finds it after.
 * Fusion changes no bit: each fused kernel computes what its parts would.
 */
import type { Graph, Node } from "../graph/graph.ts";
import { Fn, type Op, type OpAttrs, type OpName } from "../graph/op.ts";
import { dense, denseGradInput } from "../graph/ops/dense.ts";
import { lossAndGrad } from "../graph/ops/loss.ts";
import type { ValueId } from "../graph/type.ts";

/** Drops every node whose outputs nobody in `wanted` depends on. */
export function dropDead(graph: Graph, wanted: readonly ValueId[]): void {
  const live = new Set(wanted);
  const kept: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((id) => live.has(id))) continue;
    for (const id of node.inputs) live.add(id);
    kept.push(node);
  }
  graph.nodes = kept.reverse();
}

const is = <K extends OpName>(node: Node | undefined, op: K): node is Node<K> => node?.op === op;

/** @param kept values that must still be made, whatever else happens: outputs, loss, gradients */
export function fuse(graph: Graph, kept: readonly ValueId[]): void {
  const nodes: (Node | undefined)[] = graph.nodes;
  const uses = new Int32Array(graph.values.length);
  const producer = new Map<ValueId, number>();
  graph.nodes.forEach((node, i) => {
    for (const id of node.inputs) uses[id]++;
    for (const id of node.outputs) producer.set(id, i);
  });
  for (const id of kept) uses[id] += 2;

  /** Where the input of a node is made, if by a linear node of this op and phase, and for one use only. */
  const soleLinear = ({ inputs: [id], phase }: Node, op: "dense" | "denseGradInput"): number => {
    const at = producer.get(id) ?? -1;
    const node = nodes[at];
    return is(node, op) && node.phase === phase && node.attrs.fn === Fn.Identity && uses[id] === 1 ? at : -1;
  };
  const replace = <K extends OpName>(
    at: number,
    old: Node,
    rule: Op<K>,
    attrs: OpAttrs[K],
    inputs: readonly ValueId[],
    outputs: readonly ValueId[],
  ) => {
    nodes[at] = { ...old, op: rule.name, rule, attrs, inputs, outputs };
  };

  /** A gradient whose incoming cotangent is the seed 1 comes out of the loss record itself. */
  const fuseLoss = (grad: Node<"lossGrad">, i: number): void => {
    const [p, t, scale] = grad.inputs;
    if (graph.constants.find((c) => c.value === scale)?.data[0] !== 1) return;
    const at = nodes.findIndex(
      (n) => is(n, "loss") && n.inputs[0] === p && n.inputs[1] === t && n.attrs === grad.attrs,
    );
    if (at < 0) return;
    const forward = nodes[at] as Node;
    replace(at, forward, lossAndGrad, grad.attrs, [p, t], [forward.outputs[0], grad.outputs[0]]);
    nodes[i] = undefined;
  };

  nodes.forEach((node, i) => {
    if (is(node, "unary")) {
      const at = soleLinear(node, "dense");
      if (at < 0) return;
      replace(i, node, dense, node.attrs, (nodes[at] as Node).inputs, node.outputs);
      nodes[at] = undefined;
    } else if (is(node, "unaryGrad")) {
      const at = soleLinear(node, "denseGradInput");
      if (at < 0) return;
      const [dy, w] = (nodes[at] as Node).inputs;
      replace(i, node, denseGradInput, node.attrs, [dy, w, node.inputs[1]], node.outputs);
      nodes[at] = undefined;
    } else if (is(node, "lossGrad")) {
      fuseLoss(node, i);
    }
  });
  graph.nodes = nodes.filter((node) => node !== undefined);
}
