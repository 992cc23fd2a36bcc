import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { BINARY } from "../../tape/formats/extended.ts";
import { BinaryFn, draft, Fn, f32, type Op, type VjpContext } from "../op.ts";
import { broadcastShape, broadcastStrides, formatShape, fourLoops, type Shape } from "../shape.ts";
import type { ValueId } from "../type.ts";
import { sumTo } from "./reduce.ts";
import { elementary } from "./unary.ts";

const NAMES = {
  [BinaryFn.Add]: "add",
  [BinaryFn.Subtract]: "sub",
  [BinaryFn.Multiply]: "mul",
  [BinaryFn.Divide]: "div",
  [BinaryFn.Maximum]: "maximum",
  [BinaryFn.Minimum]: "minimum",
  [BinaryFn.Above]: "above",
} as const satisfies Record<BinaryFn, string>;

/**
 * `y = a fn b` elementwise with NumPy's broadcasting.
 *
 *   a [..], b [..] -> y [..], the common shape
 *   add       da = dy        db = dy
 *   sub       da = dy        db = -dy
 *   mul       da = dy b      db = dy a
 *   div       da = dy / b    db = -(dy / b) y
 *   maximum   da = dy [a > b], db = dy [b > a], each half where a = b
 *   minimum   da = dy [b > a], db = dy [a > b], each half where a = b
 *
 * each summed over the axes that were broadcast. Saves a and b where the rule reads them.
 */
export const binary: Op<"binary"> = {
  name: "binary",
  enums: { fn: BinaryFn },
  kernels: EXTENDED,
  infer(who, [a, b], { fn }) {
    const shape = broadcastShape(a.shape, b.shape);
    if (!shape)
      throw new ShapeError(
        `${who}: ${NAMES[fn]} needs shapes that broadcast to one; got ${formatShape(a.shape)}, ${formatShape(b.shape)}`,
      );
    return [f32(shape)];
  },

  vjp(context) {
    const { inputs, output: y, emit, shape, needs } = context;
    return gradients(context).map((make, i) =>
      make && needs(i) ? sumTo(emit, make(), shape(y), shape(inputs[i])) : null,
    );
  },

  lower({ attrs: { fn }, inputs: [a, b], outputs: [y], type }) {
    const shape: Shape = type(y).shape;
    const { dims, strides } = fourLoops(NAMES[fn], shape, [
      broadcastStrides(type(a).shape, shape),
      broadcastStrides(type(b).shape, shape),
    ]);
    const [d0, d1, d2, d3] = dims;
    const [as, bs] = strides;
    return [
      draft(BINARY, {
        fn,
        y: { value: y },
        a: { value: a },
        b: { value: b },
        d0,
        d1,
        d2,
        d3,
        as0: as[0],
        as1: as[1],
        as2: as[2],
        as3: as[3],
        bs0: bs[0],
        bs1: bs[1],
        bs2: bs[2],
        bs3: bs[3],
      }),
    ];
  },
  inPlace: [0, 1],
};

type Make = (() => ValueId) | null;

function gradients({
  attrs: { fn },
  inputs: [a, b],
  output: y,
  op,
  dy,
  emit,
  needs,
}: VjpContext<"binary">): readonly [Make, Make] {
  const apply = (f: BinaryFn, p: ValueId, q: ValueId) => emit(op, { fn: f }, [p, q])[0];
  const times = (p: ValueId, q: ValueId) => apply(BinaryFn.Multiply, p, q);
  const negate = (x: ValueId) => emit(elementary, { fn: Fn.Negate, alpha: 0 }, [x])[0];
  const above = (p: ValueId, q: ValueId) => apply(BinaryFn.Above, p, q);
  switch (fn) {
    case BinaryFn.Add:
      return [() => dy, () => dy];
    case BinaryFn.Subtract:
      return [() => dy, () => negate(dy)];
    case BinaryFn.Multiply:
      return [() => times(dy, b), () => times(dy, a)];
    case BinaryFn.Divide: {
      if (!needs(0) && !needs(1)) return [null, null];
      const da = apply(BinaryFn.Divide, dy, b);
      return [() => da, () => negate(times(da, y))];
    }
    case BinaryFn.Maximum:
      return [() => times(dy, above(a, b)), () => times(dy, above(b, a))];
    case BinaryFn.Minimum:
      return [() => times(dy, above(b, a)), () => times(dy, above(a, b))];
    case BinaryFn.Above:
      return [null, null];
  }
}
