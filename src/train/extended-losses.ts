/** Losses beyond those of most networks: their kernels are in the link `extended`, which pages without them do not carry. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { LossFn } from "../graph/op.ts";
import { extendedLoss } from "../graph/ops/loss.ts";
import { BOOLEAN, NOT_NEGATIVE, type Rule, readOptions, refuseMore } from "../options.ts";
import { targetScaling } from "../preprocess/target-scaling.ts";
import { binaryTargets, classTargets, numberTargets, signTargets } from "../rows/targets.ts";
import { withKind } from "./kinds.ts";
import { IGNORE_INDEX, type IgnoreOption, ignoring, type Loss, type LossParts, makeLoss } from "./losses.ts";

const extended = (parts: Omit<LossParts, "op">): Loss => makeLoss({ ...parts, op: extendedLoss });

const NUMBERS = { family: "numbers", targets: numberTargets, scaling: targetScaling } as const;
const SIGNS = { family: "signs", targets: signTargets } as const;

const BETWEEN: Rule = ["a number in (0, 1)", (n: number) => n > 0 && n < 1];
const ALPHA: Rule = ["a number in [0, 1]", (n: number) => n >= 0 && n <= 1];

/**
 * The hinge loss of scores, for support vector machines: the mean of `max(0, 1 - t p)` over all elements. Targets are -1 for
 * no and 1 for yes, or two class names; a score of 0 or more says yes. The model ends in scores of any size.
 *
 * p, t [rows, outputs]. Cortes and Vapnik 1995; as Keras, which takes 0 for no as well.
 *
 * @example
 * const model = sequential({ input: [2], seed: 1 }, [dense(1)]);
 * const trainer = compile(model, { loss: hinge(), optimizer: sgd({ learningRate: 0.5 }) });
 * const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [-1, 1, 1, 1] };
 * trainer.fitSync(data, { epochs: 200 });
 * trainer.evaluate(data).accuracy; // => 1
 */
export const hinge = /* @__PURE__ */ withKind(function hinge(): Loss {
  refuseMore("hinge", arguments, 0);
  return extended({ kind: "hinge", fn: LossFn.Hinge, ...SIGNS });
}, "hinge");

/** The mean of `max(0, 1 - t p)^2` over all elements; otherwise as `hinge`. */
export const squaredHinge = /* @__PURE__ */ withKind(function squaredHinge(): Loss {
  refuseMore("squaredHinge", arguments, 0);
  return extended({ kind: "squaredHinge", fn: LossFn.SquaredHinge, ...SIGNS });
}, "squaredHinge");

/**
 * The hinge loss of one class out of many: the mean over rows of `max(0, max_j (1 - t_j) p_j - sum_j t_j p_j + 1)`, Keras' form.
 * Targets are as those of `crossEntropy`; the largest score is the class. The model ends in scores of any size.
 *
 * p [rows, classes]. Of equal scores the first one is pushed down.
 */
export const categoricalHinge = /* @__PURE__ */ withKind(function categoricalHinge(): Loss {
  refuseMore("categoricalHinge", arguments, 0);
  return extended({
    kind: "categoricalHinge",
    fn: LossFn.CategoricalHinge,
    family: "scores",
    targets: classTargets,
  });
}, "categoricalHinge");

export interface LogitsOption {
  /** Whether the model ends in logits, rather than in the sigmoid or softmax. Default: false. */
  readonly fromLogits?: boolean;
}

/**
 * The Kullback-Leibler divergence of predicted probabilities from the true ones: the mean over rows of
 * `sum_j t_j (log t_j - log p_j)` with `p = softmax(logits)`, 0 log 0 being 0. It is `crossEntropy` less the entropy of the
 * targets, so its gradients are the same; rounding may leave a loss just below 0. The model ends in a softmax or in logits.
 *
 * p, t [rows, classes]; targets as those of `crossEntropy`. PyTorch's `kl_div` with `reduction: "batchmean"`, of log_softmax.
 */
export const klDivergence = /* @__PURE__ */ withKind(function klDivergence(options: LogitsOption = {}): Loss {
  refuseMore("klDivergence", arguments, 1);
  const { fromLogits } = readOptions("klDivergence", options, { fromLogits: [false, BOOLEAN] });
  return extended({
    ...{
      kind: "klDivergence",
      fn: LossFn.KlDivergence,
      family: "classes",
      targets: classTargets,
      fromLogits,
    },
    settings: fromLogits ? { fromLogits } : {},
  });
}, "klDivergence");

export interface PoissonOptions {
  /** Whether the model gives logarithms of rates, which may have any size; else rates, > 0. Default: true. */
  readonly logInput?: boolean;
}

/**
 * The negative log-likelihood of counts under Poisson distributions, without the part that no prediction changes: the mean over
 * all elements of `exp(p) - t p`, where the model gives logarithms of rates, or of `p - t log(p + 1e-8)`, where it gives rates.
 * Targets are counts, or rates >= 0.
 *
 * p, t of one shape. As PyTorch's `poisson_nll_loss`; Keras takes rates.
 *
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: poisson(), optimizer: adam({ learningRate: 0.1 }) });
 * trainer.fitSync({ x: [[0], [1], [2]], y: [1, 3, 7] }, { epochs: 500 });
 * Math.round(Math.exp(trainer.predict([[2]]).data[0])); // => 7
 */
export const poisson = /* @__PURE__ */ withKind(function poisson(options: PoissonOptions = {}): Loss {
  refuseMore("poisson", arguments, 1);
  const { logInput } = readOptions("poisson", options, { logInput: [true, BOOLEAN] });
  const fn = logInput ? LossFn.PoissonOfLogs : LossFn.Poisson;
  return extended({ kind: "poisson", fn, ...NUMBERS, settings: { logInput } });
}, "poisson");

