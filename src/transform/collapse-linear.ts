import { TransformError } from "../errors.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { sameShape } from "../graph/shape.ts";
import { type Model, makeModel } from "../model/model.ts";
import { refuseMore } from "../options.ts";
import {
  type AffineLayer,
  addVariable,
  affineLayers,
  graphWithValues,
  readersOf,
  rounded,
  setValues,
  valuesOf,
} from "./affine.ts";

const WHO = "collapseLinear";

/**
 * The same function with every run of affine layers made one: `(X W1 + b1) W2 + b2 = X (W1 W2) + (b1 W2 + b2)`, and
 * so on for longer runs.
 *
 * A run ends at an activation and wherever a value between two layers is read by anything else (an output, a skip
 * connection). The one layer has the name of the last, and a bias if any layer of the run has one. Products are
 * summed in f64, k ascending, and rounded to f32 once for the whole run. The given model is not changed; random
 * initial values are drawn from its seed; a model without such runs comes back as a copy.
 *
 * @throws TransformError if a layer of a run is shared with other places, or the product overflows
 * @example
 * const model = sequential({ input: [10] }, [dense(2), dense(10)]);
 * Object.keys(compile(collapseLinear(model)).parameters); // => ["dense2.weight", "dense2.bias"]
 */
export function collapseLinear<X, P>(model: Model<X, P>): Model<X, P> {
  refuseMore(WHO, arguments, 1);
  const graph = graphWithValues(WHO, model);
  for (const run of findRuns(graph)) {
    checkUnshared(graph, run);
    collapse(graph, run);
  }
  return makeModel(graph, model.seed, model.named) as Model<X, P>;
}

interface Run {
  /** At least two, in the order of the data. */
  readonly layers: AffineLayer[];
  /** Reshapes between them that change nothing, such as `flatten` of rows. */
  readonly idle: Node[];
}

function findRuns(graph: Graph): Run[] {
  const readers = readersOf(graph);
  const layers = affineLayers(graph);
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  const runs = new Map<AffineLayer, Run>();
  for (const layer of layers) {
    const run = runs.get(layer) ?? { layers: [layer], idle: [] };
    const idle: Node[] = [];
    for (let id = layer.output; ; ) {
      const [reader, ...others] = readers.get(id) ?? [];
      if (reader === undefined || reader === "output" || others.length > 0) break;
      const next = byNode.get(reader);
      if (next) {
        run.layers.push(next);
        run.idle.push(...idle);
        runs.set(next, run);
        break;
      }
      if (reader.op !== "reshape" || !sameShape(graph.shape(id), graph.shape(reader.outputs[0]))) break;
      idle.push(reader);
      [id] = reader.outputs;
    }
  }
  return [...new Set(runs.values())];
}

function checkUnshared(graph: Graph, { layers }: Run): void {
  const readers = readersOf(graph);
  for (const { name, weight, bias } of layers)
    for (const id of [weight, bias])
      if (id !== undefined && readers.get(id)?.length !== 1)
        throw new TransformError(
          `${WHO}: a layer between others must be used once, so that one layer can take its place; ` +
            `got ${graph.values[id].name} read ${readers.get(id)?.length} times`,
          name,
        );
}

function collapse(graph: Graph, { layers, idle }: Run): void {
  const last = layers[layers.length - 1];
  const [{ input, weight: first }] = layers;
  const { weight, bias } = compose(graph, layers);
  const [inUnits] = graph.shape(first);
  const units = graph.shape(last.weight)[1];

  const { name } = graph.values[last.weight];
  const type = { shape: [inUnits, units], dtype: "f32" as const };
  const w = graph.addValue(type, name);
  const init = { kind: "values" as const, data: rounded(WHO, name, weight) };
  const variable = { name, ...type, init, value: w };
  const before = new Set(layers.slice(0, -1).flatMap((layer) => [layer.weight, layer.bias]));
  const kept = graph.variables.filter((p) => !before.has(p.value));
  graph.variables.splice(0, graph.variables.length, ...kept);
  graph.variables[kept.findIndex((p) => p.value === last.weight)] = variable;

  const inputs = [input, w];
  if (bias && last.bias !== undefined) setValues(WHO, graph, last.bias, bias);
  if (bias) inputs.push(last.bias ?? addVariable(WHO, graph, `${last.name}.bias`, [units], bias, w));

  const gone = new Set([...idle, ...layers.slice(0, -1).map((layer) => layer.node)]);
  graph.nodes = graph.nodes
    .filter((node) => !gone.has(node))
    .map((node) => (node === last.node ? { ...node, inputs } : node));
}

/** `W = W1 W2 ..` and `b = (b1 W2 + b2) W3 + ..` in f64; b is missing where no layer has one. */
function compose(
  graph: Graph,
  layers: readonly AffineLayer[],
): { weight: Float64Array; bias: Float64Array | undefined } {
  const [{ weight: first, bias: firstBias }, ...rest] = layers;
  let weight: Float64Array = Float64Array.from(valuesOf(graph, first));
  let bias: Float64Array | undefined =
    firstBias === undefined ? undefined : Float64Array.from(valuesOf(graph, firstBias));
  for (const next of rest) {
    const [k, n] = graph.shape(next.weight);
    const w = valuesOf(graph, next.weight);
    weight = multiply(weight, w, k, n);
    if (bias) bias = multiply(bias, w, k, n);
    if (next.bias === undefined) continue;
    const b = valuesOf(graph, next.bias);
    bias = bias ? bias.map((v, j) => v + b[j]) : Float64Array.from(b);
  }
  return { weight, bias };
}

/** `C = A B` in f64 for A [m, k], B [k, n]: each element from +0, k ascending. */
function multiply(a: Float64Array, b: Float32Array, k: number, n: number): Float64Array {
  const m = a.length / k;
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) c[i * n + j] += a[i * k + p] * b[p * n + j];
  return c;
}
