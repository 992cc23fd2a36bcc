/** The gradient rules that come with whatever trains. Each stands beside its op. */
import type { CoreOp, VjpRule } from "../op.ts";
import { denseVjp } from "./dense.ts";
import { softmaxVjp } from "./softmax.ts";
import { unaryVjp } from "./unary.ts";

export const CORE_GRADIENTS: { readonly [K in CoreOp]: VjpRule<K> } = {
  dense: denseVjp,
  softmax: softmaxVjp,
  unary: unaryVjp,
};
