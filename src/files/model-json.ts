/** Small models as JSON: what they compute, and their values, in a few hundred bytes. */
import { describe } from "../describe.ts";
import { FileError } from "../errors.ts";
import type { FittedEntry } from "../graph/input.ts";
import { targetEntries } from "../graph/input.ts";
import type { SerializedGraph, SerializedRef } from "../graph/serialize.ts";
import { sizeOf } from "../graph/shape.ts";
import { describeModel, type ModelDescription } from "../model/describe-model.ts";
import type { BringsOps } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import { layerOf } from "../model/summary.ts";
import { readOptions, refuseMore } from "../options.ts";
import { fitStages } from "../preprocess/fit.ts";
import { Predictor } from "../program/predictor.ts";
import type { Result, Rows } from "../rows/data.ts";
import { base64Length, fromBase64, toBase64 } from "./base64.ts";
import { CORE_OPS, opsOf, readModel } from "./open.ts";

/** A model as plain data for `JSON.stringify`. */
export interface ModelJSON {
  /** The version of the format. */
  readonly wasmgrad: 1;
  readonly seed: number;
  /** What each input is, by name: the shape of a row, or more. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The op of each node, what it reads, and its attributes where they are not the usual ones. */
  readonly nodes: readonly unknown[];
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Shapes of the parameters, or how they start. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The parameters that start with given values, in their order: f32 in base64. */
  readonly values?: string;
  /** What preprocessing was fitted to, by name. */
  readonly fitted?: Readonly<Record<string, readonly number[]>>;
  /** Class names, where a predictor or trainer has some. */
  readonly labels?: readonly string[];
  readonly [more: string]: unknown;
}

type Entries = Readonly<Record<string, unknown>>;

const LINEAR = { alpha: 0, fn: "Identity" } as const;
const PLAIN = { transposeA: false, transposeB: false } as const;

/** Attributes that are left out, by op. */
const USUAL: Readonly<Record<string, Entries>> = {
  batchMatMul: PLAIN,
  conv: LINEAR,
  dense: LINEAR,
  matMul: PLAIN,
  unary: LINEAR,
};

const usualOf = (op: unknown): Entries =>
  typeof op === "string" && Object.hasOwn(USUAL, op) ? USUAL[op] : {};

/**
 * A model as JSON: with its parameters where they start with given values, as those of `toModel()` and of trainers and predictors do.
 * `modelFromJSON` gives it back to the bit. XOR takes some 550 bytes, which go into a link; a large model is a file, see `save`.
 *
 * @throws FileError for something else than a model, a trainer or a predictor
 * @example
 * const model = sequential({ input: [2], seed: 42 }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
 * const predictor = compile(model);
 * const text = JSON.stringify(modelToJSON(predictor));
 * compile(modelFromJSON(JSON.parse(text))).digest() === predictor.digest(); // => true
 */
export function modelToJSON<X, P>(source: Model<X, P> | Predictor<X, P>): ModelJSON {
  refuseMore("modelToJSON", arguments, 1);
  const { model, labels } = sourceOf("modelToJSON", source);
  const { seed, named, inputs, outputs, variables, layers, order, computation } = describeModel(model);
  const graph = computation as SerializedGraph;
  const { graph: own } = model;
  const values = own.variables.flatMap(({ init }) => (init.kind === "values" ? [init.data] : []));
  const fitted = fittedIn(model);
  const layersBefore = usualLayers(graph);
  const refs = (ref: SerializedRef) => packRef(ref, inputs);
  return {
    wasmgrad: 1,
    seed,
    ...(named.inputs ? { namedInputs: true } : {}),
    ...(named.outputs ? { namedOutputs: true } : {}),
    inputs: Object.fromEntries(inputs.map((name) => [name, packInput(graph.inputs[name])])),
    nodes: graph.nodes.map(({ op, attrs, inputs: read }) => {
      const usual = usualOf(op);
      const others = Object.entries(attrs).filter(([name, value]) => usual[name] !== value);
      return [op, read.map(refs), ...(others.length > 0 ? [Object.fromEntries(others)] : [])];
    }),
    outputs: Object.fromEntries(outputs.map((name) => [name, refs(graph.outputs[name])])),
    ...(graph.updates ? { updates: mapEntries(graph.updates, refs) } : {}),
    ...(graph.targets ? { targets: graph.targets } : {}),
    variables: Object.fromEntries(
      variables.map(({ name, shape, ...start }) => [
        name,
        start.init.kind === "values" && !start.nonNegative ? shape : { shape, ...start },
      ]),
    ),
    ...(layers.some((layer, i) => layer !== layersBefore[i]) ? { layers } : {}),
    ...(order ? { order } : {}),
    ...(values.length > 0 ? { values: toBase64(concatenated(values)) } : {}),
    ...(fitted ? { fitted } : {}),
    ...(labels ? { labels } : {}),
  };
}

