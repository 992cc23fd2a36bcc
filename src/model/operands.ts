/** Operands of what tensors compute: numbers among them, and what goes together. These ask for Symbolic, not Tensor, so that a page may drop Tensor. */
import { describe } from "../describe.ts";
import { ShapeError, TraceError } from "../errors.ts";
import type { BinaryFn } from "../graph/op.ts";
import { binary } from "../graph/ops/binary.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../graph/shape.ts";
import { Symbolic } from "./symbolic.ts";

export function checkArray(what: string, value: unknown, example: string): void {
  if (!Array.isArray(value))
    throw new ShapeError(`${what} must be an array, such as ${example}; got ${describe(value)}`);
}

export function same(a: Symbolic, b: Symbolic, who: string): void {
  if (!(b instanceof Symbolic)) throw new TraceError(`${who}: needs a tensor; got ${describe(b)}`);
  if (a.builder !== b.builder)
    throw new TraceError(`${who}: both operands must belong to one function; got tensors of two`);
}

/** Checks which places of sequences X [rows, T, ..] are real: `[rows, T]` f32, 1 or 0. */
export function checkMask(who: string, x: Symbolic, mask: Symbolic): void {
  same(x, mask, who);
  const { shape } = mask;
  if (shape.length !== 2 || !sameShape(shape, x.shape.slice(0, 2)))
    throw new ShapeError(
      `${who}: mask must be [rows, T], one number for each place of X ${formatShape(x.shape)}; got ${formatShape(shape)}`,
    );
}

export function elementwise<T extends Symbolic>(who: string, fn: BinaryFn, a: T, b: T | number): T {
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
export function constant<T extends Symbolic>(who: string, like: T, value: T | number): T {
  if (value instanceof Symbolic) return value;
  if (typeof value !== "number")
    throw new TraceError(`${who}: operands must be tensors or numbers; got ${describe(value)}`);
  return like.of(like.builder.graph.addConstant([], Float32Array.of(value)));
}

/** Where an axis is, counted from the front. */
export function axisOf(who: string, shape: Shape, axis: unknown): number {
  const rank = shape.length;
  const at = (axis as number) < 0 ? (axis as number) + rank : (axis as number);
  if (!(Number.isInteger(at) && at >= 0 && at < rank))
    throw new ShapeError(
      `${who}: axes must be whole numbers from ${-rank} to ${rank - 1} for ${formatShape(shape)}; got ${describe(axis)}`,
    );
  return at;
}
