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
import { beginLedger, type KeepLedger, type LedgerHost } from "./ledger-writer.ts";
import type { Note } from "./notes.ts";
import { keepFitted, prepareRows, prepareTraining } from "./prepare.ts";
import { type BoundData, type Data, type NamedOutputs, readData } from "./training-data.ts";
import { isShare, noteClasses, splitData } from "./validation.ts";
import { checkPart, weighRows, weightsOfClasses } from "./weights.ts";
import type { Dataset } from "./windows.ts";

/** What drives a fit needs of its trainer. */
export interface FitHost extends LedgerHost {
  readonly trainer: LedgerHost["trainer"] & { fitMemory: FitMemory | undefined };
  /** Calls a callback, and awaits what it returns or the abort. */
  call(callback: () => unknown, signal: AbortSignal | undefined): Promise<unknown>;
  /** Calls a callback that must not return a promise. */
  callSync(name: string, callback: () => unknown): unknown;
  /** @throws DisposedError */
  checkAlive(): void;
}

/** The rows of a fit, ready for the window. */
interface Parts {
  readonly training: Dataset;
  readonly validation: Dataset | undefined;
  readonly notes: readonly Note[];
  readonly keepLedger?: KeepLedger | undefined;
}

/** A fit with something to do between its epochs. */
interface Watched {
  readonly run: FitRun;
  readonly watch: EpochWatch;
  readonly notes: readonly Note[];
}

type AnyData = Data<unknown, NamedOutputs> | BoundData<unknown>;

/** Whether rows must be split, weighed, preprocessed or digested before they train. */
const needsParts = ({ validation, classWeight, ledger }: AnyFitOptions, { rules }: FitHost) =>
  ledger !== undefined || (validation ?? classWeight ?? rules.border) !== undefined;

/** Whether epochs are judged: by early stopping, or by the optimizer. */
const judgesEpochs = ({ earlyStopping }: AnyFitOptions, { program }: FitHost) =>
  (earlyStopping ?? program.plan.train?.optimizer?.plateau) !== undefined;

/** Splits the rows, weighs them, fits preprocessing to the training rows and applies it to both parts. */
function* takeApart(who: string, host: FitHost, dataset: Dataset, options: AnyFitOptions): Steps<Parts> {
  const { program, rules } = host;
  const given = options.validation as Parameters<typeof isShare>[0] | undefined;
  let training = dataset;
  let validation: Dataset | undefined;
  let notes: readonly Note[] = [];
  const { classWeight } = options;
  if (given !== undefined) {
    const what = `${who}: validation`;
    if (isShare(given)) {
      ({ training, validation } = yield* splitData(what, program, rules, dataset, given));
      yield* checkPart(what, "training", training, rules.losses);
      yield* checkPart(what, "validation", validation, rules.losses);
    } else validation = yield* eachJob((jobs) => readData(what, given as AnyData, rules, jobs));
    notes = yield* noteClasses(rules, training, validation);
  }
  if (classWeight !== undefined) {
    const weights = yield* eachJob((jobs) => weightsOfClasses(who, training, rules, classWeight, jobs));
    const weigh = (rows: Dataset) => eachJob((jobs) => weighRows(who, rows, rules, weights, jobs));
    training = yield* weigh(training);
    validation &&= yield* weigh(validation);
  }
  const prepared = yield* eachJob((jobs) => prepareTraining(who, program, rules, training, jobs));
  const { dataset: rows, numbers } = prepared;
  const held = validation;
  if (held) validation = yield* eachJob((jobs) => prepareRows(who, program, rules, held, jobs, numbers));
  if (numbers) program.fitted.set(numbers);
  const keepLedger =
    options.ledger === undefined ? undefined : yield* beginLedger(who, host, dataset, validation, options);
  return { training: rows, validation, notes, keepLedger };
}

/** All rows, to train on as they are. */
const wholeOf = (training: Dataset): Parts => ({ training, validation: undefined, notes: [] });

/** Starts a run, which pauses after each epoch if something is to be done there. */
function start(
  who: string,
  host: FitHost,
  parts: Parts,
  options: AnyFitOptions,
): { readonly run: FitRun; readonly watched: Watched | undefined } {
  const { program, rules, trainer } = host;
  const stops = watchesEpochs(options, host);
  const run = startFit(program, rules, parts.training, options, stops);
  if (!stops) return { run, watched: undefined };
  const watch = watchEpochs({ ...host, ...parts, who, run, memory: trainer.fitMemory }, options);
  trainer.fitMemory = watch.memory;
  const watched = { run, watch: parts.keepLedger?.(watch, run) ?? watch, notes: parts.notes };
  return { run, watched };
}

/** Whether the fit ends after an epoch; its reason is then set. */
function ends({ run, watch }: Watched, isStopped: boolean): boolean {
  if (isStopped) run.reason = "stopped";
  else if (!watch.isPatient) run.reason = "patience";
  else return run.isOver;
  return true;
}

/** Whether a callback of `onEpoch` wants the fit to end. */
function isStop(who: string, returned: unknown): boolean {
  if (typeof returned === "string" && returned !== "stop")
    throw new OptionError(`${who}: onEpoch must return "stop" to end the fit; got ${describe(returned)}`);
  return returned === "stop";
}

/** The result of a watched run, once nothing is left to do: its best state is back. */
function* conclude({ run, watch, notes }: Watched): Steps<FitResult> {
  const known = yield* watch.finish();
  const result = yield* eachJob((jobs) => run.result(jobs));
  return { ...result, ...known, notes: [...notes, ...result.notes] };
}

