import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import {
  checkNumber,
  checkType,
  NOT_NEGATIVE,
  type NumberRule,
  optionsOf,
  refuseMore,
  refuseOthers,
  SHARE,
} from "../options.ts";
import { type AdamSettings, adamPlan, sgdPlan } from "../plan/optimizer.ts";
import { makeTrainer, type OptimizerSettings } from "./make-trainer.ts";
import { checkLearningRate } from "./rates.ts";

export type { OptimizerSettings };

/** An optimizer and its settings; `compile` makes its records. */
export interface Optimizer extends OptimizerSettings {
  readonly kind: "sgd" | "adam" | "adamW";
  readonly learningRate: number;
  /** @internal What trains comes with the optimizer: pages that only predict do not carry it. */
  readonly makeTrainer: typeof makeTrainer;
}

export interface SgdOptions {
  /** Step size, >= 0. Default: 0.01. */
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
    makeTrainer,
    plan: sgdPlan([{ learningRate, momentum, nesterov }]),
  };
}

export interface AdamOptions {
  /** Step size, >= 0. Default: 0.001. */
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
  /**
   * Parameters with settings of their own, by name (`dense1.weight`, `dense1.bias`, ..). The first group that matches
   * takes a parameter; one that takes none is refused by `compile`. What a group does not say is as for all others.
   */
  readonly groups?: readonly AdamWGroup[];
}

/** Settings of the parameters whose name matches; `setLearningRate` sets the rate of all groups to one. */
export interface AdamWGroup {
  readonly match: RegExp;
  /** Step size, >= 0. */
  readonly learningRate?: number;
  /** >= 0 */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay. Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = adamW({ learningRate: 0.001, groups: [{ match: /bias$/, weightDecay: 0 }] });
 */
export function adamW(options: AdamWOptions = {}): Optimizer {
  refuseMore("adamW", arguments, 1);
  const { weightDecay = 0.01, groups = [], ...others } = optionsOf("adamW", options);
  checkNumber("adamW", "weightDecay", weightDecay, NOT_NEGATIVE);
  if (!Array.isArray(groups))
    throw new OptionError(`adamW: groups must be an array of { match, .. }; got ${describe(groups)}`);
  return makeAdam("adamW", others, weightDecay, groups);
}

function makeAdam(
  kind: "adam" | "adamW",
  options: AdamOptions,
  weightDecay: number,
  groups: readonly AdamWGroup[] = [],
): Optimizer {
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
  const base: AdamSettings = {
    learningRate,
    beta1,
    beta2,
    epsilon,
    epsilonInsideRoot: epsilonMode === "inside",
    biasCorrection,
    weightDecay,
  };
  const own = groups.map((group, i) => ({ ...base, ...groupSettings(`${kind}: groups[${i}]`, group) }));
  return {
    kind,
    learningRate,
    settings: {
      ...settings,
      ...(kind === "adam" ? {} : { weightDecay }),
      ...(groups.length > 0
        ? { groups: groups.map((group) => ({ ...group, match: `${group.match}` })) }
        : {}),
    },
    makeTrainer,
    plan: adamPlan([...own, base]),
  };
}

/** What a group says, checked. */
function groupSettings(who: string, group: AdamWGroup): Partial<AdamSettings> {
  const { match, learningRate, weightDecay, ...others } = optionsOf(who, group, "group");
  refuseOthers(who, others);
  if (Object.prototype.toString.call(match) !== "[object RegExp]" || match.global || match.sticky)
    throw new OptionError(
      `${who}: match must be a regular expression without g and y; got ${describe(match)}`,
    );
  if (learningRate !== undefined) checkLearningRate(who, learningRate);
  if (weightDecay !== undefined) checkNumber(who, "weightDecay", weightDecay, NOT_NEGATIVE);
  return {
    match,
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
  };
}

/** Below the smallest normal f32 it would vanish, and 0 / 0 with it. */
const EPSILON: NumberRule = [
  "a finite number >= 1.2e-38 in single precision",
  (n) => n >= 1.2e-38 && NOT_NEGATIVE[1](n),
];
