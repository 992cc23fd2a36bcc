/** What a ledger is: its chain, whether it is a whole one, and where two of them differ. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { sha256 } from "../files/digests.ts";
import { COUNT, check, checkObject, readOptions } from "../options.ts";
import type { Ledger, LedgerEnd, LedgerEntry, LedgerOptions } from "../train/ledger.ts";

export const FORMAT = 1;

/** A ledger while it is written. */
export type OpenLedger = {
  -readonly [K in keyof Ledger]: K extends "entries" | "states"
    ? NonNullable<Ledger[K]>[number][]
    : Ledger[K];
};

/** What a ledger says beside its states. */
export type Head = Pick<Ledger, "format" | "version" | "every" | "keep" | "manifest" | "data" | "options">;

/** The place of a state in the training. */
export type Place = Pick<LedgerEntry, "epoch" | "step"> & Pick<Partial<LedgerEnd>, "rows" | "lossBelow">;

/** JSON with the entries of objects in the order of their names, so that it is the same wherever a ledger was kept. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => `${JSON.stringify(name)}:${canonical(entry)}`)
    .join(",")}}`;
}

/** What the chain begins with. */
export const headChain = ({ format, version, every, keep, manifest, data, options }: Head): string =>
  sha256(canonical({ format, version, every, keep, manifest, data, options }));

/** The link behind `chain`: of its text, the place and the digest, as canonical JSON. */
export const nextChain = (chain: string, { epoch, step, rows, lossBelow }: Place, digest: string): string =>
  sha256(canonical({ chain, epoch, step, rows, lossBelow, digest }));

/** An entry whose link does not follow from what stands before it. */
export interface BrokenChain {
  readonly entry: LedgerEntry;
  readonly isEnd: boolean;
  /** The link that would follow. */
  readonly expected: string;
}

/** The first broken link, if there is one. */
export function brokenChain(ledger: Ledger): BrokenChain | undefined {
  let chain = headChain(ledger);
  for (const entry of ledger.entries) {
    // Of an entry nothing else counts.
    chain = nextChain(chain, { epoch: entry.epoch, step: entry.step }, entry.digest);
    if (chain !== entry.chain) return { entry, isEnd: false, expected: chain };
  }
  const { end } = ledger;
  if (!end) return undefined;
  chain = nextChain(chain, end, end.digest);
  return chain === end.chain ? undefined : { entry: end, isEnd: true, expected: chain };
}

/** A place where no entry can stand, and the one that is missing. */
export interface Misplaced {
  readonly entry: LedgerEntry;
  readonly isEnd: boolean;
  readonly due: number;
}

/** The first entry that is not the next multiple of `every`, if there is one: a fit leaves none out and writes none twice. */
export function misplaced({ every, entries, end }: Ledger): Misplaced | undefined {
  const after = (epoch: number) => epoch - (epoch % every) + every;
  for (let i = 1; i < entries.length; i++) {
    const due = after(entries[i - 1].epoch);
    if (entries[i].epoch !== due) return { entry: entries[i], isEnd: false, due };
  }
  // Early stopping hands back a state of before.
  const due = after(entries[entries.length - 1].epoch);
  return end && end.epoch >= due ? { entry: end, isEnd: true, due } : undefined;
}

const HEX = /^[0-9a-f]{64}$/;
const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
const isEntry = (entry: unknown): entry is LedgerEntry => {
  const { epoch, step, digest, chain } = Object(entry) as Partial<LedgerEntry>;
  return isCount(epoch) && isCount(step) && HEX.test(`${digest}`) && HEX.test(`${chain}`);
};
const isEnd = (end: unknown): boolean => {
  const { rows, lossBelow } = Object(end) as Partial<LedgerEnd>;
  // JSON has null for Infinity. A bound that was met ends a fit within an epoch, before its last update.
  const isBound =
    lossBelow === undefined || (rows !== 0 && (lossBelow === null || typeof lossBelow === "number"));
  return isEntry(end) && isCount(rows) && isBound;
};
/** Of `fit`: those that bits depend on. */
const isOption = (name: string) => /^(shuffle|classWeight|validation)$/.test(name);
const isState = (state: unknown) => {
  const { epoch, state: text } = Object(state) as { epoch?: unknown; state?: unknown };
  return isCount(epoch) && typeof text === "string";
};

/** Whether a value means to be a ledger, rather than options of one. */
export const isLedger = (given: unknown): given is Ledger => Object.hasOwn(Object(given), "entries");

/** @throws OptionError for what is no ledger, whatever its digests say */
export function checkLedger(who: string, given: unknown): asserts given is Ledger {
  const rule = "must be a ledger, as the result of fit has it";
  checkObject(who, given, rule);
  const { format, version, every, keep, manifest, data, options, entries, end, states } =
    given as Partial<Ledger>;
  if (Number.isSafeInteger(format) && (format as number) > FORMAT)
    throw new OptionError(`${who}: must have format ${FORMAT}; install a newer version; got ${format}`);
  const wrong = Object.entries({
    format: format === FORMAT,
    version: typeof version === "string",
    every: COUNT[1](every),
    keep: keep === undefined || COUNT[1](keep),
    manifest: Object(manifest) === manifest,
    data: Object(data) === data,
    options: Object(options) === options && Object.keys(options as object).every(isOption),
    entries: Array.isArray(entries) && entries.every(isEntry),
    end: end === undefined || isEnd(end),
    states: states === undefined || (Array.isArray(states) && states.every(isState)),
  }).find(([, holds]) => !holds);
  if (!wrong) return;
  const value = (given as Readonly<Record<string, unknown>>)[wrong[0]];
  throw new OptionError(`${who} ${rule}; got one with ${wrong[0]} ${describe(value)}`);
}

/** Checks the options of a ledger to be. */
export function checkLedgerOptions(who: string, options: LedgerOptions): LedgerOptions {
  const table = { every: [Number.NaN], keep: [] } as const;
  const { every, keep } = readOptions(who, options, table);
  check(who, "every", options.every, COUNT);
  if (keep === undefined) return { every };
  check(who, "keep", keep, [
    `a multiple of every, which is ${every}`,
    (n: number) => COUNT[1](n) && n % every === 0,
  ]);
  return { every, keep };
}

/** Where two values of JSON differ first. */
export interface Difference {
  /** Such as `manifest.optimizer.beta1`. */
  readonly at: string;
  readonly expected: string;
  readonly got: string;
}

const MOST_SHOWN = 80;
const shown = (value: unknown): string => {
  const text = value === undefined ? "nothing" : typeof value === "string" ? value : canonical(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}..` : text;
};

export function firstDifference(at: string, expected: unknown, got: unknown): Difference | undefined {
  if (Object.is(expected, got)) return undefined;
  const isTree = (value: unknown) => typeof value === "object" && value !== null;
  if (!isTree(expected) || !isTree(got) || Array.isArray(expected) !== Array.isArray(got))
    return { at, expected: shown(expected), got: shown(got) };
  const [mine, theirs] = [expected, got] as Readonly<Record<string, unknown>>[];
  for (const name of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const place = Array.isArray(expected) ? `${at}[${name}]` : `${at}.${name}`;
    const found = firstDifference(place, mine[name], theirs[name]);
    if (found) return found;
  }
  return undefined;
}
