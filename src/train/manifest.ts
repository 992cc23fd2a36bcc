/** What a trainer's manifest says beyond that of a predictor: loss, optimizer, rates, and what accompanies them where it is set. */
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { AVERAGE_DECAY, type FeatureOptions } from "./features.ts";
import { asCall } from "./kinds.ts";
import type { LossTraits } from "./losses.ts";

import { rateNow, ratesOf } from "./rates.ts";
import type { OutputLoss } from "./training-data.ts";

interface Described extends FeatureOptions {
  readonly losses: readonly OutputLoss[];
  readonly optimizer: { readonly kind: string; readonly settings: Readonly<Record<string, unknown>> };
}

const describeLoss = ({ kind, parameter, fromLogits }: LossTraits) => ({
  kind,
  ...(kind === "huber" ? { delta: parameter } : {}),
  ...(fromLogits ? { fromLogits } : {}),
});

export function manifestOfTraining(
  program: Program,
  { accumulate }: TrainPlan,
  { losses, optimizer, clip, averageWeights, penalties, constraints }: Described,
): Record<string, unknown> {
  const groups = ratesOf(program);
  groups.pop();
  const learningRate = rateNow(program);
  const frozen = program.plan.variables.filter(({ role }) => role === "frozen").map(({ name }) => name);
  return {
    loss: Object.fromEntries(losses.map(({ output, loss }) => [output, describeLoss(loss)])),
    optimizer: { kind: optimizer.kind, ...optimizer.settings },
    learningRate,
    ...(groups.length > 0 ? { groupLearningRates: groups } : {}),
    accumulate,
    ...(frozen.length > 0 ? { freeze: frozen } : {}),
    ...(clip ? { clip } : {}),
    ...(averageWeights ? { averageWeights: { decay: averageWeights.decay ?? AVERAGE_DECAY } } : {}),
    ...(penalties?.length ? { penalties: penalties.map(asCall) } : {}),
    ...(constraints?.length ? { constraints: constraints.map(asCall) } : {}),
  };
}
