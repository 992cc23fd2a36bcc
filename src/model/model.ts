import { describe } from "../describe.ts";
import { OptionError, ShapeError, TraceError } from "../errors.ts";
import { Builder } from "../graph/builder.ts";
import { Graph } from "../graph/graph.ts";
import { forInference } from "../graph/inference.ts";
import type { Column, ColumnName, NumberSettings } from "../graph/input.ts";
import { Fn, type OpAttrs } from "../graph/op.ts";
import { findRowMixing } from "../graph/row-mixing.ts";
import { formatShape, ROWS, type Shape } from "../graph/shape.ts";
import type { DType, Type, ValueId } from "../graph/type.ts";
import { COUNT, oneOf, type Rule, readOptions, refuseMethods, refuseMore } from "../options.ts";
import { classOf } from "../realm.ts";
import type { NestedRows, Result, Rows } from "../rows/data.ts";
import type { ArraysAfter, LayerLike } from "./layer.ts";
import { modelSummary } from "./summary.ts";
import { applyTo, Symbolic } from "./symbolic.ts";

export type { Column, ColumnName, DType, NumberSettings, Shape };

/** Names what carries the types of a model. */
declare const types: unique symbol;

/**
 * A model is data: a graph, and how its parameters start. `compile` makes a program of it; one model can be compiled
 * many times.
 *
 * @typeParam X what `predict` and `fit` take: rows, or rows by input name
 * @typeParam P what `predict` gives: one result, or results by output name
 */
export interface Model<X = unknown, P = unknown> {
  /** @internal the forward computation */
  readonly graph: Graph;
  /** What its initial parameters are drawn from. */
  readonly seed: number;
  /** @internal whether data and results come bare, or by name */
  readonly named: { readonly inputs: boolean; readonly outputs: boolean };
  /**
   * Layers in order of use with their output shapes, parameters, and of one row the multiply-adds and the bytes of the output, as a
   * table. `layersOf` gives the same as data.
   */
  summary(): string;
  /** Never there. */
  readonly [types]?: { readonly x: X; readonly p: P };
}

/** What one row of an input is: its shape, and the type of its numbers where they are ids for an `embedding`. */
export type InputOptions = Shape | InputRow | InputTable;

/** Rows of a table as an input. */
export interface InputTable {
  /** What `inputColumns` gives, or `columns` of `wasmgrad/data`. */
  readonly columns: readonly Column[];
}

/**
 * Rows of a table: objects by column name, of which other keys are ignored; lists in the order of the columns; or encoded
 * numbers, in typed arrays or `{ data, shape: [rows, columns] }`: categories by index, dates in milliseconds, NaN where a value is
 * missing.
 */
export type TableRows = readonly Readonly<Record<string, unknown>>[] | readonly (readonly unknown[])[] | Rows;

/** What the rows of an input are given as. */
export type RowsOf<Input> = Input extends InputTable ? TableRows : Rows;

/** Key of a function that puts the preprocessing of a list of columns behind its raw input. */
export const PREPROCESS = /* @__PURE__ */ Symbol("preprocess");

export type PreprocessedColumns = readonly Column[] & {
  readonly [PREPROCESS]?: <T extends Symbolic>(x: T) => T;
};

/** One row of an input: its shape, and what its numbers are. */
export interface InputRow {
  readonly shape: Shape;
  /** Default: `"f32"`. */
  readonly dtype?: DType;
}

export interface SequentialOptions<Input extends InputOptions = InputOptions> {
  /** The shape of one row: `[784]`, `[28, 28]`, `{ shape: [16], dtype: "i32" }`. */
  readonly input: Input;
  /** Seeds the initial parameters; a whole number from 0 to 2^53 - 1. Default: 0. */
  readonly seed?: number;
}

/** A `sequential` over the rows of a table. */
export interface TableOptions extends InputTable {
  /** Seeds the initial parameters; a whole number from 0 to 2^53 - 1. Default: 0. */
  readonly seed?: number;
}

/**
 * A model whose layers follow each other.
 *
 * With `columns` instead of `input` its rows are those of a table: missing numbers are filled in, numbers scaled and categories
 * one-hot, as each column says, by layers of preprocessing in front.
 *
 * @throws OptionError for a bad seed or input shape, ShapeError where layers do not fit, or mix the rows of a batch
 * @example
 * const model = sequential({ input: [2], seed: 42 }, [
 *   dense(8, { activation: "tanh" }),
 *   dense(1, { activation: "sigmoid" }),
 * ]);
 */
