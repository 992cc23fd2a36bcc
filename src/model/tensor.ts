/** Symbolic tensors: what model functions and `valueAndGrad` compute with. */
import { describe } from "../describe.ts";
import { ShapeError, TraceError } from "../errors.ts";
import type { Builder } from "../graph/builder.ts";
import { type AnyOp, BinaryFn, Fn, type Op, ReduceFn } from "../graph/op.ts";
import { argMax } from "../graph/ops/arg-max.ts";
import { batchMatMul } from "../graph/ops/batch-mat-mul.ts";
import { binary } from "../graph/ops/binary.ts";
import { cumulativeSum } from "../graph/ops/cumulative-sum.ts";
import { gather } from "../graph/ops/gather.ts";
import { logSoftmax } from "../graph/ops/log-softmax.ts";
import { matMul } from "../graph/ops/mat-mul.ts";
import { reduce } from "../graph/ops/reduce.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { stopGradient } from "../graph/ops/stop-gradient.ts";
import { pad, slice } from "../graph/ops/stretch.ts";
import { transpose } from "../graph/ops/transpose.ts";
import { elementary } from "../graph/ops/unary.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import type { DType, ValueId } from "../graph/type.ts";
import { BOOLEAN, COUNT, check, oneOf, type Rule, readOptions, refuseMore } from "../options.ts";
import { axisOf, checkArray, constant, elementwise, same } from "./operands.ts";
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

export interface MatMulOptions {
  /** Whether this tensor's last two axes change places first. Default: false. */
  readonly transposeA?: boolean;
  /** Whether those of the other do. Default: false. */
  readonly transposeB?: boolean;
}

export interface VarianceOptions extends ReduceOptions {
  /** What the sum of squares is divided by: the number of elements minus this. Default: 1, as in PyTorch; 0 over the rows of a batch. */
  readonly correction?: 0 | 1;
}

export interface ArgMaxOptions extends AxisOptions, ReduceOptions {
  /** `"i32"` for `gather` and embeddings; outputs of models are f32. Default: `"f32"`. */
  readonly dtype?: DType;
}

export interface CumSumOptions extends AxisOptions {
  /** Whether sums start at the end. Default: false. */
  readonly reverse?: boolean;
}

export interface SliceOptions extends AxisOptions {
  /** Takes each `step`-th place, a whole number >= 1. Default: 1. */
  readonly step?: number;
}

export interface PadOptions extends AxisOptions {
  /** What stands in the new places, a finite number. Default: 0. */
  readonly value?: number;
}

/** What methods of tensors emit. */
export const TENSOR_OPS: readonly AnyOp[] = [
  argMax,
  batchMatMul,
  binary,
  cumulativeSum,
  elementary,
  gather,
  logSoftmax,
  matMul,
  pad,
  reduce,
  reshape,
  slice,
  softmax,
  stopGradient,
  transpose,
];

/** What to write where a call of another library has more arguments. */
const INSTEAD: Readonly<Record<string, string>> = {
  matMul: "write a.matMul(b, { transposeB: true }) for a transposed operand",
  transpose: "write the axes as an array, such as transpose([1, 0])",
  reshape: "write the shape as an array, such as reshape([3, 2])",
  sum: "write the axes as an array, such as sum([0, 1])",
  mean: "write the axes as an array, such as mean([0, 1])",
  max: "write the axes as an array, such as max([0, 1])",
  relu: 'write activation({ name: "leakyRelu", alpha: 0.1 })(x) for a slope below 0',
};

