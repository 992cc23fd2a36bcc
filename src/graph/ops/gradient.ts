/** What training needs of any graph: sums of cotangents and losses, and buffers of their own for gradients. */
import { BinaryFn, draft, f32, type Op, Opcode, secondDerivative } from "../op.ts";
import { type Dim, sizeOf } from "../shape.ts";

/** One loop over n elements. */
const flat = (n: Dim) => ({ d0: 1, d1: 1, d2: 1, d3: n });

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
      ...flat(sizeOf(type(y).shape)),
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
 * A copy in a buffer of its own, for a gradient that has none: x like the parameter, or [] repeated over it.
 */
export const place: Op<"place"> = {
  name: "place",
  infer: (_who, _types, { shape }) => [f32(shape)],
  vjp: secondDerivative,
  lower: ({ attrs: { shape }, inputs: [x], outputs: [y], type }) => [
    draft(Opcode.Copy, {
      y: { value: y },
      x: { value: x },
      divisor: 1,
      ...flat(sizeOf(shape)),
      s0: 0,
      s1: 0,
      s2: 0,
      s3: type(x).shape.length === shape.length ? 1 : 0,
    }),
  ],
};
