import { OptionError, TransformError } from "../errors.ts";
import { Builder } from "../graph/builder.ts";
import { type Graph, is, type Node } from "../graph/graph.ts";
import { BinaryFn, Fn, type OpAttrs } from "../graph/op.ts";
import { dense } from "../graph/ops/dense.ts";
import { formatShape } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { type Model, makeModel } from "../model/model.ts";
import { check, oneOf, readOptions, refuseMore } from "../options.ts";
import {
  type AffineLayer,
  addVariable,
  affineLayers,
  graphWithValues,
  readersOf,
  setValues,
  valuesOf,
} from "./affine.ts";

/** `f(z) = scale g(inner z) + shift`, with f the activation that goes and g the one that comes. */
interface Identity {
  readonly inner: number;
  readonly scale: number;
  readonly shift: number;
}

const FUNCTIONS: Readonly<Record<ConvertibleActivation, Fn>> = { sigmoid: Fn.Sigmoid, tanh: Fn.Tanh };

/** From each to the other. Every factor is a power of two, so that products with it are exact. */
const IDENTITIES = {
  sigmoid: { inner: 0.5, scale: 0.5, shift: 0.5 },
  tanh: { inner: 2, scale: 2, shift: -1 },
} as const satisfies Record<ConvertibleActivation, Identity>;

export type ConvertibleActivation = "sigmoid" | "tanh";

export interface ConvertOptions {
  /**
   * What becomes of a `from` activation that is an output of the model, where no layer follows to absorb its scale:
   * an error, or an affine layer appended to give back the range (`rescale.weight` [n, n], diagonal, and
   * `rescale.bias` [n]). Default: `"error"`.
   */
  readonly output?: "error" | "append";
}

const WHO = "convertActivations";

/**
 * The same function with another activation: every `from` unit becomes a `to` unit, and the layers around it absorb
 * the difference.
 *
 *   sigmoid(z) = tanh(z / 2) / 2 + 1/2      the layer before halves, the next halves its weights and adds half the
 *                                           sum of each unit's incoming weights to its bias
 *   tanh(z) = 2 sigmoid(2 z) - 1            the layer before doubles, the next doubles its weights and subtracts
 *                                           that sum
 *
 * Other activations stay. Weights change by powers of two, exactly (denormals apart), so that there and back gives
 * the same bits; bias shifts are summed in f64 and rounded once. A next layer without bias gains one. The given
 * model is not changed; random initial values are drawn from its seed.
 *
 * @param model any depth of dense layers; between an activation and its neighbours only reshapes and transposes
 * @param from the activation to replace
 * @param to the one that replaces it
 * @throws TransformError where the function cannot be kept: no affine layer in front to scale, none behind to absorb
 *   the scale (an output, an activation, a skip connection), a shared layer whose uses would need different weights,
 *   weights that overflow; OptionError for other activations
 * @example
 * const model = sequential({ input: [2], seed: 1 }, [dense(3, { activation: "sigmoid" }), dense(1)]);
 * const same = convertActivations(model, "sigmoid", "tanh");
 * const [[y], [z]] = [model, same].map((m) => compile(m).predict([[1, 2]]).data);
 * Math.abs(y - z) < 1e-6; // => true
 */
export function convertActivations<X, P>(
  model: Model<X, P>,
  from: ConvertibleActivation,
  to: ConvertibleActivation,
  options: ConvertOptions = {},
): Model<X, P> {
  refuseMore(WHO, arguments, 4);
  check(WHO, "from, the second argument,", from, NAME);
  check(WHO, "to, the third argument,", to, NAME);
  const { output } = readOptions(WHO, options, { output: ["error", oneOf("error", "append")] });
  if (from === to) throw new OptionError(`${WHO}: from and to must differ; got "${from}" twice`);
  const graph = graphWithValues(WHO, model);
  const layers = affineLayers(graph);
  const changes = findChanges(graph, layers, from, output);
  checkShared(layers, changes);
  rewriteParameters(graph, layers, changes);
  graph.nodes = graph.nodes.map((node) =>
    isActivation(node, from) ? { ...node, attrs: { fn: FUNCTIONS[to], alpha: 0 } } : node,
  );
  if (output === "append") appendLayers(graph, changes.outputs, IDENTITIES[from]);
  return makeModel(graph, model.seed, model.named) as Model<X, P>;
}

