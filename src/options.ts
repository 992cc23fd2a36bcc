import { describe } from "./describe.ts";
import { OptionError } from "./errors.ts";

/** Returns the options; throws OptionError unless they are an object. */
export function optionsOf<T>(who: string, options: T, name = "options"): T {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new OptionError(`${who}: ${name} must be an object; got ${describe(options)}`);
  return options;
}

/** Refuses an option of another type, which JavaScript might take for something. */
export function checkType(
  who: string,
  name: string,
  value: unknown,
  type: "boolean" | "function" | "string",
): void {
  if (typeof value !== type)
    throw new OptionError(`${who}: ${name} must be a ${type}; got ${describe(value)}`);
}

/**
 * Refuses arguments that nobody reads: a method of another library may take a flag or an axis there.
 *
 * @param given the arguments of the call; those that are undefined count as not given
 * @param instead what to write, where that is known
 */
export function refuseMore(who: string, given: ArrayLike<unknown>, most: number, instead = ""): void {
  for (let i = most; i < given.length; i++)
    if (given[i] !== undefined)
      throw new OptionError(
        `${who}: takes no argument ${i + 1}; got ${describe(given[i])}${instead && `: ${instead}`}`,
      );
}

/** What a number must be: in words, and as a test. */
export type NumberRule = readonly [text: string, holds: (value: number) => boolean];

export const COUNT: NumberRule = ["a whole number >= 1", (n) => Number.isSafeInteger(n) && n >= 1];
export const NOT_NEGATIVE: NumberRule = [
  "a finite number >= 0 in single precision",
  (n) => n >= 0 && Number.isFinite(Math.fround(n)),
];
export const POSITIVE: NumberRule = [
  "a finite number > 0 in single precision",
  (n) => Math.fround(n) > 0 && NOT_NEGATIVE[1](n),
];

export const SHARE: NumberRule = ["in [0, 1)", (n) => n >= 0 && n < 1];

/** Refuses what is no number of the kind that is wanted; `null` and `"1"` would count as numbers in JavaScript. */
export function checkNumber(who: string, name: string, value: unknown, [text, holds]: NumberRule): void {
  if (!(typeof value === "number" && holds(value)))
    throw new OptionError(`${who}: ${name} must be ${text}; got ${describe(value)}`);
}

/**
 * Refuses names that nobody reads: a misspelt option would silently leave a default.
 *
 * @param others what is left of the options when all known names are taken out
 */
export function refuseOthers(who: string, others: object): void {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new OptionError(`${who}: options must be those in its documentation; got ${unknown}`);
}

export function checkSignal(who: string, signal: AbortSignal | undefined): void {
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function")
    throw new OptionError(`${who}: signal must be an AbortSignal; got ${describe(signal)}`);
}
