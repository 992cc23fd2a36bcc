import { TraceError } from "../errors.ts";
import type { Graph, Phase, Type, ValueId } from "./graph.ts";
import type { OpAttrs, OpName } from "./op.ts";
import { opOf } from "./ops/index.ts";

/** Appends nodes to a graph: infers types, names values, and remembers which layer is speaking. */
export class Builder {
  /** The layer being built: names values and errors. */
  scope = "";
  phase: Phase = "forward";

  constructor(readonly graph: Graph) {}

  /** Adds a node and returns its first output. */
  emit = <K extends OpName>(op: K, attrs: OpAttrs[K], inputs: readonly ValueId[], name?: string): ValueId => {
    const { graph } = this;
    const types: Type[] = inputs.map((id) => graph.values[id]);
    for (const type of types)
      if (type.dtype !== "f32" && op !== "loss" && op !== "lossGrad")
        throw new TraceError(`${this.scope || op}: ${op} works on numbers; got class labels`);
    const outputs = opOf(op)
      .infer(this.scope || op, types, attrs as never)
      .map((type) => graph.addValue(type, name ?? (this.scope ? `${this.scope}.${op}` : op)));
    graph.nodes.push({ op, attrs, inputs, outputs, scope: this.scope, phase: this.phase });
    return outputs[0];
  };
}
