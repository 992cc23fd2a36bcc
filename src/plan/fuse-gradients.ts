/** What training fuses: the input gradient of a layer with that of the activation before it, a loss with its gradient. */
import { is, type Node } from "../graph/graph.ts";
import { Fn, type Op } from "../graph/op.ts";
import { denseGradInput } from "../graph/ops/dense.ts";
import { lossAndGrad } from "../graph/ops/loss.ts";
import type { Fusing, Fusions } from "./fuse.ts";

export const fuseGradients: Fusions = (fusing, node, i) => {
  if (is(node, "unaryGrad")) fuseActivation(fusing, node, i);
  else if (is(node, "lossGrad")) fuseLoss(fusing, node, i);
};

function fuseActivation(fusing: Fusing, node: Node<"unaryGrad">, i: number): void {
  const { nodes, soleLinear, replace } = fusing;
  const at = soleLinear(node, "denseGradInput");
  if (at < 0) {
    fusePooling(fusing, node, i);
    return;
  }
  const [dy, w] = (nodes[at] as Node).inputs;
  replace(i, node, denseGradInput, node.attrs, [dy, w, node.inputs[1]], node.outputs);
  nodes[at] = undefined;
}

/** Maxima of what a relu gave: only maxima above 0 have a gradient. */
function fusePooling({ nodes, soleLinear, replace }: Fusing, node: Node<"unaryGrad">, i: number): void {
  const at = soleLinear(node, "maxPoolGrad");
  if (at < 0 || node.attrs.fn !== Fn.Relu) return;
  const { rule, attrs, inputs } = nodes[at] as Node<"maxPoolGrad">;
  if (inputs[1] !== node.inputs[1]) return;
  replace(i, node, rule as Op<"maxPoolGrad">, { ...attrs, fn: Fn.Relu }, inputs, node.outputs);
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
