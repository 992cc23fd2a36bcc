import { OptionError } from "../errors.ts";
import type { Builder } from "../graph/builder.ts";
import type { Op, OpAttrs, OpName } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import type { TargetScaling } from "../preprocess/target-scaling.ts";
import type { TargetReader } from "../rows/targets.ts";

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

/** A loss in the graph of a trainer. */
export interface AddedLoss {
  /** The loss of the batch, of shape []. */
  readonly value: ValueId;
  readonly target: ValueId;
  /** What tells classes: scores, where the output ends in probabilities. */
  readonly prediction: ValueId;
}

/** A loss function of the user's in the graph of a trainer. */
export interface OwnLoss extends AddedLoss {
  readonly loss: {
    readonly kind: "custom";
    readonly family: "numbers" | "binary" | "classes";
    readonly fromLogits: boolean;
    readonly parameter: number;
    readonly settings: Readonly<Record<never, never>>;
    readonly targets: TargetReader;
    readonly scaling?: TargetScaling;
  };
  /** Why rows cannot be weighed, where they cannot. */
  readonly unweighable: string | undefined;
}

/** What functions of users are called with. */
export interface Tracing {
  /**
   * Calls a function that stands for a layer.
   *
   * @throws TraceError if it returns something else than a tensor
   */
  apply(who: string, fn: (x: never) => unknown, x: Symbolic): Symbolic;
  /**
   * Adds a loss function.
   *
   * @param output what it is the loss of
   * @param weight [rows], what each row counts
   */
  traceLoss(
    fn: (...tensors: Symbolic[]) => unknown,
    output: Symbolic,
    name: string,
    weight: ValueId,
  ): OwnLoss;
}

let brought: Tracing | undefined;

/** Said by what carries `Tensor` for functions of users: other pages drop it, with the ops behind its methods. */
export function bringTracing(tracing: Tracing): void {
  brought = tracing;
}

/** What functions of users are called with, where the page carries it. */
export const broughtTracing = (): Tracing | undefined => brought;

/** What a function in the place of a layer gives: layers take any symbolic value, functions of users tensors. */
export function applyTo<T extends Symbolic>(who: string, fn: (x: never) => unknown, x: T): T {
  if (!("kind" in fn)) {
    if (brought) return x.of(brought.apply(who, fn, x).id);
    if ((x as Symbolic).constructor === Symbolic)
      throw new OptionError(`${who}: a function of tensors must be given as lambda(fn); got it bare`);
  }
  return fn(x as never) as T;
}
