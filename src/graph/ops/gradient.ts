/** What training needs of any graph: sums of cotangents and losses, and buffers of their own for gradients. */
import { BinaryFn, draft, f32, type Op, Opcode, secondDerivative } from "../op.ts";
import { broadcastStrides, sizeOf } from "../shape.ts";
import { copyRecord } from "./copy-record.ts";

/**
 * `y = a + b` for two values shaped alike: cotangents of one value, or losses.
 *
 *   a [..], b [..] -> y [..]      da = db = dy
 */
export const accumulate: Op<"accumulate"> = {
  name: "accumulate",
  infer: (_, [a]) => [f32(a.shape)],
  vjp: ({ dy }) => [dy, dy],
  lower: ({ inputs: [a, b], outputs: [y], type }) => [
    draft(Opcode.Binary, {
      fn: BinaryFn.Add,
      y: { value: y },
      a: { value: a },
      b: { value: b },
      d0: 1,
      d1: 1,
      d2: 1,
      d3: sizeOf(type(y).shape),
      as0: 0,
      as1: 0,
      as2: 0,
      as3: 1,
      bs0: 0,
      bs1: 0,
      bs2: 0,
      bs3: 1,
    }),
  ],
  inPlace: [0, 1],
};

/**
 * A copy in a buffer of its own, for a gradient that has none: x shaped like the parameter, or [] repeated over it.
 */
export const place: Op<"place"> = {
  name: "place",
  infer: (_x, _types, { shape }) => [f32(shape)],
  vjp: secondDerivative,
  lower: ({ attrs: { shape }, inputs: [x], outputs: [y], type }) => [
    copyRecord("place", y, x, shape, broadcastStrides(type(x).shape, shape), 1),
  ],
};
