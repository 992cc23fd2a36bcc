/** The networks that `trainTable` trains: until the rows held back say that it is enough, and once more on all rows. */
import { activation, dense } from "../model/layers/core.ts";
import { sequential, type TableRows } from "../model/model.ts";
import { compile } from "../train/compile.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { EpochEvent, FitResult } from "../train/fit-options.ts";
import { crossEntropy, meanSquaredError } from "../train/losses.ts";
import { adamW } from "../train/optimizers.ts";
import type { Trainer } from "../train/trainer.ts";
import type { TableData } from "./columns.ts";
import type { Table } from "./table/table.ts";
import { scoreOf, type TableReport, type TableScores } from "./train-report.ts";
import { ACTIVATION } from "./train-settings.ts";

/** A trainer whose rows are those of a table. */
export type TableTrainer = Trainer<TableRows>;

/** An epoch of one of the networks that `trainTable` trains. */
export interface TableEpoch extends EpochEvent {
  /** What is trained: the network, the linear model it is compared with, or the network once more on all rows. */
  readonly stage: "network" | "linear" | "refit";
  /** From 1 on: networks with weaker decays follow where the first ones do not fit. */
  readonly attempt: number;
  /** The most epochs of this stage. */
  readonly most: number;
}

/** What all networks of one call share. */
export interface Settings {
  readonly hidden: readonly number[];
  readonly batchSize: number;
  readonly learningRate: number;
  readonly patience: number;
  readonly metric: TableScores["metric"];
  readonly isBalanced: boolean;
  readonly seed: number;
  readonly onEpoch: ((event: TableEpoch) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What networks are trained on and measured by. */
export interface Run {
  readonly settings: Settings;
  readonly training: TableData;
  readonly measured: TableData;
  /** The rows of both as they were given. */
  readonly tables: readonly [Table, Table];
  readonly most: number;
  readonly isHeldBack: boolean;
}

/** A network that was trained, and how it did on the rows held back. */
export interface Attempt {
  readonly trainer: TableTrainer;
  readonly weightDecay: number;
  readonly reason: TableReport["reason"];
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly evaluation: Evaluation;
  readonly score: number;
  readonly history: FitResult["history"];
  readonly historyEvery: number;
  readonly notes: readonly string[];
}

function makeTrainer(
  data: TableData,
  settings: Settings,
  hidden: readonly number[],
  weightDecay: number,
): TableTrainer {
  const { seed, batchSize, learningRate } = settings;
  const layers = hidden.map((units) => dense(units, { activation: ACTIVATION }));
  const isClasses = data.task === "classification";
  const last = dense(isClasses ? data.labels.length : 1);
  const model = sequential(
    { columns: data.columns, seed } as never,
    isClasses ? [...layers, last, activation("softmax")] : [...layers, last],
  );
  const shared = { optimizer: adamW({ learningRate, weightDecay }), batchSize };
  const options = isClasses
    ? { ...shared, loss: crossEntropy(), labels: data.labels, metrics: ["balancedAccuracy", "f1"] }
    : { ...shared, loss: meanSquaredError(), targets: "standardize", metrics: ["r2", "mae", "rmse"] };
  return compile(model as never, options as never) as unknown as TableTrainer;
}

/** Notes of what columns become, which is not for whoever has a table, or is taken care of. */
const ENCODED: ReadonlySet<string> = new Set(["columnScales", "targetScale", "unequalLabels"]);

/** Trains until the rows held back say that it is enough, or it is aborted: then the best weights are put back. */
export async function attempt(
  run: Run,
  trainer: TableTrainer,
  [x, measuredX]: readonly [unknown, unknown],
  stage: TableEpoch["stage"],
  number: number,
  weightDecay: number,
): Promise<Attempt> {
  const { settings, training, measured, most, isHeldBack } = run;
  const { isBalanced, patience, signal, onEpoch } = settings;
  const seen: EpochEvent[] = [];
  let result: FitResult | undefined;
  const data = { x, y: training.y };
  try {
    result = await trainer.fit(data as never, {
      epochs: most,
      ...(isBalanced ? { classWeight: "balanced" as const } : {}),
      ...(isHeldBack
        ? { validation: { x: measuredX, y: measured.y } as never, earlyStopping: { patience } }
        : {}),
      onEpoch: (event: EpochEvent) => {
        seen.push(event);
        return onEpoch?.({ ...event, stage, attempt: number, most });
      },
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!signal?.aborted || seen.length === 0) throw error;
    takeBest(trainer);
  }
  const last = seen[seen.length - 1];
  const evaluation = trainer.evaluate({ x: measuredX, y: measured.y } as never);
  const bestEpoch = result?.best?.epoch ?? last?.best?.epoch ?? trainer.epochs;
  return {
    trainer,
    weightDecay,
    reason: result?.reason ?? "aborted",
    epochs: last?.epoch ?? 0,
    bestEpoch,
    evaluation,
    score: scoreOf(settings.metric, evaluation),
    history: result?.history ?? historyOf(seen),
    historyEvery: result?.historyEvery ?? 1,
    notes: result?.notes.filter(({ code }) => !ENCODED.has(code)).map(({ message }) => message) ?? [],
  };
}

/** Puts the best weights of an aborted fit back, so that a later one goes on from there. */
function takeBest(trainer: TableTrainer): void {
  const memory = trainer.fitMemory;
  if (memory === undefined) return;
  trainer.restore(memory.state);
  // From its own epoch on, else the next fit would take it for what another state left.
  trainer.fitMemory = { ...memory, epoch: memory.bestEpoch, waited: 0, pending: undefined };
}

const historyOf = (events: readonly EpochEvent[]): FitResult["history"] => ({
  loss: events.map(({ loss }) => loss),
  ...(events[0]?.validation
    ? { validationLoss: events.map(({ validation }) => validation?.loss ?? Number.NaN) }
    : {}),
});

/**
 * The network with the strongest decay, unless a weaker one is better by more than chance: by more than one standard error of
 * its score (Breiman et al., Classification and Regression Trees, 1984, section 3.4.3). Weaker ones are tried only while
 * the training rows are not fitted either.
 */
export async function chooseNetwork(run: Run, decays: readonly number[]): Promise<Attempt> {
  const { settings, training, measured } = run;
  const { metric } = settings;
  const rows = measured.y.length;
  let best: Attempt | undefined;
  for (const [i, weightDecay] of decays.entries()) {
    const trainer = makeTrainer(training, settings, settings.hidden, weightDecay);
    const next = await attempt(run, trainer, [training.x, measured.x], "network", i + 1, weightDecay);
    const [ours, theirs] = [best, next].map((one) => one?.score ?? -Infinity);
    const isBetter = best === undefined || theirs > ours + errorOf(metric, ours, rows);
    if (isBetter) {
      best?.trainer.dispose();
      best = next;
    } else next.trainer.dispose();
    if (settings.signal?.aborted || i === decays.length - 1) break;
    const fitted = scoreOf(
      metric,
      (best as Attempt).trainer.evaluate({ x: training.x, y: training.y } as never),
    );
    if (1 - fitted <= (metric === "r2" ? LEAST_LEFT : errorOf(metric, fitted, rows))) break;
  }
  return best as Attempt;
}

/** Where so little of the variance of the training rows is left, decay is not what keeps a network from learning. */
const LEAST_LEFT = 0.02;

/** One standard error of a score that was measured on so many rows. */
function errorOf(metric: TableScores["metric"], score: number, rows: number): number {
  if (metric === "r2") return (1 - score) * Math.sqrt(2 / rows);
  return Math.sqrt(Math.max(score * (1 - score), 1 / rows) / rows);
}

/** What a linear model gets on the same rows; undefined where it was aborted. */
export async function evaluateLinear(run: Run): Promise<Evaluation | undefined> {
  const { settings, training, measured } = run;
  const trainer = makeTrainer(training, { ...settings, learningRate: 0.01 }, [], 0.1);
  try {
    const { evaluation, reason } = await attempt(run, trainer, [training.x, measured.x], "linear", 1, 0.1);
    return reason === "aborted" ? undefined : evaluation;
  } catch (error) {
    if (settings.signal?.aborted) return undefined;
    throw error;
  } finally {
    trainer.dispose();
  }
}

/** The network anew on all rows, for as many epochs as were best; undefined where that was aborted. */
export async function refitOn(
  all: TableData,
  settings: Settings,
  chosen: Attempt,
): Promise<TableTrainer | undefined> {
  const { signal, onEpoch, isBalanced } = settings;
  const trainer = makeTrainer(all, settings, settings.hidden, chosen.weightDecay);
  const most = Math.max(1, chosen.bestEpoch);
  try {
    await trainer.fit({ x: all.x, y: all.y } as never, {
      epochs: most,
      ...(isBalanced ? { classWeight: "balanced" as const } : {}),
      ...(onEpoch
        ? { onEpoch: (event: EpochEvent) => onEpoch({ ...event, stage: "refit", attempt: 1, most }) }
        : {}),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    trainer.dispose();
    if (signal?.aborted) return undefined;
    throw error;
  }
  chosen.trainer.dispose();
  return trainer;
}
