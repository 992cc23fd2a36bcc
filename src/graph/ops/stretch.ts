/** Stretches of an axis: taken out, padded, joined. */
import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { JOIN_STRETCH, PAD_STRETCH, TAKE_STRETCH } from "../../tape/formats/tensor.ts";
import { draft, f32, type Op, secondDerivative } from "../op.ts";
import { aroundAxis, formatShape, type Shape } from "../shape.ts";

const withLength = (shape: Shape, axis: number, length: number): Shape =>
  shape.map((d, i) => (i === axis ? length : d));

function needsAxis(who: string, op: string, shape: Shape, axis: number): void {
  if (!(shape[axis] > 0))
    throw new ShapeError(
      `${who}: ${op} needs an axis of fixed length; got axis ${axis} of ${formatShape(shape)}`,
    );
}

/** Length of what `pad` makes of an axis of n. */
const padded = (n: number, before: number, after: number, step: number) =>
  before + (n - 1) * step + 1 + after;

const inferPad: Op<"pad">["infer"] = (who, [{ shape }], { axis, before, after, step }) => {
  needsAxis(who, "pad", shape, axis);
  return [f32(withLength(shape, axis, padded(shape[axis], before, after, step)))];
};

const lowerPad: Op<"pad">["lower"] = ({
  attrs: { axis, before, step, value },
  inputs: [x],
  outputs: [y],
  type,
}) => [
  draft(PAD_STRETCH, {
    y: { value: y },
    x: { value: x },
    ...aroundAxis(type(x).shape, axis),
    before,
    step,
    total: type(y).shape[axis],
    value,
  }),
];

const inferSlice: Op<"slice">["infer"] = (who, [{ shape, dtype }], { axis, start, step, length }) => {
  needsAxis(who, "slice", shape, axis);
  if (!(length >= 1 && start + (length - 1) * step < shape[axis]))
    throw new ShapeError(
      `${who}: slice must take 1 or more places of its axis; got ${length} from ${start} on by ${step}, ` +
        `axis ${axis} of ${formatShape(shape)}`,
    );
  return [{ shape: withLength(shape, axis, length), dtype }];
};

const lowerSlice: Op<"slice">["lower"] = ({
  attrs: { axis, start, step, length },
  inputs: [x],
  outputs: [y],
  type,
}) => [
  draft(TAKE_STRETCH, {
    y: { value: y },
    x: { value: x },
    ...aroundAxis(type(x).shape, axis),
    start,
    step,
    count: length,
  }),
];

/** `pad` and `slice` in a gradient, which nobody differentiates: rules would lead from one to the other, see `VjpContext.op`. */
const layBack: Op<"pad"> = {
  name: "pad",
  kernels: EXTENDED,
  infer: inferPad,
  vjp: secondDerivative,
  lower: lowerPad,
};
const takeBack: Op<"slice"> = {
  name: "slice",
  kernels: EXTENDED,
  dtypes: ["any"],
  infer: inferSlice,
  vjp: secondDerivative,
  lower: lowerSlice,
};

/**
 * `length` places of one axis, from `start` on, each `step`-th.
 *
 *   x [.., n, ..] -> y [.., length, ..]      dx = dy in these places, 0 in the others
 */
export const slice: Op<"slice"> = {
  name: "slice",
  kernels: EXTENDED,
  dtypes: ["any"],
  infer: inferSlice,
  vjp: ({ attrs: { axis, start, step, length }, inputs: [x], dy, emit, shape }) => {
    const after = shape(x)[axis] - (start + (length - 1) * step + 1);
    return emit(layBack, { axis, before: start, after, step, value: 0 }, [dy]);
  },
  lower: lowerSlice,
};

/**
 * An axis made longer: `value` in `before` places in front and `after` behind, and in `step - 1` between each two.
 *
 *   x [.., n, ..] -> y [.., before + (n - 1) step + 1 + after, ..]      dx = the dy of the places of x
 */
export const pad: Op<"pad"> = {
  name: "pad",
  kernels: EXTENDED,
  infer: inferPad,
  vjp: ({ attrs: { axis, before, step }, inputs: [x], dy, emit, shape }) =>
    emit(takeBack, { axis, start: before, step, length: shape(x)[axis] }, [dy]),
  lower: lowerPad,
};

/**
 * Tensors one behind the other along one axis.
 *
 *   x1 [.., n1, ..], x2 [.., n2, ..], .. -> y [.., n1 + n2 + .., ..]      dx1, dx2, .. = their stretches of dy
 */
export const concat: Op<"concat"> = {
  name: "concat",
  kernels: EXTENDED,
  infer(who, types, { axis }) {
    const shapes = types.map(({ shape }) => shape);
    const [first] = shapes;
    const others = `${withLength(first, axis, 0)}`;
    if (!shapes.every((shape) => shape[axis] > 0 && `${withLength(shape, axis, 0)}` === others))
      throw new ShapeError(
        `${who}: concat needs shapes that differ in one axis of fixed length alone; ` +
          `got axis ${axis} of ${shapes.map(formatShape).join(", ")}`,
      );
    return [
      f32(
        withLength(
          first,
          axis,
          shapes.reduce((sum, shape) => sum + shape[axis], 0),
        ),
      ),
    ];
  },
  vjp({ attrs: { axis }, inputs, dy, emit, shape, needs }) {
    let start = 0;
    return inputs.map((x, i) => {
      const length = shape(x)[axis];
      const at = start;
      start += length;
      return needs(i) ? emit(takeBack, { axis, start: at, step: 1, length }, [dy])[0] : null;
    });
  },
  lower({ attrs: { axis }, inputs, outputs: [y], type }) {
    let before = 0;
    const total = type(y).shape[axis];
    return inputs.map((x) => {
      const around = aroundAxis(type(x).shape, axis);
      const made = draft(JOIN_STRETCH, { y: { value: y }, x: { value: x }, ...around, before, total });
      before += around.n;
      return made;
    });
  },
};
