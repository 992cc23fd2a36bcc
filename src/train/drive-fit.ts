/** From the call of `fit` to its result: data are read and split, the run is driven, callbacks are called. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import {
  inSlices,
  runSlice,
  SLICE_MS,
  sliceLeft,
  yieldToEventLoop,
  yieldWhenDue,
} from "../runtime/event-loop.ts";
import { atOnce, eachJob, finish, type Jobs, type Steps } from "../steps.ts";
import { type EpochWatch, watchEpochs, watchesEpochs } from "./epoch-watch.ts";
import { type FitRun, Pause, startFit } from "./fit.ts";
import type { FitMemory } from "./fit-memory.ts";
import { type AnyFitOptions, callbacksOf, type FitResult } from "./fit-options.ts";
import type { Measuring } from "./metrics.ts";
import type { Note } from "./notes.ts";
import { type BoundData, type Data, type NamedOutputs, readData } from "./training-data.ts";
import { isShare, noteClasses, splitData } from "./validation.ts";
import { weighRows, weightsOfClasses } from "./weights.ts";
import type { Dataset } from "./windows.ts";

/** What drives a fit needs of its trainer. */
export interface FitHost extends Measuring {
  readonly trainer: { fitMemory: FitMemory | undefined };
  /** Calls a callback, and awaits what it returns or the abort. */
  call(callback: () => unknown, signal: AbortSignal | undefined): Promise<unknown>;
  /** Calls a callback that must not return a promise. */
  callSync(name: string, callback: () => unknown): unknown;
  /** @throws DisposedError */
  checkAlive(): void;
}

/** A fit that is about to begin. */
interface Begun {
  readonly run: FitRun;
  readonly watch: EpochWatch | undefined;
  readonly notes: readonly Note[];
}

type AnyData = Data<unknown, NamedOutputs> | BoundData<unknown>;

/** Splits the data, weighs them, and sets up what happens between epochs. */
function* begin(who: string, host: FitHost, dataset: Dataset, options: AnyFitOptions): Steps<Begun> {
  const { program, rules, trainer } = host;
  const given = options.validation as Parameters<typeof isShare>[0] | undefined;
  let training = dataset;
  let validation: Dataset | undefined;
  let notes: readonly Note[] = [];
  const { classWeight } = options;
  if (given !== undefined) {
    const what = `${who}: validation`;
    if (isShare(given)) ({ training, validation } = yield* splitData(what, program, rules, dataset, given));
    else validation = yield* eachJob((jobs) => readData(what, given as AnyData, rules, jobs));
    notes = yield* noteClasses(rules, training, validation);
  }
  if (classWeight !== undefined) {
    const weights = yield* eachJob((jobs) => weightsOfClasses(who, training, rules, classWeight, jobs));
    const weigh = (rows: Dataset) => eachJob((jobs) => weighRows(who, rows, rules, weights, jobs));
    training = yield* weigh(training);
    validation &&= yield* weigh(validation);
  }
  const isWatched = watchesEpochs(options, host);
  const run = startFit(program, rules, training, options, isWatched);
  if (!isWatched) return { run, watch: undefined, notes };
  const watch = watchEpochs({ ...host, who, run, training, validation, memory: trainer.fitMemory }, options);
  trainer.fitMemory = watch.memory;
  return { run, watch, notes };
}

/** Why the fit ends after an epoch; undefined where it goes on. */
function endOf({ run, watch }: Begun, isStopped: boolean): FitResult["reason"] | undefined {
  if (isStopped) return "stopped";
  if (!watch?.isPatient) return "patience";
  return run.isOver ? run.reason : undefined;
}

/** Whether a callback of `onEpoch` wants the fit to end. */
function isStop(who: string, returned: unknown): boolean {
  if (typeof returned === "string" && returned !== "stop")
    throw new OptionError(`${who}: onEpoch must return "stop" to end the fit; got ${describe(returned)}`);
  return returned === "stop";
}

/** The result, once nothing is left to do: its best state is back. */
function* conclude({ run, watch, notes }: Begun): Steps<FitResult> {
  const watched = watch ? yield* watch.finish() : undefined;
  const result = yield* eachJob((jobs) => run.result(jobs));
  return watched ? { ...result, ...watched, notes: [...notes, ...result.notes] } : result;
}

