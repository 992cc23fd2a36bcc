import { ShapeError } from "../../errors.ts";
import { f32, type Op } from "../op.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";

/** Elements in front of the axis that depends on the rows: how often the order of elements goes through all rows. */
const timesThroughRows = (shape: Shape): number =>
  sizeOf(
    shape.slice(
      0,
      shape.findIndex((d) => d < 0),
    ),
  );

/**
 * The same elements, in the same order, under another shape.
 *
 *   x [..] -> y [..]      dx = dy under x's shape (same buffer, no record)
 */
export const reshape: Op<"reshape"> = {
  name: "reshape",
  infer: (who, [x], { shape }) => {
    if (!shape.every(Number.isSafeInteger))
      throw new ShapeError(
        `${who}: reshape needs whole dimensions; got ${formatShape(x.shape)} to ${formatShape(shape)}`,
      );
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new ShapeError(
        `${who}: reshape must keep the number of elements; got ${formatShape(x.shape)} to ${formatShape(shape)}`,
      );
    return [f32(shape)];
  },
  vjp: ({ inputs: [x], op, dy, emit, shape }) => emit(op, { shape: shape(x) }, [dy]),
  mixesRows: ([x], [y]) => timesThroughRows(x) !== timesThroughRows(y),
  lower: () => [],
  alias: 0,
};
