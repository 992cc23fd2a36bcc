/** Symbolic tensors: what model functions and `valueAndGrad` compute with. */
import { describe } from "../describe.ts";
import { ShapeError, TraceError } from "../errors.ts";
import type { Builder } from "../graph/builder.ts";
import { type AnyOp, BinaryFn, Fn, type Op, ReduceFn } from "../graph/op.ts";
import { binary } from "../graph/ops/binary.ts";
import { logSoftmax } from "../graph/ops/log-softmax.ts";
import { matMul } from "../graph/ops/mat-mul.ts";
import { reduce } from "../graph/ops/reduce.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { transpose } from "../graph/ops/transpose.ts";
import { elementary } from "../graph/ops/unary.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { BOOLEAN, readOptions, refuseMore } from "../options.ts";
import { Symbolic } from "./symbolic.ts";

export type Operand = Tensor | number;

export interface ReduceOptions {
  /** Whether reduced axes stay, with length 1, so that the result broadcasts against what was reduced. Default: false. */
  readonly keepDims?: boolean;
}

export interface AxisOptions {
  /** The axis whose entries are set against each other; negative ones count from the end. Default: -1, the last. */
  readonly axis?: number;
}

/** What methods of tensors emit. */
export const TENSOR_OPS: readonly AnyOp[] = [
  binary,
  elementary,
  logSoftmax,
  matMul,
  reduce,
  reshape,
  softmax,
  transpose,
];

/** What to write where a call of another library has more arguments. */
const INSTEAD: Readonly<Record<string, string>> = {
  matMul: "write a.transpose().matMul(b) or a.matMul(b.transpose()) for a transposed operand",
  transpose: "write the axes as an array, such as transpose([1, 0])",
  reshape: "write the shape as an array, such as reshape([3, 2])",
  sum: "write the axes as an array, such as sum([0, 1])",
  mean: "write the axes as an array, such as mean([0, 1])",
  max: "write the axes as an array, such as max([0, 1])",
  relu: 'write activation({ name: "leakyRelu", alpha: 0.1 })(x) for a slope below 0',
};

/** Whether the methods of Tensor refuse arguments beyond their own already. */
let exact = false;

/**
 * A value that will be computed when the program runs. It has a shape but no number yet: `-1` in a shape stands for
 * the rows of a batch. Its methods refuse arguments that they do not name with an OptionError.
 *
 * @example
 * const centre = valueAndGrad<[number[][]]>((x) => x.sub(x.mean(1, { keepDims: true })).square().sum());
 * centre([[1, 2], [3, 5]]).value; // => 2.5
 */
export class Tensor extends Symbolic {
  /** @internal */
  constructor(builder: Builder, id: ValueId) {
    super(builder, id);
    if (!exact) refuseMoreInMethods(new.target.prototype);
    exact = true;
  }

  /**
   * `this + other`, with NumPy's broadcasting.
   *
   * All elementwise operators refuse `[.., n, 1]` beside `[.., n]` with a ShapeError that says what to reshape.
   */
  add(other: Operand): Tensor {
    return elementwise("add", BinaryFn.Add, this, other);
  }

  /** `this - other`. */
  sub(other: Operand): Tensor {
    return elementwise("sub", BinaryFn.Subtract, this, other);
  }

  /** `this * other`, elementwise. */
  mul(other: Operand): Tensor {
    return elementwise("mul", BinaryFn.Multiply, this, other);
  }

  /** `this / other`, elementwise. */
  div(other: Operand): Tensor {
    return elementwise("div", BinaryFn.Divide, this, other);
  }

  /** The larger of the two, elementwise; NaN wins. Ties share the gradient equally. */
  maximum(other: Operand): Tensor {
    return elementwise("maximum", BinaryFn.Maximum, this, other);
  }

  /** The smaller of the two, elementwise; NaN wins. Ties share the gradient equally. */
  minimum(other: Operand): Tensor {
    return elementwise("minimum", BinaryFn.Minimum, this, other);
  }

