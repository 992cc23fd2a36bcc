import { describe } from "../describe.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { formatShape } from "../graph/shape.ts";
import { type Model, makeModel } from "../model/model.ts";
import { COUNT, readOptions, refuseMore } from "../options.ts";
import { Predictor } from "../program/predictor.ts";
import { Program } from "../program/program.ts";
import type { Result, Rows } from "../rows/data.ts";
import { unknownName } from "../suggest.ts";
import { hasRows, type LayerValue, layerNames, namesWithin, valuesOf } from "./layer-values.ts";

/** A Predictor of what layers give. */
export type LayerOutputs<X = Rows> = Predictor<X, Readonly<Record<string, Result>>> & {
  /**
   * Takes over the present parameters, and what preprocessing has learnt, of the program that it was made of.
   *
   * @throws DisposedError after `dispose` of either
   */
  update(): void;
};

export interface LayerOutputsOptions {
  /** Most rows of a pass. Default: that of the program it is made of. */
  readonly batchSize?: number;
}

/**
 * A predictor of what layers give, by name, for loops: compiled once, and brought up to date by `update()`, which copies the
 * parameters, about a microsecond for a thousand. Layers are named, and computed, as by `activations`.
 *
 * @param of    a predictor or a trainer, which stays as it is
 * @param names layers. Default: all that give rows of numbers
 * @throws OptionError for a layer that is none, or that is called several times, ShapeError for one that gives no rows
 * @example
 * const net = sequential({ input: [2], seed: 1 }, [dense(8, { activation: "relu" }), dense(1)]);
 * const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam() });
 * const hidden = layerOutputs(trainer, ["dense1"]);
 * for (let frame = 0; frame < 3; frame++) {
 *   trainer.fitSync({ x: [[0, 1], [1, 0]], y: [1, 2] });
 *   hidden.update();
 *   hidden.predict([[0, 1]]).dense1.shape; // => [1, 8]
 * }
 */
export function layerOutputs<X, P>(
  of: Predictor<X, P>,
  names?: readonly string[],
  options: LayerOutputsOptions = {},
): LayerOutputs<X> {
  refuseMore("layerOutputs", arguments, 3);
  const { batchSize } = readOptions("layerOutputs", options, { batchSize: [undefined, COUNT] });
  const source = programOf("layerOutputs", of);
  const now = of.toModel() as Model;
  const values = chosen("layerOutputs", now.graph, names);
  if (values.length === 0)
    throw new OptionError("layerOutputs: needs a layer that gives rows of numbers; got none");
  const predictor = predictorOf<X>("layerOutputs", source, modelOf(now, values), batchSize);
  const update = () => {
    predictor.program.checkAlive("update");
    source.checkAlive("update");
    takeOver(predictor.program, source);
  };
  return Object.assign(predictor, { update });
}

/** What was fitted to targets stands behind what was fitted to inputs, and stays out. */
function takeOver(into: Program, from: Program): void {
  into.plan.variables.forEach((v, i) => {
    into.values(v).set(from.values(from.plan.variables[i]));
  });
  into.fitted.set(from.fitted.subarray(0, into.fitted.length));
}

/**
 * What layers give for rows, by name: computed as `predict` computes it, with their activations, in the present state. A layer of a
 * nested model is named as in `summary()`, `encoder.dense1`, and `encoder` means what the whole model gives. A layer that is called
 * several times has a value for each call, `dense1#1`, `dense1#2`, ..
 *
 * Every call compiles a program of its own, with a copy of the parameters, and lets go of it: for looking. For loops there is
 * `layerOutputs`.
 *
 * @param of    a predictor or a trainer, which stays as it is
 * @param x     as `predict` takes it
 * @param names layers. Default: all that give rows of numbers
 * @throws OptionError for a layer that is none, or that is called several times, ShapeError for one that gives no rows, and what
 *   `predict` throws
 * @example
 * const predictor = compile(sequential({ input: [2] }, [dense(8, { activation: "relu" }), dense(1)]));
 * const { dense1 } = activations(predictor, [[0, 1], [1, 1]], ["dense1"]);
 * dense1.shape; // => [2, 8]
 */
export function activations<X, P>(
  of: Predictor<X, P>,
  x: X,
  names?: readonly string[],
): Readonly<Record<string, Result>> {
  refuseMore("activations", arguments, 3);
  const source = programOf("activations", of);
  const now = of.toModel() as Model;
  const values = chosen("activations", now.graph, names);
  if (values.length === 0) return {};
  const own = predictorOf<X>("activations", source, modelOf(now, values), undefined);
  try {
    return own.predict(x);
  } finally {
    own.dispose();
  }
}

function programOf<X, P>(who: string, of: Predictor<X, P>): Program {
  const program = of?.program;
  if (!program) throw new OptionError(`${who}: needs a predictor or a trainer; got ${describe(of)}`);
  program.checkAlive(who);
  return program;
}

function chosen(who: string, graph: Graph, names: readonly string[] | undefined): LayerValue[] {
  if (names !== undefined && !(Array.isArray(names) && names.every((name) => typeof name === "string")))
    throw new OptionError(`${who}: names must be layers, such as ["dense1"]; got ${describe(names)}`);
  return names ? names.map((name) => valueNamed(who, graph, name)) : allValues(graph);
}

/** The variables of the model stay in their order: what nobody reads any more has its place, too. */
function predictorOf<X>(who: string, { plan, engine, seeds }: Program, model: Model, batch = plan.batch) {
  return new Predictor<X, Readonly<Record<string, Result>>>(
    new Program(who, engine, { graph: model.graph, batch, windowRows: 0 }, seeds),
    model as Model<X, Readonly<Record<string, Result>>>,
    undefined,
  );
}

/** The same model with other outputs. */
export function modelOf({ graph: given, seed, named }: Model, values: readonly LayerValue[]): Model {
  const graph = given.copy();
  const outputs = values.map(({ name, value }) => ({ name, value }));
  graph.outputs.splice(0, graph.outputs.length, ...outputs);
  return makeModel(graph, seed, { ...named, outputs: true });
}

/** Of each layer what it gives, where these are rows of numbers. */
export const allValues = (graph: Graph): LayerValue[] =>
  layerNames(graph).flatMap((layer) => valuesOf(graph, layer).filter(({ value }) => hasRows(graph, value)));

function valueNamed(who: string, graph: Graph, name: string): LayerValue {
  const names = namesWithin(graph);
  const [, layer, call] = /^(.*?)(?:#(\d+))?$/.exec(name) as unknown as [string, string, string | undefined];
  const isKnown = names.includes(layer);
  const values = isKnown ? valuesOf(graph, layer) : [];
  const at = call === undefined ? 0 : Number(call) - 1;
  if (!isKnown || at >= values.length || at < 0) {
    const all = isKnown ? values.map((value) => value.name) : names;
    throw new OptionError(unknownName(who, "layer", name, all), "unknown");
  }
  if (call === undefined && values.length > 1)
    throw new OptionError(
      `${who}: ${name} gives ${values.length} values, one for each call; got no call: ` +
        `write ${values.map((value) => describe(value.name)).join(", ")}`,
    );
  const { value, node } = values[at];
  if (!hasRows(graph, value))
    throw new ShapeError(
      `${who}: ${name} must give rows of numbers; got ${graph.values[value].dtype} ${formatShape(graph.shape(value))}`,
    );
  return { name, value, node };
}
