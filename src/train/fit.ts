import { Counter, Run, Status } from "../../assembly/abi.ts";
import { BOOLEAN, COUNT, FUNCTION, type Rule, readOptions, SIGNAL } from "../options.ts";
import { nonFinite } from "../program/diagnose.ts";
import type { Program } from "../program/program.ts";
import type { Jobs } from "../steps.ts";
import { type Note, notesOf } from "./notes.ts";
import { paceOf } from "./pace.ts";
import { fillRates } from "./rates.ts";
import type { DataRules } from "./training-data.ts";
import { type Dataset, moveWindow, openWindow } from "./windows.ts";

export interface FitProgress {
  /** Epochs completed by this call. */
  readonly epochs: number;
  /** Updates applied by this call. */
  readonly steps: number;
  /** Mean loss of the last completed epoch, or of the last batch before one is complete. */
  readonly loss: number;
}

export interface FitOptions {
  /** Epochs of this call; a partial epoch that is finished counts as one. Default: 1, without end if `stopWhen` is given. */
  readonly epochs?: number;
  readonly stopWhen?: {
    /** Ends the run before the update of an epoch whose mean loss is below this. */
    readonly lossBelow?: number;
  };
  /** Whether each epoch visits the rows in an order of its own, by the shuffle seed. Default: true. */
  readonly shuffle?: boolean;
  /**
   * Hears of progress about every 10 ms, and at the end. `fit` awaits the promise that it may return; if it throws or
   * rejects, the fit ends with that error, after a whole step.
   */
  readonly onProgress?: (progress: FitProgress) => unknown;
  /** Ends an asynchronous `fit` after the last whole step; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface FitResult extends FitProgress {
  /** `"epochs"`: all were done; `"lossBelow"`: the loss was met, and belongs to the parameters as they are. */
  readonly reason: "epochs" | "lossBelow";
  /**
   * Mean loss of every `historyEvery`-th epoch that this call completed: `epochs` entries where `historyEvery` is 1. A loss
   * that met `lossBelow` belongs to an epoch that was not completed: it is `loss`.
   */
  readonly history: readonly number[];
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

const NEVER = {};
const FIT = {
  epochs: [undefined, EPOCHS],
  stopWhen: [NEVER],
  shuffle: [true, BOOLEAN],
  onProgress: [undefined, FUNCTION],
} as const;
const FIT_ASYNC = /* @__PURE__ */ Object.assign({}, FIT, { signal: [undefined, SIGNAL] as const });

/** Checks the options of a fit; unknown ones are refused. */
export function checkFitOptions(who: string, options: FitOptions): void {
  // Nothing can abort `fitSync`.
  const table = who === "fitSync" ? (FIT as typeof FIT_ASYNC) : FIT_ASYNC;
  const { stopWhen } = readOptions(who, options, table);
  if (stopWhen !== NEVER) readOptions(`${who}: stopWhen`, stopWhen, { lossBelow: [undefined, NUMBER] });
}

const HISTORY_LIMIT = 8192;
/** Passes of one call into the machine. */
const MOST_STEPS = 1 << 20;

/** One `fit` under way: takes steps until done, in slices of any length. */
export interface FitRun {
  /**
   * Takes steps until the run is over or about `sliceMs` have passed, by a clock that may be set meanwhile; Infinity
   * never looks at it.
   *
   * @returns whether the run is over
   * @throws NonFiniteError with the state of the last good step
   */
  advance(sliceMs: number): boolean;
  progress(): FitProgress;
  /** What came of it, once the jobs are done. */
  result(jobs: Jobs): FitResult;
}

/** Closures rather than a class: V8 compiles them together with the file, but methods when they are first called. */
export function startFit(program: Program, rules: DataRules, dataset: Dataset, options: FitOptions): FitRun {
  const { train } = rules;
  const { epochs, stopWhen, shuffle = true } = options;
  const lossBelow = stopWhen?.lossBelow;
  const firstStep = program.counter(Counter.Step);
  const firstEpoch = program.counter(Counter.Epoch);
  program.setRunF64(Run.EpochsLeft, epochs ?? (lossBelow === undefined ? 1 : Number.POSITIVE_INFINITY));
  program.setRunF64(Run.LossBelow, lossBelow ?? Number.NEGATIVE_INFINITY);
  program.setRun(Run.HistoryCount, 0);
  if (program.counter(Counter.EpochRows) !== dataset.rows) startEpochAnew(program);
  openWindow(program, train, dataset, shuffle);
  fillRates(program);
  let calls = 1;
  let reason: FitResult["reason"] = "epochs";
  let loss = Number.NaN;
  let history: number[] = [];
  let historyEvery = 1;
  let epochsSeen = 0;
  /** The next one whose loss the history keeps. */
  let nextEpoch = 0;

  /**
   * Takes epoch losses out of the ring, those of an unbounded run into bounded memory: when the history is full, every
   * second one goes. Its limit is even, so the epoch at hand is one of those that stay.
   */
  const drain = (status: Status) => {
    const count = program.run(Run.HistoryCount);
    const at = train.history.offset >>> 3;
    // The epoch that met the bound lacks its last update, and is not one of those that were completed.
    const completed = epochsSeen + count - (status === Status.LossBelow ? 1 : 0);
    for (; nextEpoch < completed; nextEpoch += historyEvery) {
      if (history.length === HISTORY_LIMIT) {
        history = history.filter((_, i) => i % 2 === 0);
        historyEvery *= 2;
      }
      history.push(program.f64[at + nextEpoch - epochsSeen]);
    }
    epochsSeen += count;
    if (count > 0) loss = program.f64[at + count - 1];
    else if (epochsSeen === 0) loss = program.runF64(Run.Loss);
    program.setRun(Run.HistoryCount, 0);
  };

  /** Takes at most so many passes; returns whether the run is over. */
  const pass = (most: number): boolean => {
    const status = program.kernels.run(program.plan.base, most);
    drain(status);
    switch (status) {
      case Status.Ok:
      case Status.HistoryFull:
        return false;
      case Status.RatesEnd:
        fillRates(program);
        return false;
      case Status.EpochsDone:
        return true;
      case Status.LossBelow:
        reason = "lossBelow";
        return true;
      case Status.WindowEnd:
        moveWindow(program, train, dataset, shuffle);
        return false;
      default:
        throw nonFinite(program, train, program.counter(Counter.Step) + 1);
    }
  };

  const { batch } = program.plan;
  const passesPerEpoch = Math.ceil(dataset.rows / batch);
  /** Passes before the one to come, over the life of the trainer. */
  const position = () =>
    program.counter(Counter.Epoch) * passesPerEpoch + Math.ceil(program.counter(Counter.Cursor) / batch);

  const advance = (sliceMs: number): boolean => {
    if (sliceMs === Number.POSITIVE_INFINITY) {
      while (!pass(MOST_STEPS)) {}
      return true;
    }
    const pace = paceOf(program, train);
    const start = Date.now();
    const first = position();
    const last = first + pace.passesIn(sliceMs);
    for (;;) {
      const before = Date.now();
      const at = position();
      const over = pass(Math.min(calls, last - at));
      const now = Date.now();
      const reached = position();
      const left = start + sliceMs - now;
      if (reached > at) {
        const took = now - before;
        // Aim: a call takes 10 to 50 % of the remaining slice, or of a new one when this one is over.
        const room = left > 0 ? left : sliceMs;
        if (took * 10 < room && calls < MOST_STEPS) calls *= 2;
        else if (took * 2 > room && calls > 1) calls /= 2;
      }
      // A slice takes at least one pass: it does not end with a mere move of the window. More than the whole slice is
      // left if the clock was set back.
      if (over || (reached > first && (reached >= last || left <= 0 || left > sliceMs))) {
        pace.learn(reached - first, now - start);
        return over;
      }
    }
  };

  const progress = () => ({
    epochs: program.counter(Counter.Epoch) - firstEpoch,
    steps: program.counter(Counter.Step) - firstStep,
    loss,
  });

  return {
    advance,
    progress,
    result: (jobs) => {
      const outcome = { firstStep, history, ranOut: reason === "epochs" };
      const notes = notesOf(program, rules, dataset, outcome, jobs);
      return { reason, ...progress(), history, historyEvery, notes };
    },
  };
}

/** A partial epoch over other data cannot be finished with these; what waits for its group's update goes with it. */
function startEpochAnew(program: Program): void {
  const gone = [Counter.Cursor, Counter.EpochLoss, Counter.EpochRows];
  if (program.counter(Counter.Cursor) > 0) gone.push(Counter.MicroStep, Counter.GroupRows);
  for (const counter of gone) program.setCounter(counter, 0);
}