  /** The matrix product: `[.., k]` times `[k, n]` is `[.., n]`. */
  matMul(other: Tensor): Tensor {
    same(this, other, "matMul");
    return this.emit(matMul, { transposeA: false, transposeB: false }, [this.id, other.id]);
  }

  /**
   * The axes in another order: axis `i` of the result is axis `axes[i]`; all reversed if none is given.
   *
   * @throws ShapeError unless `axes` is an array that names each axis once
   */
  transpose(axes?: readonly number[]): Tensor {
    const { length } = this.shape;
    const order = axes === undefined ? this.shape.map((_, i) => length - 1 - i) : axes;
    checkArray("transpose: axes", order, "[1, 0]");
    return this.emit(transpose, { axes: order }, [this.id]);
  }

  /**
   * The same elements, in row-major order, under another shape. A first dimension of -1 is the rows of the batch.
   *
   * @throws ShapeError unless `shape` is an array of whole numbers with as many elements
   */
  reshape(shape: Shape): Tensor {
    checkArray("reshape: shape", shape, "[3, 2]");
    return this.emit(reshape, { shape }, [this.id]);
  }

  /**
   * The sum over an axis or several (all by default), which disappear unless `keepDims` is true; negative axes count from
   * the end.
   *
   * @throws ShapeError for an axis that there is not
   * @example
   * valueAndGrad<[number[][]]>((x) => x.sum(0).square().sum())([[1, 2], [3, 4]]).value; // => 52
   */
  sum(axes?: number | readonly number[], options?: ReduceOptions): Tensor {
    return this.#reduce("sum", ReduceFn.Sum, axes, options);
  }

  /** The mean over an axis or several (all by default), as `sum`. */
  mean(axes?: number | readonly number[], options?: ReduceOptions): Tensor {
    return this.#reduce("mean", ReduceFn.Mean, axes, options);
  }

  /** The maximum over an axis or several (all by default), as `sum`. Ties share the gradient equally. */
  max(axes?: number | readonly number[], options?: ReduceOptions): Tensor {
    return this.#reduce("max", ReduceFn.Max, axes, options);
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

  /**
   * `exp(x) / sum(exp(x))` along one axis, the last by default, in the stable form.
   *
   * @throws ShapeError for an axis that there is not, or whose length depends on the rows of the batch
   * @example
   * const f = valueAndGrad<[number[][]]>((x) => x.softmax({ axis: 0 }).sum());
   * f([[1, 2, 3], [1, 2, 3]]).value; // => 3
   */
  softmax(options?: AxisOptions): Tensor {
    return this.#along(softmax, options);
  }

  /** `log(softmax(x))` along one axis, the last by default, in the stable form. */
  logSoftmax(options?: AxisOptions): Tensor {
    return this.#along(logSoftmax, options);
  }

  // No Symbol.toPrimitive: minifiers keep a class with a computed member, and with it all ops behind these methods.
  override valueOf(): never {
    throw new TraceError(
      `Tensor: has a number only when the program runs, so it cannot be used as a number, string or condition while ` +
        `it is traced; got ${formatShape(this.shape)} in such a place: use its methods, for example a.add(b)`,
    );
  }

  override toString(): string {
    return this.valueOf();
  }

  toJSON(): never {
    return this.valueOf();
  }

  #apply(fn: Fn): Tensor {
    return this.emit(elementary, { fn, alpha: 0 }, [this.id]);
  }

