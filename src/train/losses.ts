import { describe } from "../describe.ts";
import { OptionError, TraceError } from "../errors.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { LossFn } from "../graph/op.ts";
import { loss as lossOp } from "../graph/ops/loss.ts";
import { formatShape } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { finalActivation } from "../model/model.ts";
import { Symbolic } from "../model/symbolic.ts";
import type { Tensor } from "../model/tensor.ts";
import { BOOLEAN, POSITIVE, readOptions, refuseMore } from "../options.ts";

/** A loss: what `compile` minimizes; called with two tensors it is their mean loss, for `valueAndGrad`. */
export interface Loss {
  /** The mean loss of predictions and targets of one shape; cross-entropies take logits here. */
  (prediction: Tensor, target: Tensor): Tensor;
  readonly kind: "meanSquaredError" | "meanAbsoluteError" | "huber" | "binaryCrossEntropy" | "crossEntropy";
  /** @internal */
  readonly fn: LossFn;
  /** @internal of `huber`: delta */
  readonly parameter: number;
  readonly fromLogits: boolean;
}

function makeLoss(kind: Loss["kind"], fn: LossFn, parameter = 0, fromLogits = false): Loss {
  const call = (prediction: Tensor, target: Tensor, ...more: unknown[]) => {
    refuseMore(kind, [prediction, target, ...more], 2);
    for (const tensor of [prediction, target])
      if (!(tensor instanceof Symbolic && tensor.builder === prediction.builder))
        throw new TraceError(`${kind}: needs two tensors of one function; got ${describe(tensor)}`);
    return prediction.emit(lossOp, { fn, parameter }, [prediction.id, target.id], kind);
  };
  return Object.assign(call, { kind, fn, parameter, fromLogits });
}

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
  return makeLoss("meanSquaredError", LossFn.MeanSquaredError);
}

/** The mean of `|prediction - target|` over all elements. */
export function meanAbsoluteError(): Loss {
  refuseMore("meanAbsoluteError", arguments, 0, ALWAYS_A_MEAN);
  return makeLoss("meanAbsoluteError", LossFn.MeanAbsoluteError);
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
  return makeLoss("huber", LossFn.Huber, delta);
}

export interface CrossEntropyOptions {
  /** Whether the model ends in logits, rather than in the sigmoid or softmax. Default: false. */
  readonly fromLogits?: boolean;
}

function makeCrossEntropy(kind: Loss["kind"], fn: LossFn, options: CrossEntropyOptions): Loss {
  const { fromLogits } = readOptions(kind, options, { fromLogits: [false, BOOLEAN] });
  return makeLoss(kind, fn, 0, fromLogits);
}

/**
 * Cross-entropy of independent yes-or-no outputs: the mean of `-t log p - (1 - t) log(1 - p)` over all elements, with
 * `p = sigmoid(logit)`. The model ends in a sigmoid, which is fused with the loss, or in logits if it says so.
 *
 * Targets are numbers from 0 to 1.
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  refuseMore("binaryCrossEntropy", arguments, 1);
  return makeCrossEntropy("binaryCrossEntropy", LossFn.BinaryCrossEntropy, options);
}

/**
 * Cross-entropy of one class out of many: the mean over rows of `-sum_j t_j log p_j` with `p = softmax(logits)`. The
 * model ends in a softmax, which is fused with the loss, or in logits if it says so.
 *
 * Targets are class indices, class names (with `labels`), one-hot rows or rows of probabilities.
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  refuseMore("crossEntropy", arguments, 1);
  return makeCrossEntropy("crossEntropy", LossFn.CrossEntropy, options);
}

/**
 * The value a loss reads when it is given output `id`: for a cross-entropy the logits behind the final sigmoid or
 * softmax.
 *
 * @throws OptionError where loss and output do not go together, with what to change
 */
export function lossInput(graph: Graph, name: string, id: ValueId, loss: Loss): ValueId {
  const ends = finalActivation(graph, id);
  const wants =
    loss.kind === "binaryCrossEntropy" ? "sigmoid" : loss.kind === "crossEntropy" ? "softmax" : undefined;
  if (!wants) return id;
  if (loss.fromLogits && ends)
    throw new OptionError(
      `${loss.kind}: with fromLogits the model must end in logits; got output ${describe(name)}, which ends in ${ends}: ` +
        `drop the ${ends} or fromLogits`,
    );
  if (loss.fromLogits) return checkClasses(graph, name, id, loss);
  if (ends !== wants)
    throw new OptionError(
      `${loss.kind}: the model must end in ${wants}; got output ${describe(name)}, which ${ends ? `ends in ${ends}` : "does not"}: ` +
        `set activation: "${wants}" on the last layer, or ${loss.kind}({ fromLogits: true })`,
    );
  const last = graph.nodes.find((node) => node.outputs[0] === id) as Node;
  return checkClasses(graph, name, last.inputs[0], loss);
}

function checkClasses(graph: Graph, name: string, id: ValueId, loss: Loss): ValueId {
  const shape = graph.shape(id);
  if (loss.kind === "crossEntropy" && !(shape.length === 2 && shape[1] >= 2))
    throw new OptionError(
      `crossEntropy: the model must give [rows, classes] with at least two classes; got output ${describe(name)} ${formatShape(shape)}: ` +
        (shape.length > 2
          ? "put flatten() before the last dense layer"
          : "use binaryCrossEntropy() with a sigmoid for yes-or-no outputs"),
    );
  return id;
}