/** Trains in slices. What it fits is forgotten where it fails before its first step. */
export async function fitInSlices(
  host: FitHost,
  data: AnyData,
  options: AnyFitOptions,
  check: () => void,
): Promise<FitResult> {
  const forget = keepFitted(host.program, host.rules);
  try {
    return await driveInSlices(host, data, options, check);
  } catch (error) {
    forget();
    throw error;
  }
}

async function driveInSlices(
  host: FitHost,
  data: AnyData,
  options: AnyFitOptions,
  check: () => void,
): Promise<FitResult> {
  const { trainer, rules } = host;
  const { signal, onProgress } = options;
  const pending = host.program.crew?.pending();
  if (pending) {
    await pending;
    check();
  }
  const jobs: Jobs = [];
  const dataset = readData("fit", data, rules, jobs);
  for (let i = 0; i < jobs.length; i++) {
    if (i > 0 && sliceLeft() <= 0) {
      await yieldToEventLoop();
      check();
    }
    jobs[i]();
  }
  if (!judgesEpochs(options, host)) trainer.fitMemory = undefined;
  let parts: Parts | undefined;
  if (needsParts(options, host)) parts = await inSlices(takeApart("fit", host, dataset, options), check);
  const { run, watched } = start("fit", host, parts ?? wholeOf(dataset), options);
  let isOver = watched !== undefined && (await resume(host, watched, options, check));
  while (!isOver) {
    const pause = run.advance(Math.max(1, sliceLeft()));
    if (pause === Pause.Over) break;
    if (pause === Pause.Epoch && watched) {
      isOver = await endEpoch(host, watched, options, check);
      if (isOver || sliceLeft() > 0) continue;
    }
    if (onProgress) await host.call(() => onProgress(run.progress(), trainer), signal);
    check();
    await yieldToEventLoop();
    check();
  }
  const result = await inSlices(watched ? conclude(watched) : eachJob((left) => run.result(left)), check);
  trainer.fitMemory = undefined;
  // The run is over: a callback may dispose the trainer.
  if (onProgress) await host.call(() => onProgress(run.progress(), trainer), signal);
  await yieldWhenDue();
  signal?.throwIfAborted();
  return result;
}

/** Measures and judges the epoch just completed, and tells callbacks; returns whether the fit is over with it. */
async function endEpoch(
  host: FitHost,
  watched: Watched,
  { onEpoch, signal }: AnyFitOptions,
  check: () => void,
): Promise<boolean> {
  const { watch } = watched;
  const steps = watch.measure();
  while (!runSlice(steps).done) {
    await yieldToEventLoop();
    check();
  }
  const event = watch.judge();
  let isStopped = false;
  for (const callback of callbacksOf("fit", onEpoch)) {
    const returned = await host.call(() => callback(event, host.trainer), signal);
    isStopped = isStop("fit", returned) || isStopped;
    check();
  }
  return ends(watched, isStopped);
}

/** Judges the epoch that an aborted fit left unjudged, if there is one; returns whether the fit is over with it. */
async function resume(
  host: FitHost,
  watched: Watched,
  options: AnyFitOptions,
  check: () => void,
): Promise<boolean> {
  if (watched.watch.hasPending) return endEpoch(host, watched, options, check);
  return ends(watched, false);
}

/** Trains to the end. What it fits is forgotten where it fails before its first step. */
export function fitAtOnce(host: FitHost, data: AnyData, options: AnyFitOptions): FitResult {
  const forget = keepFitted(host.program, host.rules);
  try {
    return driveAtOnce(host, data, options);
  } catch (error) {
    forget();
    throw error;
  }
}

function driveAtOnce(host: FitHost, data: AnyData, options: AnyFitOptions): FitResult {
  const { trainer, rules } = host;
  const { onProgress } = options;
  const dataset = atOnce((jobs) => readData("fitSync", data, rules, jobs));
  if (!judgesEpochs(options, host)) trainer.fitMemory = undefined;
  let parts: Parts | undefined;
  if (needsParts(options, host)) parts = finish(takeApart("fitSync", host, dataset, options));
  const { run, watched } = start("fitSync", host, parts ?? wholeOf(dataset), options);
  const callbacks = callbacksOf("fitSync", options.onEpoch);
  const heard = onProgress && (() => onProgress(run.progress(), trainer));

  const endEpoch = (own: Watched): boolean => {
    finish(own.watch.measure());
    const event = own.watch.judge();
    let isStopped = false;
    for (const callback of callbacks) {
      const returned = host.callSync("onEpoch", () => callback(event, trainer));
      isStopped = isStop("fitSync", returned) || isStopped;
      host.checkAlive();
    }
    return ends(own, isStopped);
  };

  const slice = heard ? SLICE_MS : Number.POSITIVE_INFINITY;
  let lastHeard = heard ? Date.now() : 0;
  let isOver = watched !== undefined && (watched.watch.hasPending ? endEpoch(watched) : ends(watched, false));
  while (!isOver) {
    const pause = run.advance(slice);
    if (pause === Pause.Over) break;
    if (pause === Pause.Epoch && watched) {
      isOver = endEpoch(watched);
      if (isOver || Math.abs(Date.now() - lastHeard) < SLICE_MS) continue;
    }
    if (!heard) continue;
    host.callSync("onProgress", heard);
    lastHeard = Date.now();
    host.checkAlive();
  }
  const result = watched ? finish(conclude(watched)) : atOnce((jobs) => run.result(jobs));
  trainer.fitMemory = undefined;
  if (heard) host.callSync("onProgress", heard);
  return result;
}
