/** Writing a ledger while a fit is under way. */
import { OptionError } from "../errors.ts";
import { sha256 } from "../files/digests.ts";
import { serialize } from "../graph/serialize.ts";
import { refuseMore } from "../options.ts";
import type { Steps } from "../steps.ts";
import type { EpochWatch } from "../train/epoch-watch.ts";
import type { FitRun } from "../train/fit.ts";
import type { AnyFitOptions, EpochEvent, FitResult } from "../train/fit-options.ts";
import type { Ledger, LedgerEntry, LedgerOptions } from "../train/ledger.ts";
import { type BeginLedger, bringWriter, type LedgerHost } from "../train/ledger-writer.ts";
import { isShare } from "../train/validation.ts";
import type { Dataset } from "../train/windows.ts";
import { VERSION } from "../version.ts";
import { digestOfData, digestOfState } from "./digest.ts";
import {
  brokenChain,
  checkLedger,
  checkLedgerOptions,
  FORMAT,
  firstDifference,
  type Head,
  headChain,
  isLedger,
  nextChain,
  type OpenLedger,
  type Place,
} from "./format.ts";
import { stateToText } from "./states.ts";

/** Hears of what a fit writes into a ledger, and of what it would have. */
export interface LedgerListener {
  /** What the fit computes, before it begins. */
  head(head: Head): void;
  /** Whether a state is wanted that has no entry. */
  wants(epoch: number): boolean;
  state(place: Place, digest: string): void;
}

const listeners = new WeakMap<object, LedgerListener>();

/** Has somebody hear of what is written into a ledger. */
export const listen = (ledger: Ledger, listener: LedgerListener): void => {
  listeners.set(ledger, listener);
};

/** From now on every fit can write a ledger. */
export const bringLedger = (): void => bringWriter(begin);

/**
 * An empty ledger, for the `ledger` option of `fit`, which fills it in: it has what was written after an abort, too. Pages made by
 * a bundler need it to write ledgers at all.
 *
 * @param options.every epochs between two entries: those whose number over the life of the trainer is a multiple of this; a
 *   whole number >= 1
 * @param options.keep epochs between two states that are kept in it, a multiple of `every`. Default: none is kept
 * @throws OptionError
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
 * const ledger = startLedger({ every: 10 });
 * await trainer.fit({ x: [[0], [1]], y: [1, 3] }, { epochs: 100, ledger });
 * ledger.entries.length; // => 11
 */
export function startLedger(options: LedgerOptions): Ledger {
  refuseMore("startLedger", arguments, 1);
  bringLedger();
  return emptyLedger("startLedger", options);
}

export const emptyLedger = (who: string, options: LedgerOptions): Ledger => ({
  format: FORMAT,
  version: VERSION,
  ...checkLedgerOptions(who, options),
  manifest: {},
  data: { rows: 0, digest: "" },
  options: {},
  entries: [],
});

/** What a manifest says of the moment, or of what a fit has fitted: states have that. */
const OF_THE_MOMENT = /^(learningRate|groupLearningRates|steps|epochs)$/;

/** What a trainer computes, as JSON gives it back: the same of a trainer that was loaded from a file, whose nodes have other numbers. */
export function manifestOf(
  trainer: Pick<LedgerHost["trainer"], "manifest">,
  { plan }: Pick<LedgerHost["program"], "plan">,
): Readonly<Record<string, unknown>> {
  const { kernels, seeds, model, options } = trainer.manifest();
  const { graph: _, ...described } = model as Readonly<Record<string, unknown>>;
  const lasting = Object.entries(options as object).filter(([name]) => !OF_THE_MOMENT.test(name));
  const manifest = {
    kernels,
    model: { ...described, computation: serialize(plan.model) },
    options: Object.fromEntries(lasting),
    seeds,
  };
  return JSON.parse(JSON.stringify(manifest));
}

