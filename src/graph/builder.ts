import { ShapeError, TraceError } from "../errors.ts";
import type { Graph, Phase } from "./graph.ts";
import type { Emit } from "./op.ts";
import { formatShape } from "./shape.ts";
import type { ValueId } from "./type.ts";

/** Appends nodes to a graph: infers types, names values, and remembers which layer is speaking. */
export class Builder {
  /** The layer being built: names values and errors. */
  scope = "";
  phase: Phase = "forward";
  /** What the layers of one model share. */
  declare layers: object | undefined;

  constructor(readonly graph: Graph) {}

  /**
   * Says what becomes of a variable at each update, after the optimizer.
   *
   * @param next makes its next content of the current one, by nodes that run then only
   */
  update(variable: ValueId, next: (current: ValueId) => ValueId): void {
    const { updates } = this.graph;
    const at = updates.findIndex((update) => update.variable === variable);
    const outer = this.phase;
    this.phase = "update";
    const value = next(at < 0 ? variable : updates[at].value);
    this.phase = outer;
    // A layer that is called again goes on from what its first call made of the variable.
    updates.splice(at < 0 ? updates.length : at, at < 0 ? 0 : 1, { variable, value });
  }

  /** Adds a node and returns its outputs. */
  emit: Emit = (op, attrs, inputs, name) => {
    const { graph, phase } = this;
    const types = inputs.map((id) => graph.values[id]);
    const scope = this.scope;
    const who = scope || "tensor";
    types.forEach(({ dtype, shape }, i) => {
      const wanted = op.dtypes?.[i] ?? "f32";
      if (wanted !== "any" && dtype !== wanted)
        throw new TraceError(
          `${who}: ${op.name} needs ${wanted} as input ${i}; got ${dtype} ${formatShape(shape)}` +
            (dtype === "i32" ? ": whole numbers go to an embedding" : "") +
            (wanted === "i32" ? ': make the input { shape, dtype: "i32" }' : ""),
        );
    });
    const inferred = op.infer(who, types, attrs);
    for (const { shape } of inferred)
      if (shape.filter((d) => d < 0).length > 1)
        throw new ShapeError(
          `${who}: ${op.name} may give one dimension that depends on the rows; got ${formatShape(shape)}`,
        );
    const outputs = inferred.map((type) =>
      graph.addValue(type, name ?? (scope ? `${scope}.${op.name}` : op.name)),
    );
    if ((op.kernels?.level ?? 0) > (graph.kernels?.level ?? 0)) graph.kernels = op.kernels;
    graph.nodes.push({ op: op.name, rule: op, attrs, inputs, outputs, scope, phase });
    return outputs;
  };
}
