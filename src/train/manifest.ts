/** What a trainer's manifest says beyond that of a predictor: loss, optimizer, rates. */
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import type { LossTraits } from "./losses.ts";
import { rateNow, ratesOf } from "./rates.ts";
import type { OutputLoss } from "./training-data.ts";

interface Described {
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
  { losses, optimizer }: Described,
): Record<string, unknown> {
  const groups = ratesOf(program);
  groups.pop();
  const learningRate = rateNow(program);
  return {
    loss: Object.fromEntries(losses.map(({ output, loss }) => [output, describeLoss(loss)])),
    optimizer: { kind: optimizer.kind, ...optimizer.settings },
    learningRate,
    ...(groups.length > 0 ? { groupLearningRates: groups } : {}),
    accumulate,
  };
}
