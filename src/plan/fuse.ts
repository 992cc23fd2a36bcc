/**
 * Rewrites runs of nodes that one kernel can do: a dense layer's product, bias and activation; its two weight
 * gradients; its input gradient with the activation before it; a loss with its gradient. Value ids stay, so whoever
 * named a value before finds it after. Fusion changes no bit: each fused kernel computes what its parts would.
 */
import type { Graph, Node, ValueId } from "../graph/graph.ts";
import { BinaryFn, Fn, type OpAttrs, type OpName, ReduceFn } from "../graph/op.ts";

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

/** @param kept values that must still be made, whatever else happens: outputs, loss, gradients */
export function fuse(graph: Graph, kept: readonly ValueId[]): void {
  const uses = new Int32Array(graph.values.length);
  const producer = new Map<ValueId, number>();
  const nodes: (Node | undefined)[] = graph.nodes;
  graph.nodes.forEach((node, i) => {
    for (const id of node.inputs) uses[id]++;
    for (const id of node.outputs) producer.set(id, i);
  });
  for (const id of kept) uses[id] += 2;

  /** The node that makes `id`, if it is of this op and `id` has no other use. */
  const soleSource = <K extends OpName>(id: ValueId, op: K): [Node<K>, number] | undefined => {
    const at = producer.get(id);
    const node = at === undefined ? undefined : nodes[at];
    return node?.op === op && uses[id] === 1 ? [node as Node<K>, at as number] : undefined;
  };
  const replace = <K extends OpName>(
    at: number,
    like: Node,
    op: K,
    attrs: OpAttrs[K],
    inputs: readonly ValueId[],
    outputs: readonly ValueId[],
  ) => {
    nodes[at] = { op, attrs, inputs, outputs, scope: like.scope, phase: like.phase };
    for (const id of outputs) producer.set(id, at);
  };
  const is = <K extends OpName>(node: Node, op: K): node is Node<K> => node.op === op;

  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    if (!node) continue;
    if (is(node, "binary") && node.attrs.fn === BinaryFn.Add) {
      const [xw, bias] = node.inputs;
      const source = soleSource(xw, "matMul");
      const { shape } = graph.values[bias];
      if (!source || source[0].attrs.transposeA || source[0].attrs.transposeB) continue;
      const width = graph.shape(xw);
      if (shape.length !== 1 || shape[0] !== width[width.length - 1]) continue;
      nodes[source[1]] = undefined;
      replace(i, node, "dense", { fn: Fn.Identity, alpha: 0 }, [...source[0].inputs, bias], node.outputs);
    } else if (is(node, "unary")) {
      const source = soleSource(node.inputs[0], "dense");
      if (!source || source[0].attrs.fn !== Fn.Identity) continue;
      nodes[source[1]] = undefined;
      replace(i, node, "dense", node.attrs, source[0].inputs, node.outputs);
    } else if (is(node, "unaryGrad")) {
      const source = soleSource(node.inputs[0], "matMul");
      if (!source?.[0].attrs.transposeB) continue;
      nodes[source[1]] = undefined;
      replace(i, node, "denseGradInput", node.attrs, [...source[0].inputs, node.inputs[1]], node.outputs);
    } else if (is(node, "reduce") && node.attrs.fn === ReduceFn.Sum) {
      fuseWeightGradients(node, i);
    } else if (is(node, "lossGrad")) {
      fuseLoss(node, i);
    }
  }
  graph.nodes = nodes.filter((node) => node !== undefined);

  /** The column sums of dY, and a product X^T dY elsewhere: one record where the first of the two stood. */
  function fuseWeightGradients(sums: Node<"reduce">, at: number): void {
    const [dy] = sums.inputs;
    const rank = graph.shape(dy).length;
    if (sums.attrs.from !== 0 || sums.attrs.to !== rank - 1) return;
    const other = nodes.findIndex(
      (n) =>
        n !== undefined &&
        is(n, "matMul") &&
        n.attrs.transposeA &&
        n.inputs[1] === dy &&
        n.phase === sums.phase,
    );
    if (other < 0) return;
    const product = nodes[other] as Node<"matMul">;
    nodes[at] = nodes[other] = undefined;
    const outputs = [product.outputs[0], sums.outputs[0]];
    replace(Math.min(at, other), product, "denseGradWeights", {}, product.inputs, outputs);
  }

  /** A gradient whose incoming cotangent is the seed 1 comes out of the loss record itself. */
  function fuseLoss(grad: Node<"lossGrad">, at: number): void {
    const [p, t, scale] = grad.inputs;
    const seed = graph.constants.find((c) => c.value === scale);
    if (seed?.data[0] !== 1) return;
    const other = nodes.findIndex(
      (n) =>
        n !== undefined && is(n, "loss") && n.inputs[0] === p && n.inputs[1] === t && n.attrs === grad.attrs,
    );
    if (other < 0) return;
    const forward = nodes[other] as Node<"loss">;
    nodes[at] = undefined;
    replace(other, forward, "lossAndGrad", grad.attrs, [p, t], [forward.outputs[0], grad.outputs[0]]);
  }
}
