/** Optimizers as rules, like ops: what they keep beside each variable, their constants, and the records of an update. */
import { Hyper, OptimizerFlag } from "../../assembly/abi.ts";
import { OptionError } from "../errors.ts";
import { draft, type OperandRef, type RecordDraft } from "../graph/op.ts";
import type { KernelLink } from "../kernels/link.ts";
import { ADAM, ADVANCE, SGD } from "../tape/formats/train.ts";
import type { CounterEntry } from "./counters.ts";
import type { VariableUse } from "./roles.ts";

/**
 * `velocity` is the momentum of SGD and RMSProp; Adam has both moments, AMSGrad the largest second one too. Adagrad sums squares, Adadelta
 * averages those of its updates, Rprop has a step size for each element.
 */
export type Moment =
  | "velocity"
  | "firstMoment"
  | "secondMoment"
  | "secondMomentMaximum"
  | "squareSum"
  | "updateMoment"
  | "previousGradient"
  | "stepSize";

/** One number beside each element of a trained variable. */
export interface Slot {
  readonly name: Moment;
  /** A negative one cannot come from training. */
  readonly nonNegative?: boolean;
}

/** Variables that are updated alike. */
export interface OptimizerGroup {
  /** Which variables, by name; none: all that no group before took. */
  readonly match?: RegExp;
  /** Whether it may match nothing. */
  readonly isOptional?: boolean;
  readonly learningRate: number;
  /** The rate of a step. Default: the base rate. */
  readonly rateOf?: RateOfStep;
  /** In the order of `Hyper`. */
  readonly hyper: readonly number[];
}

/** The rate of a step, from the group's base rate; steps count from 0. */
export type RateOfStep = (base: number, step: number) => number;

/** What changes base rates between epochs, by what was measured. */
export interface Plateau {
  readonly counters: readonly CounterEntry[];
  /** The column of the history that is judged. Default: `validationLoss`, or `loss` without validation. */
  readonly monitor?: string;
  readonly mode?: "min" | "max";
  /**
   * Judges the value of an epoch.
   *
   * @param isMax whether larger is better
   */
  judge(value: number, isMax: boolean, access: CounterAccess): void;
}

/** Reads and writes counters by name. */
export interface CounterAccess {
  get(name: string): number;
  set(name: string, value: number): void;
  /** Makes all base rates another. */
  changeRates(change: (rate: number) => number): void;
}

/** Where the parts of a group are. */
export interface GroupContext {
  readonly group: number;
  /** Elements of the group, a multiple of 4. */
  readonly n: number;
  readonly weights: OperandRef;
  readonly gradients: OperandRef;
  slot(name: Moment): OperandRef;
  hyper(field: Hyper): OperandRef;
  counter(name: string): OperandRef;
}

export interface OptimizerRule {
  readonly name: string;
  /**
   * Running products of a constant, one a group, that grow with each update: name of the counter, and the constant. Those without one
   * `commit` moves.
   */
  readonly powers: readonly (readonly [name: string, factor?: Hyper])[];
  /** What else counts updates, before the powers. */
  readonly commit?: (context: GroupContext) => RecordDraft[];
  /** The records that update a group. */
  update(context: GroupContext): RecordDraft[];
}

export interface OptimizerPlan {
  readonly rule: OptimizerRule;
  readonly slots: readonly Slot[];
  /** The last one takes what no other matches. */
  readonly groups: readonly OptimizerGroup[];
  /** The rate of a step, from the group's base rate; without one it is that. */
  readonly schedule?: (base: number, step: number, group: number) => number;
  readonly plateau?: Plateau;
  /** Those that its records need. Default: those that train. */
  readonly kernels?: KernelLink;
}

/** Name of a counter of a group; that of a program's only or last group has no number. */
export const counterOf = (name: string, group: number, groups: number): string =>
  group === groups - 1 ? name : `${name}.${group + 1}`;

/** Index of the group that takes a variable. */
export const groupOf = ({ groups }: OptimizerPlan, name: string): number =>
  groups.findIndex(({ match }) => !match || match.test(name));

/** @throws OptionError for a group that takes no variable */
export function checkGroups({ groups }: OptimizerPlan, uses: readonly VariableUse[]): void {
  groups.forEach(({ match, isOptional }, g) => {
    if (!match || isOptional || uses.some(({ role, group }) => role === "trained" && group === g)) return;
    const names = uses.filter(({ role }) => role === "trained").map(({ variable }) => variable.name);
    throw new OptionError(
      `compile: groups[${g}].match of the optimizer must match a trained parameter that no group before it matches, ` +
        `one of ${names.join(", ")}; got ${match}`,
    );
  });
}

/** The counters of an optimizer: rates first, in the order of the groups. */
export function optimizerCounters({ rule, groups, plateau }: OptimizerPlan): CounterEntry[] {
  const count = groups.length;
  const rates = groups.map(
    ({ learningRate }, g): CounterEntry => ({
      name: counterOf("learningRate", g, count),
      kind: "rate",
      initial: learningRate,
    }),
  );
  const powers = rule.powers.flatMap(([name]) =>
    groups.map((_, g): CounterEntry => ({ name: counterOf(name, g, count), kind: "share", initial: 1 })),
  );
  return [...rates, ...powers, ...(plateau?.counters ?? [])];
}

/** What counts updates, after an update was found finite. */
export function commitRecords({ rule }: OptimizerPlan, context: GroupContext): RecordDraft[] {
  const { counter, hyper } = context;
  const powers = rule.powers.flatMap(([name, factor]) =>
    factor === undefined ? [] : draft(ADVANCE, { x: counter(name), factor: hyper(factor) }),
  );
  return [...(rule.commit?.(context) ?? []), ...powers];
}

