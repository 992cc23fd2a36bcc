/** Symbolic tensors: what model functions and `valueAndGrad` compute with. */
import { ShapeError, TraceError } from "../errors.ts";
import { BinaryFn, Fn, ReduceFn } from "../graph/op.ts";
import { binary } from "../graph/ops/binary.ts";
import { elementary } from "../graph/ops/elementary.ts";
import { logSoftmax } from "../graph/ops/log-softmax.ts";
import { matMul } from "../graph/ops/mat-mul.ts";
import { reduce } from "../graph/ops/reduce.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { transpose } from "../graph/ops/transpose.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import { Symbolic } from "./symbolic.ts";

export type Operand = Tensor | number;

/**
 * A value that will be computed when the program runs. It has a shape but no number yet: `-1` in a shape stands for
 * the rows of a batch.
 */
export class Tensor extends Symbolic {
  /** `this + other`, with NumPy's broadcasting. */
  add(other: Operand): Tensor {
    return elementwise(BinaryFn.Add, this, other);
  }

  /** `this - other`. */
  sub(other: Operand): Tensor {
    return elementwise(BinaryFn.Subtract, this, other);
  }

  /** `this * other`, elementwise. */
  mul(other: Operand): Tensor {
    return elementwise(BinaryFn.Multiply, this, other);
  }

  /** `this / other`, elementwise. */
  div(other: Operand): Tensor {
    return elementwise(BinaryFn.Divide, this, other);
  }

  /** The larger of the two, elementwise; NaN wins. Ties share the gradient equally. */
  maximum(other: Operand): Tensor {
    return elementwise(BinaryFn.Maximum, this, other);
  }

  /** The smaller of the two, elementwise; NaN wins. Ties share the gradient equally. */
  minimum(other: Operand): Tensor {
    return elementwise(BinaryFn.Minimum, this, other);
  }

  /** The matrix product: `[.., k]` times `[k, n]` is `[.., n]`. */
  matMul(other: Tensor): Tensor {
    same(this, other, "matMul");
    return this.emit(matMul, { transposeA: false, transposeB: false }, [this.id, other.id]);
  }

  /** The axes in another order; all reversed if none is given. */
  transpose(axes: readonly number[] = this.shape.map((_, i) => this.shape.length - 1 - i)): Tensor {
    return this.emit(transpose, { axes }, [this.id]);
  }

  /** The same elements, in row-major order, under another shape. A first dimension of -1 is the rows of the batch. */
  reshape(shape: Shape): Tensor {
    return this.emit(reshape, { shape }, [this.id]);
  }

  /** The sum over the given axes (all by default), which disappear; negative axes count from the end. */
  sum(axes?: number | readonly number[]): Tensor {
    return this.#reduce(ReduceFn.Sum, axes);
  }

  /** The mean over the given axes (all by default). */
  mean(axes?: number | readonly number[]): Tensor {
    return this.#reduce(ReduceFn.Mean, axes);
  }

  /** The maximum over the given axes (all by default). Ties share the gradient equally. */
  max(axes?: number | readonly number[]): Tensor {
    return this.#reduce(ReduceFn.Max, axes);
  }

  neg(): Tensor {
    return this.#apply(Fn.Negate);
  }

  exp(): Tensor {
    return this.#apply(Fn.Exp);
  }

  /** The natural logarithm. */
  log(): Tensor {
    return this.#apply(Fn.Log);
  }

  sqrt(): Tensor {
    return this.#apply(Fn.Sqrt);
  }

  abs(): Tensor {
    return this.#apply(Fn.Abs);
  }

  square(): Tensor {
    return this.#apply(Fn.Square);
  }

  relu(): Tensor {
    return this.#apply(Fn.Relu);
  }

  sigmoid(): Tensor {
    return this.#apply(Fn.Sigmoid);
  }

  tanh(): Tensor {
    return this.#apply(Fn.Tanh);
  }

  /** `exp(x) / sum(exp(x))` along the last axis, in the stable form. */
  softmax(): Tensor {
    return this.emit(softmax, {}, [this.id]);
  }

  /** `log(softmax(x))` along the last axis, in the stable form. */
  logSoftmax(): Tensor {
    return this.emit(logSoftmax, {}, [this.id]);
  }

  [Symbol.toPrimitive](): never {
    throw new TraceError(
      `Tensor: has a number only when the program runs, so it cannot be used as a number, string or condition while ` +
        `it is traced; got ${formatShape(this.shape)} in such a place: use its methods, for example a.add(b)`,
    );
  }

  override toString(): string {
    return this[Symbol.toPrimitive]();
  }

  toJSON(): never {
    return this[Symbol.toPrimitive]();
  }

  #apply(fn: Fn): Tensor {
    return this.emit(elementary, { fn, alpha: 0 }, [this.id]);
  }

  #reduce(fn: ReduceFn, axes?: number | readonly number[]): Tensor {
    const rank = this.shape.length;
    const given = axes === undefined ? this.shape.map((_, i) => i) : typeof axes === "number" ? [axes] : axes;
    const marked = new Array<boolean>(rank).fill(false);
    for (const axis of given) {
      const at = axis < 0 ? axis + rank : axis;
      if (!(Number.isInteger(at) && at >= 0 && at < rank))
        throw new ShapeError(`reduce: axes must lie within ${formatShape(this.shape)}; got ${axis}`);
      marked[at] = true;
    }
    // Runs of neighbouring axes go together, the last run first, so that earlier axes keep their numbers.
    let result: Tensor = this;
    for (let to = rank; to > 0; ) {
      if (!marked[to - 1]) {
        to--;
        continue;
      }
      let from = to - 1;
      while (from > 0 && marked[from - 1]) from--;
      result = result.emit(reduce, { fn, from, to }, [result.id]);
      to = from;
    }
    return result;
  }
}

function same(a: Tensor, b: Tensor, who: string): void {
  if (!(b instanceof Tensor)) throw new TraceError(`${who}: needs a tensor; got ${typeof b}`);
  if (a.builder !== b.builder)
    throw new TraceError(`${who}: both operands must belong to one function; got tensors of two`);
}

function elementwise(fn: BinaryFn, a: Tensor, b: Operand): Tensor {
  const other = constant(a, b);
  same(a, other, "Tensor");
  return a.emit(binary, { fn }, [a.id, other.id]);
}

/** A number as a scalar of the graph; tensors pass through. */
function constant(like: Tensor, value: Operand): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value !== "number")
    throw new TraceError(`Tensor: operands must be tensors or numbers; got ${typeof value}`);
  return like.of(like.builder.graph.addConstant([], Float32Array.of(value)));
}
