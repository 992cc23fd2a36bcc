import { OptionError } from "../errors.ts";
import {
  BOOLEAN,
  check,
  NOT_NEGATIVE,
  oneOf,
  type Rule,
  readOptions,
  refuseMore,
  SHARE,
} from "../options.ts";
import { type AdamSettings, adamPlan, type OptimizerPlan, sgdPlan } from "../plan/optimizer.ts";
import { classOf } from "../realm.ts";
import { type LearningRate, type ReadRate, readRate } from "./learning-rate.ts";
import { draftTrainer, type OptimizerSettings } from "./make-trainer.ts";
import { NO_WEIGHTS } from "./named-parameters.ts";

export type { OptimizerSettings };

/** An optimizer and its settings; `compile` makes its records. */
export interface Optimizer extends OptimizerSettings {
  readonly kind: "sgd" | "adam" | "adamW" | "rmsprop" | "adagrad" | "adadelta" | "nadam" | "lion" | "rprop";
  /** The step size at the start. */
  readonly learningRate: number;
  /** @internal What the option of this name was. */
  readonly amsgrad?: AmsGrad;
  /** @internal What trains comes with the optimizer: pages that only predict do not carry it. */
  readonly draftTrainer: typeof draftTrainer;
}

export interface SgdOptions {
  /** Step size, >= 0: a number, a schedule or a function of the step. Default: 0.01. */
  readonly learningRate?: LearningRate;
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
  const settings = readOptions("sgd", options, {
    learningRate: [0.01],
    momentum: [0, SHARE],
    nesterov: [false, BOOLEAN],
  });
  const { momentum, nesterov } = settings;
  const { described, ...rates } = readRate("sgd", settings.learningRate);
  if (nesterov && momentum === 0) throw new OptionError("sgd: nesterov needs momentum > 0; got momentum 0");
  return {
    kind: "sgd",
    learningRate: rates.learningRate,
    settings: { ...settings, learningRate: described },
    draftTrainer,
    plan: sgdPlan([{ ...settings, ...rates }]),
  };
}

export interface AdamOptions {
  /** Step size, >= 0: a number, a schedule or a function of the step. Default: 0.001. */
  readonly learningRate?: LearningRate;
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
  /** `amsgrad`, the function of this package: divides by the largest second moment up to now. Default: by the present one. */
  readonly amsgrad?: AmsGrad;
}

/** What `amsgrad` is; an option is given the function itself, so that pages without it carry no kernel of it. */
export interface AmsGrad {
  /** @internal */
  readonly plan: (settings: readonly AdamSettings[]) => OptimizerPlan;
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
  return makeAdam("adam", readOptions("adam", options, ADAM), 0);
}

export interface AdamWOptions extends AdamOptions {
  /** Decay of all parameters towards 0, apart from the gradient: `w *= 1 - learningRate weightDecay`. Default: 0.01. */
  readonly weightDecay?: number;
  /**
   * `"weights"` decays what no group matches only where it is neither a bias, nor of a norm, nor the table of an embedding. Default:
   * `"all"`, as in PyTorch.
   */
  readonly decay?: "all" | "weights";
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
  readonly learningRate?: LearningRate;
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
  const { weightDecay, groups, decay, ...others } = readOptions("adamW", options, {
    ...ADAM,
    weightDecay: [0.01, NOT_NEGATIVE],
    decay: ["all", oneOf("all", "weights")],
    groups: [[], ["an array of { match, .. }", Array.isArray, "object"]],
  });
  return makeAdam("adamW", others, weightDecay, groups, decay);
}

/** Below the smallest normal f32 it would vanish, and 0 / 0 with it. */
export const EPSILON: Rule = [
  "a finite number >= 1.2e-38 in single precision",
  (n: number) => n >= 1.2e-38 && Number.isFinite(Math.fround(n)),
];

const AMSGRAD: Rule = [
  "the function amsgrad of this package: adam({ amsgrad })",
  (of: AmsGrad) => of?.plan,
  "function",
];

const ADAM = {
  learningRate: [0.001],
  beta1: [0.9, SHARE],
  beta2: [0.999, SHARE],
  epsilon: [1e-8, EPSILON],
  epsilonMode: ["outside", /* @__PURE__ */ oneOf("outside", "inside")],
  biasCorrection: [true, BOOLEAN],
  amsgrad: [undefined, AMSGRAD],
} as const;

function makeAdam(
  kind: "adam" | "adamW",
  options: Required<Omit<AdamOptions, "amsgrad">> & Pick<AdamOptions, "amsgrad">,
  weightDecay: number,
  groups: readonly AdamWGroup[] = [],
  decay = "all",
): Optimizer {
  const { epsilonMode, learningRate, amsgrad, ...others } = options;
  const { described, ...rates } = readRate(kind, learningRate);
  const base: AdamSettings = {
    ...others,
    ...rates,
    epsilonInsideRoot: epsilonMode === "inside",
    weightDecay,
  };
  const own = groups.map((group, i) => groupSettings(`${kind}: groups[${i}]`, group));
  return {
    kind,
    learningRate: base.learningRate,
    settings: {
      ...options,
      learningRate: described,
      ...(amsgrad ? { amsgrad: true } : {}),
      ...(kind === "adam" ? {} : { weightDecay }),
      ...(decay === "all" ? {} : { decay }),
      ...(groups.length > 0 ? { groups: own.map(({ described: group }) => group) } : {}),
    },
    amsgrad,
    draftTrainer,
    plan: (amsgrad?.plan ?? adamPlan)([
      ...own.map(({ settings }) => ({ ...base, ...settings })),
      ...(decay === "all" ? [] : [{ ...base, match: NO_WEIGHTS, isOptional: true, weightDecay: 0 }]),
      base,
    ]),
  };
}

/** What a group says, checked; and as files and manifests name it. */
function groupSettings(
  who: string,
  group: AdamWGroup,
): { settings: Partial<AdamSettings>; described: Readonly<Record<string, unknown>> } {
  const { match, learningRate, weightDecay } = readOptions(who, group, {
    match: [],
    learningRate: [],
    weightDecay: [undefined, NOT_NEGATIVE],
  });
  check(who, "match", match, MATCH);
  const rates: Partial<ReadRate> =
    learningRate === undefined ? {} : { rateOf: undefined, ...readRate(who, learningRate) };
  if (rates.plateau)
    throw new OptionError(
      `${who}: learningRate must be a number, a schedule of steps or a function; got reduceOnPlateau, which is for all parameters`,
    );
  const { described, ...settings } = rates;
  const decay = weightDecay === undefined ? {} : { weightDecay };
  return {
    settings: { match, ...settings, ...decay },
    described: {
      ...group,
      match: `${match}`,
      ...(learningRate === undefined ? {} : { learningRate: described }),
    },
  };
}

const MATCH: Rule = [
  "a regular expression without g and y, such as /bias$/",
  (match: RegExp) => classOf(match) === "RegExp" && !match.global && !match.sticky,
  "object",
];
