import { describe } from "../describe.ts";
import { OptionError, TraceError } from "../errors.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { type LossAttrs, LossFn, type Op } from "../graph/op.ts";
import { loss as lossOp } from "../graph/ops/loss.ts";
import { lossWeights } from "../graph/ops/loss-weights.ts";
import { formatShape } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { finalActivation } from "../model/model.ts";
import { Symbolic } from "../model/symbolic.ts";
import type { Tensor } from "../model/tensor.ts";
import { BOOLEAN, POSITIVE, type Rule, readOptions, refuseMore, SHARE } from "../options.ts";
import { type TargetScaling, targetScaling } from "../preprocess/target-scaling.ts";
import { binaryTargets, classTargets, numberTargets, type TargetReader } from "../rows/targets.ts";

/** The losses by name. */
export type LossKind =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "binaryCrossEntropy"
  | "crossEntropy"
  | "hinge"
  | "squaredHinge"
  | "categoricalHinge"
  | "klDivergence"
  | "poisson"
  | "cosineSimilarity"
  | "logCosh"
  | "focal"
  | "categoricalFocal"
  | "quantile";

/**
 * What predictions and targets of a loss are: numbers; yes-or-no outputs with targets from 0 to 1 (`binary`), or with scores and
 * targets -1 and 1 (`signs`); probabilities of classes (`classes`), or scores of classes (`scores`).
 */
export type LossFamily = "numbers" | "binary" | "signs" | "classes" | "scores";

