/** Replaying a training that somebody else may have run, and comparing it with its ledger. */
import { describe } from "../describe.ts";
import { NonFiniteError, OptionError, StateError, WasmgradError } from "../errors.ts";
import { check, FUNCTION, type Rule, readOptions, refuseMore, SIGNAL } from "../options.ts";
import type { Result, Rows } from "../rows/data.ts";
import { inSlices } from "../runtime/event-loop.ts";
import { callbacksOf, type EpochCallback, type EpochEvent, type FitOptions } from "../train/fit-options.ts";
import type { Ledger, LedgerEntry } from "../train/ledger.ts";
import { Trainer } from "../train/trainer.ts";
import type { Data } from "../train/training-data.ts";
import { VERSION } from "../version.ts";
import { brokenChain, checkLedger, firstDifference, type Head, misplaced, type Place } from "./format.ts";
import { stateFromText } from "./states.ts";
import { bringLedger, emptyLedger, listen, manifestOf } from "./write.ts";

export interface VerifyLedgerOptions<X = Rows, P = Result> {
  /** First epoch of the stretch: replayed from the last state at or before it that the ledger keeps. Default: where the ledger begins. */
  readonly from?: number;
  /** Last epoch of the stretch. Default: where the ledger ends. */
  readonly to?: number;
  /** Validation rows as they were given to `fit`, where those were data or groups: ledgers have their digest. */
  readonly validation?: FitOptions<X, P>["validation"];
  /** The callbacks that the training had, where they change it: by `setLearningRate`. */
  readonly onEpoch?: FitOptions<X, P, Trainer<X, P>>["onEpoch"];
  /** Hears of each entry that was found equal. */
  readonly onEntry?: (entry: LedgerEntry) => void;
  /** Ends the replay; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** What came of a replay. */
export type LedgerVerification =
  | {
      readonly equal: true;
      /** How many entries were compared, the end of the ledger among them. */
      readonly entries: number;
      /** The stretch that was replayed. */
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly equal: false;
      /** What differs: an entry, as `epoch 40`, the `end`, or a path such as `manifest.options.batchSize` or `data.digest`. */
      readonly at: string;
      /** What the ledger says. */
      readonly expected: string;
      /** What was found. */
      readonly got: string;
      /** In words. */
      readonly why: string;
    };

type Finding = Extract<LedgerVerification, { equal: false }>;

/** Ends a replay from within. */
class Found extends Error {
  constructor(readonly finding: Finding) {
    super(finding.why);
  }
}

const EPOCH: Rule = ["a whole number >= 0", (n: number) => Number.isSafeInteger(n) && n >= 0];

/**
 * Replays a training, or a stretch of it, and compares each state with the ledger: first the chain of the ledger itself, then
 * what is computed, options and data, then the states. It trains as long as the stretch took, in slices.
 *
 * @param make makes the trainer as it was when the ledger began; it is disposed in the end
 * @param data as `fit` took them, but not bound, because bound data are of one trainer
 * @param ledger of any source; kept states may be missing
 * @returns whether all is equal, else the first difference
 * @throws OptionError for what is no ledger or an epoch outside it, what `fit` throws for data that do not fit, the signal's reason
 * @example
 * const make = () =>
 *   compile(sequential({ input: [1], seed: 1 }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
 * const data = { x: [[0], [1]], y: [1, 3] };
 * const { ledger } = await make().fit(data, { epochs: 100, ledger: { every: 10 } });
 * (await verifyLedger(make, data, JSON.parse(JSON.stringify(ledger)))).equal; // => true
 */
export async function verifyLedger<X = Rows, P = Result>(
  make: () => Trainer<X, P> | Promise<Trainer<X, P>>,
  data: Data<X, P>,
  ledger: Ledger,
  options: VerifyLedgerOptions<X, P> = {},
): Promise<LedgerVerification> {
  refuseMore("verifyLedger", arguments, 4);
  bringLedger();
  check("verifyLedger", "make, the first argument,", make, FUNCTION);
  checkLedger("verifyLedger: ledger", ledger);
  const read = readOptions("verifyLedger", options, {
    from: [undefined, EPOCH],
    to: [undefined, EPOCH],
    validation: [],
    onEpoch: [],
    onEntry: [undefined, FUNCTION],
    signal: [undefined, SIGNAL],
  });
  read.signal?.throwIfAborted();
  const stretch = stretchOf(ledger, read);
  const broken = brokenChain(ledger);
  if (broken)
    return {
      equal: false,
      at: broken.isEnd ? "end" : nameOf(broken.entry),
      expected: broken.expected,
      got: broken.entry.chain,
      why:
        "the chain of the ledger is broken here: this entry was changed, or one before it was changed or taken out" +
        (broken.entry === ledger.entries[0] ? ", or what the ledger says beside its entries" : ""),
    };
  const wrong = misplaced(ledger);
  if (wrong)
    return {
      equal: false,
      at: wrong.isEnd ? "end" : nameOf(wrong.entry),
      expected: nameOf({ ...wrong.entry, epoch: wrong.due }),
      got: nameOf(wrong.entry),
      why: `entries stand at each multiple of ${ledger.every}: one was added, moved or taken out, and the chain made anew`,
    };
  const trainer = await make();
  if (!(trainer instanceof Trainer))
    throw new OptionError(`verifyLedger: make must return a fresh trainer; got ${describe(trainer)}`);
  try {
    return await replay(trainer, data, ledger, read, stretch);
  } catch (error) {
    if (error instanceof Found) return error.finding;
    // The fit was none of the caller's.
    if (error instanceof WasmgradError) error.message = error.message.replace(/^fit: /, "verifyLedger: ");
    throw error;
  } finally {
    trainer.dispose();
  }
}

const nameOf = ({ epoch }: Place) => `epoch ${epoch}`;

/** What is replayed: from a kept state or the start, to an epoch, and on to the end of the ledger where that lies within the next one. */
interface Stretch {
  readonly start: LedgerEntry;
  /** The kept state of `start`, where that is not where the ledger began. */
  readonly state: string | undefined;
  readonly to: number;
  readonly end: Ledger["end"];
}

function stretchOf(
  { entries, end, states = [] }: Ledger,
  { from, to: given }: Pick<VerifyLedgerOptions, "from" | "to">,
): Stretch {
  if (entries.length === 0)
    throw new OptionError(
      "verifyLedger: ledger must have at least one entry; got none: no fit wrote into it",
    );
  const [first] = entries;
  const lastEntry = entries[entries.length - 1].epoch;
  const last = Math.max(lastEntry, end?.epoch ?? 0);
  const to = given ?? last;
  const rule = `must be an epoch of the ledger, from ${first.epoch} to ${last}`;
  if (to < first.epoch || to > last) throw new OptionError(`verifyLedger: to ${rule}; got ${to}`);
  const begin = from ?? first.epoch;
  if (begin < first.epoch || begin > to)
    throw new OptionError(
      `verifyLedger: from ${begin > to && begin <= last ? `must be at most to, which is ${to}` : rule}; got ${begin}`,
    );
  let start = first;
  let state: string | undefined;
  for (const kept of states) {
    const entry = entries.find(({ epoch }) => epoch === kept.epoch);
    if (!entry || entry.epoch > begin || entry.epoch <= start.epoch) continue;
    start = entry;
    state = kept.state;
  }
  return {
    start,
    state,
    to,
    end: end && (given === undefined || end.epoch < to || isAt(end, to)) ? end : undefined,
  };
}

/** Whether a ledger ends with an epoch, rather than after some rows of the next. */
const isAt = ({ epoch, rows }: NonNullable<Ledger["end"]>, at: number) => epoch === at && rows === 0;

/** @throws Found for the first difference of two values of JSON */
function refuseDifference(at: string, expected: unknown, got: unknown): void {
  const found = firstDifference(at, expected, got);
  if (found) throw new Found({ equal: false, ...found, why: WHY[at as keyof typeof WHY] });
}

const WHY = {
  manifest: "the trainer that make gives computes something else",
  options: "the training had other options",
  data: "the training had other rows, targets or weights, or the same in another order",
};

async function replay<X, P>(
  trainer: Trainer<X, P>,
  data: Data<X, P>,
  ledger: Ledger,
  { validation, onEpoch, onEntry, signal }: VerifyLedgerOptions<X, P>,
  { start, state, to, end }: Stretch,
): Promise<LedgerVerification> {
  refuseDifference("manifest", ledger.manifest, manifestOf(trainer, trainer.program));
  const entries = new Map(ledger.entries.map((entry) => [entry.epoch, entry]));
  const versions =
    ledger.version === VERSION ? "" : `; the ledger is of version ${ledger.version}, and this is ${VERSION}`;
  let compared = 0;
  /** The last entry that was found equal. */
  let reached: LedgerEntry | undefined;

  const compare = (at: string, entry: LedgerEntry, step: number, got: string, why: string): void => {
    if (got !== entry.digest)
      throw new Found({ equal: false, at, expected: entry.digest, got, why: why + versions });
    if (step !== entry.step) {
      const steps = { expected: `step ${entry.step}`, got: `step ${step}` };
      throw new Found({ equal: false, at, ...steps, why: `${since()} comes there with other steps` });
    }
    compared++;
    onEntry?.(entry);
    signal?.throwIfAborted();
  };
  const since = () => `training from epoch ${(reached ?? start).epoch} on`;

  const own = emptyLedger("verifyLedger", { every: ledger.every });
  const atEnd = (epoch: number) => end !== undefined && isAt(end, epoch);
  listen(own, {
    head: (head: Head) => {
      refuseDifference("options", ledger.options, head.options);
      refuseDifference("data", ledger.data, head.data);
    },
    wants: (epoch) => epoch === to || atEnd(epoch),
    state: ({ epoch, step }, digest) => {
      if (!reached) {
        const fromMake =
          "the trainer must start in another state: make must give it as it was when the ledger began";
        const kept = "the state that the ledger keeps is another one than its entry says";
        compare(nameOf(start), start, step, digest, state === undefined ? fromMake : kept);
        reached = start;
      }
      const entry = entries.get(epoch);
      if (entry && epoch > reached.epoch) {
        compare(nameOf(entry), entry, step, digest, `${since()} gives another state`);
        reached = entry;
      }
      if (end && atEnd(epoch)) compare("end", end, step, digest, `${since()} ends in another state`);
      if (epoch === to && !end?.rows) throw new Done();
    },
  });

  const callbacks = callbacksOf("verifyLedger", onEpoch as EpochCallback | undefined);
  const fit: FitOptions<X, P, Trainer<X, P>> = {
    ...replayed(ledger, validation),
    // The ledger says where training ended.
    onEpoch: callbacks.map((callback) => async (event: EpochEvent, of: Trainer<X, P>) => {
      await callback(event, of);
    }),
    ...(signal ? { signal } : {}),
    ledger: own,
  };
  try {
    if (state !== undefined) await restore(trainer, start, state, signal);
    // The last state ends the fit.
    if (to > start.epoch || !end?.rows)
      await trainer.fit(data, { ...fit, untilEpoch: end?.rows ? to : to + 1 });
    if (end?.rows) {
      const { lossBelow, step, rows } = end;
      // JSON has null for Infinity.
      const bound = { epochs: 1, stopWhen: { lossBelow: lossBelow ?? Number.POSITIVE_INFINITY } };
      const until = lossBelow === undefined ? { steps: step - trainer.steps } : bound;
      await trainer.fit(data, { ...fit, ...until });
      const got = own.end?.rows === rows ? own.end.digest : `row ${own.end?.rows}`;
      compare("end", end, trainer.steps, got, `${since()} ends in another state`);
    }
  } catch (error) {
    if (error instanceof Done) return { equal: true, entries: compared, from: start.epoch, to };
    if (!(error instanceof NonFiniteError)) throw error;
    const next = ledger.entries.find(({ epoch }) => epoch > trainer.epochs) ?? end ?? start;
    compare(nameOf(next), next, next.step, error.message, `${since()} diverges`);
  }
  return { equal: true, entries: compared, from: start.epoch, to };
}

/** Ends a replay where nothing is left to compare. */
class Done extends Error {}

/** The options of the training that was recorded. */
function replayed<X, P>(
  { options }: Ledger,
  given: FitOptions<X, P>["validation"],
): FitOptions<X, P, Trainer<X, P>> {
  const { validation: recorded, ...others } = options as FitOptions<X, P>;
  const { groups, digest } = Object(recorded);
  if (given === undefined && (groups ?? digest) !== undefined)
    throw new OptionError(
      `verifyLedger: validation must be given as it was to fit, because ledgers have only the digest of ${
        groups ? "groups" : "data"
      }; got none`,
    );
  const validation = given ?? recorded;
  return { ...others, ...(validation === undefined ? {} : { validation }) };
}

/** Puts a kept state into the trainer. */
async function restore(
  trainer: Pick<Trainer, "restore">,
  { epoch, digest }: LedgerEntry,
  text: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const state = await inSlices(stateFromText(text), () => signal?.throwIfAborted());
  const fail = (got: string) =>
    new Found({
      equal: false,
      at: `state of epoch ${epoch}`,
      expected: digest,
      got,
      why: "the state that the ledger keeps must be one of this trainer",
    });
  if (!state) throw fail("a text that is none");
  try {
    trainer.restore(state);
  } catch (error) {
    throw error instanceof StateError ? fail(error.message) : error;
  }
}
