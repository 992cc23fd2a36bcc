import { Hyper, OptimizerFlag } from "../../assembly/abi.ts";

/** What a plan needs of an optimizer. */
export interface OptimizerPlan {
  readonly kind: "sgd" | "adam";
  readonly learningRate: number;
  /** In the order of `Hyper`. */
  readonly hyper: readonly number[];
  /** Blocks as large as the parameters that the optimizer keeps: 0, 1 (momentum) or 2 (both moments). */
  readonly moments: number;
}

export type OptimizerSettings =
  | {
      readonly kind: "sgd";
      readonly learningRate: number;
      readonly momentum: number;
      readonly nesterov: boolean;
    }
  | {
      readonly kind: "adam";
      readonly learningRate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly epsilonInsideRoot: boolean;
      readonly biasCorrection: boolean;
      readonly weightDecay: number;
    };

export function optimizerPlan(settings: OptimizerSettings): OptimizerPlan {
  const hyper = new Array<number>(Hyper.Count).fill(0);
  if (settings.kind === "sgd") {
    hyper[Hyper.Beta1] = settings.momentum;
    hyper[Hyper.Flags] = settings.nesterov ? OptimizerFlag.Nesterov : 0;
    return {
      kind: "sgd",
      learningRate: settings.learningRate,
      hyper,
      moments: settings.momentum > 0 ? 1 : 0,
    };
  }
  hyper[Hyper.Beta1] = settings.beta1;
  hyper[Hyper.Beta2] = settings.beta2;
  hyper[Hyper.Epsilon] = settings.epsilon;
  hyper[Hyper.WeightDecay] = settings.weightDecay;
  hyper[Hyper.Flags] =
    (settings.epsilonInsideRoot ? OptimizerFlag.EpsilonInsideRoot : 0) |
    (settings.biasCorrection ? OptimizerFlag.BiasCorrection : 0);
  return { kind: "adam", learningRate: settings.learningRate, hyper, moments: 2 };
}
