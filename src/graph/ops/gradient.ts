/** What training needs of any graph: sums of cotangents and losses, and buffers of their own for gradients. */

import { ACCUMULATE, PLACE } from "../../tape/formats/train.ts";
import { draft, f32, type Op, secondDerivative } from "../op.ts";
import { sizeOf } from "../shape.ts";

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
    draft(ACCUMULATE, {
      y: { value: y },
      a: { value: a },
      b: { value: b },
      n: sizeOf(type(y).shape),
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
    draft(PLACE, {
      y: { value: y },
      x: { value: x },
      n: sizeOf(shape),
      every: type(x).shape.length === shape.length ? 1 : 0,
    }),
  ],
};
