import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { isOverRows, lossBlocks, takesLabels } from "../../tape/blocks.ts";
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
  type VjpContext,
} from "../op.ts";
import { formatShape, resolve, sameShape, sizeOf } from "../shape.ts";
import type { Type, ValueId } from "../type.ts";

const NAMES = {
  [LossFn.MeanSquaredError]: "meanSquaredError",
  [LossFn.MeanAbsoluteError]: "meanAbsoluteError",
  [LossFn.Huber]: "huber",
  [LossFn.BinaryCrossEntropy]: "binaryCrossEntropy",
  [LossFn.CrossEntropy]: "crossEntropy",
  [LossFn.CategoricalHinge]: "categoricalHinge",
  [LossFn.KlDivergence]: "klDivergence",
  [LossFn.CategoricalFocal]: "categoricalFocal",
  [LossFn.CosineSimilarity]: "cosineSimilarity",
  [LossFn.Hinge]: "hinge",
  [LossFn.SquaredHinge]: "squaredHinge",
  [LossFn.PoissonOfLogs]: "poisson",
  [LossFn.Poisson]: "poisson",
  [LossFn.LogCosh]: "logCosh",
  [LossFn.Quantile]: "quantile",
  [LossFn.Focal]: "focal",
  [LossFn.Value]: "a loss of rows",
} as const satisfies Record<LossFn, string>;

function checkTarget(who: string, p: Type, t: Type, { fn }: LossAttrs): void {
  const labels = takesLabels(fn) && t.dtype === "i32";
  if (t.dtype === "i32" && !labels)
    throw new ShapeError(`${who}: ${NAMES[fn]} needs numbers as targets; got labels ${formatShape(t.shape)}`);
  if (isOverRows(fn) && !(p.shape[p.shape.length - 1] >= 0))
    throw new ShapeError(
      `${who}: ${NAMES[fn]} needs a ${takesLabels(fn) ? "class" : "last"} axis of fixed length; got predictions ${formatShape(p.shape)}`,
    );
  if (!sameShape(t.shape, labels ? p.shape.slice(0, -1) : p.shape))
    throw new ShapeError(
      `${who}: ${NAMES[fn]} needs ${labels ? "one label a row" : "targets shaped like the predictions"}; ` +
        `got predictions ${formatShape(p.shape)}, targets ${formatShape(t.shape)}`,
    );
}

/** Units of the mean, elements or rows of the last axis, that share one weight. */
const spanOf = ({ shape }: Type, weights: Type, fn: LossFn): number =>
  sizeOf(isOverRows(fn) ? shape.slice(0, -1) : shape) / sizeOf(weights.shape);

function checkWeights(who: string, p: Type, weights: Type, { fn }: LossAttrs): void {
  const { shape } = weights;
  const rows = isOverRows(fn) ? p.shape.slice(0, -1) : p.shape;
  const share = rows[0] / shape[0];
  const isOfRows = shape.length === 1 && share > 0 && Number.isInteger(share);
  if (!isOfRows && !sameShape(shape, rows))
    throw new ShapeError(
      `${who}: ${NAMES[fn]} needs one weight a row of data, or one for each ${isOverRows(fn) ? "position" : "element"}; ` +
        `got predictions ${formatShape(p.shape)}, weights ${formatShape(shape)}`,
    );
}

type Context = LowerContext<"loss" | "lossGrad" | "lossAndGrad">;

interface LossBuffers {
  readonly loss?: ValueId;
  readonly dx?: ValueId;
  readonly scale?: ValueId;
  readonly weights?: ValueId;
}

/**
 * One record where a full batch is one block, else two, of which the first can be shared: the sums of blocks with the gradient,
 * then the loss, where it is wanted.
 */
function records(
  { attrs: { fn, parameter, alpha = 0 }, inputs: [p, t], type, batch }: Context,
  { loss, dx, scale, weights }: LossBuffers,
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
    weights: operandOf(weights),
    m,
    n,
    span: weights === undefined ? 1 : spanOf(type(p), type(weights), fn),
    targets: { setting: "targets" as const, of: t },
    // Without weights it stands for any value.
    weighted: { setting: "words" as const, of: weights ?? p },
    parameter,
    alpha,
  };
  if (isOneBlock) return [draft(LOSS, { ...operands, loss: operandOf(loss) })];
  const blocks = draft(LOSS_BLOCKS, { ...operands, partials: SCRATCH });
  if (loss === undefined) return [blocks];
  return [blocks, draft(LOSS_TOTAL, { fn, loss: { value: loss }, partials: SCRATCH, m, n })];
}

const infer: Op<"loss">["infer"] = (who, [p, t, weights], attrs) => {
  checkTarget(who, p, t, attrs);
  if (weights) checkWeights(who, p, weights, attrs);
  return [f32([])];
};

const vjp = ({ attrs, inputs: [p, t, ...weights], dy, emit }: VjpContext<"loss">) => [
  emit(lossGrad, attrs, [p, t, dy, ...weights])[0],
  null,
  null,
];

const lower: Op<"loss">["lower"] = (context) =>
  records(context, { loss: context.outputs[0], weights: context.inputs[2] });

/**
 * A mean loss of predictions p and targets t; the cross-entropies take logits. Formulas: `LossFn`.
 *
 *   p [m.., n], t like p (or i32 [m..], class indices) -> loss []
 *   dp = dloss * dloss/dp, as `lossGrad`; targets have no gradient
 *
 * A third input, w [rows] (or one for each unit), weighs the rows of data: sum of w_i l_i over the units that the mean is over, divided by their number.
 * Weights have no gradient either.
 *
 * Saves p, t and w.
 */
export const loss: Op<"loss"> = {
  name: "loss",
  enums: { fn: LossFn },
  dtypes: ["f32", "any"],
  infer,
  vjp,
  lower,
};

/** `loss` for every function: from `LossGroup.FirstExtended` on they are in the extended kernels only. Written out as `elementary` is. */
export const extendedLoss: Op<"loss"> = {
  name: "loss",
  enums: { fn: LossFn },
  kernels: EXTENDED,
  dtypes: ["f32", "any"],
  infer,
  vjp,
  lower,
};

/** The gradient of a mean loss with respect to its predictions: p, t, dloss [] (and w [rows]) -> dp like p. */
export const lossGrad: Op<"lossGrad"> = {
  name: "lossGrad",
  dtypes: ["f32", "any", "f32"],
  infer: (_, [p]) => [f32(p.shape)],
  vjp: secondDerivative,
  lower: (context) => {
    const { outputs, inputs } = context;
    return records(context, { dx: outputs[0], scale: inputs[2], weights: inputs[3] });
  },
  inPlace: [0],
};

/** `loss` and `lossGrad` in one pass, where the cotangent of the loss is 1: p, t (and w [rows]) -> loss [], dp like p. */
export const lossAndGrad: Op<"lossAndGrad"> = {
  name: "lossAndGrad",
  dtypes: ["f32", "any"],
  infer: (_, [p]) => [f32([]), f32(p.shape)],
  vjp: fusedLater,
  lower: (context) => {
    const { outputs, inputs } = context;
    return records(context, { loss: outputs[0], dx: outputs[1], weights: inputs[2] });
  },
};
