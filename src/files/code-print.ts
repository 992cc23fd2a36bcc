/** Values as JavaScript. */
import { FileError } from "../errors.ts";
import type { ValueId } from "../graph/type.ts";
import type { Model } from "../model/model.ts";
import { Symbolic } from "../model/symbolic.ts";

export const fail = (got: string): never => {
  throw new FileError(`modelToCode: a model must be made of layers and methods of tensors; got ${got}`);
};

/** A text of one line, whatever is in it. */
export const quote = (text: string) =>
  JSON.stringify(text).replace(/[\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`);

/** `-0` and all others in their shortest form. */
export const digits = (value: number) => (Object.is(value, -0) ? "-0" : `${value}`);

export const keyOf = (name: string) =>
  /^[A-Za-z_$][\w$]*$/.test(name) && name !== "__proto__" ? name : `[${quote(name)}]`;

/** What names mean where code is written. */
export interface Place {
  /** Functions of the package that the code needs. */
  readonly imports: Set<string>;
  readonly nameOf: (id: ValueId) => string;
  readonly modelCode: (model: Model) => string;
}

/** Data without layers, tensors and models. */
export const DATA: Place = {
  imports: new Set(),
  nameOf: () => fail("a tensor in the place of data"),
  modelCode: () => fail("a model in the place of data"),
};

/** Parameters that start with given values are set afterwards. */
const isGivenValues = (name: string, value: unknown) =>
  name.endsWith("Initializer") && (value as { readonly kind?: unknown } | undefined)?.kind === "values";

/** The entries of options that say anything. */
const entriesOf = (options: object) =>
  Object.entries(options).filter(([name, value]) => value !== undefined && !isGivenValues(name, value));

/** Layers carry what made them. */
interface Made {
  readonly kind?: string;
  readonly given?: readonly unknown[];
}

/** Options, initializers, tensors, layers and models as people write them. */
export function print(value: unknown, place: Place = DATA): string {
  if (typeof value === "number") return digits(value);
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map((entry) => print(entry, place)).join(", ")}]`;
  if (value instanceof Symbolic) return place.nameOf(value.id);
  if (typeof value === "function") {
    const { kind, given } = value as Made;
    return kind && given ? callCode(kind, given, {}, place) : fail("a function among the options of a layer");
  }
  if (typeof value !== "object" || value === null) return `${value}`;
  if (ArrayBuffer.isView(value))
    return `new ${value.constructor.name}([${Array.from(value as Float32Array, digits).join(", ")}])`;
  if (Object.prototype.toString.call(value) === "[object Model]") return place.modelCode(value as Model);
  return `{ ${entriesOf(value)
    .map(([name, entry]) => `${keyOf(name)}: ${print(entry, place)}`)
    .join(", ")} }`;
}

/**
 * A call of a function of the package.
 *
 * @param given its arguments, options last
 * @param more  options in place of those given
 */
export function callCode(kind: string, given: readonly unknown[], more: object, place: Place): string {
  place.imports.add(kind);
  const first = given.slice(0, -1);
  while (first.length > 0 && first[first.length - 1] === undefined) first.pop();
  const options = { ...(given[given.length - 1] as object | undefined), ...more };
  const all = entriesOf(options).length > 0 ? [...first, options] : first;
  return `${kind}(${all.map((argument) => print(argument, place)).join(", ")})`;
}

export function nested(values: readonly number[], shape: readonly number[]): string {
  if (shape.length <= 1) return `[${values.map(digits).join(", ")}]`;
  const size = values.length / shape[0];
  const rows = Array.from({ length: shape[0] }, (_, i) =>
    nested(values.slice(i * size, (i + 1) * size), shape.slice(1)),
  );
  return `[${rows.join(", ")}]`;
}