/** The options that bits depend on. */
function* optionsOf(
  { shuffle, validation, classWeight }: AnyFitOptions,
  held: Dataset | undefined,
): Steps<Readonly<Record<string, unknown>>> {
  const options: Record<string, unknown> = {};
  if (shuffle === false) options.shuffle = shuffle;
  if (classWeight !== undefined) options.classWeight = classWeight;
  if (validation !== undefined) {
    options.validation = validation;
    const { groups } = Object(validation);
    if (groups !== undefined)
      options.validation = { ...Object(validation), groups: sha256(JSON.stringify(Array.from(groups))) };
    else if (!isShare(validation)) options.validation = yield* digestOfData(held as Dataset);
  }
  return JSON.parse(JSON.stringify(options));
}

const begin: BeginLedger = function* (who, host, dataset, validation, options) {
  const { program, trainer } = host;
  const what = `${who}: ledger`;
  const given = options.ledger as Ledger | LedgerOptions;
  if (program.shared)
    throw new OptionError(
      `${what}: needs a trainer of its own memory; got one of compileTogether, which nobody could replay without the others`,
    );
  if (isLedger(given)) {
    checkLedger(what, given);
    if (!Object.isExtensible(given))
      throw new OptionError(
        `${what}: must be an object that fit can write into; got a frozen one: give a copy`,
      );
  }
  const ledger = (isLedger(given) ? given : emptyLedger(what, given)) as OpenLedger;
  const { every, keep } = ledger;
  const head: Head = {
    format: FORMAT,
    version: VERSION,
    every,
    ...(keep === undefined ? {} : { keep }),
    manifest: manifestOf(trainer, program),
    data: yield* digestOfData(dataset),
    options: yield* optionsOf(options, validation),
  };
  const listener = listeners.get(ledger);
  listener?.head(head);
  const isNew = ledger.entries.length === 0;
  const place = placeOf(host);
  const digest = yield* digestOfState(program);
  if (!isNew) checkContinued(what, ledger, head, place, digest);
  const { lossBelow } = options.stopWhen ?? {};
  const beginning = { what, head, place, digest, isNew, lossBelow, listener };
  return (watch, run) => watchWith(writerOf(host, ledger, beginning), watch, run);
};

/** Where a trainer stands; without rows where no epoch is begun. */
function placeOf({ trainer: { epochs: epoch, steps: step }, program }: LedgerHost): Place {
  const rows = program.counter(program.plan.counters.indexOf("cursor"));
  return rows > 0 ? { epoch, step, rows } : { epoch, step };
}

/** @throws OptionError for a ledger that does not go on with this fit */
function checkContinued(what: string, ledger: Ledger, head: Head, place: Place, digest: string): void {
  const broken = brokenChain(ledger);
  if (broken)
    throw new OptionError(
      `${what}: its chain must be whole to go on; got another one at epoch ${broken.entry.epoch}: verifyLedger says more`,
    );
  const { format, version, every, keep, manifest, data, options } = ledger;
  const known = { format, version, every, ...(keep === undefined ? {} : { keep }), manifest, data, options };
  const different = firstDifference("", known, head);
  if (different)
    throw new OptionError(
      `${what}: must be of this training to go on, whose ${different.at.slice(1)} is ${different.got}; got a ledger with ${different.expected}: ` +
        "start a new one",
    );
  const { entries, end } = ledger;
  const where = ({ epoch, rows }: Place) => `epoch ${epoch}${rows ? `, row ${rows}` : ""}`;
  const isHere = ({ epoch, rows = 0 }: Place) => epoch === place.epoch && rows === (place.rows ?? 0);
  const mark = end ?? entries.find(isHere);
  if (mark && isHere(mark)) {
    if (mark.digest === digest) return;
    throw new OptionError(
      `${what}: the trainer must be in the state of the ledger to go on; got another state at ${where(place)}: start a new ledger`,
    );
  }
  // Between two entries, where nothing tells states apart: a fit was aborted there.
  const before = entries.filter(({ epoch }) => epoch <= place.epoch);
  const last = before[before.length - 1]?.epoch ?? Number.NaN;
  const due = last - (last % every) + every;
  if (!end && (place.epoch < due || (place.epoch === due && !place.rows))) return;
  throw new OptionError(
    `${what}: the trainer must stand where the ledger ${end ? "ended" : "was left"} to go on, ${
      end
        ? `at ${where(end)}`
        : `between epochs ${entries[0].epoch} and ${entries[entries.length - 1].epoch + every}`
    }; got ${where(place)}: restore such a state, or start a new ledger`,
  );
}

