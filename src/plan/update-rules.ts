/** Optimizers whose records are `Update`: see `assembly/kernels/update.ts`. Pages without them carry neither these rules nor their kernels. */
import { Hyper, OptimizerFlag, UpdateFn } from "../../assembly/abi.ts";
import { draft } from "../graph/op.ts";
import { EXTENDED } from "../kernels/extended.wasm.ts";
import { ADVANCE_MOMENTUM, UPDATE } from "../tape/formats/extended.ts";
import {
  type AdamSettings,
  type GroupContext,
  type GroupRates,
  type OptimizerPlan,
  type OptimizerRule,
  planOf,
  type Slot,
} from "./optimizer.ts";

/** A number of each element, in the order of the slots a, b, c of the kernel; undefined where the kernel is given none. */
type Slots = readonly (Slot | undefined)[];

function ruleOf(
  name: string,
  fn: UpdateFn,
  slots: Slots,
  powers: OptimizerRule["powers"] = [],
  commit?: OptimizerRule["commit"],
): OptimizerRule {
  return {
    name,
    powers,
    commit,
    update: ({ group, n, weights, gradients, slot, hyper, counter }) => {
      const [a, b, c] = [0, 1, 2].map((i) => (slots[i] ? slot(slots[i].name) : (0 as never)));
      const [power1, power2, power3] = [0, 1, 2].map((i) =>
        powers[i] ? counter(powers[i][0]) : (0 as never),
      );
      return [
        draft(UPDATE, {
          ...{ fn, w: weights, g: gradients, a, b, c, n },
          ...{ hyper: hyper(Hyper.Beta1), power1, power2, power3, rate: group, mirror: 0 },
        }),
      ];
    },
  };
}

/** A plan with one rule: what each group gives as constants. */
const planWith = <S extends GroupRates>(
  rule: OptimizerRule,
  slots: Slots,
  settings: readonly S[],
  hyperOf: (settings: S) => Readonly<Partial<Record<Hyper, number>>>,
): OptimizerPlan => ({
  ...planOf(
    rule,
    slots.filter((slot) => slot !== undefined),
    settings,
    (of) => {
      const hyper = new Array<number>(Hyper.Count).fill(0);
      for (const [field, value] of Object.entries(hyperOf(of))) hyper[Number(field)] = value;
      return hyper;
    },
  ),
  kernels: EXTENDED,
});

const SECOND: Slot = { name: "secondMoment", nonNegative: true };
const FIRST: Slot = { name: "firstMoment" };

export interface RmspropSettings extends GroupRates {
  readonly rho: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly centered: boolean;
}

export function rmspropPlan(settings: RmspropSettings): OptimizerPlan {
  const { rho, epsilon, momentum, centered } = settings;
  const slots = [
    SECOND,
    centered ? FIRST : undefined,
    momentum > 0 ? ({ name: "velocity" } as const) : undefined,
  ];
  return planWith(ruleOf("rmsprop", UpdateFn.RmsProp, slots), slots, [settings], () => ({
    [Hyper.Beta1]: momentum,
    [Hyper.Beta2]: rho,
    [Hyper.Epsilon]: epsilon,
    [Hyper.Flags]: centered ? OptimizerFlag.Centered : 0,
  }));
}

export interface AdagradSettings extends GroupRates {
  readonly epsilon: number;
  readonly initialAccumulator: number;
}

export function adagradPlan(settings: AdagradSettings): OptimizerPlan {
  const slots: Slots = [{ name: "squareSum", nonNegative: true }];
  return planWith(ruleOf("adagrad", UpdateFn.Adagrad, slots), slots, [settings], (of) => ({
    [Hyper.Epsilon]: of.epsilon,
    [Hyper.Extra]: of.initialAccumulator,
  }));
}

export interface AdadeltaSettings extends GroupRates {
  readonly rho: number;
  readonly epsilon: number;
}

export function adadeltaPlan(settings: AdadeltaSettings): OptimizerPlan {
  const slots: Slots = [SECOND, { name: "updateMoment", nonNegative: true }];
  return planWith(ruleOf("adadelta", UpdateFn.Adadelta, slots), slots, [settings], (of) => ({
    [Hyper.Beta2]: of.rho,
    [Hyper.Epsilon]: of.epsilon,
  }));
}

export interface NadamSettings extends GroupRates {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** `0.96^momentumDecay` */
  readonly momentumFactor: number;
}

export function nadamPlan(settings: NadamSettings): OptimizerPlan {
  const slots = [FIRST, SECOND];
  const commit = ({ counter, hyper }: GroupContext) => [
    draft(ADVANCE_MOMENTUM, {
      product: counter("momentumProduct"),
      power: counter("decayPower"),
      hyper: hyper(Hyper.Beta1),
    }),
  ];
  const powers = [["decayPower", Hyper.Extra], ["beta2Power", Hyper.Beta2], ["momentumProduct"]] as const;
  return planWith(ruleOf("nadam", UpdateFn.Nadam, slots, powers, commit), slots, [settings], (of) => ({
    [Hyper.Beta1]: of.beta1,
    [Hyper.Beta2]: of.beta2,
    [Hyper.Epsilon]: of.epsilon,
    [Hyper.Extra]: of.momentumFactor,
  }));
}

/** Adam with the largest second moment up to now in place of the present one. */
export function amsgradPlan(settings: readonly AdamSettings[]): OptimizerPlan {
  const slots: Slots = [FIRST, SECOND, { name: "secondMomentMaximum", nonNegative: true }];
  const powers = [
    ["beta1Power", Hyper.Beta1],
    ["beta2Power", Hyper.Beta2],
  ] as const;
  return planWith(ruleOf("amsgrad", UpdateFn.AmsGrad, slots, powers), slots, settings, (of) => ({
    [Hyper.Beta1]: of.beta1,
    [Hyper.Beta2]: of.beta2,
    [Hyper.Epsilon]: of.epsilon,
    [Hyper.WeightDecay]: of.weightDecay,
    [Hyper.Flags]:
      (of.epsilonInsideRoot ? OptimizerFlag.EpsilonInsideRoot : 0) |
      (of.biasCorrection ? OptimizerFlag.BiasCorrection : 0),
  }));
}

export interface LionSettings extends GroupRates {
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
}

export function lionPlan(settings: LionSettings): OptimizerPlan {
  const slots = [FIRST];
  return planWith(ruleOf("lion", UpdateFn.Lion, slots), slots, [settings], (of) => ({
    [Hyper.Beta1]: of.beta1,
    [Hyper.Beta2]: of.beta2,
    [Hyper.WeightDecay]: of.weightDecay,
  }));
}

export interface RpropSettings extends GroupRates {
  readonly etaMinus: number;
  readonly etaPlus: number;
  readonly minStep: number;
  readonly maxStep: number;
}

export function rpropPlan(settings: RpropSettings): OptimizerPlan {
  const slots: Slots = [{ name: "previousGradient" }, { name: "stepSize", nonNegative: true }];
  return planWith(ruleOf("rprop", UpdateFn.Rprop, slots), slots, [settings], (of) => ({
    [Hyper.Beta1]: of.etaMinus,
    [Hyper.Beta2]: of.etaPlus,
    [Hyper.Epsilon]: of.minStep,
    [Hyper.Extra]: of.maxStep,
  }));
}
