import { describe } from "./describe.ts";
import { OptionError } from "./errors.ts";
import { refuseUnknown } from "./suggest.ts";

/** What a value must be: in words, as a test, and its type. */
// biome-ignore lint/suspicious/noExplicitAny: the test sees values of the rule's type only
export type Rule = readonly [text: string, holds: (value: any) => unknown, type?: string];

export const COUNT: Rule = ["a whole number >= 1", (n: number) => Number.isSafeInteger(n) && n >= 1];
export const NOT_NEGATIVE: Rule = [
  "a finite number >= 0 in single precision",
  (n: number) => n >= 0 && Number.isFinite(Math.fround(n)),
];
export const POSITIVE: Rule = [
  "a finite number > 0 in single precision",
  (n: number) => Math.fround(n) > 0 && Number.isFinite(Math.fround(n)),
];
export const SHARE: Rule = ["in [0, 1)", (n: number) => n >= 0 && n < 1];
export const BOOLEAN: Rule = ["a boolean", () => true, "boolean"];
export const STRING: Rule = ["a string", () => true, "string"];
export const FUNCTION: Rule = ["a function", () => true, "function"];
export const SIGNAL: Rule = [
  "an AbortSignal, such as controller.signal",
  (signal: AbortSignal | null) => typeof signal?.throwIfAborted === "function",
  "object",
];

/** One of these words. */
export const oneOf = (...words: readonly string[]): Rule => [
  words.map((word) => `"${word}"`).join(" or "),
  (word: string) => words.includes(word),
  "string",
];

/** Refuses what breaks a rule; `null` and `"1"` would count as numbers in JavaScript. */
export function check(who: string, name: string, value: unknown, [text, holds, type = "number"]: Rule): void {
  if (typeof value === type && holds(value)) return;
  const isText = type === "number" && typeof value === "string" && value.trim() && holds(+value);
  throw new OptionError(
    `${who}: ${name} must be ${text}; got ${describe(value)}${isText ? ": write it without quotes" : ""}`,
  );
}

/** The options of an API, in the order of its errors: what each is where it is not given, and what it must be. */
type Table<T> = { readonly [K in keyof T]-?: readonly [fallback?: T[K], rule?: Rule] };

type Read<T, D extends Table<T>> = {
  [K in keyof T]-?: undefined extends D[K][0] ? T[K] : Exclude<T[K], undefined>;
};

/**
 * The given options, checked, with defaults filled in; names that nobody reads are refused. The options of a layer are
 * told by its own name, where it has one.
 */
export function readOptions<T extends object, D extends Table<T>>(
  who: string,
  options: T,
  table: D,
): Read<T, D> {
  // In the way of every call: nothing is made for an error before there is one.
  if (!hasEntries(options))
    throw new OptionError(
      `${who}: options must be an object, such as { ${Object.keys(table)[0]}: .. }; got ${describe(options)}`,
    );
  const { name: own } = options as { name?: unknown };
  if ("name" in table && typeof own === "string") who = own;
  for (const name in options)
    if (!Object.hasOwn(table, name)) refuseUnknown(who, options, Object.keys(table));
  const read = {} as Record<string, unknown>;
  for (const name in table) {
    const [fallback, rule] = table[name] as Table<T>[keyof T];
    const value: unknown = options[name as unknown as keyof T];
    if (value !== undefined && rule) check(who, name, value, rule);
    // What is undefined is left out: objects of more than four entries grow in steps, which a small fit would feel.
    if (value !== undefined) read[name] = value;
    else if (fallback !== undefined) read[name] = fallback;
  }
  return read as Read<T, D>;
}

/** Whether a value is an object with entries by name: none of a list. */
const hasEntries = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Refuses what has no entries by name, which a Map has not either. */
export function checkObject(who: string, value: unknown, rule: string): asserts value is object {
  if (!hasEntries(value) || Symbol.iterator in value)
    throw new OptionError(`${who}: ${rule}; got ${describe(value)}`);
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
        "surplus",
      );
}

/**
 * Gives a prototype methods that say where they are to be found: what another kind of object has under these names, users
 * will call here too.
 *
 * @param names between spaces; those it has already stay as they are
 */
export function refuseMethods(prototype: object, names: string, rule: string): void {
  for (const name of names.split(" "))
    if (!(name in prototype))
      Object.defineProperty(prototype, name, {
        value() {
          throw new OptionError(`${name}: ${rule}`);
        },
      });
}
