/** What `fit` takes and gives, and the checks of its options. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { BOOLEAN, COUNT, FUNCTION, oneOf, type Rule, readOptions, SIGNAL, STRING } from "../options.ts";
import type { Result, Rows } from "../rows/data.ts";
import type { Evaluation, MetricValues } from "./evaluate.ts";
import type { Ledger, LedgerOptions } from "./ledger.ts";
import type { Note } from "./notes.ts";
import type { BoundData, Data } from "./training-data.ts";
import { checkValidation, type ValidationRows } from "./validation.ts";
import { type ClassWeight, checkClassWeight } from "./weights.ts";

export interface FitProgress {
  /** Epochs completed by this call. */
  readonly epochs: number;
  /** Updates applied by this call. */
  readonly steps: number;
  /** Mean loss of the last completed epoch, or of the last batch before one is complete; NaN where there was nothing left to do. */
  readonly loss: number;
}

/** The epoch whose state an early stopping keeps. */
export interface BestEpoch {
  /** Its number over the life of the trainer: `trainer.epochs` of that state. */
  readonly epoch: number;
  /** Mean loss of its training rows. */
  readonly loss: number;
  /** What the validation rows gave after it, where there are any. */
  readonly validation?: Evaluation;
}

/** An epoch that was just completed. */
export interface EpochEvent extends FitProgress, MetricValues {
  /** Its number over the life of the trainer, from 1 on: `trainer.epochs`. */
  readonly epoch: number;
  /** Loss and metrics of the validation rows, where there are any; the metrics stand beside `loss`, too. */
  readonly validation?: Evaluation;
  /** The best epoch up to now, with `earlyStopping`. */
  readonly best?: BestEpoch;
}

/**
 * Hears of each epoch. `fit` awaits the promise that it may return.
 *
 * @param trainer the one that trains, between two steps: it may be read and saved
 * @returns `"stop"`, or a promise of it, to end the fit; anything else goes on
 */
export type EpochCallback<T = unknown> = (event: EpochEvent, trainer: T) => unknown;

export interface EarlyStopping {
  /** Epochs in a row without a better value after which the fit ends: a whole number >= 1. */
  readonly patience: number;
  /** By how much a value must be better than the best one to count, a finite number >= 0. Default: 0. */
  readonly minDelta?: number;
  /**
   * The column of the history that is watched. Whether more or less of it is better is known but for functions of your own.
   * Default: `"validationLoss"`, `"loss"` without validation rows.
   */
  readonly monitor?: string;
  /** Whether the least or the largest value is the best: for functions of your own. */
  readonly mode?: "min" | "max";
}

/**
 * @typeParam X rows that the model takes
 * @typeParam P what it predicts
 * @typeParam T the trainer that callbacks are given
 */
