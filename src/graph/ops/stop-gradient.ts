import { f32, type Op } from "../op.ts";

/**
 * `y = x`, through which no gradient goes.
 *
 *   x [..] -> y [..], the same buffer      no dx
 */
export const stopGradient: Op<"stopGradient"> = {
  name: "stopGradient",
  infer: (_, [x]) => [f32(x.shape)],
  vjp: () => [null],
  inference: ({ inputs }) => inputs,
  lower: () => [],
  alias: 0,
};
