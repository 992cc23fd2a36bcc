import { Counter, Run, Status } from "../../assembly/abi.ts";
import { nonFinite } from "../program/diagnose.ts";
import type { Program } from "../program/program.ts";
import type { Jobs } from "../steps.ts";
import type { AnyFitOptions, FitProgress, FitResult } from "./fit-options.ts";
import { notesOf } from "./notes.ts";
import { paceOf } from "./pace.ts";
import { fillRates } from "./rates.ts";
import type { DataRules } from "./training-data.ts";
import { type Dataset, moveWindow, openWindow } from "./windows.ts";

const HISTORY_LIMIT = 8192;
/** Passes of one call into the machine. */
const MOST_STEPS = 1 << 20;

/** Why a run pauses: the slice is over, an epoch is complete, or the run is over in the middle of one. */
export enum Pause {
  Slice = 0,
  Epoch,
  Over,
}

/** What a run says of itself at its end. */
export type RunResult = Omit<FitResult, "validation" | "best">;

/** One `fit` under way: takes steps until done, in slices of any length. */
export interface FitRun {
  /**
   * Takes steps until the run is over or about `sliceMs` have passed, by a clock that may be set meanwhile; Infinity
   * never looks at it. A run that stops at epochs pauses after each of them, too; `isOver` tells whether it was the last.
   *
   * @throws NonFiniteError with the state of the last good step
   */
  advance(sliceMs: number): Pause;
  isOver: boolean;
  /** Why it is over; early stopping and callbacks overwrite it. */
  reason: FitResult["reason"];
  /** What was done by this call, whatever became of the state since. */
  progress(): FitProgress;
  /** Puts numbers of the epoch just completed into columns of the history. */
  note(values: Readonly<Record<string, number>>): void;
  /** What came of it, once the jobs are done. */
  result(jobs: Jobs): RunResult;
}

/**
 * Closures rather than a class: V8 compiles them together with the file, but methods when they are first called.
 *
 * @param stops whether the run pauses after each epoch; else all of them are one call into the machine, as far as slices go
 */
export function startFit(
  program: Program,
  rules: DataRules,
  dataset: Dataset,
  options: AnyFitOptions,
  stops: boolean,
): FitRun {
  const { train } = rules;
  const { epochs, untilEpoch, steps, stopWhen, shuffle = true } = options;
  const lossBelow = stopWhen?.lossBelow;
  const isBounded = (untilEpoch ?? steps ?? lossBelow ?? options.earlyStopping) !== undefined;
  const firstStep = program.counter(Counter.Step);
  const firstEpoch = program.counter(Counter.Epoch);
  const lastStep = firstStep + (steps ?? Number.POSITIVE_INFINITY);
  const lastEpoch = Math.min(
    firstEpoch + (epochs ?? (isBounded ? Number.POSITIVE_INFINITY : 1)),
    untilEpoch ?? Number.POSITIVE_INFINITY,
  );
  const isOver = firstEpoch >= lastEpoch;
  // From 0 down the machine pauses after each epoch.
  program.setRunF64(Run.EpochsLeft, stops ? 1 : lastEpoch - firstEpoch);
  program.setRunF64(Run.LossBelow, lossBelow ?? Number.NEGATIVE_INFINITY);
  program.setRun(Run.HistoryCount, 0);
  if (program.counter(Counter.EpochRows) !== dataset.rows && !isOver) startEpochAnew(program);
  openWindow(program, train, dataset, shuffle);
  fillRates(program);
  let calls = 1;
  let loss = Number.NaN;
  const history: { loss: number[]; [column: string]: number[] } = { loss: [] };
  let historyEvery = 1;
  let epochsSeen = 0;
  let step = firstStep;
  let epoch = firstEpoch;
  /** The next epoch, counted from 0 in this call, whose loss the history keeps. */
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
      if (history.loss.length === HISTORY_LIMIT) {
        for (const name in history) history[name] = history[name].filter((_, i) => i % 2 === 0);
        historyEvery *= 2;
      }
      history.loss.push(program.f64[at + nextEpoch - epochsSeen]);
    }
    epochsSeen += count;
    if (count > 0) loss = program.f64[at + count - 1];
    else if (epochsSeen === 0) loss = program.runF64(Run.Loss);
    program.setRun(Run.HistoryCount, 0);
    step = program.counter(Counter.Step);
    epoch = program.counter(Counter.Epoch);
  };

  const over = (reason: FitResult["reason"], pause = Pause.Over): Pause => {
    run.reason = reason;
    run.isOver = true;
    return pause;
  };

  /** Takes at most so many passes. */
  const pass = (most: number): Pause => {
    // A pass is at most one update.
    const status = program.kernels.run(program.plan.base, Math.min(most, lastStep - step));
    drain(status);
    switch (status) {
      case Status.Ok:
      case Status.HistoryFull:
        break;
      case Status.RatesEnd:
        fillRates(program);
        break;
      case Status.EpochsDone:
        if (epoch >= lastEpoch) return over("epochs", stops ? Pause.Epoch : Pause.Over);
        if (step >= lastStep) over("steps");
        return Pause.Epoch;
      case Status.LossBelow:
        return over("lossBelow");
      case Status.WindowEnd:
        moveWindow(program, train, dataset, shuffle);
        break;
      default:
        throw nonFinite(program, train, program.counter(Counter.Step) + 1);
    }
    return step >= lastStep ? over("steps") : Pause.Slice;
  };

  const { batch } = program.plan;
  const passesPerEpoch = Math.ceil(dataset.rows / batch);
  /** Passes before the one to come, over the life of the trainer. */
  const position = () =>
    program.counter(Counter.Epoch) * passesPerEpoch + Math.ceil(program.counter(Counter.Cursor) / batch);

  const advance = (sliceMs: number): Pause => {
    if (sliceMs === Number.POSITIVE_INFINITY)
      for (;;) {
        const pause = pass(MOST_STEPS);
        if (pause !== Pause.Slice) return pause;
      }
    const pace = paceOf(program, train);
    const start = Date.now();
    const first = position();
    const last = first + pace.passesIn(sliceMs);
    for (;;) {
      const before = Date.now();
      const at = position();
      const pause = pass(Math.min(calls, last - at));
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
      if (pause !== Pause.Slice || (reached > first && (reached >= last || left <= 0 || left > sliceMs))) {
        pace.learn(reached - first, now - start);
        return pause;
      }
    }
  };

  const progress = () => ({ epochs: epoch - firstEpoch, steps: step - firstStep, loss });

  const run: FitRun = {
    advance: (sliceMs) => (run.isOver ? Pause.Over : advance(sliceMs)),
    isOver,
    reason: "epochs",
    progress,
    note: (values) => {
      for (const name in values) {
        const column = (history[name] ??= []);
        // Thinned as the losses are.
        if (column.length < history.loss.length) column.push(values[name]);
      }
    },
    result: (jobs) => {
      const outcome = { firstStep, history: history.loss, ranOut: run.reason === "epochs" };
      const notes = notesOf(program, rules, dataset, outcome, jobs);
      return { reason: run.reason, ...progress(), history, historyEvery, notes };
    },
  };
  return run;
}

/** A partial epoch over other data cannot be finished with these; what waits for its group's update goes with it. */
function startEpochAnew(program: Program): void {
  const gone = [Counter.Cursor, Counter.EpochLoss, Counter.EpochRows];
  if (program.counter(Counter.Cursor) > 0) gone.push(Counter.MicroStep, Counter.GroupRows);
  for (const counter of gone) program.setCounter(counter, 0);
}
