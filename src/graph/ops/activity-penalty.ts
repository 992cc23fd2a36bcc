import { BinaryFn, Fn, f32, type Op, type PenaltyContext, ReduceFn } from "../op.ts";
import type { ValueId } from "../type.ts";
import { binary } from "./binary.ts";
import { accumulate } from "./gradient.ts";
import { reduce } from "./reduce.ts";
import { elementary } from "./unary.ts";

/**
 * `y = x`, whose elements add to the loss of a training.
 *
 *   x [rows, ..] -> y [rows, ..], the same buffer      dx = dy
 *   adds (l1 sum |x| + l2 sum x^2) / rows to the loss, whose gradient reaches x by itself
 *
 * Outside training it is nothing at all.
 */
export const activityPenalty: Op<"activityPenalty"> = {
  name: "activityPenalty",
  infer: (_, [x]) => [f32(x.shape)],
  vjp: ({ dy }) => [dy],
  inference: ({ inputs }) => inputs,
  penalty(context) {
    const { l1, l2 } = context.attrs;
    const ofRows = (fn: Fn, strength: number) =>
      strength > 0 ? [penaltyOf(context, fn, strength, context.inputs, true)] : [];
    const [first, second] = [...ofRows(Fn.Abs, l1), ...ofRows(Fn.Square, l2)];
    return second === undefined ? first : context.emit(accumulate, {}, [first, second], "penalty")[0];
  },
  lower: () => [],
  alias: 0,
};

/**
 * `strength sum f(x)` over all elements of some values, or, by row, over those of a row, and the mean over rows.
 *
 *   xs [..] each -> []
 *
 * Order: of each value as `reduce` sums, then one value after the other, then times the strength; all in f32.
 */
export function penaltyOf(
  { emit, constant, shape }: Pick<PenaltyContext<never>, "emit" | "constant" | "shape">,
  fn: Fn,
  strength: number,
  xs: readonly ValueId[],
  isByRow: boolean,
): ValueId {
  const name = "penalty";
  const sums = xs.map((x) => {
    const from = isByRow ? 1 : 0;
    const [each] = emit(elementary, { fn, alpha: 0 }, [x], name);
    const [sum] = emit(reduce, { fn: ReduceFn.Sum, from, to: shape(x).length }, [each], name);
    return isByRow ? emit(reduce, { fn: ReduceFn.Mean, from: 0, to: 1 }, [sum], name)[0] : sum;
  });
  const sum = sums.reduce((a, b) => emit(accumulate, {}, [a, b], name)[0]);
  return emit(binary, { fn: BinaryFn.Multiply }, [sum, constant(strength)], name)[0];
}
