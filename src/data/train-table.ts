import { describe } from "../describe.ts";
import { DataError, OptionError } from "../errors.ts";
import { activation, dense } from "../model/layers.ts";
import { sequential } from "../model/model.ts";
import {
  BOOLEAN,
  COUNT,
  NOT_NEGATIVE,
  oneOf,
  POSITIVE,
  type Rule,
  readOptions,
  refuseMore,
  SHARE,
  SIGNAL,
} from "../options.ts";
import { compile } from "../train/compile.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { EpochEvent, FitResult } from "../train/fit-options.ts";
import { crossEntropy, meanSquaredError } from "../train/losses.ts";
import { adamW } from "../train/optimizers.ts";
import type { Trainer } from "../train/trainer.ts";
import { type ColumnsOptions, columns, type TableData } from "./columns.ts";
import { SEED_RULE } from "./split.ts";
import type { Table } from "./table.ts";
import {
  classCounts,
  constantScore,
  scoreOf,
  type TableReport,
  type TableScores,
  verdictOf,
} from "./train-report.ts";
import { ACTIVATION, isRare, MOST_REFIT_ROWS, settingsFor } from "./train-settings.ts";

/** An epoch of one of the networks that `trainTable` trains. */
export interface TableEpoch extends EpochEvent {
  /** What is trained: the network, the linear model it is compared with, or the network once more on all rows. */
  readonly stage: "network" | "linear" | "refit";
  /** From 1 on: networks with weaker decays follow where the first ones do not fit. */
  readonly attempt: number;
  /** The most epochs of this stage. */
  readonly most: number;
}

export interface TrainTableOptions extends ColumnsOptions {
  /** Units of the hidden layers; `[]` trains a linear model. Default: by the number of rows, `[64]` below 5,000. */
  readonly hidden?: readonly number[];
  /** The most epochs. Default: by the number of rows, at most 200. */
  readonly epochs?: number;
  /** The share of the rows that are held back to score on, stratified by class; 0 for none. Default: 0.2. */
  readonly validation?: number;
  /** Of the rows held back, the initial weights and the order of the rows. Default: 0. */
  readonly seed?: number;
  /** Default: 0.003. */
  readonly learningRate?: number;
  /** Decay of the weights. Default: chosen among 1, 0.1 and 0.01 by the rows held back. */
  readonly weightDecay?: number;
  /** Default: by the number of rows, 32 below 2,000. */
  readonly batchSize?: number;
  /** Epochs without a better validation loss before training ends. Default: by the number of epochs, at most 20. */
  readonly patience?: number;
  /** `"none"`, or `"balanced"`: by the inverse of the class's frequency. Default: balanced where a class is rare. */
  readonly classWeight?: "balanced" | "none";
  /** Whether to train once more on all rows, for as many epochs, after scoring. Default: up to 20,000 rows. */
  readonly refit?: boolean;
  /**
   * A trainer to go on from, of an earlier `trainTable` on rows of the same form. One that was aborted goes on with the same
   * rows held back; any other on all rows.
   */
  readonly resume?: Trainer;
  /** Hears of each epoch. */
  readonly onEpoch?: (event: TableEpoch) => unknown;
  /** Ends training; the trainer then has the best weights so far. */
  readonly signal?: AbortSignal;
}

export interface TrainTableResult {
  readonly trainer: Trainer;
  /** What it was trained on: all rows, or those that were not held back. */
  readonly data: TableData;
  readonly report: TableReport;
}

const UNITS: Rule = [
  "an array of whole numbers >= 1, such as [32, 16]",
  (units: unknown) => Array.isArray(units) && units.every((n) => Number.isSafeInteger(n) && n >= 1),
  "object",
];
const OBJECT: Rule = ["a trainer", (value: unknown) => value !== null, "object"];
const FUNCTION: Rule = ["a function", () => true, "function"];

/** Fewer rows are not worth holding some back. */
const FEWEST_ROWS = 10;
/** Epochs where nothing is held back to say when to stop. */
const BLIND_EPOCHS = 100;

/**
 * Trains a network on a table, with settings that suit its size, and says how good it is beside answers that need no network.
 *
 * Some rows are held back, and the network is scored on them, with the weights of its best epoch; so are the commonest class or the mean, and a
 * linear model. Then it is trained once more on all rows, for as many epochs.
 *
 * @param table as `readCsv` and `readJson` give it
 * @param options `target`, and whatever shall not be as it is by default; those of `columns` too
 * @throws DataError and OptionError as `columns` does, and for options out of range; what `onEpoch` throws
 * @example
 * const table = readJson(Array.from({ length: 60 }, (_, i) => ({ length: i % 10, kind: i % 10 < 5 ? "short" : "long" })));
 * const { trainer, report } = await trainTable(table, { target: "kind", epochs: 60 });
 * report.scores.network > report.scores.constant; // => true
 * trainer.classify([{ length: 1 }] as never)[0].label; // => "short"
 */
