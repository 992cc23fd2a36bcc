/** Recurrent layers: over the steps of sequences [rows, T, n], in one direction or both. */
import { describe } from "../../describe.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { Initializer } from "../../graph/graph.ts";
import { BinaryFn, Cell, Fn } from "../../graph/op.ts";
import { binary } from "../../graph/ops/binary.ts";
import { dense as denseOp } from "../../graph/ops/dense.ts";
import { gatesOf, recurrent } from "../../graph/ops/recurrent.ts";
import { concat } from "../../graph/ops/stretch.ts";
import { formatShape, sameShape, sizeOf } from "../../graph/shape.ts";
import type { ValueId } from "../../graph/type.ts";
import { BOOLEAN, COUNT, check, oneOf, readOptions, refuseMore, STRING } from "../../options.ts";
import { type InitializerName, initializer } from "../activations.ts";
import {
  type BringsOps,
  type LayerArrays,
  type LayerWith,
  layer,
  type NameOption,
  variable,
  withOps,
} from "../layer.ts";
import { checkMask, same } from "../operands.ts";
import type { Tensor } from "../tensor.ts";

/** The states that a recurrent layer starts from, each [rows, units]: of an LSTM h and c, of others h, alone or in a list. */
export type InitialState = Tensor | readonly Tensor[];

export interface RecurrentOptions extends NameOption {
  /** Whether the output has the state of every step, [rows, T, units], or of the last alone, [rows, units]. Default: false. */
  readonly returnSequences?: boolean;
  /** Whether a call gives `[output, h]`, of an LSTM `[output, h, c]`, with the states after the last step. Default: false. */
  readonly returnState?: boolean;
  /** States before the first step; those of a call come before these. Default: zeros. */
  readonly initialState?: InitialState;
  /** Whether there are biases. Default: true. */
  readonly bias?: boolean;
  /** Whether the steps are taken from the last to the first; outputs stay at their places. Default: false. */
  readonly reverse?: boolean;
  /** How the weights of the inputs start. Default: uniform on +-1 / sqrt(units), as in PyTorch. */
  readonly weightInitializer?: InitializerName | Initializer;
  /** How the weights of the state start. Default: uniform on +-1 / sqrt(units), as in PyTorch. */
  readonly recurrentInitializer?: InitializerName | Initializer;
  /** How the biases start. Default: `"zeros"`, of the forget gate of an LSTM 1. */
  readonly biasInitializer?: InitializerName | Initializer;
}

export interface SimpleRnnOptions extends RecurrentOptions {
  /** Applied to the state at each step. Default: `"tanh"`. */
  readonly activation?: "tanh" | "relu";
}

export interface GruOptions extends RecurrentOptions {
  /**
   * Whether the reset gate multiplies the product of the state with its weights (cuDNN, PyTorch, Keras), or the state before it (the
   * paper, ONNX' default). Default: true.
   */
  readonly resetAfter?: boolean;
}

/** What a recurrent layer takes where it is called. */
export interface RecurrentCall {
  /**
   * Which steps are real: [rows, T] with 1, or 0 for padding. A step of padding leaves the state as it is, and its output is that
   * state. Default: all are real.
   */
  readonly mask?: Tensor;
  /** States before the first step. Default: those of the layer's options, or zeros. */
  readonly initialState?: InitialState;
}

/** A function that makes recurrent layers; `States` is what a call gives with `returnState`. */
export interface Recurrent<Options extends RecurrentOptions, States extends readonly Tensor[]> {
  (
    units: number,
    options: Options & { readonly returnState: true },
  ): LayerWith<RecurrentCall, LayerArrays, States>;
  (units: number, options: Options & { readonly returnSequences: true }): LayerWith<RecurrentCall, "same">;
  (
    units: number,
    options?: Options & { readonly returnSequences?: false },
  ): LayerWith<RecurrentCall, number[][]>;
  (units: number, options: Options): LayerWith<RecurrentCall>;
}

/** What a recurrent layer is made by. */
interface Recipe {
  readonly kind: string;
  readonly units: number;
  readonly cell: Cell;
  readonly options: RecurrentOptions & { readonly reverse: boolean; readonly bias: boolean };
}

const recipes = new WeakMap<object, Recipe>();

const TABLE = {
  returnSequences: [false, BOOLEAN],
  returnState: [false, BOOLEAN],
  initialState: [],
  bias: [true, BOOLEAN],
  reverse: [false, BOOLEAN],
  weightInitializer: [],
  recurrentInitializer: [],
  biasInitializer: [],
  name: [undefined, STRING],
} as const;

