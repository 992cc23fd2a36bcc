/** Optimizers beside SGD and Adam. Each comes with its kernel: pages that do not name them carry neither. */
import { OptionError } from "../errors.ts";
import { exp } from "../math/exp.ts";
import { log } from "../math/log.ts";
import { BOOLEAN, NOT_NEGATIVE, POSITIVE, type Rule, readOptions, refuseMore, SHARE } from "../options.ts";
import type { OptimizerPlan } from "../plan/optimizer.ts";
import {
  adadeltaPlan,
  adagradPlan,
  amsgradPlan,
  lionPlan,
  nadamPlan,
  rmspropPlan,
  rpropPlan,
} from "../plan/update-rules.ts";
import { type Kind, withKind } from "./kinds.ts";
import { type LearningRate, type ReadRate, readRate } from "./learning-rate.ts";
import { draftTrainer } from "./make-trainer.ts";
import { type AmsGrad, EPSILON, type Optimizer } from "./optimizers.ts";

function make<S extends { readonly learningRate: LearningRate }>(
  kind: Optimizer["kind"],
  settings: S,
  planOf: (settings: S & Omit<ReadRate, "described">) => OptimizerPlan,
): Optimizer {
  const { described, ...rates } = readRate(kind, settings.learningRate);
  return {
    kind,
    learningRate: rates.learningRate,
    settings: { ...settings, learningRate: described },
    draftTrainer,
    plan: planOf({ ...settings, ...rates }),
  };
}

export interface RmspropOptions {
  /** Step size, >= 0: a number, a schedule or a function of the step. Default: 0.01. */
  readonly learningRate?: LearningRate;
  /** Decay of the mean square, in [0, 1). Default: 0.99. */
  readonly rho?: number;
  /** Added to the root, > 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** How much of the last step goes on, in [0, 1). Default: 0. */
  readonly momentum?: number;
  /** Whether the root is of the variance of the gradient, not of its mean square. Default: false. */
  readonly centered?: boolean;
}

/**
 * RMSProp: `v += (1 - rho)(g^2 - v)`, `w -= learningRate g / (sqrt(v) + epsilon)`; with `momentum`
 * `u = momentum u + g / (sqrt(v) + epsilon)`, `w -= learningRate u`; with `centered` v less the square of the mean gradient.
 * Tieleman and Hinton 2012; Graves 2013, https://arxiv.org/abs/1308.0850
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = rmsprop({ learningRate: 0.001, momentum: 0.9 });
 */
export const rmsprop: Kind<(options?: RmspropOptions) => Optimizer> = /* @__PURE__ */ withKind(
  function rmsprop(options: RmspropOptions = {}): Optimizer {
    refuseMore("rmsprop", arguments, 1);
    const settings = readOptions("rmsprop", options, {
      learningRate: [0.01],
      rho: [0.99, SHARE],
      epsilon: [1e-8, EPSILON],
      momentum: [0, SHARE],
      centered: [false, BOOLEAN],
    });
    return make("rmsprop", settings, rmspropPlan);
  },
  "rmsprop",
);

export interface AdagradOptions {
  /** Step size, >= 0: a number, a schedule or a function of the step. Default: 0.01. */
  readonly learningRate?: LearningRate;
  /** What sums of squares start from, >= 0. Default: 0. */
  readonly initialAccumulator?: number;
  /** Added to the root, > 0. Default: 1e-10. */
  readonly epsilon?: number;
}

/**
 * Adagrad: `v += g^2`, `w -= learningRate g / (sqrt(initialAccumulator + v) + epsilon)`.
 * Duchi, Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = adagrad({ learningRate: 0.1 });
 */
export const adagrad: Kind<(options?: AdagradOptions) => Optimizer> = /* @__PURE__ */ withKind(
  function adagrad(options: AdagradOptions = {}): Optimizer {
    refuseMore("adagrad", arguments, 1);
    const settings = readOptions("adagrad", options, {
      learningRate: [0.01],
      initialAccumulator: [0, NOT_NEGATIVE],
      epsilon: [1e-10, EPSILON],
    });
    return make("adagrad", settings, adagradPlan);
  },
  "adagrad",
);

export interface AdadeltaOptions {
  /** What steps are multiplied by, >= 0: a number, a schedule or a function of the step. Default: 1. */
  readonly learningRate?: LearningRate;
  /** Decay of both mean squares, in [0, 1). Default: 0.9. */
  readonly rho?: number;
  /** Added under both roots, > 0. Default: 1e-6. */
  readonly epsilon?: number;
}

/**
 * Adadelta: `v += (1 - rho)(g^2 - v)`, `d = sqrt(u + epsilon) / sqrt(v + epsilon) g`, `u += (1 - rho)(d^2 - u)`,
 * `w -= learningRate d`. Zeiler 2012, https://arxiv.org/abs/1212.5701
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = adadelta();
 */
export const adadelta: Kind<(options?: AdadeltaOptions) => Optimizer> = /* @__PURE__ */ withKind(
  function adadelta(options: AdadeltaOptions = {}): Optimizer {
    refuseMore("adadelta", arguments, 1);
    const settings = readOptions("adadelta", options, {
      learningRate: [1],
      rho: [0.9, SHARE],
      epsilon: [1e-6, EPSILON],
    });
    return make("adadelta", settings, adadeltaPlan);
  },
  "adadelta",
);