/** The model behind what is given, with the present parameters of a program; and labels. */
export function sourceOf(
  who: string,
  source: unknown,
): { readonly model: Model; readonly labels: readonly string[] | undefined } {
  if (source instanceof Predictor)
    return {
      model: source.toModel() as Model,
      labels: (source as unknown as { readonly labels?: readonly string[] }).labels,
    };
  if (Object.prototype.toString.call(source) === "[object Model]")
    return { model: source as Model, labels: undefined };
  throw new FileError(`${who}: needs a model, a trainer or a predictor; got ${describe(source)}`);
}

const mapEntries = <T, R>(entries: Readonly<Record<string, T>>, make: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, make(value)]));

function concatenated(arrays: readonly Float32Array[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/** `[2]` for `{ shape: [rows, 2], dtype: "f32" }`. */
const packInput = ({ shape, dtype, ...others }: SerializedGraph["inputs"][string]): unknown => {
  const row = shape.slice(1);
  const isUsual = dtype === "f32" && Object.keys(others).length === 0;
  return isUsual ? row : { shape: row, ...(dtype === "f32" ? {} : { dtype }), ...others };
};

/** A variable is its name, the first output of a node its index, input k is -1 - k. */
function packRef(ref: SerializedRef, inputs: readonly string[]): unknown {
  const [kind, first, second] = ref;
  if (kind === "input") return -1 - inputs.indexOf(first as string);
  if (kind === "variable") return first;
  if (kind === "node") return second === 0 ? first : [first, second];
  return ref;
}

/** A node belongs to the layer of a variable that it reads, or else to that of the node before it. */
function usualLayers({ nodes }: Pick<SerializedGraph, "nodes">): string[] {
  let layer = "";
  return nodes.map(({ inputs }) => {
    const [, name] = inputs.find(([kind]) => kind === "variable") ?? [];
    if (typeof name === "string") layer = layerOf(name);
    return layer;
  });
}

/** What inputs and outputs start with, by the names of counters. */
function fittedIn({ graph }: Model): Record<string, readonly number[]> | undefined {
  const fitted: Record<string, readonly number[]> = {};
  const add = (entries: readonly FittedEntry[], initial: readonly number[]) => {
    let at = 0;
    for (const { name, length } of entries) {
      fitted[name] = initial.slice(at, at + length);
      at += length;
    }
  };
  for (const { preprocessing, initial } of graph.inputs)
    if (preprocessing && initial) add(preprocessing.fitted, initial);
  for (const { name, value, targets, initial } of graph.outputs)
    if (targets && initial) add(targetEntries(name, -sizeOf(graph.shape(value))), initial);
  return Object.keys(fitted).length > 0 ? fitted : undefined;
}

/**
 * The model of what `modelToJSON` gave, or of its text. `compile` makes a predictor or a trainer of it.
 *
 * @throws FileError for anything else, and for a model that needs ops which were not passed in `uses`
 * @example
 * const json = modelToJSON(compile(sequential({ input: [2] }, [dense(2, { activation: "softmax" })]), { labels: ["no", "yes"] }));
 * const predictor = compile(modelFromJSON(json), { labels: json.labels });
 */
export function modelFromJSON<X = Rows, P = Result>(
  json: ModelJSON | string,
  options: {
    /** What the model needs beside dense layers, activations and shapes, as in `load`; `dropout` too. */
    readonly uses?: readonly BringsOps[];
  } = {},
): Model<X, P> {
  const who = "modelFromJSON";
  refuseMore(who, arguments, 2);
  const { uses } = readOptions(who, options, { uses: [[]] });
  const fail = (rule: string, got: unknown): never => {
    throw new FileError(`${who}: ${rule}; got ${describe(got)}`);
  };
  let given: unknown = json;
  if (typeof json === "string")
    try {
      given = JSON.parse(json);
    } catch {
      fail("a text must be JSON", json);
    }
  const { wasmgrad: version, ...entries } = Object(given) as Readonly<Record<string, unknown>>;
  if (version !== 1) fail("json must be what modelToJSON gives, of version 1", version ?? given);
  const description = unpack(entries, fail);
  const values = valuesIn(entries, description, fail);
  const fitted = Object(entries.fitted) as Readonly<Record<string, unknown>>;
  const fittedOf = (wanted: readonly FittedEntry[]) =>
    wanted.flatMap(({ name, length }) => {
      const numbers: unknown = Object.hasOwn(fitted, name) ? fitted[name] : undefined;
      const isRight = Array.isArray(numbers) && numbers.length === length && numbers.every(Number.isFinite);
      return isRight ? (numbers as number[]) : fail(`${name} must be ${length} numbers`, numbers);
    });
  const valuesOf = (name: string) => values.get(name) ?? fail(`${name} must have values`, "none");
  const ops = [...CORE_OPS, ...opsOf(who, uses)];
  return readModel(who, description, ops, { valuesOf, fittedOf }, fitStages) as Model<X, P>;
}

type Fail = (rule: string, got: unknown) => never;

/** What a description is made of; whether it is one, `readModel` finds out. */
function unpack(
  json: Entries,
  fail: Fail,
): Omit<ModelDescription, "computation"> & { readonly computation: Entries } {
  const record = (name: string): Entries => {
    const value = json[name] ?? {};
    return typeof value === "object" && !Array.isArray(value)
      ? (value as Entries)
      : fail(`${name} must be an object`, value);
  };
  const list = (what: string, value: unknown): readonly unknown[] =>
    Array.isArray(value) ? value : fail(`${what} must be an array`, value);
  const inputs = record("inputs");
  const names = Object.keys(inputs);
  const refs = (ref: unknown): unknown => {
    if (typeof ref === "string") return ["variable", ref];
    if (typeof ref === "number") return ref < 0 ? ["input", names[-1 - ref]] : ["node", ref, 0];
    const [first] = list("what a node reads", ref);
    return typeof first === "number" ? ["node", ...(ref as unknown[])] : ref;
  };
  const nodes = list("nodes", json.nodes).map((node) => {
    const [op, read, attrs = {}] = list("a node", node);
    const all = Object.entries({ ...usualOf(op), ...Object(attrs) });
    // In the order of their names, as they are serialized.
    all.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return { op, attrs: Object.fromEntries(all), inputs: list("what a node reads", read).map(refs) };
  });
  const typed = mapEntries(inputs, (input) => {
    const {
      shape,
      dtype = "f32",
      ...others
    } = (Array.isArray(input) ? { shape: input } : Object(input)) as Entries;
    return { shape: [-1, ...list("the shape of an input", shape)], dtype, ...others };
  });
  const outputs = record("outputs");
  const { fitted } = json;
  const starts = Object.keys(Object(fitted));
  return {
    seed: json.seed as number,
    named: { inputs: json.namedInputs === true, outputs: json.namedOutputs === true },
    inputs: names,
    outputs: Object.keys(outputs),
    variables: Object.entries(record("variables")).map(([name, start]) => ({
      name,
      ...(Array.isArray(start) ? { shape: start, init: { kind: "values" } } : Object(start)),
    })),
    layers: (json.layers ?? usualLayers({ nodes: nodes as never })) as readonly string[],
    ...(json.order === undefined ? {} : { order: json.order as readonly number[] }),
    ...(starts.length > 0 ? { initial: startsOf(typed, Object.keys(outputs), starts) } : {}),
    computation: {
      inputs: typed,
      nodes,
      outputs: mapEntries(outputs, refs),
      ...(json.updates === undefined ? {} : { updates: mapEntries(record("updates"), refs) }),
      ...(json.targets === undefined ? {} : { targets: json.targets }),
    },
  };
}

/** Inputs and outputs that some of the fitted numbers are of. */
function startsOf(inputs: Entries, outputs: readonly string[], fitted: readonly string[]): string[] {
  const steps = (input: unknown): readonly unknown[] => {
    const { steps: given } = Object(input) as { steps?: unknown };
    return Array.isArray(given) ? given : [];
  };
  const isFitted = (step: unknown) => fitted.includes(`${(Object(step) as { name?: unknown }).name}.fitted`);
  return [
    ...Object.entries(inputs).flatMap(([name, input]) =>
      steps(input).some(isFitted) ? [`input ${name}`] : [],
    ),
    ...outputs.flatMap((name) => (fitted.includes(`targets.${name}.fitted`) ? [`output ${name}`] : [])),
  ];
}

/** The values of variables; their number is checked before anything is made of the text. */
function valuesIn(
  { values }: Entries,
  { variables }: Pick<ModelDescription, "variables">,
  fail: Fail,
): Map<string, Float32Array> {
  const wanted = variables.filter(({ init }) => init?.kind === "values");
  const sizes = wanted.map(({ shape }) =>
    Array.isArray(shape) ? shape.reduce((size, d) => size * d, 1) : Number.NaN,
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const text = values ?? "";
  if (typeof text !== "string" || text.length !== base64Length(total * 4))
    return fail(`values must be ${total} numbers in base64`, values);
  const bytes = fromBase64(text) ?? fail("values must be base64 with - and _", text);
  const all = new Float32Array(bytes.buffer, 0, total);
  if (!all.every(Number.isFinite)) fail("values must be finite", "others");
  let at = 0;
  return new Map(
    wanted.map(({ name }, i) => {
      at += sizes[i];
      return [name, all.slice(at - sizes[i], at)];
    }),
  );
}