function makeLayer(
  kind: string,
  units: number,
  written: RecurrentOptions,
  cell: Cell,
  options: Recipe["options"],
): never {
  const { name } = options;
  check(name ?? kind, "units, the first argument,", units, COUNT);
  const recipe: Recipe = { kind, units, cell, options };
  const made = layer(
    kind,
    [units, written],
    name,
    (who, x) => parametersOf(recipe, who, x),
    (x, parameters, who, call: RecurrentCall) =>
      given(recipe, run(recipe, x, parameters, who, call, options.reverse)),
    (who, x, call: RecurrentCall) => readCall(who, x, call),
  );
  recipes.set(made, recipe);
  return made as never;
}

function readCall(who: string, x: Tensor, call: RecurrentCall): RecurrentCall {
  const read = readOptions(who, call, { mask: [], initialState: [] });
  if (read.mask !== undefined) checkMask(who, x, read.mask);
  return read;
}

/** Of an input [rows, T, n]: n. */
function featuresOf(who: string, kind: string, { shape }: Tensor): number {
  const [, steps, features] = shape;
  if (shape.length !== 3 || !(steps > 0) || !(features > 0))
    throw new ShapeError(
      `${who}: ${kind} needs sequences [rows, T, n] with fixed T and n; got ${formatShape(shape)}`,
    );
  return features;
}

function parametersOf({ kind, units, cell, options }: Recipe, who: string, x: Tensor): Tensor[] {
  const features = featuresOf(who, kind, x);
  const columns = gatesOf(cell) * units;
  const limit = 1 / Math.sqrt(units);
  const uniform = { kind: "uniform", low: -limit, high: limit } as const;
  const { weightInitializer = uniform, recurrentInitializer = uniform, biasInitializer } = options;
  const make = (part: string, shape: number[], init: InitializerName | Initializer, fanIn = units) =>
    variable(x, `${who}.${part}`, shape, initializer(who, init, sizeOf(shape), fanIn, units));
  const parameters = [
    make("weight", [features, columns], weightInitializer, features),
    make("recurrentWeight", [units, columns], recurrentInitializer),
  ];
  if (!options.bias) return parameters;
  // An LSTM forgets little at first: Jozefowicz et al. 2015, https://proceedings.mlr.press/v37/jozefowicz15.html
  const forget = Float32Array.from({ length: columns }, (_, i) => (i >= units && i < 2 * units ? 1 : 0));
  const zeros = cell === Cell.Lstm ? ({ kind: "values", data: forget } as const) : "zeros";
  parameters.push(make("bias", [columns], biasInitializer ?? zeros));
  if (cell === Cell.Gru) parameters.push(make("recurrentBias", [units], biasInitializer ?? "zeros"));
  return parameters;
}

/** The states of a layer: y of all steps, then those after the last. */
type States = readonly Tensor[];

function run(
  { kind, units, cell, options }: Recipe,
  x: Tensor,
  [weight, recurrentWeight, bias, recurrentBias]: readonly Tensor[],
  who: string,
  call: RecurrentCall,
  reverse: boolean,
): States {
  featuresOf(who, kind, x);
  const { mask } = call;
  const count = cell === Cell.Lstm ? 2 : 1;
  const initial = statesOf(who, x, units, count, call.initialState ?? options.initialState);
  const from = [x, weight, ...(bias ? [bias] : [])].map(({ id }) => id);
  const inputs: ValueId[] = [
    x.emit(denseOp, { fn: Fn.Identity, alpha: 0 }, from).id,
    recurrentWeight.id,
    ...(cell === Cell.Gru ? [(recurrentBias ?? zerosOf(x, units)).id] : []),
    ...(mask ? [mask.id] : []),
    ...initial.map(({ id }) => id),
  ];
  const attrs = { cell, reverse, masked: mask !== undefined, initial: initial.length > 0 };
  const [y, h, , c] = x.builder.emit(recurrent, attrs, inputs);
  return (cell === Cell.Lstm ? [y, h, c] : [y, h]).map((id) => x.of(id));
}

const zerosOf = (x: Tensor, units: number) =>
  x.of(x.builder.graph.addConstant([units], new Float32Array(units)));

const listOf = (initial: InitialState | undefined) =>
  initial === undefined || Array.isArray(initial)
    ? (initial as readonly Tensor[] | undefined)
    : [initial as Tensor];