/** What a trainer knows of its loss. */
export interface LossTraits {
  readonly kind: LossKind | "custom";
  readonly fromLogits: boolean;
  /** @internal of `huber`: delta; see `LossFn` */
  readonly parameter: number;
  /** @internal */
  readonly family: LossFamily;
  /** @internal how it takes targets */
  readonly targets: TargetReader;
  /** @internal of losses of numbers: what standardizes targets */
  readonly scaling?: TargetScaling;
  /** @internal the label that does not count, and what leaves it out */
  readonly ignore?: IgnoredLabel;
  /** @internal options, for files: what was given, and defaults that may change */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A loss: what `compile` minimizes; called with two tensors it is their mean loss, for `valueAndGrad`. */
export interface Loss extends LossTraits {
  /** The mean loss of predictions and targets of one shape; those that end in a sigmoid or softmax take logits here. */
  (prediction: Tensor, target: Tensor): Tensor;
  readonly kind: LossKind;
  /** @internal */
  readonly fn: LossFn;
  /** @internal of `focal` */
  readonly alpha: number;
  /** @internal */
  readonly op: Op<"loss">;
}

/** A label that does not count. */
export interface IgnoredLabel {
  readonly index: number;
  readonly op: Op<"lossWeights">;
}

/**
 * A loss of your own: a function of the prediction and a target of the same shape, both tensors. It returns one value a row,
 * `[rows]`, whose mean is minimized, or a scalar, with which rows cannot be weighed.
 */
export type LossFunction = (prediction: Tensor, target: Tensor) => Tensor;

/** Whether each row has one class out of many. */
export const isOfClasses = ({ family }: Pick<LossTraits, "family">): boolean =>
  family === "classes" || family === "scores";

/** Whether each row has a class: one of two where there is one output, or one out of many. */
export const hasOneClass = ({ loss, rowElements, positions }: LossOfRows): boolean =>
  isOfClasses(loss) ? positions === 1 && !loss.ignore : loss.family !== "numbers" && rowElements === 1;

/** What a loss sees of a row. */
export interface LossOfRows {
  readonly loss: LossTraits;
  /** Numbers of a prediction. */
  readonly rowElements: number;
  /** Of losses of one class out of many: classes of a row, one for each position of a sequence; else 1. */
  readonly positions: number;
}

/** What makes a loss. */
export interface LossParts
  extends Pick<Loss, "kind" | "fn" | "family" | "targets" | "scaling" | "op" | "ignore"> {
  readonly parameter?: number;
  readonly alpha?: number;
  readonly fromLogits?: boolean;
  readonly settings?: Loss["settings"];
}

export function makeLoss(parts: LossParts): Loss {
  const { kind, fn, op, ignore, parameter = 0, alpha = 0, fromLogits = false, settings = {} } = parts;
  const call = (prediction: Tensor, target: Tensor, ...more: unknown[]) => {
    refuseMore(kind, [prediction, target, ...more], 2);
    for (const tensor of [prediction, target])
      if (!(tensor instanceof Symbolic && tensor.builder === prediction.builder))
        throw new TraceError(`${kind}: needs two tensors of one function; got ${describe(tensor)}`);
    const inputs = [prediction.id, target.id];
    if (ignore && prediction.builder.graph.values[target.id].dtype === "i32")
      inputs.push(prediction.emit(ignore.op, { ignore: ignore.index }, [target.id], kind).id);
    return prediction.emit(op, lossAttributes({ fn, parameter, alpha }), inputs, kind);
  };
  return Object.assign(call, { ...parts, parameter, alpha, fromLogits, settings });
}

/** The attributes of a loss node. */
export const lossAttributes = ({
  fn,
  parameter,
  alpha,
}: Pick<Loss, "fn" | "parameter" | "alpha">): LossAttrs =>
  alpha === 0 ? { fn, parameter } : { fn, parameter, alpha };

/** Losses of numbers. */
const NUMBERS = { family: "numbers", targets: numberTargets, scaling: targetScaling, op: lossOp } as const;

const ALWAYS_A_MEAN =
  "it is the mean over all elements; to train on a sum, multiply the learning rate by their number";

/**
 * The mean of `(prediction - target)^2` over all elements.
 *
 * @example
 * const trainer = compile(sequential({ input: [3] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 */
export function meanSquaredError(): Loss {
  refuseMore("meanSquaredError", arguments, 0, ALWAYS_A_MEAN);
  return makeLoss({ ...NUMBERS, kind: "meanSquaredError", fn: LossFn.MeanSquaredError });
}

/** The mean of `|prediction - target|` over all elements. */
export function meanAbsoluteError(): Loss {
  refuseMore("meanAbsoluteError", arguments, 0, ALWAYS_A_MEAN);
  return makeLoss({ ...NUMBERS, kind: "meanAbsoluteError", fn: LossFn.MeanAbsoluteError });
}

/**
 * Squared error near 0, absolute error beyond `delta`: `d^2 / 2` for `|d| <= delta`, else `delta (|d| - delta / 2)`,
 * the mean over all elements. Huber 1964.
 *
 * @param options.delta where the parabola becomes a line, > 0. Default: 1
 */
export function huber(options: { readonly delta?: number } = {}): Loss {
  refuseMore("huber", arguments, 1);
  const { delta } = readOptions("huber", options, { delta: [1, POSITIVE] });
  return makeLoss({
    ...NUMBERS,
    ...{ kind: "huber", fn: LossFn.Huber, parameter: delta, settings: { delta } },
  });
}

export interface CrossEntropyOptions {
  /** Whether the model ends in logits, rather than in the sigmoid or softmax. Default: false. */
  readonly fromLogits?: boolean;
  /**
   * Moves targets towards the middle, in [0, 1): of `crossEntropy` `t (1 - s) + s / classes`, of `binaryCrossEntropy`
   * `t (1 - s) + s / 2`. Szegedy et al. 2015, https://arxiv.org/abs/1512.00567. Default: 0.
   */
  readonly labelSmoothing?: number;
}

/** Of losses of one class out of many. */
export interface IgnoreOption {
  /**
   * A label that does not count, such as -100 or the number of a padding token: where it stands there is neither loss nor gradient, and
   * the mean is over the other labels; of none it is 0. It may lie outside the classes, and is given as an index. Default: all count.
   */
  readonly ignoreIndex?: number;
}

const LABEL: Rule = [
  "a whole number from -16777216 to 16777216, such as -100",
  (n: number) => Number.isInteger(n) && Math.abs(n) <= 0x100_0000,
];

/** The option `ignoreIndex` as losses read it. */
export const IGNORE_INDEX: readonly [undefined, Rule] = [undefined, LABEL];

/** What a loss has by the option `ignoreIndex`. */
export const ignoring = (index: number | undefined): Pick<LossParts, "ignore"> =>
  index === undefined ? {} : { ignore: { index, op: lossWeights } };

function makeCrossEntropy(
  parts: Pick<LossParts, "kind" | "fn" | "family" | "targets" | "ignore">,
  { fromLogits, labelSmoothing }: Required<CrossEntropyOptions>,
): Loss {
  const settings = {
    ...(labelSmoothing === 0 ? {} : { labelSmoothing }),
    ...(fromLogits ? { fromLogits } : {}),
    ...(parts.ignore ? { ignoreIndex: parts.ignore.index } : {}),
  };
  return makeLoss({ ...parts, op: lossOp, parameter: labelSmoothing, fromLogits, settings });
}

const CROSS_ENTROPY = { fromLogits: [false, BOOLEAN], labelSmoothing: [0, SHARE] } as const;

/**
 * Cross-entropy of independent yes-or-no outputs: the mean of `-t log p - (1 - t) log(1 - p)` over all elements, with
 * `p = sigmoid(logit)`. The model ends in a sigmoid, which is fused with the loss, or in logits if it says so.
 *
 * Targets are numbers from 0 to 1.
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  refuseMore("binaryCrossEntropy", arguments, 1);
  return makeCrossEntropy(
    {
      ...{ kind: "binaryCrossEntropy", fn: LossFn.BinaryCrossEntropy },
      ...{ family: "binary", targets: binaryTargets },
    },
    readOptions("binaryCrossEntropy", options, CROSS_ENTROPY),
  );
}

/**
 * Cross-entropy of one class out of many: the mean over rows of `-sum_j t_j log p_j` with `p = softmax(logits)`. The
 * model ends in a softmax, which is fused with the loss, or in logits if it says so. Of sequences it is the mean over all positions.
 *
 * p [rows, classes] or [rows, T, classes]. Targets are class indices, class names (with `labels`), one-hot rows or rows of
 * probabilities; of sequences one for each position, [rows, T].
 *
 * @example
 * const model = sequential({ input: [3, 2] }, [dense(4, { activation: "softmax" })]); // three positions of four classes
 * const trainer = compile(model, { loss: crossEntropy({ ignoreIndex: -100 }), optimizer: adam() });
 * trainer.fitSync({ x: [[[0, 1], [1, 1], [1, 0]]], y: [[2, 3, -100]] }, { epochs: 10 });
 */
export function crossEntropy(options: CrossEntropyOptions & IgnoreOption = {}): Loss {
  refuseMore("crossEntropy", arguments, 1);
  const { ignoreIndex, ...read } = readOptions("crossEntropy", options, {
    ...CROSS_ENTROPY,
    ignoreIndex: IGNORE_INDEX,
  });
  const parts = { kind: "crossEntropy", fn: LossFn.CrossEntropy } as const;
  return makeCrossEntropy(
    { ...parts, family: "classes", targets: classTargets, ...ignoring(ignoreIndex) },
    read,
  );
}

/**
 * The value a loss reads when it is given output `id`: for a loss of probabilities the logits behind the final sigmoid or
 * softmax.
 *
 * @throws OptionError where loss and output do not go together, with what to change
 */
export function lossInput(graph: Graph, name: string, id: ValueId, loss: Loss): ValueId {
  const ends = finalActivation(graph, id);
  const { kind, family, fromLogits } = loss;
  if (family === "numbers") return id;
  const output = `output ${describe(name)}`;
  if (family === "signs" || family === "scores") {
    if (ends)
      throw new OptionError(
        `${kind}: the model must end in scores of any size; got ${output}, which ends in ${ends}: drop the ${ends}`,
      );
    return checkClasses(graph, name, id, loss);
  }
  const wants = family === "binary" ? "sigmoid" : "softmax";
  if (fromLogits && ends)
    throw new OptionError(
      `${kind}: with fromLogits the model must end in logits; got ${output}, which ends in ${ends}: ` +
        `drop the ${ends} or fromLogits`,
    );
  if (fromLogits) return checkClasses(graph, name, id, loss);
  if (ends !== wants)
    throw new OptionError(
      `${kind}: the model must end in ${wants}; got ${output}, which ${ends ? `ends in ${ends}` : "does not"}: ` +
        `set activation: "${wants}" on the last layer, or ${kind}({ fromLogits: true })`,
    );
  const last = graph.nodes.find((node) => node.outputs[0] === id) as Node;
  return checkClasses(graph, name, last.inputs[0], loss);
}

function checkClasses(graph: Graph, name: string, id: ValueId, loss: Loss): ValueId {
  const shape = graph.shape(id);
  if (isOfClasses(loss) && !(shape.length >= 2 && shape[shape.length - 1] >= 2))
    throw new OptionError(
      `${loss.kind}: the model must give [rows, classes], or [rows, T, classes], with at least two classes; got output ${describe(name)} ${formatShape(shape)}: ` +
        (loss.family === "scores"
          ? "use hinge() for yes-or-no outputs"
          : "use binaryCrossEntropy() with a sigmoid for yes-or-no outputs"),
    );
  return id;
}