export async function trainTable(table: Table, options: TrainTableOptions): Promise<TrainTableResult> {
  refuseMore("trainTable", arguments, 2, "write trainTable(table, { target })");
  const {
    hidden,
    epochs,
    validation,
    seed,
    learningRate,
    weightDecay,
    batchSize,
    patience,
    classWeight,
    refit,
    resume,
    onEpoch,
    signal,
    ...others
  } = readOptions("trainTable", options, {
    target: [],
    drop: [],
    kinds: [],
    task: [],
    impute: [],
    scale: [],
    maxCategories: [],
    hidden: [undefined, UNITS],
    epochs: [undefined, COUNT],
    validation: [0.2, SHARE],
    seed: [0, SEED_RULE],
    learningRate: [undefined, POSITIVE],
    weightDecay: [undefined, NOT_NEGATIVE],
    batchSize: [undefined, COUNT],
    patience: [undefined, COUNT],
    classWeight: [undefined, oneOf("balanced", "none")],
    refit: [undefined, BOOLEAN],
    resume: [undefined, OBJECT],
    onEpoch: [undefined, FUNCTION],
    signal: [undefined, SIGNAL],
  });
  signal?.throwIfAborted();
  const asked = Object.fromEntries(
    Object.entries(others).filter(([, value]) => value !== undefined),
  ) as unknown as ColumnsOptions;
  const all = columns(table, asked);
  const own = settingsFor(table.rows);
  const isClasses = all.task === "classification";
  const isBalanced =
    isClasses && (classWeight === undefined ? isRare(classCounts(all)) : classWeight === "balanced");
  const metric = isClasses ? (isBalanced ? "balancedAccuracy" : "accuracy") : "r2";
  const settings: Settings = {
    hidden: hidden ?? own.hidden,
    batchSize: batchSize ?? own.batchSize,
    learningRate: learningRate ?? own.learningRate,
    patience: patience ?? own.patience,
    metric,
    isBalanced,
    seed,
    onEpoch,
    signal,
  };
  const isHeldBack = validation > 0 && table.rows >= FEWEST_ROWS && !(resume && !isUnfinished(resume));
  const parts = isHeldBack
    ? holdBack(table, all, asked, validation, seed)
    : { training: all, measured: all, tables: [table, table] as const };
  const most = epochs ?? (isHeldBack ? own.epochs : BLIND_EPOCHS);
  const run: Run = { settings, ...parts, most, isHeldBack };

  if (resume) return resumed(run, table, all, resume);
  const decays = weightDecay === undefined ? own.decays : [weightDecay];
  const chosen = await chooseNetwork(run, isHeldBack ? decays : decays.slice(0, 1));
  const isAborted = signal?.aborted === true;
  const linear = isAborted || settings.hidden.length === 0 ? undefined : await linearScore(run);
  const isRefit = isHeldBack && !isAborted && !signal?.aborted && (refit ?? table.rows <= MOST_REFIT_ROWS);
  const report = reportOf(run, table, all, chosen, linear, isRefit);
  if (!isRefit) return { trainer: chosen.trainer, data: parts.training, report };
  const trainer = await refitOn(all, settings, chosen);
  return trainer === undefined
    ? { trainer: chosen.trainer, data: parts.training, report: { ...report, isRefit: false } }
    : { trainer, data: all, report };
}

/** What all networks of one call share. */
interface Settings {
  readonly hidden: readonly number[];
  readonly batchSize: number;
  readonly learningRate: number;
  readonly patience: number;
  readonly metric: TableScores["metric"];
  readonly isBalanced: boolean;
  readonly seed: number;
  readonly onEpoch: TrainTableOptions["onEpoch"];
  readonly signal: AbortSignal | undefined;
}

/** What networks are trained on and measured by. */
interface Run {
  readonly settings: Settings;
  readonly training: TableData;
  readonly measured: TableData;
  /** The rows of both as they were given. */
  readonly tables: readonly [Table, Table];
  readonly most: number;
  readonly isHeldBack: boolean;
}

