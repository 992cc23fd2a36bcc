import { OptionError } from "../errors.ts";
import { describe } from "./data.ts";

/**
 * Refuses options that are no object, and names that nobody reads: a misspelt option would silently leave a default.
 *
 * @param others what is left of `options` when all known names are taken out
 */
export function checkOptions(who: string, options: unknown, others: object): void {
  if (typeof options !== "object")
    throw new OptionError(`${who}: options must be an object; got ${describe(options)}`);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new OptionError(`${who}: options must be those in its documentation; got ${unknown}`);
}