function statesOf(
  who: string,
  x: Tensor,
  units: number,
  count: number,
  initial: InitialState | undefined,
): readonly Tensor[] {
  const list = listOf(initial);
  if (list === undefined) return [];
  for (const state of list) same(x, state, who);
  const wanted = [x.shape[0], units];
  if (list.length !== count || list.some(({ shape }) => !sameShape(shape, wanted)))
    throw new ShapeError(
      `${who}: initialState must be ${count === 1 ? "a state" : `${count} states`} ${formatShape(wanted)}; ` +
        `got ${list.map(({ shape }) => formatShape(shape)).join(", ") || "none"}`,
    );
  return list;
}

const given = ({ options }: Recipe, [y, ...last]: States) => {
  const output = options.returnSequences ? y : last[0];
  return options.returnState ? [output, ...last] : output;
};

/**
 * The simple recurrent layer: `h = fn(x W + b + h R)`, fn tanh or relu. Elman 1990, https://doi.org/10.1207/s15516709cog1402_1
 *
 * X [rows, T, n] -> the state after the last step, [rows, units], or after each (`returnSequences`). W [n, units] is named
 * `<name>.weight`, R [units, units] `<name>.recurrentWeight`, b [units] `<name>.bias`. Called with a mask, it skips padding.
 *
 * @param units a whole number >= 1
 * @throws OptionError for a bad option, ShapeError for an input that is no sequences, or for a mask or states that do not fit it
 * @example
 * const net = sequential({ input: [20, 3] }, [simpleRnn(16), dense(1)]);
 */
export const simpleRnn: Recurrent<SimpleRnnOptions, readonly [output: Tensor, h: Tensor]> & BringsOps =
  /* @__PURE__ */ withOps(
    function simpleRnn(units: number, options: SimpleRnnOptions = {}) {
      refuseMore("simpleRnn", arguments, 2);
      const { activation, ...read } = readOptions("simpleRnn", options, {
        ...TABLE,
        activation: ["tanh", oneOf("tanh", "relu")],
      });
      return makeLayer(
        "simpleRnn",
        units,
        options,
        activation === "relu" ? Cell.RnnRelu : Cell.RnnTanh,
        read,
      );
    },
    [recurrent],
  );

/**
 * Long short-term memory. Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735; with forget gates,
 * Gers et al. 2000, https://doi.org/10.1162/089976600300015015
 *
 *   i, f, o = sigmoid(x W + b + h R), g = tanh(x W + b + h R), each by its columns;  c = f c + i g;  h = o tanh(c)
 *
 * X [rows, T, n] -> the state h after the last step, [rows, units], or after each (`returnSequences`). W [n, 4 units] is named
 * `<name>.weight`, R [units, 4 units] `<name>.recurrentWeight`, b [4 units] `<name>.bias`, their columns in the order i, f, g, o. Called with
 * a mask, it skips padding. One step at a time, from the states of the step before, gives the bits of the whole sequence.
 *
 * @param units a whole number >= 1
 * @throws OptionError for a bad option, ShapeError for an input that is no sequences, or for a mask or states that do not fit it
 * @example
 * const net = model({ inputs: { x: [20, 3], mask: [20] } }, ({ x, mask }) => dense(1)(lstm(32)(x, { mask })));
 */
export const lstm: Recurrent<RecurrentOptions, readonly [output: Tensor, h: Tensor, c: Tensor]> & BringsOps =
  /* @__PURE__ */ withOps(
    function lstm(units: number, options: RecurrentOptions = {}) {
      refuseMore("lstm", arguments, 2);
      return makeLayer("lstm", units, options, Cell.Lstm, readOptions("lstm", options, TABLE));
    },
    [recurrent],
  );

/**
 * Gated recurrent units. Cho et al. 2014, https://arxiv.org/abs/1406.1078
 *
 *   r, z = sigmoid(x W + b + h R);  n = tanh(x W + b + r (h R + b')), or with `resetAfter: false` tanh(x W + b + (r h) R);  h = (1 - z) n + z h
 *
 * X [rows, T, n] -> the state after the last step, [rows, units], or after each (`returnSequences`). W [n, 3 units] is named
 * `<name>.weight`, R [units, 3 units] `<name>.recurrentWeight`, b [3 units] `<name>.bias`, their columns in the order r, z, n; b' [units] is
 * `<name>.recurrentBias`. Called with a mask, it skips padding.
 *
 * @param units a whole number >= 1
 * @throws OptionError for a bad option, ShapeError for an input that is no sequences, or for a mask or states that do not fit it
 * @example
 * const net = sequential({ input: [20, 3] }, [gru(32, { returnSequences: true }), gru(16), dense(1)]);
 */
