/** What a trainer was compiled with, as texts of a file's metadata. */
import type { Plan } from "../plan/planned.ts";
import type { FileParts, Metadata } from "../program/file.ts";
import type { FeatureOptions } from "./features.ts";
import type { FitMemory } from "./fit-memory.ts";
import { asCall } from "./kinds.ts";
import type { LossTraits } from "./losses.ts";
import type { OutputLoss } from "./training-data.ts";

/** What a trainer was made with, as far as files go. */
interface Described extends FeatureOptions {
  readonly losses: readonly OutputLoss[];
  readonly namedTargets: boolean;
  readonly optimizer: { readonly kind: string; readonly settings: Readonly<Record<string, unknown>> };
  readonly shuffleSeed: number | undefined;
  readonly metrics?: readonly { readonly name: string }[];
}

/** A loss by name, with its settings. */
const describeLoss = ({ kind, settings }: LossTraits): Readonly<Record<string, unknown>> => ({
  kind,
  ...settings,
});

/** What the file of a trainer holds beside that of a predictor. */
export function trainerFile(
  { metadata, tensors }: FileParts,
  parts: Described,
  plan: Plan,
  memory: FitMemory | undefined,
): FileParts {
  const all = { ...metadata, ...trainerMetadata(parts, plan) };
  if (!memory) return { metadata: all, tensors };
  const { state, ...numbers } = memory;
  const shape = [state.length];
  return {
    metadata: { ...all, earlyStopping: JSON.stringify(numbers) },
    tensors: [...tensors, { name: BEST_STATE, dtype: "U8", shape, data: state }],
  };
}

/** The whole state after the best epoch of a fit with early stopping that is under way. */
export const BEST_STATE = "earlyStopping.state";

function trainerMetadata(
  { losses, namedTargets, optimizer, shuffleSeed, metrics = [], ...others }: Described,
  { batch, variables, train }: Plan,
): Metadata {
  const { clip, averageWeights, penalties, constraints } = others;
  const { groups, ...settings } = optimizer.settings;
  const byOutput = Object.fromEntries(losses.map(({ output, loss }) => [output, describeLoss(loss)]));
  const frozen = variables.filter(({ role }) => role === "frozen").map(({ name }) => name);
  const compiled = {
    batchSize: batch,
    accumulate: train?.accumulate,
    ...(frozen.length > 0 ? { freeze: frozen } : {}),
    ...(shuffleSeed === undefined ? {} : { shuffleSeed }),
    ...(clip ? { clip } : {}),
    ...(averageWeights ? { averageWeights } : {}),
    ...(penalties?.length ? { penalties: penalties.map(asCall) } : {}),
    ...(constraints?.length ? { constraints: constraints.map(asCall) } : {}),
  };
  // A reader takes the names, so that it need not run an expression from outside.
  const namesOf = (group: number) =>
    variables.filter((v) => v.role === "trained" && v.group === group).map(({ name }) => name);
  const listed = (groups as readonly object[] | undefined)?.map((group, g) => ({
    ...group,
    names: namesOf(g),
  }));
  return {
    loss: JSON.stringify(namedTargets ? byOutput : describeLoss(losses[0].loss)),
    lossByOutput: `${namedTargets}`,
    optimizer: JSON.stringify({ kind: optimizer.kind, ...settings, ...(listed ? { groups: listed } : {}) }),
    compile: JSON.stringify(compiled),
    ...(metrics.length > 0 ? { metrics: JSON.stringify(metrics.map(({ name }) => name)) } : {}),
  };
}