export async function fitInSlices(
  host: FitHost,
  data: AnyData,
  options: AnyFitOptions,
  check: () => void,
): Promise<FitResult> {
  const { trainer, program, rules } = host;
  const { signal, onProgress } = options;
  const jobs: Jobs = [];
  const dataset = readData("fit", data, rules, jobs);
  for (let i = 0; i < jobs.length; i++) {
    if (i > 0 && sliceLeft() <= 0) {
      await yieldToEventLoop();
      check();
    }
    jobs[i]();
  }
  if (!options.earlyStopping) trainer.fitMemory = undefined;
  let begun: Begun;
  if (watchesEpochs(options, host) || options.classWeight !== undefined)
    begun = await inSlices(begin("fit", host, dataset, options), check);
  else begun = { run: startFit(program, rules, dataset, options, false), watch: undefined, notes: [] };
  const { run, watch } = begun;
  const callbacks = callbacksOf("fit", options.onEpoch);
  const heard = onProgress && (() => onProgress(run.progress(), trainer));

  /** Whether the fit is over with the epoch that was just completed. */
  const endEpoch = async (watch: EpochWatch): Promise<boolean> => {
    const steps = watch.measure();
    while (!runSlice(steps).done) {
      await yieldToEventLoop();
      check();
    }
    const event = watch.judge();
    let isStopped = false;
    for (const callback of callbacks) {
      const returned = await host.call(() => callback(event, trainer), signal);
      isStopped = isStop("fit", returned) || isStopped;
      check();
    }
    const reason = endOf(begun, isStopped);
    if (reason) run.reason = reason;
    return reason !== undefined;
  };

  let isOver = watch?.resumes === true && (watch.isPatient ? await endEpoch(watch) : endResumed(run));
  while (!isOver) {
    const pause = run.advance(Math.max(1, sliceLeft()));
    if (pause === Pause.Over) break;
    if (pause === Pause.Epoch && watch) {
      isOver = await endEpoch(watch);
      if (isOver || sliceLeft() > 0) continue;
    }
    if (heard) await host.call(heard, signal);
    check();
    await yieldToEventLoop();
    check();
  }
  const result = await inSlices(conclude(begun), check);
  trainer.fitMemory = undefined;
  // The run is over: a callback may dispose the trainer.
  if (heard) await host.call(heard, signal);
  await yieldWhenDue();
  signal?.throwIfAborted();
  return result;
}

/** Patience was over in the fit that goes on here. */
function endResumed(run: FitRun): true {
  run.reason = "patience";
  return true;
}

export function fitAtOnce(host: FitHost, data: AnyData, options: AnyFitOptions): FitResult {
  const { trainer, program, rules } = host;
  const { onProgress } = options;
  const dataset = atOnce((jobs) => readData("fitSync", data, rules, jobs));
  if (!options.earlyStopping) trainer.fitMemory = undefined;
  const begun =
    watchesEpochs(options, host) || options.classWeight !== undefined
      ? finish(begin("fitSync", host, dataset, options))
      : { run: startFit(program, rules, dataset, options, false), watch: undefined, notes: [] };
  const { run, watch } = begun;
  const callbacks = callbacksOf("fitSync", options.onEpoch);
  const heard = onProgress && (() => onProgress(run.progress(), trainer));

  const endEpoch = (watch: EpochWatch): boolean => {
    finish(watch.measure());
    const event = watch.judge();
    let isStopped = false;
    for (const callback of callbacks) {
      const returned = host.callSync("onEpoch", () => callback(event, trainer));
      isStopped = isStop("fitSync", returned) || isStopped;
      host.checkAlive();
    }
    const reason = endOf(begun, isStopped);
    if (reason) run.reason = reason;
    return reason !== undefined;
  };

  const slice = heard ? SLICE_MS : Number.POSITIVE_INFINITY;
  let lastHeard = heard && watch ? Date.now() : 0;
  let isOver = watch?.resumes === true && (watch.isPatient ? endEpoch(watch) : endResumed(run));
  while (!isOver) {
    const pause = run.advance(slice);
    if (pause === Pause.Over) break;
    if (pause === Pause.Epoch && watch) {
      isOver = endEpoch(watch);
      if (isOver || !heard || Math.abs(Date.now() - lastHeard) < SLICE_MS) continue;
    }
    if (heard) host.callSync("onProgress", heard);
    if (watch) lastHeard = Date.now();
    host.checkAlive();
  }
  const result = finish(conclude(begun));
  trainer.fitMemory = undefined;
  if (heard) host.callSync("onProgress", heard);
  return result;
}