  /** Where an axis is, counted from the front. */
  #axis(who: string, axis: unknown): number {
    const rank = this.shape.length;
    const at = (axis as number) < 0 ? (axis as number) + rank : (axis as number);
    if (!(Number.isInteger(at) && at >= 0 && at < rank))
      throw new ShapeError(
        `${who}: axes must be whole numbers from ${-rank} to ${rank - 1} for ${formatShape(this.shape)}; got ${describe(axis)}`,
      );
    return at;
  }

  #along(op: Op<"softmax"> | Op<"logSoftmax">, options: AxisOptions = {}): Tensor {
    const { axis } = readOptions(op.name, options, { axis: [-1] });
    const { shape } = this;
    const last = shape.length - 1;
    const at = axis === -1 ? last : this.#axis(op.name, axis);
    if (at === last) return this.emit(op as Op<"softmax">, {}, [this.id]);
    if (shape[at] < 0)
      throw new ShapeError(
        `${op.name}: the axis must have a fixed length; got axis ${axis} of ${formatShape(shape)}`,
      );
    // The axis changes places with the last one, there and back.
    const axes = shape.map((_, i) => (i === at ? last : i === last ? at : i));
    const turned = this.transpose(axes);
    return turned.emit(op as Op<"softmax">, {}, [turned.id]).transpose(axes);
  }

  #reduce(who: string, fn: ReduceFn, axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
    if (typeof options === "number") refuseMore(who, [axes, options], 1, INSTEAD[who]);
    const { keepDims } = readOptions(who, options, { keepDims: [false, BOOLEAN] });
    const { shape } = this;
    const rank = shape.length;
    const given = axes === undefined ? shape.map((_, i) => i) : typeof axes === "number" ? [axes] : axes;
    checkArray(`${who}: axes`, given, "[0, 1], or one number, with options behind");
    const marked = new Array<boolean>(rank).fill(false);
    for (const axis of given) marked[this.#axis(who, axis)] = true;
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
    return keepDims ? result.reshape(shape.map((d, i) => (marked[i] ? 1 : d))) : result;
  }
}

/**
 * Makes every method refuse arguments beyond those it names (so none may have a default). Done when the first tensor
 * is made, because what a module does while it is loaded cannot be dropped from pages without tensors.
 */
function refuseMoreInMethods(methods: Tensor): void {
  for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(methods))) {
    // `toString` and `toJSON` throw anyway, and JSON.stringify gives an argument.
    if (/^(constructor|to)/.test(name)) continue;
    const value = function (this: Tensor, ...given: unknown[]) {
      refuseMore(name, given, method.length, INSTEAD[name]);
      return method.apply(this, given);
    };
    Object.defineProperty(methods, name, { value });
  }
}

function checkArray(what: string, value: unknown, example: string): void {
  if (!Array.isArray(value))
    throw new ShapeError(`${what} must be an array, such as ${example}; got ${describe(value)}`);
}

// These ask for Symbolic, not Tensor, for the reason in `VjpContext.op`.
function same(a: Tensor, b: Tensor, who: string): void {
  if (!(b instanceof Symbolic)) throw new TraceError(`${who}: needs a tensor; got ${describe(b)}`);
  if (a.builder !== b.builder)
    throw new TraceError(`${who}: both operands must belong to one function; got tensors of two`);
}

function elementwise(who: string, fn: BinaryFn, a: Tensor, b: Operand): Tensor {
  const other = constant(who, a, b);
  same(a, other, who);
  checkColumns(who, a.shape, other.shape);
  return a.emit(binary, { fn }, [a.id, other.id]);
}

/**
 * Refuses a column beside its own list, `[n, 1]` and `[n]`: broadcasting would give `[n, n]`, every entry with every
 * other, where almost always each is meant with its own.
 */
function checkColumns(who: string, a: Shape, b: Shape): void {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (!sameShape([...short, 1], long) || sizeOf(short) === 1) return;
  const [list, column, row] = [short, long, [...short.slice(0, -1), 1, ...short.slice(-1)]].map(formatShape);
  throw new ShapeError(
    `${who}: shapes must not differ by a last axis of length 1 alone; got ${formatShape(a)}, ${formatShape(b)}: ` +
      `reshape ${column} to ${list}, or ${list} to ${row} if every entry is meant with every other`,
  );
}

/** A number as a scalar of the graph; tensors pass through. */
function constant(who: string, like: Tensor, value: Operand): Tensor {
  if (value instanceof Symbolic) return value;
  if (typeof value !== "number")
    throw new TraceError(`${who}: operands must be tensors or numbers; got ${describe(value)}`);
  return like.of(like.builder.graph.addConstant([], Float32Array.of(value)));
}
