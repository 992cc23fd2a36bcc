import { OptionError } from "../errors.ts";

/**
 * A frozen copy whose properties, and those of the objects in it, throw when they are assigned, in sloppy mode too: the
 * assignment would be lost without a word. Arrays in it stay as they are.
 *
 * @param what names the object in errors: `parameters`
 * @param instead what sets the numbers
 */
export function readOnly<T extends object>(what: string, values: T, instead = "setParameters"): T {
  const copy = {} as T;
  for (const [key, value] of Object.entries(values)) {
    const path = `${what}.${key}`;
    const kept = value.length === undefined ? readOnly(path, value, instead) : value;
    Object.defineProperty(copy, key, {
      enumerable: true,
      get: () => kept,
      set() {
        throw new OptionError(`${path}: must not be assigned; use ${instead}`);
      },
    });
  }
  // What a console of Node shows: the values, rather than that there are getters.
  Object.defineProperty(copy, Symbol.for("nodejs.util.inspect.custom"), { value: () => values });
  return Object.freeze(copy);
}
