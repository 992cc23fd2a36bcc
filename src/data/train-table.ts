import { describe } from "../describe.ts";
import { DataError, OptionError } from "../errors.ts";
import { report as detailsOf } from "../metrics/report.ts";
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
import type { Evaluation } from "../train/evaluate.ts";
import { type ColumnsOptions, columns, type TableData } from "./columns.ts";
import { SEED_RULE } from "./table/split.ts";
import type { Table } from "./table/table.ts";
import {
  type Attempt,
  attempt,
  chooseNetwork,
  evaluateLinear,
  type Run,
  refitOn,
  type Settings,
  type TableEpoch,
  type TableTrainer,
} from "./table-networks.ts";
import {
  classCounts,
  compare,
  constantMetrics,
  scoreOf,
  type TableReport,
  type TableScores,
  verdictOf,
} from "./train-report.ts";
import { isRare, MOST_REFIT_ROWS, settingsFor } from "./train-settings.ts";

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
  readonly resume?: TableTrainer;
  /** Hears of each epoch. */
  readonly onEpoch?: (event: TableEpoch) => unknown;
  /** Ends training; the trainer then has the best weights so far. */
  readonly signal?: AbortSignal;
}

export interface TrainTableResult {
  /** Takes rows as objects by the names of columns, among others. */
  readonly trainer: TableTrainer;
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
 * trainer.classify([{ length: 1 }])[0].label; // => "short"
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
  const linear = isAborted || settings.hidden.length === 0 ? undefined : await evaluateLinear(run);
  const isRefit = isHeldBack && !isAborted && !signal?.aborted && (refit ?? table.rows <= MOST_REFIT_ROWS);
  const report = reportOf(run, table, all, chosen, linear, isRefit);
  if (!isRefit) return { trainer: chosen.trainer, data: parts.training, report };
  const trainer = await refitOn(all, settings, chosen);
  return trainer === undefined
    ? { trainer: chosen.trainer, data: parts.training, report: { ...report, isRefit: false } }
    : { trainer, data: all, report };
}

const isUnfinished = (trainer: TableTrainer) => trainer.fitMemory !== undefined;

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

/** Goes on with a trainer, by the names of columns: its own categories and labels count. */
async function resumed(
  run: Run,
  table: Table,
  all: TableData,
  trainer: TableTrainer,
): Promise<TrainTableResult> {
  const { labels = [] } = trainer;
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
  linear: Evaluation | undefined,
  isRefit: boolean,
): TableReport {
  const { settings, training, measured, isHeldBack } = run;
  const { metric, hidden, seed, isBalanced } = settings;
  const constant = constantMetrics(training, measured);
  const scores: TableScores = {
    metric,
    network: chosen.score,
    constant: constant[metric],
    ...(linear ? { linear: scoreOf(metric, linear) } : {}),
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
    comparison: compare(chosen.evaluation, linear, constant),
    evaluation: chosen.evaluation,
    details: detailsOf(chosen.trainer, measured),
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