/** `v = momentum v + g`, `w -= rate v`; see `assembly/kernels/optimizer.ts`. */
const sgdRule: OptimizerRule = {
  name: "sgd",
  powers: [],
  update: ({ group, n, weights, gradients, slot, hyper }) => [
    draft(SGD, {
      w: weights,
      g: gradients,
      v: slot("velocity"),
      n,
      hyper: hyper(Hyper.Beta1),
      rate: group,
      mirror: 0,
    }),
  ],
};

/** The rates of groups, where any of them changes with the step. */
export function scheduleOf(groups: readonly OptimizerGroup[]): Pick<OptimizerPlan, "schedule"> {
  if (!groups.some(({ rateOf }) => rateOf)) return {};
  return { schedule: (base, step, group) => groups[group].rateOf?.(base, step) ?? base };
}

/** What the rates of a group come from. */
export interface GroupRates {
  readonly match?: RegExp;
  readonly isOptional?: boolean;
  readonly learningRate: number;
  readonly rateOf?: RateOfStep;
  readonly plateau?: Plateau;
}

export interface SgdSettings extends GroupRates {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** A plan of one rule: the constants of each group, and rates that change where the last group's do. */
export const planOf = <S extends GroupRates>(
  rule: OptimizerRule,
  slots: readonly Slot[],
  settings: readonly S[],
  hyperOf: (settings: S) => number[],
): OptimizerPlan => {
  const groups = settings.map((of) => ({
    match: of.match,
    isOptional: of.isOptional,
    learningRate: of.learningRate,
    rateOf: of.rateOf,
    hyper: hyperOf(of),
  }));
  return { rule, slots, groups, ...scheduleOf(groups), plateau: settings[settings.length - 1].plateau };
};

export function sgdPlan(settings: readonly SgdSettings[]): OptimizerPlan {
  const slots = settings.some(({ momentum }) => momentum > 0) ? [{ name: "velocity" as const }] : [];
  return planOf(sgdRule, slots, settings, ({ momentum, nesterov }) => {
    const hyper = new Array<number>(Hyper.Count).fill(0);
    hyper[Hyper.Beta1] = momentum;
    hyper[Hyper.Flags] = nesterov ? OptimizerFlag.Nesterov : 0;
    return hyper;
  });
}

/** See `assembly/kernels/optimizer.ts`. */
const adamRule: OptimizerRule = {
  name: "adam",
  powers: [
    ["beta1Power", Hyper.Beta1],
    ["beta2Power", Hyper.Beta2],
  ],
  update: ({ group, n, weights, gradients, slot, hyper, counter }) => [
    draft(ADAM, {
      w: weights,
      g: gradients,
      m: slot("firstMoment"),
      v: slot("secondMoment"),
      n,
      hyper: hyper(Hyper.Beta1),
      power1: counter("beta1Power"),
      power2: counter("beta2Power"),
      rate: group,
      mirror: 0,
    }),
  ],
};

export interface AdamSettings extends GroupRates {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly epsilonInsideRoot: boolean;
  readonly biasCorrection: boolean;
  readonly weightDecay: number;
}

export function adamPlan(settings: readonly AdamSettings[]): OptimizerPlan {
  const slots = [{ name: "firstMoment" as const }, { name: "secondMoment" as const, nonNegative: true }];
  return planOf(adamRule, slots, settings, (of) => {
    const hyper = new Array<number>(Hyper.Count).fill(0);
    hyper[Hyper.Beta1] = of.beta1;
    hyper[Hyper.Beta2] = of.beta2;
    hyper[Hyper.Epsilon] = of.epsilon;
    hyper[Hyper.WeightDecay] = of.weightDecay;
    hyper[Hyper.Flags] =
      (of.epsilonInsideRoot ? OptimizerFlag.EpsilonInsideRoot : 0) |
      (of.biasCorrection ? OptimizerFlag.BiasCorrection : 0);
    return hyper;
  });
}

/** What an update does, by name. */
export interface OptimizerDescription {
  readonly name: string;
  readonly groups: readonly Readonly<Record<string, number | string | boolean>>[];
}

const HYPER = {
  beta1: Hyper.Beta1,
  beta2: Hyper.Beta2,
  epsilon: Hyper.Epsilon,
  weightDecay: Hyper.WeightDecay,
  extra: Hyper.Extra,
} as const;
const FLAGS = {
  nesterov: OptimizerFlag.Nesterov,
  epsilonInsideRoot: OptimizerFlag.EpsilonInsideRoot,
  biasCorrection: OptimizerFlag.BiasCorrection,
  centered: OptimizerFlag.Centered,
} as const;

/**
 * An optimizer for states and files. What is 0 or false is left out, so that settings which come later refuse no earlier
 * state.
 */
export function describeOptimizer({ rule, groups }: OptimizerPlan): OptimizerDescription {
  return {
    name: rule.name,
    groups: groups.map(({ match, hyper }) => {
      const flags = Object.entries(FLAGS).filter(([, flag]) => hyper[Hyper.Flags] & flag);
      const settings = Object.entries(HYPER).filter(([, field]) => hyper[field] !== 0);
      return {
        ...(match ? { match: `${match}` } : {}),
        ...Object.fromEntries(settings.map(([name, field]) => [name, hyper[field]])),
        ...Object.fromEntries(flags.map(([name]) => [name, true])),
      };
    }),
  };
}
