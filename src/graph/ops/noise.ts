import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { NOISE } from "../../tape/formats/extended.ts";
import { draft, f32, type Op } from "../op.ts";
import { sizeOf } from "../shape.ts";

/**
 * `y = x + spread d`, with draws d of mean 0: normal ones, or uniform ones on [-1, 1). Drawn anew in each pass, keyed by seed,
 * step and stream, so that whoever runs a pass again gets the same.
 *
 *   x [..] -> y [..]      dx = dy
 *
 * Saves nothing. Outside training it is the identity.
 */
export const noise: Op<"noise"> = {
  name: "noise",
  kernels: EXTENDED,
  infer: (_, [x]) => [f32(x.shape)],
  vjp: ({ dy }) => [dy],
  inference: ({ inputs }) => inputs,
  lower: ({ attrs: { uniform, spread, stream }, inputs: [x], outputs: [y], type }) => [
    draft(NOISE, {
      y: { value: y },
      x: { value: x },
      n: sizeOf(type(x).shape),
      uniform: Number(uniform),
      spread,
      stream,
      seed: { counter: "seed" },
      step: { counter: "step" },
      micro: { counter: "microStep" },
    }),
  ],
  inPlace: [0],
};