const WHOLE: Rule = ["a whole number", (n: number) => Number.isSafeInteger(n)];
const PLACES: Rule = ["a whole number >= 0", (n: number) => Number.isSafeInteger(n) && n >= 0];
const CORRECTION: Rule = ["0 or 1", (n: number) => n === 0 || n === 1];
/** The largest finite f32. */
const LARGEST = 3.4028234663852886e38;
const FINITE: Rule = ["a finite number", (n: number) => Number.isFinite(n)];

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

  /**
   * `this` to the power `other`, elementwise, as IEEE 754 has it: NaN for a number below 0 and an exponent that is not whole.
   * dx = y x^(y - 1), 0 for y = 0; dy = x^y log x, 0 for x = 0 with y >= 0. Within 0.51 ULP.
   *
   * @example
   * valueAndGrad<[number[]]>((x) => x.pow(3).sum())([1, 2]).value; // => 9
   */
  pow(other: Operand): Tensor {
    return elementwise("pow", BinaryFn.Power, this, other);
  }

  /** 1 where `this > other`, else 0, elementwise; no gradient. */
  greater(other: Operand): Tensor {
    return elementwise("greater", BinaryFn.Greater, this, other);
  }

  /** 1 where `this >= other`, else 0. */
  greaterEqual(other: Operand): Tensor {
    return elementwise("greaterEqual", BinaryFn.GreaterEqual, this, other);
  }

  /** 1 where `this < other`, else 0. */
  less(other: Operand): Tensor {
    return this.#holds("less", other).greater(this);
  }

  /** 1 where `this <= other`, else 0. */
  lessEqual(other: Operand): Tensor {
    return this.#holds("lessEqual", other).greaterEqual(this);
  }

  /** 1 where `this === other`, else 0; NaN equals nothing. */
  equal(other: Operand): Tensor {
    return elementwise("equal", BinaryFn.Equal, this, other);
  }

  /** 1 where `this !== other`, else 0. */
  notEqual(other: Operand): Tensor {
    return elementwise("notEqual", BinaryFn.NotEqual, this, other);
  }

  /**
   * `low` where `this < low`, `high` where `this > high`; NaN stays. The gradient goes through where neither holds, at the limits too.
   *
   * @throws ShapeError where the limits do not broadcast
   * @example
   * valueAndGrad<[number[]]>((x) => x.clamp(0, 1).sum())([-2, 0.5, 3]).value; // => 1.5
   */
  clamp(low: Operand, high: Operand): Tensor {
    const raised = this.less(low).where(low, this);
    return raised.greater(high).where(high, raised);
  }

  /**
   * This tensor as a condition: `a` where it is not 0, `b` where it is, elementwise with broadcasting. A value that is not chosen
   * has no influence, NaN neither; its gradient is 0 times its slope, so NaN where that is infinite, as in PyTorch.
   *
   * @example
   * valueAndGrad<[number[]]>((x) => x.greater(0).where(x, 0).sum())([-2, 3]).value; // => 3
   */
  where(a: Operand, b: Operand): Tensor {
    return elementwise("where", BinaryFn.Keep, this, a).add(elementwise("where", BinaryFn.Drop, this, b));
  }

  /** The same numbers, through which no gradient goes. */
  stopGradient(): Tensor {
    return this.emit(stopGradient, {}, [this.id]);
  }

  /**
   * The matrix product of the last two axes: `[.., m, k]` times `[.., k, n]` is `[.., m, n]`, with axes in front broadcast;
   * `[.., k]` times `[k, n]` is `[.., n]`.
   *
   * @throws ShapeError for shapes that do not fit
   * @example
   * const f = valueAndGrad<[number[][][]]>((x) => x.matMul(x, { transposeB: true }).sum());
   * f([[[1, 2]], [[3, 4]]]).value; // => 30
   */
  matMul(other: Tensor, options?: MatMulOptions): Tensor {
    if (typeof options === "boolean") refuseMore("matMul", [other, options], 1, INSTEAD.matMul);
    same(this, other, "matMul");
    const { transposeA, transposeB } = readOptions("matMul", options ?? {}, {
      transposeA: [false, BOOLEAN],
      transposeB: [false, BOOLEAN],
    });
    if (transposeA && transposeB) return this.#turned("matMul").matMul(other, { transposeB });
    const isFlat = other.shape.length <= 2 && (!transposeA || this.shape.length <= 2);
    const op = isFlat || this.shape.length < 2 ? matMul : (batchMatMul as never as typeof matMul);
    return this.emit(op, { transposeA, transposeB }, [this.id, other.id]);
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

  /** The minimum over an axis or several (all by default), as `sum`. Ties share the gradient equally. */
  min(axes?: number | readonly number[], options?: ReduceOptions): Tensor {
    return this.neg().#reduce("min", ReduceFn.Max, axes, options).neg();
  }

  /**
   * `log(sum(exp(x)))` over an axis or several (all by default), as `sum`, in the stable form. Its gradient is softmax.
   *
   * @example
   * valueAndGrad<[number[]]>((x) => x.logSumExp())([1000, -1000]).value; // => 1000
   */
  logSumExp(axes?: number | readonly number[], options?: ReduceOptions): Tensor {
    const largest = this.#reduce("logSumExp", ReduceFn.Max, axes, {
      ...options,
      keepDims: true,
    }).stopGradient();
    // Infinite maxima would give NaN in the difference.
    const centre = largest.abs().lessEqual(LARGEST).where(largest, 0);
    const rest = this.sub(centre).exp().#reduce("logSumExp", ReduceFn.Sum, axes, options).log();
    return rest.add(centre.reshape(rest.shape));
  }

  /**
   * The variance over an axis or several (all by default), as `sum`: the mean of squared distances from the mean, times
   * `n / (n - correction)`.
   *
   * @throws ShapeError for a correction over the rows of a batch, whose number may differ
   * @example
   * valueAndGrad<[number[]]>((x) => x.variance())([1, 2, 6]).value; // => 7
   */
  variance(axes?: number | readonly number[], options?: VarianceOptions): Tensor {
    const { keepDims, correction } = readOptions("variance", options ?? {}, {
      keepDims: [false, BOOLEAN],
      correction: [1, CORRECTION],
    });
    const mean = this.#reduce("variance", ReduceFn.Mean, axes, { keepDims: true });
    const biased = this.sub(mean).square().#reduce("variance", ReduceFn.Mean, axes, { keepDims });
    if (correction === 0) return biased;
    const n = this.shape.reduce((count, d, i) => (mean.shape[i] === d ? count : count * d), 1);
    if (!(n > 0))
      throw new ShapeError(
        `variance: a correction needs axes of fixed length; got ${formatShape(this.shape)}: write { correction: 0 }`,
      );
    return biased.mul(n / (n - 1));
  }

  /**
   * Where the maximum of one axis stands, the last by default, which disappears: the first of equal ones. No gradient.
   *
   * @throws ShapeError for an axis that there is not, or whose length depends on the rows of the batch
   * @example
   * valueAndGrad<[number[][]]>((x) => x.argMax().sum().add(x.sum().mul(0)))([[1, 5, 2], [7, 0, 1]]).value; // => 1
   */
  argMax(options?: ArgMaxOptions): Tensor {
    const { axis, dtype, keepDims } = readOptions("argMax", options ?? {}, {
      axis: [-1],
      dtype: ["f32", oneOf("f32", "i32")],
      keepDims: [false, BOOLEAN],
    });
    return this.emit(argMax, { axis: this.#axis("argMax", axis), dtype, keepDims }, [this.id]);
  }

  /**
   * Running sums along one axis, the last by default: `y[j] = x[0] + .. + x[j]`.
   *
   * @example
   * valueAndGrad<[number[]]>((x) => x.cumSum().max())([1, 2, 3]).value; // => 6
   */
  cumSum(options?: CumSumOptions): Tensor {
    const { axis, reverse } = readOptions("cumSum", options ?? {}, { axis: [-1], reverse: [false, BOOLEAN] });
    return this.emit(cumulativeSum, { axis: this.#axis("cumSum", axis), reverse }, [this.id]);
  }

  /**
   * A stretch of one axis, the last by default: the places from `start` to `end - 1`, as in `Array.slice`; negative ones count from the
   * end.
   *
   * @throws ShapeError for no place at all, and for an axis whose length depends on the rows of the batch
   * @example
   * valueAndGrad<[number[]]>((x) => x.slice(-2).sum())([1, 2, 3]).value; // => 5
   */
  slice(start: number, end?: number, options?: SliceOptions): Tensor {
    const { axis, step } = readOptions("slice", options ?? {}, { axis: [-1], step: [1, COUNT] });
    const at = this.#axis("slice", axis);
    const n = this.shape[at];
    check("slice", "start", start, WHOLE);
    check("slice", "end", end ?? n, WHOLE);
    const [from, to] = [start, end ?? n].map((place) =>
      Math.min(Math.max(place < 0 ? place + n : place, 0), n),
    );
    return this.emit(slice, { axis: at, start: from, step, length: Math.ceil((to - from) / step) }, [
      this.id,
    ]);
  }

  /**
   * The stretches of one axis, the last by default, one behind the other: so many of equal length, or of the lengths given.
   *
   * @throws ShapeError for lengths that do not add up to that of the axis
   * @example
   * const f = valueAndGrad<[number[]]>((x) => { const [a, b] = x.split(2); return a.mul(b).sum(); });
   * f([1, 2, 3, 4]).value; // => 11
   */
  split(parts: number | readonly number[], options?: AxisOptions): Tensor[] {
    const { axis } = readOptions("split", options ?? {}, { axis: [-1] });
    const at = this.#axis("split", axis);
    const n = this.shape[at];
    const lengths =
      typeof parts === "number"
        ? new Array<number>(parts >= 1 && parts <= n ? Math.floor(parts) : 0).fill(n / parts)
        : parts;
    checkArray("split: lengths", lengths, "[2, 3], or their number");
    if (!lengths.every(COUNT[1]) || lengths.reduce((sum, length) => sum + length, 0) !== n)
      throw new ShapeError(
        `split: lengths must be whole and add up to that of the axis; got ${describe(parts)}, axis ${at} of ${formatShape(this.shape)}`,
      );
    let start = 0;
    return lengths.map((length) => {
      const made = this.emit(slice, { axis: at, start, step: 1, length }, [this.id]);
      start += length;
      return made;
    });
  }

  /**
   * One axis, the last by default, made longer: `before` places in front, `after` behind.
   *
   * @throws OptionError for negative numbers, ShapeError for an axis whose length depends on the rows of the batch
   * @example
   * valueAndGrad<[number[]]>((x) => x.pad(2, 0, { value: 1 }).sum())([5]).value; // => 7
   */
  pad(before: number, after: number, options?: PadOptions): Tensor {
    const { axis, value } = readOptions("pad", options ?? {}, { axis: [-1], value: [0, FINITE] });
    check("pad", "before", before, PLACES);
    check("pad", "after", after, PLACES);
    return this.emit(pad, { axis: this.#axis("pad", axis), before, after, step: 1, value }, [this.id]);
  }

  /**
   * Elements of one axis, the last by default, by number: `y[.., j, ..] = x[.., index[.., j, ..], ..]`, as PyTorch's gather.
   *
   * @param index whole numbers of dtype i32, shaped like this tensor but for the axis: an input, or what `argMax` gives
   * @throws ShapeError for an index of another shape, TraceError for one that is not i32
   * @example
   * const f = valueAndGrad<[number[][]]>((x) => x.gather(x.argMax({ dtype: "i32", keepDims: true })).sum());
   * f([[1, 5, 2], [7, 0, 1]]).value; // => 12
   */
  gather(index: Tensor, options?: AxisOptions): Tensor {
    const { axis } = readOptions("gather", options ?? {}, { axis: [-1] });
    same(this, index, "gather");
    const at = this.#axis("gather", axis);
    return this.emit(gather, { axis: at, length: this.shape[at] }, [index.id, this.id]);
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

  /** The sine of an angle in radians, of any size; rounded once. */
  sin(): Tensor {
    return this.#apply(Fn.Sin);
  }

  /** The cosine of an angle in radians, of any size; rounded once. */
  cos(): Tensor {
    return this.#apply(Fn.Cos);
  }

  /** `exp(x) - 1` without the cancellation near 0. */
  expm1(): Tensor {
    return this.#apply(Fn.Expm1);
  }

  /** `log(1 + x)` without the rounding of `1 + x`. */
  log1p(): Tensor {
    return this.#apply(Fn.Log1p);
  }

  /** The error function `2 / sqrt(pi)` times the integral of `exp(-t^2)` from 0 to x. */
  erf(): Tensor {
    return this.#apply(Fn.Erf);
  }

  /** `1 / x`. */
  reciprocal(): Tensor {
    return this.#apply(Fn.Reciprocal);
  }

  /** `1 / sqrt(x)`. */
  rsqrt(): Tensor {
    return this.#apply(Fn.Rsqrt);
  }

  /** The greatest whole number up to x; its gradient is 0. */
  floor(): Tensor {
    return this.#apply(Fn.Floor);
  }

  /** The nearest whole number, of two the even one, as in PyTorch; its gradient is 0. */
  round(): Tensor {
    return this.#apply(Fn.Round);
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

  #turned(who: string): Tensor {
    const { length } = this.shape;
    if (length < 2)
      throw new ShapeError(`${who}: a transposed operand needs two axes; got ${formatShape(this.shape)}`);
    return this.transpose(this.shape.map((_, i) => (i < length - 2 ? i : 2 * length - 3 - i)));
  }

  /** Another operand as a tensor, so that a method of it can be called. */
  #holds(who: string, other: Operand): Tensor {
    return constant(who, this, other);
  }

  #apply(fn: Fn): Tensor {
    return this.emit(elementary, { fn, alpha: 0 }, [this.id]);
  }

  #axis(who: string, axis: unknown): number {
    return axisOf(who, this.shape, axis);
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
