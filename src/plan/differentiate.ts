/**
 * Reverse-mode differentiation as a graph transformation: for each node, from the last to the first, its rule adds
 * nodes that make the cotangents of its inputs from those of its outputs.
 */
import { Builder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { type AnyOp, type CoreOp, throwNoGradient } from "../graph/op.ts";
import { CORE_GRADIENTS } from "../graph/ops/core-gradients.ts";
import { accumulate } from "../graph/ops/gradient.ts";
import type { Shape } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";

/**
 * Extends `graph` by the gradient of a scalar.
 *
 * @param loss the value to differentiate, of shape []
 * @param wrt  values to differentiate with respect to
 * @returns one gradient per value of `wrt`, shaped like it; undefined where the loss does not depend on it
 */
export function differentiate(graph: Graph, loss: ValueId, wrt: readonly ValueId[]): (ValueId | undefined)[] {
  const builder = new Builder(graph);
  builder.phase = "backward";
  const needed = new Array<boolean>(graph.values.length).fill(false);
  for (const id of wrt) needed[id] = true;
  for (const node of graph.nodes)
    if (node.inputs.some((id) => needed[id])) for (const id of node.outputs) needed[id] = true;
  if (!needed[loss]) return wrt.map(() => undefined);

  const cotangents = new Map<ValueId, ValueId>();
  cotangents.set(loss, graph.addConstant([], Float32Array.of(1)));
  const forward = graph.nodes.filter((node) => node.phase === "forward");
  for (let i = forward.length - 1; i >= 0; i--) {
    const node = forward[i];
    const dys = node.outputs.map((id) => cotangents.get(id));
    if (!dys.some((dy) => dy !== undefined) || !node.inputs.some((id) => needed[id])) continue;
    const { vjp } = node.rule;
    const rule: Exclude<AnyOp["vjp"], "brought"> =
      vjp === "brought" ? CORE_GRADIENTS[node.op as CoreOp] : vjp;
    if (typeof rule !== "function") throwNoGradient(node.op, rule);
    builder.scope = node.scope;
    const made = rule({
      op: node.rule,
      attrs: node.attrs,
      inputs: node.inputs,
      outputs: node.outputs,
      output: node.outputs[0],
      dys,
      dy: dys[0] as ValueId,
      emit: builder.emit,
      shape: (id): Shape => graph.values[id].shape,
      needs: (j) => needed[node.inputs[j]],
    });
    made.forEach((cotangent, j) => {
      const input = node.inputs[j];
      if (cotangent === null || !needed[input]) return;
      const sum = cotangents.get(input);
      cotangents.set(
        input,
        sum === undefined ? cotangent : builder.emit(accumulate, {}, [sum, cotangent])[0],
      );
    });
  }
  return wrt.map((id) => cotangents.get(id));
}
