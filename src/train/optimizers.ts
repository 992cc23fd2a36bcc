import { OptionError } from "../errors.ts";
import {
  checkNumber,
  checkType,
  NOT_NEGATIVE,
  type NumberRule,
  optionsOf,
  POSITIVE,
  refuseMore,
  refuseOthers,
} from "../options.ts";
import { type OptimizerPlan, optimizerPlan } from "../plan/optimizer.ts";

/** An optimizer and its settings; `compile` makes its records. */
export interface Optimizer {
  readonly kind: "sgd" | "adam" | "adamW";
  readonly learningRate: number;
  /** The settings as given, with defaults filled in: for `manifest()`. */
  readonly settings: Readonly<Record<string, number | boolean | string>>;
  readonly plan: OptimizerPlan;
}

export interface SgdOptions {
  /** Step size, > 0. Default: 0.01. */
  readonly learningRate?: number;
  /** How much of the last step goes on, in [0, 1). Default: 0. */
  readonly momentum?: number;
  /** Looks ahead along the momentum (Nesterov 1983, in PyTorch's form). Needs momentum. Default: false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent: `v = momentum v + g`, `w -= learningRate v`; with `nesterov`
 * `w -= learningRate (g + momentum v)`.
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  refuseMore("sgd", arguments, 1);
  const { learningRate = 0.01, momentum = 0, nesterov = false, ...others } = optionsOf("sgd", options);
  refuseOthers("sgd", others);
  checkLearningRate("sgd", learningRate);
  checkNumber("sgd", "momentum", momentum, SHARE);
  checkType("sgd", "nesterov", nesterov, "boolean");
  if (nesterov && momentum === 0) throw new OptionError("sgd: nesterov needs momentum > 0; got momentum 0");
  return {
    kind: "sgd",
    learningRate,
    settings: { learningRate, momentum, nesterov },
    plan: optimizerPlan({ kind: "sgd", learningRate, momentum, nesterov }),
  };
}

export interface AdamOptions {
  /** Step size, > 0. Default: 0.001. */
  readonly learningRate?: number;
  /** Decay of the first moment, in [0, 1). Default: 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, in [0, 1). Default: 0.999. */
  readonly beta2?: number;
  /** Keeps the division finite, > 0. Default: 1e-8. */
  readonly epsilon?: number;
  /** Where epsilon is added: to the root (the paper, PyTorch) or under it. Default: `"outside"`. */
  readonly epsilonMode?: "outside" | "inside";
  /** Whether the moments are divided by `1 - beta^t`. Default: true. */
  readonly biasCorrection?: boolean;
}

/**
 * Adam: `m += (1 - beta1)(g - m)`, `v += (1 - beta2)(g^2 - v)`, `w -= learningRate mHat / (sqrt(vHat) + epsilon)`.
 * Kingma and Ba 2015, https://arxiv.org/abs/1412.6980
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = adam({ learningRate: 0.05 });
 */
export function adam(options: AdamOptions = {}): Optimizer {
  refuseMore("adam", arguments, 1);
  return makeAdam("adam", options, 0);
}

export interface AdamWOptions extends AdamOptions {
  /** Decay of all parameters towards 0, apart from the gradient: `w *= 1 - learningRate weightDecay`. Default: 0.01. */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay. Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101
 *
 * @throws OptionError for a setting out of range
 */
export function adamW(options: AdamWOptions = {}): Optimizer {
  refuseMore("adamW", arguments, 1);
  const { weightDecay = 0.01, ...others } = optionsOf("adamW", options);
  checkNumber("adamW", "weightDecay", weightDecay, NOT_NEGATIVE);
  return makeAdam("adamW", others, weightDecay);
}

function makeAdam(kind: "adam" | "adamW", options: AdamOptions, weightDecay: number): Optimizer {
  const {
    learningRate = 0.001,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    epsilonMode = "outside",
    biasCorrection = true,
    ...others
  } = optionsOf(kind, options);
  refuseOthers(kind, others);
  checkLearningRate(kind, learningRate);
  checkNumber(kind, "beta1", beta1, SHARE);
  checkNumber(kind, "beta2", beta2, SHARE);
  checkNumber(kind, "epsilon", epsilon, EPSILON);
  if (epsilonMode !== "outside" && epsilonMode !== "inside")
    throw new OptionError(`${kind}: epsilonMode must be "outside" or "inside"; got ${String(epsilonMode)}`);
  checkType(kind, "biasCorrection", biasCorrection, "boolean");
  const settings = { learningRate, beta1, beta2, epsilon, epsilonMode, biasCorrection };
  return {
    kind,
    learningRate,
    settings: kind === "adam" ? settings : { ...settings, weightDecay },
    plan: optimizerPlan({
      kind: "adam",
      learningRate,
      beta1,
      beta2,
      epsilon,
      epsilonInsideRoot: epsilonMode === "inside",
      biasCorrection,
      weightDecay,
    }),
  };
}

export function checkLearningRate(who: string, rate: number): void {
  checkNumber(who, "learningRate", rate, POSITIVE);
}

const SHARE: NumberRule = ["in [0, 1)", (n) => n >= 0 && n < 1];
/** Below the smallest normal f32 it would vanish, and 0 / 0 with it. */
const EPSILON: NumberRule = [
  "a finite number >= 1.2e-38 in single precision",
  (n) => n >= 1.2e-38 && NOT_NEGATIVE[1](n),
];