/**
 * How far directions are apart: the mean over rows of `1 - p.t / (|p| |t|)`, from 0 (the same direction) to 2, whatever the
 * lengths. 1e-12 is added to the squares of both lengths.
 *
 * p, t [.., n]. PyTorch's `cosine_embedding_loss` of pairs that belong together; Keras' is `-p.t / (|p| |t|)`, lower by 1.
 */
export const cosineSimilarity = /* @__PURE__ */ withKind(function cosineSimilarity(): Loss {
  refuseMore("cosineSimilarity", arguments, 0);
  return extended({ kind: "cosineSimilarity", fn: LossFn.CosineSimilarity, ...NUMBERS });
}, "cosineSimilarity");

/** The mean of `log(cosh(p - t))` over all elements: near 0 half the square, far away the absolute error less `log 2`. */
export const logCosh = /* @__PURE__ */ withKind(function logCosh(): Loss {
  refuseMore("logCosh", arguments, 0);
  return extended({ kind: "logCosh", fn: LossFn.LogCosh, ...NUMBERS });
}, "logCosh");

export interface FocalOptions extends LogitsOption {
  /** How much rows that are right already count less, >= 0; 0 is the cross-entropy. Default: 2. */
  readonly gamma?: number;
  /** The weight of targets of 1, in [0, 1]; those of 0 have 1 less it. Default: none, both have 1. */
  readonly alpha?: number;
}

/**
 * Binary cross-entropy that counts the hard elements: the mean over all elements of `a u^gamma c`, with the cross-entropy c, the
 * probability u of what is not so, `p (1 - t) + (1 - p) t`, and `a = alpha t + (1 - alpha) (1 - t)`, or 1. The model ends in a sigmoid
 * or in logits; targets are numbers from 0 to 1. Lin et al. 2017, https://arxiv.org/abs/1708.02002
 */
export const focal = /* @__PURE__ */ withKind(function focal(options: FocalOptions = {}): Loss {
  refuseMore("focal", arguments, 1);
  const read = readOptions("focal", options, {
    gamma: [2, NOT_NEGATIVE],
    alpha: [undefined, ALPHA],
    fromLogits: [false, BOOLEAN],
  });
  const { gamma, alpha, fromLogits } = read;
  return extended({
    ...{
      kind: "focal",
      fn: LossFn.Focal,
      family: "binary",
      targets: binaryTargets,
      parameter: gamma,
      fromLogits,
    },
    // Below 0: every element has the weight 1.
    alpha: alpha ?? -1,
    settings: { gamma, ...(alpha === undefined ? {} : { alpha }), ...(fromLogits ? { fromLogits } : {}) },
  });
}, "focal");

export interface CategoricalFocalOptions extends LogitsOption, IgnoreOption {
  /** How much rows that are right already count less, >= 0; 0 is the cross-entropy. Default: 2. */
  readonly gamma?: number;
}

/**
 * Cross-entropy of one class out of many that counts the hard rows: the mean over rows of `-sum_j t_j (1 - p_j)^gamma log p_j` with
 * `p = softmax(logits)`. Targets and model as those of `crossEntropy`; class weights take the place of alpha.
 */
export const categoricalFocal = /* @__PURE__ */ withKind(function categoricalFocal(
  options: CategoricalFocalOptions = {},
): Loss {
  refuseMore("categoricalFocal", arguments, 1);
  const { gamma, fromLogits, ignoreIndex } = readOptions("categoricalFocal", options, {
    gamma: [2, NOT_NEGATIVE],
    fromLogits: [false, BOOLEAN],
    ignoreIndex: IGNORE_INDEX,
  });
  return extended({
    ...{
      kind: "categoricalFocal",
      fn: LossFn.CategoricalFocal,
      ...{ family: "classes", targets: classTargets },
      parameter: gamma,
      fromLogits,
    },
    ...ignoring(ignoreIndex),
    settings: {
      gamma,
      ...(fromLogits ? { fromLogits } : {}),
      ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
    },
  });
}, "categoricalFocal");

export interface QuantileOptions {
  /** The share of targets that lie below the prediction, in (0, 1). Default: 0.5, the median. */
  readonly q?: number;
}

/**
 * The pinball loss, whose least value is at a quantile: the mean of `max(q (t - p), (q - 1) (t - p))` over all elements. A network
 * trained with `q: 0.9` predicts what nine targets of ten stay below. Koenker and Bassett 1978.
 *
 * p, t of one shape.
 *
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: quantile({ q: 0.75 }), optimizer: adam({ learningRate: 0.05 }) });
 * trainer.fitSync({ x: [[0], [0], [0], [0], [0]], y: [1, 2, 3, 4, 5] }, { epochs: 2000 });
 * Math.round(trainer.predict([[0]]).data[0]); // => 4
 */
export const quantile = /* @__PURE__ */ withKind(function quantile(options: QuantileOptions = {}): Loss {
  refuseMore("quantile", arguments, 1);
  const { q } = readOptions("quantile", options, { q: [0.5, BETWEEN] });
  if (Math.fround(q) === 0 || Math.fround(q) === 1)
    throw new OptionError(`quantile: q must be in (0, 1) in single precision; got ${describe(q)}`);
  return extended({
    kind: "quantile",
    fn: LossFn.Quantile,
    ...NUMBERS,
    parameter: q,
    settings: { q },
  });
}, "quantile");
