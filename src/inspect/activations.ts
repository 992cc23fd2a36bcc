import { describe } from "../describe.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { formatShape } from "../graph/shape.ts";
import { type Model, makeModel } from "../model/model.ts";
import { refuseMore } from "../options.ts";
import { Predictor } from "../program/predictor.ts";
import { Program } from "../program/program.ts";
import type { Result } from "../rows/data.ts";
import { unknownName } from "../suggest.ts";
import { hasRows, type LayerValue, layerNames, namesWithin, valuesOf } from "./layer-values.ts";

/**
 * What layers give for rows, by name: computed as `predict` computes it, with their activations, in the present state. A layer of a
 * nested model is named as in `summary()`, `encoder.dense1`, and `encoder` means what the whole model gives. A layer that is called
 * several times has a value for each call, `dense1#1`, `dense1#2`, ..
 *
 * Every call compiles a program of its own, with a copy of the parameters, and lets go of it: for looking, not for loops.
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
  const program = of?.program;
  if (!program) throw new OptionError(`activations: needs a predictor or a trainer; got ${describe(of)}`);
  program.checkAlive("activations");
  const now = of.toModel() as Model;
  if (names !== undefined && !(Array.isArray(names) && names.every((name) => typeof name === "string")))
    throw new OptionError(`activations: names must be layers, such as ["dense1"]; got ${describe(names)}`);
  const values = names ? names.map((name) => valueNamed(now.graph, name)) : allValues(now.graph);
  if (values.length === 0) return {};
  const model = modelOf(now, values);
  const { plan, engine, seeds } = program;
  const request = { graph: model.graph, batch: plan.batch, windowRows: 0 };
  const own = new Predictor<X, Record<string, Result>>(
    new Program("activations", engine, request, seeds),
    model as Model<X, Record<string, Result>>,
    undefined,
  );
  try {
    return own.predict(x);
  } finally {
    own.dispose();
  }
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

function valueNamed(graph: Graph, name: string): LayerValue {
  const names = namesWithin(graph);
  const [, layer, call] = /^(.*?)(?:#(\d+))?$/.exec(name) as unknown as [string, string, string | undefined];
  const isKnown = names.includes(layer);
  const values = isKnown ? valuesOf(graph, layer) : [];
  const at = call === undefined ? 0 : Number(call) - 1;
  if (!isKnown || at >= values.length || at < 0) {
    const all = isKnown ? values.map((value) => value.name) : names;
    throw new OptionError(unknownName("activations", "layer", name, all), "unknown");
  }
  if (call === undefined && values.length > 1)
    throw new OptionError(
      `activations: ${name} gives ${values.length} values, one for each call; got no call: ` +
        `write ${values.map((value) => describe(value.name)).join(", ")}`,
    );
  const { value, node } = values[at];
  if (!hasRows(graph, value))
    throw new ShapeError(
      `activations: ${name} must give rows of numbers; got ${graph.values[value].dtype} ${formatShape(graph.shape(value))}`,
    );
  return { name, value, node };
}
