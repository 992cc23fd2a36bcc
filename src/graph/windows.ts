/** Windows that move over the axes between rows and channels: those of convolutions and of pooling. */
import { ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "./shape.ts";

/** One number for each spatial axis: of `[rows, h, w, c]` two, of `[rows, t, c]` one. Attributes of ops. */
export interface Windows {
  /** Places a window takes. */
  readonly size: readonly number[];
  /** Places from one window to the next. */
  readonly stride: readonly number[];
  /** Places from one element of a window to the next; 1: neighbours. */
  readonly dilation: readonly number[];
  /** Places of padding in front. */
  readonly paddingBefore: readonly number[];
  /** Places of padding behind. */
  readonly paddingAfter: readonly number[];
}

/** Places from the first to the last of a dilated window. */
export const extentOf = (size: number, dilation: number): number => (size - 1) * dilation + 1;

/**
 * How many windows fit, for each spatial axis of x.
 *
 * @throws ShapeError for a shape that is not `[rows, .., channels]` with as many fixed axes between, and for a window that is larger
 *   than the padded axis
 */
export function windowCounts(who: string, op: string, shape: Shape, windows: Windows): number[] {
  const { size, stride, dilation, paddingBefore, paddingAfter } = windows;
  needsSpatial(who, op, shape, size.length);
  // Only a file can have lists of other lengths.
  if ([stride, dilation, paddingBefore, paddingAfter].some(({ length }) => length !== size.length))
    throw new ShapeError(`${who}: ${op} needs as many numbers for each axis; got ${size.length} sizes`);
  return size.map((k, i) => {
    const n = shape[i + 1];
    const padded = paddingBefore[i] + n + paddingAfter[i];
    const extent = extentOf(k, dilation[i]);
    if (extent > padded)
      throw new ShapeError(
        `${who}: ${op}: a window must not be larger than the padded input; got ${extent} of ${padded} places ` +
          `along axis ${i + 1} of ${formatShape(shape)}`,
      );
    return Math.floor((padded - extent) / stride[i]) + 1;
  });
}

const AXES = ["", "[rows, length, channels]", "[rows, height, width, channels]"];

/** @throws ShapeError unless the shape is `[rows, .., channels]` with so many fixed axes between */
export function needsSpatial(who: string, op: string, shape: Shape, axes: number): void {
  if (!(AXES[axes] && shape.length === axes + 2 && shape.slice(1).every((d) => d > 0)))
    throw new ShapeError(
      `${who}: ${op} needs an input ${AXES[axes]} with all but rows fixed; got ${formatShape(shape)}`,
    );
}

/** Images of one or two spatial axes as the kernels see them, `[n, h, w, c]`: a sequence is one line. */
export function asImages(shape: Shape): { n: number; h: number; w: number; c: number } {
  const [n, ...rest] = shape;
  const [w, c] = rest.slice(-2);
  return { n, h: rest.length === 3 ? rest[0] : 1, w, c };
}

/** Numbers of each axis as the kernels see them: along the height, which a sequence does not have, and along the width. */
export const asPair = (numbers: readonly number[], none: number): readonly [number, number] =>
  numbers.length === 2 ? [numbers[0], numbers[1]] : [none, numbers[0]];
