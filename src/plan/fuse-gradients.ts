/** What training fuses: the input gradient of a layer with that of the activation before it, a loss with its gradient. */
import { is, type Node } from "../graph/graph.ts";
import { denseGradInput } from "../graph/ops/dense.ts";
import { lossAndGrad } from "../graph/ops/loss.ts";
import type { Fusing, Fusions } from "./fuse.ts";

export const fuseGradients: Fusions = (fusing, node, i) => {
  if (is(node, "unaryGrad")) fuseActivation(fusing, node, i);
  else if (is(node, "lossGrad")) fuseLoss(fusing, node, i);
};

function fuseActivation({ nodes, soleLinear, replace }: Fusing, node: Node<"unaryGrad">, i: number): void {
  const at = soleLinear(node, "denseGradInput");
  if (at < 0) return;
  const [dy, w] = (nodes[at] as Node).inputs;
  replace(i, node, denseGradInput, node.attrs, [dy, w, node.inputs[1]], node.outputs);
  nodes[at] = undefined;
}

/** A gradient whose incoming cotangent is the seed 1 comes out of the loss record itself. */
function fuseLoss({ graph, nodes, replace }: Fusing, grad: Node<"lossGrad">, i: number): void {
  const [p, t, scale, ...weights] = grad.inputs;
  if (graph.constants.find((c) => c.value === scale)?.data[0] !== 1) return;
  const at = nodes.findIndex(
    (n) =>
      is(n, "loss") &&
      n.inputs[0] === p &&
      n.inputs[1] === t &&
      n.inputs[2] === weights[0] &&
      n.attrs === grad.attrs,
  );
  if (at < 0) return;
  const forward = nodes[at] as Node;
  replace(at, forward, lossAndGrad, grad.attrs, [p, t, ...weights], [forward.outputs[0], grad.outputs[0]]);
  nodes[i] = undefined;
}