/** What is done between epochs, and the ledger with it. */
function watchWith(writer: LedgerWriter, watch: EpochWatch, run: FitRun): EpochWatch {
  let event: EpochEvent;
  return {
    memory: watch.memory,
    get hasPending() {
      return watch.hasPending;
    },
    get isPatient() {
      return watch.isPatient;
    },
    *measure() {
      yield* watch.measure();
      // Before the entry: it may change the rates.
      event = watch.judge();
      yield* writer.record();
    },
    judge: () => event,
    *finish() {
      const known = yield* watch.finish();
      return { ...known, ledger: yield* writer.end(run.reason) };
    },
  };
}

interface LedgerWriter {
  /** After an epoch was judged. */
  record(): Steps<void>;
  /** Once the state that the fit hands back is in place. */
  end(reason: FitResult["reason"]): Steps<Ledger>;
}

/** The state in which a fit begins, and what it writes into. */
interface Beginning {
  /** Who writes, for errors. */
  readonly what: string;
  readonly head: Head;
  readonly place: Place;
  readonly digest: string;
  readonly isNew: boolean;
  readonly lossBelow: number | undefined;
  readonly listener: LedgerListener | undefined;
}

/** Lays the ledger open, which is then written into. */
function writerOf(
  host: LedgerHost,
  ledger: OpenLedger,
  { what, head, place, digest: first, isNew, lossBelow, listener }: Beginning,
): LedgerWriter {
  const { program } = host;
  const { every, keep } = ledger;
  // Each writer lays a list of its own, so that it sees when another one has.
  const checkAlone = () => {
    if (ledger.entries === entries) return;
    throw new OptionError(
      `${what}: must be written by one fit at a time; got another fit that began to write into it: start one for each`,
    );
  };
  const lastChain = () => ledger.entries[ledger.entries.length - 1]?.chain ?? headChain(ledger as Head);

  const add = ({ epoch, step }: Place, digest: string): void => {
    const entry: LedgerEntry = {
      epoch,
      step,
      digest,
      chain: nextChain(lastChain(), { epoch, step }, digest),
    };
    ledger.entries.push(entry);
  };

  if (isNew) Object.assign(ledger, head);
  delete ledger.end;
  // What comes after the state that an early stopping handed back is trained anew.
  const isKept = ({ epoch }: { epoch: number }) => epoch <= place.epoch;
  const entries = ledger.entries.filter(isKept);
  ledger.entries = entries;
  if (ledger.states) ledger.states = ledger.states.filter(isKept);
  // An abort may have come before the entry of its epoch.
  const last = ledger.entries[ledger.entries.length - 1]?.epoch;
  if (isNew || (place.epoch % every === 0 && !place.rows && last !== place.epoch)) add(place, first);
  listener?.state(place, first);

  return {
    *record() {
      checkAlone();
      const here = placeOf(host);
      const isEntry = here.epoch % every === 0;
      if (!isEntry && !listener?.wants(here.epoch)) return;
      const digest = yield* digestOfState(program);
      const text = keep && here.epoch % keep === 0 ? yield* stateToText(program.states.save()) : undefined;
      if (isEntry) add(here, digest);
      if (text !== undefined) (ledger.states ??= []).push({ epoch: here.epoch, state: text });
      listener?.state(here, digest);
    },

    *end(reason) {
      checkAlone();
      const { epoch, step, rows = 0 } = placeOf(host);
      const at = {
        epoch,
        step,
        rows,
        ...(reason === "lossBelow" && rows > 0 ? { lossBelow } : {}),
      } as Place & {
        rows: number;
      };
      const digest = yield* digestOfState(program);
      ledger.end = { ...at, digest, chain: nextChain(lastChain(), at, digest) };
      return ledger;
    },
  };
}
