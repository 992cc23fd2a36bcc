/** Results of the suite: those of this browser, stored ones, and any that a visitor pastes, which are checked. */
import { RECORD, SUITE } from "../../../src/cli/bench-record.ts";

export interface Timing {
  readonly name: string;
  /** Of one round. */
  readonly ms: number;
  readonly digest: string;
}

export interface Result {
  readonly suite: string;
  readonly version?: string;
  /** Of the browser or program, and the machine. */
  readonly machine: string;
  /** "median" of several, or "least". */
  readonly statistic: string;
  readonly date?: string;
  /** Programs that wanted a core of the machine in the minute before. */
  readonly load?: number;
  readonly workloads: readonly Timing[];
}

/** What is wrong with a pasted result, in a sentence. */
export class PastedError extends Error {}

const MOST_CHARACTERS = 100_000;
const MOST_NAME = 120;
const MOST_MS = 1e7;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Text on one line, without what hides or reorders other text. */
const textOf = (value: unknown, otherwise: string) =>
  typeof value === "string" && value.trim() !== ""
    ? value
        .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
        .trim()
        .slice(0, MOST_NAME)
    : otherwise;

const BROWSERS = [
  [/\bFirefox\/(\d+)/, "Firefox"],
  [/\bEdg\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/Chrome\/(\d+)/, "Chrome"],
  [/\bVersion\/([\d.]+) .*Safari\//, "Safari"],
] as const;

/** Name and version of a browser, by what it says of itself. */
export function browserOf(userAgent: string): string {
  for (const [pattern, name] of BROWSERS) {
    const found = userAgent.match(pattern);
    if (found) return `${name} ${found[1]}`;
  }
  return "a browser";
}

/** The command says processor and version of Node; pages say `machine`. */
function machineOf({ machine, engine }: Record<string, unknown>): string {
  if (!isObject(engine)) return textOf(machine, "pasted");
  return `${textOf(engine.cpu, "pasted")}, Node ${textOf(engine.node, "?")}`;
}

/**
 * What `wasmgrad bench --json` or this page has written.
 *
 * @throws PastedError
 */
export function readResult(text: string): Result {
  if (text.trim() === "") throw new PastedError("There is nothing to compare: paste the JSON of a run.");
  if (text.length > MOST_CHARACTERS)
    throw new PastedError(
      `This text has ${text.length} characters, of which a result needs few: at most ${MOST_CHARACTERS}.`,
    );
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new PastedError("This is not JSON: paste all that the other run printed, from { to }.");
  }
  if (!isObject(given) || !Array.isArray(given.workloads))
    throw new PastedError(
      'This JSON is no result of the suite: it needs "suite" and "workloads", as wasmgrad bench --json prints them.',
    );
  if (given.suite !== SUITE)
    throw new PastedError(
      `This is a result of ${textOf(given.suite, "another suite")}, and only those of ${SUITE} compare.`,
    );
  const workloads: readonly unknown[] = given.workloads;
  const timings = Object.keys(RECORD).map((name): Timing => {
    const found = workloads.filter((workload) => isObject(workload) && workload.name === name) as Record<
      string,
      unknown
    >[];
    if (found.length !== 1)
      throw new PastedError(
        `The result must have the workload "${name}" once; it has it ${found.length} times.`,
      );
    const [{ ms, digest }] = found;
    if (!(typeof ms === "number" && ms > 0 && ms < MOST_MS))
      throw new PastedError(`The time of "${name}" must be a number of milliseconds above 0.`);
    if (typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest))
      throw new PastedError(`The digest of "${name}" must be 64 hexadecimal digits.`);
    return { name, ms, digest };
  });
  return {
    suite: SUITE,
    version: textOf(given.version, "?"),
    machine: machineOf(given),
    statistic: given.statistic === "median" ? "median" : "least",
    workloads: timings,
  };
}

/** Whether a workload gave the bits that it gives everywhere. */
export const isEqual = ({ name, digest }: Timing) => RECORD[name]?.[0] === digest;

/** 1000 is the reference machine; twice as fast is 2000. */
export const scoreOf = ({ name, ms }: Timing) => (1000 * RECORD[name][1]) / ms;

/** The geometric mean of the scores. */
export const totalScore = ({ workloads }: Result) =>
  Math.round(
    Math.exp(workloads.reduce((sum, timing) => sum + Math.log(scoreOf(timing)), 0) / workloads.length),
  );

/** Times of one round as people read them. */
export const shownTime = (ms: number) =>
  ms < 1 ? `${(ms * 1000).toPrecision(3)} us` : `${ms.toPrecision(3)} ms`;
