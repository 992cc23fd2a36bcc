/** The affine layers of a graph, and a graph whose parameters all carry values: what every rewrite starts from. */

import { describe } from "../describe.ts";
import { OptionError, TransformError } from "../errors.ts";
import { type Graph, is, type Node, type Variable } from "../graph/graph.ts";
import { Fn } from "../graph/op.ts";
import { sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import type { Model } from "../model/model.ts";
import { layerOf } from "../model/summary.ts";
import { compile } from "../train/compile.ts";

/** A dense layer of a graph, its activation apart: `output = input W + b`. */
export interface AffineLayer {
  /** The scope of its node: `dense1`. */
  readonly name: string;
  readonly node: Node;
  readonly input: ValueId;
  readonly output: ValueId;
  /** [in, units] */
  readonly weight: ValueId;
  /** [units] */
  readonly bias: ValueId | undefined;
}

/** A copy of the model's graph in which random initial values are drawn, as `compile` would from the model's seed. */
export function graphWithValues<X, P>(who: string, model: Model<X, P>): Graph {
  if (!Array.isArray(model?.graph?.variables))
    throw new OptionError(
      `${who}: model, the first argument, must be what sequential() or model() gives; got ${describe(model)}`,
    );
  const drawn = model.graph.variables.some(({ init }) => init.kind === "uniform" || init.kind === "normal");
  const graph = (drawn ? draw(model) : model.graph).copy();
  graph.variables.forEach((p, i) => {
    const elements = sizeOf(graph.shape(p.value));
    const data =
      p.init.kind === "values"
        ? p.init.data.slice()
        : new Float32Array(elements).fill((p.init as { value: number }).value);
    graph.variables[i] = { ...p, init: { kind: "values", data } };
  });
  return graph;
}

function draw<X, P>(model: Model<X, P>): Graph {
  const predictor = compile(model, { batchSize: 1 });
  try {
    return predictor.toModel().graph;
  } finally {
    predictor.dispose();
  }
}

/** Who reads each value; an output of the graph counts as a reader, `"output"`. */
export function readersOf(graph: Graph): Map<ValueId, (Node | "output")[]> {
  const readers = new Map<ValueId, (Node | "output")[]>();
  const add = (id: ValueId, reader: Node | "output") => {
    const list = readers.get(id);
    if (list) list.push(reader);
    else readers.set(id, [reader]);
  };
  for (const node of graph.nodes) for (const id of node.inputs) add(id, node);
  for (const { value } of graph.outputs) add(value, "output");
  return readers;
}

export function affineLayers(graph: Graph): AffineLayer[] {
  const parameters = new Set(graph.variables.map((p) => p.value));
  return graph.nodes.flatMap((node) => {
    if (!is(node, "dense") || node.attrs.fn !== Fn.Identity) return [];
    const [input, weight, bias] = node.inputs;
    if (parameters.has(input) || !node.inputs.slice(1).every((id) => parameters.has(id))) return [];
    return [{ name: node.scope, node, input, output: node.outputs[0], weight, bias }];
  });
}

/** The values of a parameter. */
export function valuesOf(graph: Graph, id: ValueId): Float32Array {
  const { init } = graph.variables.find((p) => p.value === id) as Variable;
  return (init as { data: Float32Array }).data;
}

/** Gives a parameter other values, rounded from f64. */
export function setValues(who: string, graph: Graph, id: ValueId, values: Float64Array): void {
  const at = graph.variables.findIndex((p) => p.value === id);
  const variable = graph.variables[at];
  const data = rounded(who, variable.name, values);
  graph.variables[at] = { ...variable, init: { kind: "values", data } };
}

export function rounded(who: string, name: string, values: Float64Array): Float32Array {
  const data = Float32Array.from(values);
  const bad = data.findIndex((v) => v - v !== 0);
  if (bad >= 0)
    throw new TransformError(
      `${who}: new parameters must be finite in single precision; got ${values[bad]} in ${name}`,
      layerOf(name),
    );
  return data;
}

/** Adds a parameter behind another in the order of declaration. */
export function addVariable(
  who: string,
  graph: Graph,
  name: string,
  shape: readonly number[],
  values: Float64Array,
  behind: ValueId,
): ValueId {
  const value = graph.addVariable(name, shape, { kind: "values", data: rounded(who, name, values) });
  const added = graph.variables.pop() as Variable;
  graph.variables.splice(graph.variables.findIndex((p) => p.value === behind) + 1, 0, added);
  return value;
}
