import { ShapeError } from "../../errors.ts";
import { lossBlocks } from "../../tape/blocks.ts";
import { LOSS, LOSS_BLOCKS, LOSS_TOTAL } from "../../tape/formats/train.ts";
import {
  draft,
  f32,
  fusedLater,
  type LossAttrs,
  LossFn,
  type LowerContext,
  type Op,
  type RecordDraft,
  SCRATCH,
  secondDerivative,
} from "../op.ts";
import { formatShape, resolve, sameShape, sizeOf } from "../shape.ts";
import type { Type, ValueId } from "../type.ts";

const NAMES = {
  [LossFn.MeanSquaredError]: "meanSquaredError",
  [LossFn.MeanAbsoluteError]: "meanAbsoluteError",
  [LossFn.Huber]: "huber",
  [LossFn.BinaryCrossEntropy]: "binaryCrossEntropy",
  [LossFn.CrossEntropy]: "crossEntropy",
} as const satisfies Record<LossFn, string>;

function checkTarget(who: string, p: Type, t: Type, { fn }: LossAttrs): void {
  const labels = fn === LossFn.CrossEntropy && t.dtype === "i32";
  if (t.dtype === "i32" && !labels)
    throw new ShapeError(`${who}: ${NAMES[fn]} needs numbers as targets; got labels ${formatShape(t.shape)}`);
  if (fn === LossFn.CrossEntropy && !(p.shape[p.shape.length - 1] >= 0))
    throw new ShapeError(
      `${who}: crossEntropy needs a class axis of fixed length; got predictions ${formatShape(p.shape)}`,
    );
  if (!sameShape(t.shape, labels ? p.shape.slice(0, -1) : p.shape))
    throw new ShapeError(
      `${who}: ${NAMES[fn]} needs ${labels ? "one label a row" : "targets shaped like the predictions"}; ` +
        `got predictions ${formatShape(p.shape)}, targets ${formatShape(t.shape)}`,
    );
}

type Context = LowerContext<"loss" | "lossGrad" | "lossAndGrad">;

interface LossBuffers {
  readonly loss?: ValueId;
  readonly dx?: ValueId;
  readonly scale?: ValueId;
}

/**
 * One record where a full batch is one block, else two, of which the first can be shared: the sums of blocks with the gradient,
 * then the loss, where it is wanted.
 */
function records(
  { attrs: { fn, parameter }, inputs: [p, t], type, batch }: Context,
  { loss, dx, scale }: LossBuffers,
): RecordDraft[] {
  const { shape } = type(p);
  const columns = shape.length === 0 ? 1 : shape[shape.length - 1];
  const rows = sizeOf(shape.slice(0, -1));
  const flat = columns < 0;
  const m = flat ? columns : rows;
  const n = flat ? rows : columns;
  const isOneBlock = lossBlocks(fn, resolve(m, batch), resolve(n, batch)) <= 1;
  const operandOf = (id?: ValueId) => (id === undefined ? 0 : { value: id });
  const operands = {
    fn,
    dx: operandOf(dx),
    scale: operandOf(scale),
    p: { value: p },
    t: { value: t },
    m,
    n,
    targets: { setting: "targets" as const, of: t },
    parameter,
  };
  if (isOneBlock) return [draft(LOSS, { ...operands, loss: operandOf(loss) })];
  const blocks = draft(LOSS_BLOCKS, { ...operands, partials: SCRATCH });
  if (loss === undefined) return [blocks];
  return [blocks, draft(LOSS_TOTAL, { fn, loss: { value: loss }, partials: SCRATCH, m, n })];
}

/**
 * A mean loss of predictions p and targets t; the cross-entropies take logits. Formulas: `LossFn`.
 *
 *   p [m.., n], t like p (or i32 [m..], class indices) -> loss []
 *   dp = dloss * dloss/dp, as `lossGrad`; targets have no gradient
 *
 * Saves p and t.
 */
export const loss: Op<"loss"> = {
  name: "loss",
  enums: { fn: LossFn },
  dtypes: ["f32", "any"],
  infer: (who, [p, t], attrs) => {
    checkTarget(who, p, t, attrs);
    return [f32([])];
  },
  vjp: ({ attrs, inputs: [p, t], dy, emit }) => [emit(lossGrad, attrs, [p, t, dy])[0], null],
  lower: (context) => records(context, { loss: context.outputs[0] }),
};

/** The gradient of a mean loss with respect to its predictions: p, t, dloss [] -> dp like p. */
export const lossGrad: Op<"lossGrad"> = {
  name: "lossGrad",
  dtypes: ["f32", "any", "f32"],
  infer: (_, [p]) => [f32(p.shape)],
  vjp: secondDerivative,
  lower: (context) => records(context, { dx: context.outputs[0], scale: context.inputs[2] }),
  inPlace: [0],
};

/** `loss` and `lossGrad` in one pass, where the cotangent of the loss is 1: p, t -> loss [], dp like p. */
export const lossAndGrad: Op<"lossAndGrad"> = {
  name: "lossAndGrad",
  dtypes: ["f32", "any"],
  infer: (_, [p]) => [f32([]), f32(p.shape)],
  vjp: fusedLater,
  lower: (context) => records(context, { loss: context.outputs[0], dx: context.outputs[1] }),
};