/** A network that was trained, and how it did on the rows held back. */
interface Attempt {
  readonly trainer: Trainer;
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

const isUnfinished = (trainer: Trainer) => trainer.fitMemory !== undefined;

/** Rows to train on and rows to score on; the terms of both come from the former. */
function holdBack(table: Table, all: TableData, asked: ColumnsOptions, share: number, seed: number) {
  const { target, task } = all;
  const { train, test } = table.split({
    test: share,
    seed,
    ...(task === "classification" ? { stratify: target } : {}),
  });
  // What all rows say of a column counts for a part of them, too.
  const used = new Set(all.columns.map(({ name }) => name));
  const training = columns(train, {
    ...asked,
    task,
    drop: table.names.filter((name) => name !== target && !used.has(name)),
    kinds: Object.fromEntries(all.columns.map(({ name, kind }) => [name, kind])),
  });
  const rare = all.labels.find((label) => !training.labels.includes(label));
  if (rare !== undefined)
    throw new DataError(
      `trainTable: each class must have rows to train on; got all of ${describe(rare)} held back: ` +
        "leave the class out, or write validation: 0",
      "label",
    );
  return { training, measured: training.of(test), tables: [train, test] as const };
}

function makeTrainer(
  data: TableData,
  settings: Settings,
  hidden: readonly number[],
  weightDecay: number,
): Trainer {
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
    ? { ...shared, loss: crossEntropy(), labels: data.labels }
    : { ...shared, loss: meanSquaredError(), targets: "standardize" };
  return compile(model as never, options as never) as unknown as Trainer;
}

/** Trains until the rows held back say that it is enough, or it is aborted: then the best weights are put back. */
async function attempt(
  run: Run,
  trainer: Trainer,
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
  const bestEpoch = result?.best?.epoch ?? last?.best?.epoch ?? trainer.epochs;
  return {
    trainer,
    weightDecay,
    reason: result?.reason ?? "aborted",
    epochs: seen.length,
    bestEpoch,
    evaluation: trainer.evaluate({ x: measuredX, y: measured.y } as never),
    score: scoreOf(settings.metric, trainer, measuredX, measured.y),
    history: result?.history ?? historyOf(seen),
    historyEvery: result?.historyEvery ?? 1,
    notes: result?.notes.map(({ message }) => message) ?? [],
  };
}

/** Puts the best weights of an aborted fit back, so that a later one goes on from there. */
function takeBest(trainer: Trainer): void {
  const memory = trainer.fitMemory;
  if (memory === undefined) return;
  trainer.restore(memory.state);
  trainer.fitMemory = { ...memory, waited: 0 };
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
async function chooseNetwork(run: Run, decays: readonly number[]): Promise<Attempt> {
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
    const fitted = scoreOf(metric, (best as Attempt).trainer, training.x, training.y);
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

async function linearScore(run: Run): Promise<number | undefined> {
  const { settings, training, measured } = run;
  const trainer = makeTrainer(training, { ...settings, learningRate: 0.01 }, [], 0.1);
  try {
    const { score, reason } = await attempt(run, trainer, [training.x, measured.x], "linear", 1, 0.1);
    return reason === "aborted" ? undefined : score;
  } catch (error) {
    if (settings.signal?.aborted) return undefined;
    throw error;
  } finally {
    trainer.dispose();
  }
}

/** The network anew on all rows, for as many epochs as were best; undefined where that was aborted. */
async function refitOn(all: TableData, settings: Settings, chosen: Attempt): Promise<Trainer | undefined> {
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

/** Goes on with a trainer, by the names of columns: its own categories and labels count. */
async function resumed(run: Run, table: Table, all: TableData, trainer: Trainer): Promise<TrainTableResult> {
  const { labels = [] } = trainer as unknown as { readonly labels?: readonly string[] };
  const other = all.labels.find((label) => !labels.includes(label));
  if (other !== undefined)
    throw new OptionError(
      `trainTable: resume must be a trainer of the same classes; got ${describe(other)} in the table`,
    );
  const { options } = trainer.manifest() as { options: { optimizer: { weightDecay?: number } } };
  const x = run.tables.map((part) => part.toRows());
  const done = await attempt(run, trainer, [x[0], x[1]], "network", 1, options.optimizer.weightDecay ?? 0);
  const report = reportOf(run, table, all, done, undefined, false);
  return { trainer, data: run.training, report };
}

function reportOf(
  run: Run,
  table: Table,
  all: TableData,
  chosen: Attempt,
  linear: number | undefined,
  isRefit: boolean,
): TableReport {
  const { settings, training, measured, isHeldBack } = run;
  const { metric, hidden, seed, isBalanced } = settings;
  const scores: TableScores = {
    metric,
    network: chosen.score,
    constant: constantScore(metric, training, measured),
    ...(linear === undefined ? {} : { linear }),
  };
  const { parameters } = chosen.trainer;
  return {
    task: all.task,
    target: all.target,
    rows: table.rows,
    columns: all.columns.map(({ name }) => name),
    labels: all.labels,
    hidden,
    parameters: Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0),
    seed,
    weightDecay: chosen.weightDecay,
    isBalanced,
    reason: chosen.reason,
    epochs: chosen.epochs,
    bestEpoch: chosen.bestEpoch,
    validationRows: isHeldBack ? measured.y.length : 0,
    scores,
    evaluation: chosen.evaluation,
    history: chosen.history,
    historyEvery: chosen.historyEvery,
    isRefit,
    notes: [
      ...all.notes,
      ...(isBalanced ? ["a class is rare: rows count by the inverse of their class's frequency"] : []),
      ...(isHeldBack ? [] : ["nothing was held back: scores are those of the training rows, which flatter"]),
      ...verdictOf(scores),
      ...chosen.notes,
    ],
  };
}