export interface FitOptions<X = Rows, P = Result, T = unknown> {
  /**
   * Epochs of this call; a partial epoch that is finished counts as one. Default: 1; without end if `untilEpoch`, `steps`,
   * `stopWhen` or `earlyStopping` is given.
   */
  readonly epochs?: number;
  /**
   * Ends the fit where `trainer.epochs` is this number, at once where it is that already: for a training that goes on from a
   * checkpoint. Default: no limit.
   */
  readonly untilEpoch?: number;
  /** Updates of this call. The next one goes on within the epoch: `fit({ steps: 3 })` twice is `fit({ steps: 6 })`. Default: no limit. */
  readonly steps?: number;
  readonly stopWhen?: {
    /** Ends the run before the update of an epoch whose mean loss is below this. */
    readonly lossBelow?: number;
  };
  /**
   * Rows that are measured after each epoch and never trained on: a share of the data, their last rows, whole groups, or
   * data of their own. Default: none.
   */
  readonly validation?: ValidationRows | Data<X, P> | BoundData<X>;
  /** Ends the fit where it no longer gets better, and hands back the whole state of the best epoch. Default: none. */
  readonly earlyStopping?: EarlyStopping;
  /** Whether each epoch visits the rows in an order of its own, by the shuffle seed. Default: true. */
  readonly shuffle?: boolean;
  /**
   * What the rows of each class weigh, for `crossEntropy` and for `binaryCrossEntropy` of one output; it multiplies
   * `sampleWeight`. `"balanced"` counts the training rows; validation rows weigh the same in `validationLoss`.
   * Default: all rows alike.
   */
  readonly classWeight?: ClassWeight;
  /**
   * Writes a chain of state digests, by which others can verify the run: a new ledger, or one that goes on. A ledger that is
   * given grows in place, so it has its entries after an abort, too; it must be of this trainer, these data and options.
   * Changes no bit. Default: none.
   */
  readonly ledger?: LedgerOptions | Ledger;
  /** One callback, or several, called one after the other once an epoch; if one throws or rejects, the fit ends with that error. */
  readonly onEpoch?: EpochCallback<T> | readonly EpochCallback<T>[];
  /**
   * Hears of progress about every 10 ms, and at the end. `fit` awaits the promise that it may return; if it throws or
   * rejects, the fit ends with that error, after a whole step.
   */
  readonly onProgress?: (progress: FitProgress, trainer: T) => unknown;
  /** Ends an asynchronous `fit` after the last whole step; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Columns by name: one number for every `historyEvery`-th epoch that the call completed. */
export interface History {
  /**
   * Mean losses of the training rows. A loss that met `lossBelow` belongs to an epoch that was not completed: it is the
   * result's `loss`.
   */
  readonly loss: readonly number[];
  readonly validationLoss?: readonly number[];
  /** Metrics: of the validation rows where there are any, else of the training rows. */
  readonly [metric: string]: readonly number[] | undefined;
}

export interface FitResult extends FitProgress, MetricValues {
  /**
   * - `"epochs"`, `"steps"`: all were done;
   * - `"lossBelow"`: the loss was met; it is that of the parameters handed back, unless `earlyStopping` had seen a better epoch;
   * - `"patience"`: `earlyStopping` saw no better epoch for so long;
   * - `"stopped"`: `onEpoch` returned `"stop"`.
   */
  readonly reason: "epochs" | "steps" | "lossBelow" | "patience" | "stopped";
  /** Loss and metrics of the validation rows with the parameters handed back; the metrics stand beside `loss`, too. */
  readonly validation?: Evaluation;
  /** The epoch whose state was handed back, with `earlyStopping`; undefined where no epoch had a finite value. */
  readonly best?: BestEpoch;
  /** What was written, where the `ledger` option was given. */
  readonly ledger?: Ledger;
  readonly history: History;
  /** 1 for runs of up to 8,192 epochs; longer histories are thinned by powers of two. */
  readonly historyEvery: number;
  /** What the loss does not tell about data, units and history, each with what to do; empty as a rule. */
  readonly notes: readonly Note[];
}

const EPOCHS: Rule = [
  "a whole number >= 1, or Infinity",
  (n: number) => n === Number.POSITIVE_INFINITY || COUNT[1](n),
];
const NUMBER: Rule = ["a number", (n: number) => n > Number.NEGATIVE_INFINITY];
const MIN_DELTA: Rule = ["a finite number >= 0", (n: number) => n >= 0 && n < Number.POSITIVE_INFINITY];

const NEVER = {};
const FIT = {
  epochs: [undefined, EPOCHS],
  untilEpoch: [undefined, COUNT],
  steps: [undefined, EPOCHS],
  stopWhen: [NEVER],
  validation: [],
  earlyStopping: [],
  shuffle: [true, BOOLEAN],
  classWeight: [],
  ledger: [],
  onEpoch: [],
  onProgress: [undefined, FUNCTION],
} as const;
/** The options of `fit`, as they are read. */
export const FIT_ASYNC = /* @__PURE__ */ Object.assign({}, FIT, { signal: [undefined, SIGNAL] as const });

// biome-ignore lint/suspicious/noExplicitAny: options of any trainer
export type AnyFitOptions = FitOptions<any, any, any>;

/** Checks the options of a fit; unknown ones are refused. */
export function checkFitOptions(who: string, options: AnyFitOptions): void {
  // Nothing can abort `fitSync`.
  const table = who === "fitSync" ? (FIT as typeof FIT_ASYNC) : FIT_ASYNC;
  const { stopWhen, validation, earlyStopping, classWeight, onEpoch } = readOptions(who, options, table);
  if (stopWhen !== NEVER) readOptions(`${who}: stopWhen`, stopWhen, { lossBelow: [undefined, NUMBER] });
  if (validation !== undefined) checkValidation(who, validation);
  if (classWeight !== undefined) checkClassWeight(who, classWeight);
  if (earlyStopping !== undefined)
    readOptions(`${who}: earlyStopping`, earlyStopping, {
      patience: [Number.NaN, COUNT],
      minDelta: [0, MIN_DELTA],
      monitor: [undefined, STRING],
      mode: [undefined, oneOf("min", "max")],
    });
  if (earlyStopping && earlyStopping.patience === undefined)
    throw new OptionError(`${who}: earlyStopping: patience must be given, as in { patience: 20 }; got none`);
  if (onEpoch !== undefined) callbacksOf(who, onEpoch);
}

/** The callbacks in a list. */
export function callbacksOf(who: string, onEpoch: AnyFitOptions["onEpoch"]): readonly EpochCallback[] {
  if (onEpoch === undefined) return [];
  const callbacks = Array.isArray(onEpoch) ? onEpoch : [onEpoch];
  for (const callback of callbacks)
    if (typeof callback !== "function")
      throw new OptionError(
        `${who}: onEpoch must be a function, or an array of functions; got ${describe(callback)}`,
      );
  return callbacks;
}