const NAME = /* @__PURE__ */ oneOf("sigmoid", "tanh");

const isActivation = (node: Node, name: ConvertibleActivation) =>
  is(node, "unary") && (node.attrs as OpAttrs["unary"]).fn === FUNCTIONS[name];

const movesElements = (node: Node) => node.op === "reshape" || node.op === "transpose";

/** What a layer becomes: `inner ((scale x + shift) W + b)`. */
interface Change {
  readonly inner: number;
  readonly scale: number;
  readonly shift: number;
}

const UNCHANGED: Change = { inner: 1, scale: 1, shift: 0 };

class Changes {
  readonly byNode = new Map<Node, Change>();
  /** Outputs of the graph that are left scaled. */
  readonly outputs: ValueId[] = [];

  of(layer: AffineLayer): Change {
    return this.byNode.get(layer.node) ?? UNCHANGED;
  }

  add(layer: AffineLayer, part: Partial<Change>): void {
    this.byNode.set(layer.node, { ...this.of(layer), ...part });
  }
}

/** Follows each activation back to the layer that feeds it, and forward to the layers it feeds. */
function findChanges(
  graph: Graph,
  layers: readonly AffineLayer[],
  from: ConvertibleActivation,
  output: "error" | "append",
): Changes {
  const { inner, scale, shift } = IDENTITIES[from];
  const changes = new Changes();
  const readers = readersOf(graph);
  const byOutput = new Map(layers.map((layer) => [layer.output, layer]));
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  const producer = new Map(graph.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  for (const node of graph.nodes.filter((n) => isActivation(n, from))) {
    const where = `the ${from} of ${layerOf(node)}`;
    changes.add(layerBefore(node, where), { inner });
    for (const [id] of flow(node.outputs[0])) {
      for (const reader of readers.get(id) ?? []) {
        if (reader === "output") {
          if (output === "error") throw unabsorbed(node, where, 'an output (pass { output: "append" })');
          if (!changes.outputs.includes(id)) changes.outputs.push(id);
        } else if (!movesElements(reader)) {
          const layer = byNode.get(reader);
          if (!layer) throw unabsorbed(node, where, describe(reader));
          changes.add(layer, { scale, shift });
        }
      }
    }
  }
  return changes;

  /** A value and what is made of it by moving its elements only. */
  function* flow(id: ValueId): Generator<[ValueId]> {
    yield [id];
    for (const reader of readers.get(id) ?? [])
      if (reader !== "output" && movesElements(reader)) yield* flow(reader.outputs[0]);
  }

  function layerBefore(node: Node, where: string): AffineLayer {
    const [z] = node.inputs;
    let id = z;
    for (;;) {
      if ((readers.get(id) as unknown[]).length > 1)
        throw new TransformError(
          `${WHO}: ${where} must be alone in reading its layer, whose weights change; ` +
            `got ${graph.values[id].name} ${formatShape(graph.shape(id))} with other readers`,
          layerOf(node),
        );
      const layer = byOutput.get(id);
      if (layer) return layer;
      const made = producer.get(id);
      if (!made || !movesElements(made))
        throw new TransformError(
          `${WHO}: ${where} must follow an affine layer, such as dense, to scale its input; ` +
            `got ${made ? `it behind ${describe(made)}` : `it on ${graph.values[id].name}`}`,
          layerOf(node),
        );
      [id] = made.inputs;
    }
  }
}

const unabsorbed = (node: Node, where: string, reader: string) =>
  new TransformError(
    `${WHO}: ${where} must feed affine layers only, such as dense, to absorb its scale; got ${reader} behind it`,
    layerOf(node),
  );

const layerOf = (node: Node) => node.scope || "model";

/** `the tanh of dense2`, `the add of model`. */
function describe(node: Node): string {
  let fn: string = node.op;
  if (is(node, "unary")) fn = Fn[(node.attrs as OpAttrs["unary"]).fn];
  if (is(node, "binary")) fn = BinaryFn[(node.attrs as OpAttrs["binary"]).fn];
  return `the ${fn[0].toLowerCase()}${fn.slice(1)} of ${layerOf(node)}`;
}

/** A layer used more than once must change in the same way at every use. */
function checkShared(layers: readonly AffineLayer[], changes: Changes): void {
  for (const layer of layers) {
    const { inner, scale } = changes.of(layer);
    const uses = layers.filter(({ weight }) => weight === layer.weight);
    const alike = uses.filter((use) => changes.of(use).inner === inner && changes.of(use).scale === scale);
    if (alike.length !== uses.length)
      throw new TransformError(
        `${WHO}: every use of a shared layer must change alike; ` +
          `got ${layer.name} used ${uses.length} times, ${alike.length} of them like this`,
        layer.name,
      );
  }
}

function rewriteParameters(graph: Graph, layers: readonly AffineLayer[], changes: Changes): void {
  /** Layers that share a weight share its new bias. */
  const biases = new Map<ValueId, ValueId | undefined>();
  for (const layer of layers) {
    const { inner, scale, shift } = changes.of(layer);
    if (!changes.byNode.has(layer.node)) continue;
    if (!biases.has(layer.weight)) {
      const w = valuesOf(graph, layer.weight);
      const b = biasAfter(graph, layer, changes.of(layer));
      const weight = Float64Array.from(w, (v) => inner * scale * v);
      if (layer.bias !== undefined) setValues(WHO, graph, layer.bias, b);
      setValues(WHO, graph, layer.weight, weight);
      const added =
        layer.bias === undefined && shift !== 0
          ? addVariable(WHO, graph, `${layer.name}.bias`, [b.length], b, layer.weight)
          : undefined;
      biases.set(layer.weight, added);
    }
    const bias = biases.get(layer.weight);
    if (bias === undefined) continue;
    graph.nodes = graph.nodes.map((node) =>
      node === layer.node ? { ...node, inputs: [layer.input, layer.weight, bias] } : node,
    );
  }
}

/** `b'[j] = inner (b[j] + shift sum_i W[i, j])`; the sum in f64 from +0, i ascending. */
function biasAfter(graph: Graph, { weight, bias }: AffineLayer, { inner, shift }: Change): Float64Array {
  const w = valuesOf(graph, weight);
  const units = graph.shape(weight)[1];
  const sums = new Float64Array(units);
  for (let at = 0; at < w.length; at++) sums[at % units] += w[at];
  const b = bias === undefined ? undefined : valuesOf(graph, bias);
  return sums.map((sum, j) => inner * ((b?.[j] ?? 0) + shift * sum));
}

/** Gives outputs their range back: `y = scale x + shift` as an affine layer with a diagonal weight. */
function appendLayers(graph: Graph, outputs: readonly ValueId[], { scale, shift }: Identity): void {
  const names = new Set(graph.nodes.map((node) => node.scope));
  const builder = new Builder(graph);
  for (const id of outputs) {
    const shape = graph.shape(id);
    const n = shape[shape.length - 1];
    if (shape.length < 2 || n < 1)
      throw new TransformError(
        `${WHO}: an output must be [.., n] for a layer to be appended; got ${formatShape(shape)}`,
        graph.values[id].name,
      );
    let name = "rescale";
    for (let count = 2; names.has(name); count++) name = `rescale${count}`;
    names.add(name);
    const diagonal = new Float32Array(n * n);
    for (let i = 0; i < n; i++) diagonal[i * n + i] = scale;
    const w = graph.addVariable(`${name}.weight`, [n, n], { kind: "values", data: diagonal });
    const b = graph.addVariable(`${name}.bias`, [n], {
      kind: "values",
      data: new Float32Array(n).fill(shift),
    });
    builder.scope = name;
    const [y] = builder.emit(dense, { fn: Fn.Identity, alpha: 0 }, [id, w, b]);
    graph.outputs.forEach((port, i) => {
      if (port.value === id) graph.outputs[i] = { name: port.name, value: y };
    });
  }
}
