import type { Builder } from "../graph/builder.ts";
import type { Op, OpAttrs, OpName } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";

/**
 * A value of a graph under construction. `sequential` works with these alone, so that a page which needs no more does
 * not carry the ops behind `Tensor`'s methods.
 */
export class Symbolic {
  /** @internal */
  constructor(
    /** @internal */
    readonly builder: Builder,
    /** @internal */
    readonly id: ValueId,
  ) {}

  /** Dimensions; -1 stands for the rows of a batch. */
  get shape(): Shape {
    return this.builder.graph.shape(this.id);
  }

  /** @internal another value of the same graph and kind */
  of(id: ValueId): this {
    return new (this.constructor as new (builder: Builder, id: ValueId) => this)(this.builder, id);
  }

  /** @internal adds a node and gives its first output */
  emit<K extends OpName>(op: Op<K>, attrs: OpAttrs[K], inputs: readonly ValueId[], name?: string): this {
    return this.of(this.builder.emit(op, attrs, inputs, name)[0]);
  }
}
