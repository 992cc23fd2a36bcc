import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { BINARY } from "../../tape/formats/extended.ts";
import { BINARY_SIX } from "../../tape/formats/tensor.ts";
import { BinaryFn, draft, Fn, f32, type Op, type VjpContext } from "../op.ts";
import { broadcastShape, broadcastStrides, formatShape, type Shape, stridedLoops } from "../shape.ts";
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
  [BinaryFn.Power]: "pow",
  [BinaryFn.PowerBaseSlope]: "pow",
  [BinaryFn.PowerExponentSlope]: "pow",
  [BinaryFn.Greater]: "greater",
  [BinaryFn.GreaterEqual]: "greaterEqual",
  [BinaryFn.Equal]: "equal",
  [BinaryFn.NotEqual]: "notEqual",
  [BinaryFn.Keep]: "where",
  [BinaryFn.Drop]: "where",
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
 *   power     da = dy b a^(b - 1), 0 for b = 0; db = dy y log a, 0 for a = 0 with b >= 0
 *   keep      db = dy where a is not 0; drop: where it is; no da
 *   comparisons and slopes of powers: none
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
    const { dims, strides } = stridedLoops(NAMES[fn], shape, [
      broadcastStrides(type(a).shape, shape),
      broadcastStrides(type(b).shape, shape),
    ]);
    const [d0, d1, d2, d3] = dims.slice(-4);
    const [as, bs] = strides.map((s) => s.slice(-4));
    if (dims.length === 6) {
      const [[e0, e1], [[at0, at1], [bt0, bt1]]] = [dims, strides];
      return [
        draft(BINARY_SIX, {
          ...{ fn, y: { value: y }, a: { value: a }, b: { value: b } },
          ...{ e0, e1, d0, d1, d2, d3, at0, at1, bt0, bt1 },
          ...{ as0: as[0], as1: as[1], as2: as[2], as3: as[3] },
          ...{ bs0: bs[0], bs1: bs[1], bs2: bs[2], bs3: bs[3] },
        }),
      ];
    }
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
    case BinaryFn.Power:
      return [
        () => times(dy, apply(BinaryFn.PowerBaseSlope, a, b)),
        () => times(dy, apply(BinaryFn.PowerExponentSlope, a, b)),
      ];
    case BinaryFn.Keep:
    case BinaryFn.Drop:
      return [null, () => apply(fn, a, dy)];
    case BinaryFn.Above:
    case BinaryFn.PowerBaseSlope:
    case BinaryFn.PowerExponentSlope:
    case BinaryFn.Greater:
    case BinaryFn.GreaterEqual:
    case BinaryFn.Equal:
    case BinaryFn.NotEqual:
      return [null, null];
  }
}
