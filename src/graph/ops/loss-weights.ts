import { ShapeError } from "../../errors.ts";
import { LOSS_WEIGHTS } from "../../tape/formats/train.ts";
import { draft, f32, type Op } from "../op.ts";
import { formatShape, sizeOf } from "../shape.ts";

/**
 * What each label counts in a loss that leaves one label out: a loss with these weights is the mean over the others.
 *
 *   t [rows, ..] i32, w [rows] or none -> y like t: w m / c of m labels, c of which are not `ignore`; -1 at those that are
 *
 * No gradient. Where the targets of a run are no labels, all units count.
 */
export const lossWeights: Op<"lossWeights"> = {
  name: "lossWeights",
  dtypes: ["any", "f32"],
  infer(who, [t, w]) {
    if (t.dtype !== "i32" || (w && !(w.shape.length === 1 && w.shape[0] === t.shape[0])))
      throw new ShapeError(
        `${who}: lossWeights needs labels [rows, ..] and weights [rows]; got ${formatShape(t.shape)} of ${t.dtype}` +
          (w ? `, ${formatShape(w.shape)}` : ""),
      );
    return [f32(t.shape)];
  },
  vjp: { reason: "weights are no function of what is trained" },
  lower({ attrs: { ignore }, inputs: [t, w], outputs: [y], type }) {
    const m = sizeOf(type(t).shape);
    return [
      draft(LOSS_WEIGHTS, {
        y: { value: y },
        t: { value: t },
        weights: w === undefined ? 0 : { value: w },
        m,
        span: w === undefined ? 1 : m / sizeOf(type(w).shape),
        ignore,
        targets: { setting: "targets", of: t },
        // Without weights it stands for any value.
        weighted: { setting: "words", of: w ?? t },
      }),
    ];
  },
  mixesRows: () => true,
};