export function sequential<const Layers extends readonly LayerLike[]>(
  options: TableOptions,
  layers: Layers,
): Model<TableRows, Result<ArraysAfter<number[][], Layers>>>;
export function sequential<const Input extends InputOptions, const Layers extends readonly LayerLike[]>(
  options: SequentialOptions<Input>,
  layers: Layers,
): Model<
  RowsOf<Input>,
  Result<
    ArraysAfter<
      NestedRows<
        Input extends { readonly shape: infer S } ? S : Input extends InputTable ? readonly [number] : Input
      >,
      Layers
    >
  >
>;
export function sequential(options: SequentialOptions | TableOptions, layers: readonly LayerLike[]): Model {
  refuseMore("sequential", arguments, 2);
  const read = readOptions("sequential", options as SequentialOptions & TableOptions, {
    input: [],
    columns: [],
    seed: [0, SEED],
  });
  const { columns, seed } = read;
  if (columns !== undefined && read.input !== undefined)
    throw new OptionError("sequential: takes input or columns; got both");
  const input = columns === undefined ? read.input : { columns };
  if (!Array.isArray(layers))
    throw new OptionError(
      `sequential: layers, the second argument, must be an array of layers, such as [dense(1)]; got ${describe(layers)}`,
    );
  if (layers.length === 0) throw new OptionError("sequential: needs at least one layer; got none");
  return traceModel("sequential", Symbolic, { inputs: { input }, seed, namedInputs: false }, ({ input: x }) =>
    layers.reduce<Symbolic>(applyLayer, x),
  );
}

function applyLayer(x: Symbolic, layer: LayerLike, i: number): Symbolic {
  const refuse = () => {
    throw new OptionError(
      `sequential: layers must be what dense(), flatten() and the like give; got ${describe(layer)} as layer ${i}` +
        (typeof layer === "function" ? ": call it, or write lambda(fn) for a function of tensors" : ""),
    );
  };
  if (typeof layer !== "function") return refuse();
  try {
    return applyTo(`sequential: layer ${i}`, layer, x);
  } catch (error) {
    // Of a function that is none of this package's layers: it may be one that was not called, such as `flatten`.
    if ("kind" in layer || !(error instanceof OptionError)) throw error;
    return refuse();
  }
}

/**
 * Traces a function into a model.
 *
 * @throws ShapeError where an output mixes the rows of a batch
 * @param Kind of the symbolic values the function computes with
 * @internal
 */
export function traceModel<T extends Symbolic>(
  who: string,
  Kind: new (builder: Builder, id: ValueId) => T,
  options: {
    readonly inputs: Readonly<Record<string, InputOptions>>;
    readonly seed: number;
    readonly namedInputs: boolean;
  },
  fn: (inputs: Record<string, T>) => T | Record<string, T>,
): Model {
  const { inputs, seed, namedInputs } = options;
  const graph = new Graph();
  const builder = new Builder(graph);
  const tensors: Record<string, T> = {};
  for (const [name, input] of Object.entries(inputs)) {
    const { shape, dtype, columns } = checkInput(who, name, input);
    const x = new Kind(builder, graph.addInput(name, [ROWS, ...shape], dtype));
    tensors[name] = columns?.[PREPROCESS]?.(x) ?? x;
  }
  if (graph.inputs.length === 0) throw new OptionError(`${who}: needs at least one input; got none`);
  const made = fn(tensors);
  const bare = made instanceof Symbolic;
  const refuse = (got: string) => {
    throw new TraceError(
      `${who}: the function must return a tensor that it computed, or such tensors by name; got ${got}`,
    );
  };
  if (classOf(made) === "Promise") refuse("a promise: make it a plain function instead of an async one");
  if (typeof made !== "object" || made === null) refuse(describe(made));
  for (const [name, y] of Object.entries(bare ? { output: made } : made)) {
    if (!(y instanceof Symbolic)) refuse(`${describe(y)} as ${name}`);
    if (y.builder !== builder) refuse(`a tensor of another function as ${name}`);
    if (y.shape[0] !== ROWS)
      throw new ShapeError(`${who}: output ${name} must be [rows, ..]; got ${formatShape(y.shape)}`);
    const { dtype } = graph.values[y.id];
    if (dtype !== "f32")
      throw new TraceError(
        `${who}: output ${name} must be f32; got ${dtype} ${formatShape(y.shape)}: whole numbers go to an embedding`,
      );
    graph.outputs.push({ name, value: y.id });
  }
  if (graph.outputs.length === 0) refuse("{}");
  checkRows(who, graph);
  graph.checkOutputs?.(who);
  numberStreams(graph);
  return makeModel(graph, seed, { inputs: namedInputs, outputs: !bare });
}

