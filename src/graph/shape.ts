/**
 * Shapes whose row count is known only when a pass runs. A dimension `d >= 0` is itself; `d < 0` stands for
 * `-d` times the rows of the pass, so `[-1, 784]` is one row of 784 per sample and `[-28, 28]` the same data as
 * 28 rows each. The tape uses the same encoding.
 */
import { ShapeError } from "../errors.ts";

export type Dim = number;
export type Shape = readonly number[];

/** The rows of the pass. */
export const ROWS: Dim = -1;

/** Elements of a dimension when a pass has `rows` rows. */
export const resolve = (d: Dim, rows: number): number => (d < 0 ? -d * rows : d);

export function multiply(a: Dim, b: Dim): Dim {
  if (a < 0 && b < 0) throw new ShapeError(`shape: only one dimension may depend on the rows; got two`);
  return a * b;
}

export function sizeOf(shape: Shape): Dim {
  let size: Dim = 1;
  for (const d of shape) size = multiply(size, d);
  return size;
}

/** A shape as `[outer, n, inner]` around one axis. */
export const aroundAxis = (shape: Shape, axis: number) => ({
  outer: sizeOf(shape.slice(0, axis)),
  n: shape[axis],
  inner: sizeOf(shape.slice(axis + 1)),
});

/** `[.., k]` read as a matrix `[m, k]`. */
export const asMatrix = (shape: Shape): readonly [Dim, Dim] => [
  sizeOf(shape.slice(0, -1)),
  shape[shape.length - 1],
];

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** `[rows, 8]`, `[2 rows, 8]`, `[]`. */
export const formatShape = (shape: Shape): string =>
  `[${shape.map((d) => (d >= 0 ? `${d}` : d === ROWS ? "rows" : `${-d} rows`)).join(", ")}]`;

/** The common shape under NumPy's broadcasting, or undefined if there is none. */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const p = a[a.length - rank + i] ?? 1;
    const q = b[b.length - rank + i] ?? 1;
    if (p !== q && p !== 1 && q !== 1) return undefined;
    out.push(p === 1 ? q : p);
  }
  return out;
}

/** Element strides of a dense row-major array, broadcast axes having stride 0 when read as `target`. */
export function broadcastStrides(shape: Shape, target: Shape): Dim[] {
  const strides: Dim[] = new Array(target.length).fill(0);
  let stride: Dim = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1) strides[target.length - shape.length + i] = stride;
    stride = multiply(stride, shape[i]);
  }
  return strides;
}

/** The loops that a strided kernel runs. */
export interface Loops {
  readonly dims: readonly [Dim, Dim, Dim, Dim];
  readonly strides: readonly (readonly [Dim, Dim, Dim, Dim])[];
}

/** Loops in their number, with the strides of each operand. */
export interface MergedLoops {
  readonly dims: readonly Dim[];
  readonly strides: readonly (readonly Dim[])[];
}

/**
 * Merges neighbouring axes that every operand walks as one, then pads to four loops, or to six where four are too few.
 *
 * @param shape    what is iterated, outermost first
 * @param operands element strides of each operand, one per axis
 */
export function stridedLoops(
  who: string,
  shape: Shape,
  operands: readonly (readonly Dim[])[],
  most: 4 | 6 = 6,
): MergedLoops {
  const dims: Dim[] = [];
  const strides: Dim[][] = operands.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const top = dims.length - 1;
    // A broadcast axis has stride 0, and merges with another one.
    const merges = top >= 0 && operands.every((s, i) => strides[i][top] === s[axis] * shape[axis]);
    if (merges) {
      dims[top] = multiply(dims[top], shape[axis]);
      operands.forEach((s, i) => {
        strides[i][top] = s[axis];
      });
    } else {
      dims.push(shape[axis]);
      operands.forEach((s, i) => {
        strides[i].push(s[axis]);
      });
    }
  }
  if (dims.length > most)
    throw new ShapeError(
      `${who}: at most ${most === 4 ? "four" : "six"} separate axes can be walked at once; got ${formatShape(shape)}`,
    );
  const count = dims.length > 4 ? 6 : 4;
  while (dims.length < count) {
    dims.unshift(1);
    for (const s of strides) s.unshift(0);
  }
  return { dims, strides };
}

/** `stridedLoops` of four. */
export const fourLoops = (who: string, shape: Shape, operands: readonly (readonly Dim[])[]): Loops =>
  stridedLoops(who, shape, operands, 4) as Loops;