export interface NadamOptions {
  /** Step size, >= 0: a number, a schedule or a function of the step. Default: 0.002. */
  readonly learningRate?: LearningRate;
  /** Decay of the first moment, in [0, 1). Default: 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, in [0, 1). Default: 0.999. */
  readonly beta2?: number;
  /** Added to the root, > 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** How fast the momentum grows to beta1, >= 0. Default: 0.004. */
  readonly momentumDecay?: number;
}

/**
 * Adam with Nesterov's momentum: with `mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2)`, P their product, and Adam's m and v,
 * `w -= learningRate ((1 - mu_t) / (1 - P_t) g + mu_(t+1) / (1 - P_(t+1)) m) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
 * Dozat 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = nadam({ learningRate: 0.01 });
 */
export const nadam: Kind<(options?: NadamOptions) => Optimizer> = /* @__PURE__ */ withKind(function nadam(
  options: NadamOptions = {},
): Optimizer {
  refuseMore("nadam", arguments, 1);
  const settings = readOptions("nadam", options, {
    learningRate: [0.002],
    beta1: [0.9, SHARE],
    beta2: [0.999, SHARE],
    epsilon: [1e-8, EPSILON],
    momentumDecay: [0.004, NOT_NEGATIVE],
  });
  return make("nadam", settings, (of) =>
    nadamPlan({ ...of, momentumFactor: exp(of.momentumDecay * log(0.96)) }),
  );
}, "nadam");

export interface LionOptions {
  /** Step size, >= 0: a number, a schedule or a function of the step; a third to a tenth of Adam's. Default: 0.0001. */
  readonly learningRate?: LearningRate;
  /** How much of the moment the sign is of, in [0, 1). Default: 0.9. */
  readonly beta1?: number;
  /** Decay of the moment, in [0, 1). Default: 0.99. */
  readonly beta2?: number;
  /** Decay of all parameters towards 0, apart from the gradient, as in `adamW`. Default: 0. */
  readonly weightDecay?: number;
}

/**
 * Lion, which steps by signs: `w *= 1 - learningRate weightDecay`, `w -= learningRate sign(beta1 m + (1 - beta1) g)`,
 * `m = beta2 m + (1 - beta2) g`. Chen et al. 2023, https://arxiv.org/abs/2302.06675
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = lion({ learningRate: 0.001, weightDecay: 0.1 });
 */
export const lion: Kind<(options?: LionOptions) => Optimizer> = /* @__PURE__ */ withKind(function lion(
  options: LionOptions = {},
): Optimizer {
  refuseMore("lion", arguments, 1);
  const settings = readOptions("lion", options, {
    learningRate: [0.0001],
    beta1: [0.9, SHARE],
    beta2: [0.99, SHARE],
    weightDecay: [0, NOT_NEGATIVE],
  });
  return make("lion", settings, lionPlan);
}, "lion");

export interface RpropOptions {
  /** The first step of every element, >= 0; later rates do nothing. Default: 0.01. */
  readonly learningRate?: LearningRate;
  /** What a step is multiplied by where the gradient changed its sign, in (0, 1). Default: 0.5. */
  readonly etaMinus?: number;
  /** What it is multiplied by where it did not, > 1. Default: 1.2. */
  readonly etaPlus?: number;
  /** The least step, > 0. Default: 1e-6. */
  readonly minStep?: number;
  /** The largest step, >= `minStep`. Default: 50. */
  readonly maxStep?: number;
}

/**
 * Resilient backpropagation: each element has a step of its own, which grows while its gradient keeps its sign and shrinks when it
 * changes it; the gradient's size does not count. For full batches only: give `batchSize` all rows, because between batches signs
 * change by chance. Riedmiller and Braun 1993, https://doi.org/10.1109/ICNN.1993.298623, without weight backtracking.
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = rprop({ learningRate: 0.05 });
 */
export const rprop: Kind<(options?: RpropOptions) => Optimizer> = /* @__PURE__ */ withKind(function rprop(
  options: RpropOptions = {},
): Optimizer {
  refuseMore("rprop", arguments, 1);
  const settings = readOptions("rprop", options, {
    learningRate: [0.01],
    etaMinus: [0.5, BETWEEN],
    etaPlus: [1.2, ABOVE_1],
    minStep: [1e-6, EPSILON],
    maxStep: [50, POSITIVE],
  });
  const { minStep, maxStep } = settings;
  if (maxStep < minStep)
    throw new OptionError(`rprop: maxStep must be at least minStep, ${minStep}; got ${maxStep}`);
  return make("rprop", settings, rpropPlan);
}, "rprop");

const BETWEEN: Rule = ["in (0, 1)", (n: number) => n > 0 && n < 1];
const ABOVE_1: Rule = ["a finite number > 1", (n: number) => n > 1 && Number.isFinite(Math.fround(n))];

/**
 * AMSGrad, for the option `amsgrad` of `adam` and `adamW`: the largest second moment up to now takes the place of the present one.
 * Reddi, Kale and Kumar 2018, https://arxiv.org/abs/1904.09237
 *
 * @example
 * const optimizer = adam({ learningRate: 0.01, amsgrad });
 */
export const amsgrad: Kind<() => never> & AmsGrad = /* @__PURE__ */ Object.assign(
  /* @__PURE__ */ withKind(function amsgrad(): never {
    throw new OptionError("amsgrad: must be given to an optimizer itself, adam({ amsgrad }); got a call");
  }, "amsgrad"),
  { plan: amsgradPlan },
);