function checkInput(
  who: string,
  name: string,
  input: InputOptions,
): Type & { readonly columns?: PreprocessedColumns } {
  const what = name === "input" ? `${who}: input` : `${who}: input ${name}`;
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  const given = isObject ? (input as InputRow & InputTable) : { shape: input as Shape };
  const { shape, dtype, columns } = readOptions(what, given as InputRow & Partial<InputTable>, {
    shape: [],
    dtype: ["f32", oneOf("f32", "i32")],
    columns: [],
  });
  if (columns !== undefined) {
    if (shape === undefined && Array.isArray(columns) && (columns as PreprocessedColumns)[PREPROCESS])
      return { shape: [columns.length], dtype: "f32", columns };
    throw new OptionError(
      `${who}: columns must be what inputColumns([..]) or columns() of wasmgrad/data gives, without a shape; ` +
        `got ${describe(columns)}`,
    );
  }
  if (!(Array.isArray(shape) && shape.every(COUNT[1])))
    throw new OptionError(
      `${what}: the shape of one row, without the batch, must be an array of whole numbers >= 1, such as [2]; ` +
        `got ${Array.isArray(shape) ? JSON.stringify(shape) : describe(shape)}`,
    );
  return { shape, dtype };
}

/**
 * Numbers what draws at random anew, by its place among those that the outputs depend on: what else a model holds does not
 * change what they draw.
 */
function numberStreams(graph: Graph): void {
  const live = graph.nodesOf(graph.outputs.map(({ value }) => value));
  let stream = 0;
  graph.nodes = graph.nodes.map((node) =>
    "stream" in node.attrs && live.has(node) ? { ...node, attrs: { ...node.attrs, stream: stream++ } } : node,
  );
}

/** Statistics of a batch may mix its rows while a model is trained; what it predicts must not. */
export function checkRows(who: string, trained: Graph): void {
  const { graph } = forInference(trained);
  const mixing = findRowMixing(
    graph,
    graph.outputs.map((port) => port.value),
  );
  if (!mixing) return;
  const [from, to] = [mixing.node.inputs[0], mixing.value].map((id) => formatShape(graph.shape(id)));
  throw new ShapeError(
    `${who}: a row's prediction must not depend on the other rows of the batch; ` +
      `got ${graph.values[mixing.value].name} of ${from} to ${to}`,
  );
}

export function makeModel(graph: Graph, seed: number, named: Model["named"]): Model {
  if (!prototype) {
    prototype = { [Symbol.toStringTag]: "Model" };
    refuseMethods(
      prototype,
      "compile fit fitSync train evaluate predict classify",
      "a model is compiled first, as in const trainer = compile(model, { loss, optimizer }); got a call on the model",
    );
  }
  return Object.assign(Object.create(prototype), { graph, seed, named, summary: () => modelSummary(graph) });
}

/** Of all models; made when it is needed, because pages without models need none. */
let prototype: object | undefined;

export const SEED: Rule = [
  "a whole number from 0 to 2^53 - 1",
  (n: number) => Number.isSafeInteger(n) && n >= 0,
];

/** The elementwise or row-wise function an output ends in, if it is a sigmoid or softmax. */
export function finalActivation(graph: Graph, id: ValueId): "sigmoid" | "softmax" | undefined {
  const last = graph.nodes.find((node) => node.outputs.includes(id));
  if (last?.op === "softmax") return "softmax";
  return last?.op === "unary" && (last.attrs as OpAttrs["unary"]).fn === Fn.Sigmoid ? "sigmoid" : undefined;
}
