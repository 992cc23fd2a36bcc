/** What every layer is made by. */
import { describe } from "../describe.ts";
import { OptionError, TraceError } from "../errors.ts";
import type { Initializer } from "../graph/graph.ts";
import type { AnyOp } from "../graph/op.ts";
import { readOptions, refuseMore, STRING } from "../options.ts";
import type { NestedNumbers } from "../rows/data.ts";
import { Symbolic } from "./symbolic.ts";
import type { Tensor } from "./tensor.ts";

/**
 * A piece of a model: a function from tensors to tensors. A layer called twice in one model shares its parameters.
 */
export type Layer<Gives extends LayerArrays = LayerArrays> = ((x: Tensor) => Tensor) & {
  readonly kind: string;
  readonly layerName?: string;
  /** Never there. */
  readonly [gives]?: Gives;
};

/**
 * A layer that takes further tensors where it is called, such as a mask: `lstm(32)(x, { mask })`.
 *
 * @typeParam Call the options of the call
 * @typeParam Output what a call gives
 */
export type LayerWith<Call extends object, Gives extends LayerArrays = LayerArrays, Output = Tensor> = ((
  x: Tensor,
  options?: Call,
) => Output) &
  Pick<Layer<Gives>, keyof Layer<Gives>>;

/** Names what carries the type of a layer's output. */
declare const gives: unique symbol;

/** The output of a layer as nested arrays: nested as deep as its input, one deeper, or as said. */
export type LayerArrays = "same" | "deeper" | NestedNumbers;

/** A layer, or a function of a tensor that stands for one. */
export type LayerLike = Layer | ((x: Tensor) => Tensor);

/** What layers make of nested arrays `A`. */
export type ArraysAfter<
  A extends NestedNumbers,
  Layers extends readonly LayerLike[],
> = Layers extends readonly [Layer<infer Gives>, ...infer Rest extends readonly LayerLike[]]
  ? ArraysAfter<
      [Gives] extends ["same"]
        ? A
        : [Gives] extends ["deeper"]
          ? A[]
          : Gives extends NestedNumbers
            ? Gives
            : NestedNumbers,
      Rest
    >
  : Layers extends readonly Layer<"same">[]
    ? A
    : NestedNumbers;

/** A function of this package that brings the ops of what it makes along: for the option `uses` of `load`. */
export interface BringsOps {
  /** @internal */
  readonly ops: readonly AnyOp[];
}

/** What a function brings along. */
export interface Brought {
  readonly ops: readonly AnyOp[];
  /** How files name what it makes, if they do. */
  readonly kind?: string;
}

/** In the sources a property says what a function brings. In the package a call does, see `scripts/plain-functions.mjs`. */
export const withOps = <F extends (...given: never[]) => unknown>(
  make: F,
  ops: readonly AnyOp[],
): F & BringsOps => Object.assign(make, { ops });

/** The only argument of a call that asks a function of the package what it brings. */
export const BRINGS = /* @__PURE__ */ Symbol("brings");

/** What a function brings along; undefined for what is none of this package's. */
export function broughtBy(use: unknown): Brought | undefined {
  const given = use as (Partial<Brought> & ((ask: symbol) => Partial<Brought>)) | undefined;
  if (Array.isArray(given?.ops)) return given as Brought;
  if (typeof given !== "function") return undefined;
  try {
    const brought = given(BRINGS);
    if (Array.isArray(brought?.ops)) return brought as Brought;
    // Of other functions, those that are asynchronous refuse the symbol later.
    Promise.resolve(brought).catch(() => {});
  } catch {}
  return undefined;
}

/** What the layers of one model share while it is built. */
type Building = readonly [
  /** Layers by kind. */
  counts: Map<string, number>,
  names: Set<string>,
  /** With the parameters, for calls of one layer to share. */
  made: Map<object, { readonly name: string; readonly parameters: readonly Tensor[] }>,
];

/**
 * Wraps the body of a layer: names it, makes its parameters once per model, and scopes its nodes.
 *
 * @param given    the arguments that make it again, options last: see `modelToCode`
 * @param readCall checks the options of a call, `{}` where none are given; a layer without it takes none
 */
export function layer(
  kind: string,
  given: readonly unknown[],
  layerName: string | undefined,
  parameters: (who: string, x: Tensor) => readonly Tensor[],
  body: (x: Tensor, parameters: readonly Tensor[], who: string) => Tensor,
): Layer<never>;
export function layer<Given extends object, Call, Output = Tensor>(
  kind: string,
  given: readonly unknown[],
  layerName: string | undefined,
  parameters: (who: string, x: Tensor, call: Call) => readonly Tensor[],
  body: (x: Tensor, parameters: readonly Tensor[], who: string, call: Call) => Output,
  readCall: (who: string, x: Tensor, options: Given) => Call,
): LayerWith<Given, never, Output>;
export function layer(
  kind: string,
  given: readonly unknown[],
  layerName: string | undefined,
  parameters: (who: string, x: Tensor, call: unknown) => readonly Tensor[],
  body: (x: Tensor, parameters: readonly Tensor[], who: string, call: unknown) => unknown,
  readCall?: (who: string, x: Tensor, options: never) => unknown,
): unknown {
  const called = layerName ?? kind;
  const apply = (x: Tensor, ...more: unknown[]) => {
    // `[a, b].map(layer)` gives an index beside each element.
    const options = typeof more[0] === "number" ? [] : more;
    refuseMore(called, [x, ...options], readCall ? 2 : 1);
    if (!(x instanceof Symbolic))
      throw new TraceError(
        `${called}: needs a tensor of a model; got ${describe(x)}` +
          (x === undefined
            ? ": does an input have this name?"
            : Array.isArray(x) && (x as unknown[]).every((one) => one instanceof Symbolic)
              ? ": give one"
              : ": data go to predict or fit"),
      );
    const { builder } = x;
    const [counts, names, layers] = (builder.layers ??= [new Map(), new Set(), new Map()]) as Building;
    const call = readCall?.(called, x, (options[0] === undefined ? {} : options[0]) as never);
    const outer = builder.scope;
    let made = layers.get(apply);
    try {
      if (!made) {
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        const name = layerName ?? `${kind}${count}`;
        if (names.has(name)) throw new OptionError(`${name}: layer names must be unique; got ${name} twice`);
        names.add(name);
        builder.graph.layerNames.set(apply, [name]);
        builder.scope = name;
        made = { name, parameters: parameters(name, x, call) };
        layers.set(apply, made);
      }
      builder.scope = made.name;
      const output = body(x, made.parameters, made.name, call);
      if (!outer) builder.graph.calls.add([apply, x, options[0], output]);
      return output;
    } finally {
      builder.scope = outer;
    }
  };
  return Object.assign(apply, { kind, layerName, given });
}

/** A variable of the layer that is being built. */
export const variable = (
  x: Tensor,
  name: string,
  shape: readonly number[],
  init: Initializer,
  nonNegative = false,
): Tensor => x.of(x.builder.graph.addVariable(name, shape, init, nonNegative));

export interface NameOption {
  /** Default: the kind of the layer and its number, in the order of use. */
  readonly name?: string;
}

/** The name in the options of a layer that has no others. */
export function nameIn(who: string, options: NameOption): string | undefined {
  return readOptions(who, options, { name: [undefined, STRING] }).name;
}
