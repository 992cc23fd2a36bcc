import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { DROPOUT } from "../../tape/formats/extended.ts";
import { draft, f32, type Op } from "../op.ts";
import { sizeOf } from "../shape.ts";

/**
 * `y = x / (1 - rate)` for the elements that are kept, 0 for the others: drawn anew in each pass, keyed by seed, step and
 * stream, so that whoever runs a pass again gets the same.
 *
 *   x [..] -> y [..]      dx = the same function of dy
 *
 * Saves nothing. Outside training it is the identity.
 */
export const dropout: Op<"dropout"> = {
  name: "dropout",
  kernels: EXTENDED,
  infer: (_, [x]) => [f32(x.shape)],
  vjp: ({ attrs, dy, emit }) => emit(dropout, attrs, [dy]),
  inference: ({ inputs }) => inputs,
  lower: ({ attrs: { rate, stream }, inputs: [x], outputs: [y], type }) => [
    draft(DROPOUT, {
      y: { value: y },
      x: { value: x },
      n: sizeOf(type(x).shape),
      rate,
      stream,
      seed: { counter: "seed" },
      step: { counter: "step" },
      micro: { counter: "microStep" },
    }),
  ],
  inPlace: [0],
};