export const gru: Recurrent<GruOptions, readonly [output: Tensor, h: Tensor]> & BringsOps =
  /* @__PURE__ */ withOps(
    function gru(units: number, options: GruOptions = {}) {
      refuseMore("gru", arguments, 2);
      const { resetAfter, ...read } = readOptions("gru", options, { ...TABLE, resetAfter: [true, BOOLEAN] });
      return makeLayer("gru", units, options, resetAfter ? Cell.Gru : Cell.GruBefore, read);
    },
    [recurrent],
  );

export interface BidirectionalOptions extends NameOption {
  /** How the outputs of both directions become one: side by side along the last axis, or elementwise. Default: `"concat"`. */
  readonly merge?: "concat" | "sum" | "average" | "multiply";
}

/**
 * A recurrent layer in both directions: the given one, and another like it that takes the steps from the last to the first. Schuster
 * and Paliwal 1997, https://doi.org/10.1109/78.650093
 *
 * X [rows, T, n] -> [rows, T, 2 units] or, of a layer without `returnSequences`, [rows, 2 units]: what each direction gives after its last step;
 * [.., units] where `merge` is not `"concat"`. Parameters are named `<name>.forward.weight`, `<name>.backward.weight` and so on. With a mask the
 * way back starts at the last real step. States come and go as those of the way there, then those of the way back.
 *
 * @param recurrentLayer what `lstm`, `gru` or `simpleRnn` gives, not reversed
 * @throws OptionError for another layer or a bad option
 * @example
 * const net = sequential({ input: [20, 3] }, [bidirectional(lstm(16)), dense(1)]);
 */
export const bidirectional = /* @__PURE__ */ withOps(
  function bidirectional<L extends LayerWith<RecurrentCall, LayerArrays, unknown>>(
    recurrentLayer: L,
    options: BidirectionalOptions = {},
  ): L {
    refuseMore("bidirectional", arguments, 2);
    const { merge, name } = readOptions("bidirectional", options, {
      merge: ["concat", oneOf("concat", "sum", "average", "multiply")],
      name: [undefined, STRING],
    });
    const recipe = typeof recurrentLayer === "function" ? recipes.get(recurrentLayer) : undefined;
    if (!recipe || recipe.options.reverse)
      throw new OptionError(
        `${name ?? "bidirectional"}: needs what lstm(), gru() or simpleRnn() give, in the usual direction; got ${
          recipe ? "one that is reversed" : describe(recurrentLayer)
        }`,
      );
    return layer(
      "bidirectional",
      [recurrentLayer, options],
      name ?? recipe.options.name,
      (who, x) => [
        ...parametersOf(recipe, `${who}.forward`, x),
        ...parametersOf(recipe, `${who}.backward`, x),
      ],
      (x, parameters, who, call: RecurrentCall) => {
        const half = parameters.length / 2;
        const given = call.initialState ?? recipe.options.initialState;
        const count = recipe.cell === Cell.Lstm ? 2 : 1;
        const states = given && statesOf(who, x, recipe.units, 2 * count, given);
        const way = (reverse: boolean) => {
          const own = `${who}.${reverse ? "backward" : "forward"}`;
          const initialState = reverse ? states?.slice(count) : states?.slice(0, count);
          x.builder.scope = own;
          return run(
            recipe,
            x,
            reverse ? parameters.slice(half) : parameters.slice(0, half),
            own,
            { ...call, initialState },
            reverse,
          );
        };
        const [there, back] = [way(false), way(true)];
        x.builder.scope = who;
        const at = recipe.options.returnSequences ? 0 : 1;
        const output = merged(merge, there[at], back[at]);
        return recipe.options.returnState ? [output, ...there.slice(1), ...back.slice(1)] : output;
      },
      readCall,
    ) as never;
  },
  [binary, concat, recurrent],
);

function merged(merge: BidirectionalOptions["merge"], a: Tensor, b: Tensor): Tensor {
  const combine = (fn: BinaryFn, x: Tensor, y: Tensor) => x.emit(binary, { fn }, [x.id, y.id]);
  if (merge === "concat") return a.emit(concat, { axis: a.shape.length - 1 }, [a.id, b.id]);
  if (merge === "multiply") return combine(BinaryFn.Multiply, a, b);
  const sum = combine(BinaryFn.Add, a, b);
  if (merge === "sum") return sum;
  const half = a.of(a.builder.graph.addConstant([], Float32Array.of(0.5)));
  return combine(BinaryFn.Multiply, sum, half);
}
