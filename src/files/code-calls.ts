/** The calls that make a graph: of layers, as they were recorded, else found by what their nodes are; and of methods of tensors. */
import { FileError } from "../errors.ts";
import type { Graph, Initializer, Node } from "../graph/graph.ts";
import { BinaryFn, Fn, type OpAttrs, ReduceFn } from "../graph/op.ts";
import type { ValueId } from "../graph/type.ts";
import { type ActivationName, activationOf, defaultInitializer, initializer } from "../model/activations.ts";
import { Symbolic } from "../model/symbolic.ts";
import { callCode, digits, fail, type Place, print, quote } from "./code-print.ts";

/** One call of a layer, or of a method of tensors. */
export interface Call {
  /** Code of the layer, `dense(8)`; undefined for methods. */
  readonly layer?: (place: Place) => string;
  /** Its name, by which calls share it. */
  readonly name?: string;
  /** What a layer is given: tensors by name in the place of one, or options behind it. */
  readonly inputs?: object;
  readonly options?: object;
  /** Of methods: the code, made of the names of tensors. */
  readonly method?: (name: (id: ValueId) => string, imports: Set<string>) => string;
  /** The node of a method. */
  readonly node?: Node;
  readonly input: ValueId;
  /** What comes of it, each with what stands behind the result of the call to get at it. */
  readonly outputs: readonly (readonly [id: ValueId, access: string])[];
}

const KNOWN =
  "knows layers, preprocessing and the usual methods of tensors; of a model from a file dense, activation, dropout, layerNorm, batchNorm, embedding, reshape and flatten";

/** Refuses a node of another layer, by the name of that, or of another method. */
export const unknown = ({ op, scope }: Pick<Node, "op" | "scope">): never => {
  const got = scope ? `${scope} (${op})` : op;
  throw new FileError(`modelToCode: ${KNOWN}; got ${got}: use save() or modelToJSON()`);
};

/** What is made of layers. */
type NamedLayer = Pick<Call, "layer" | "name">;
type MakeLayer = (kind: string, scope: string, given: readonly unknown[]) => NamedLayer;

/** Layers under their names, where those are not the ones that they would get. */
function numbered(graph: Graph): MakeLayer {
  const counts = new Map<string, number>();
  const layers = new Map<string, NamedLayer>();
  for (const { steps = [], columns } of graph.inputs)
    for (const { kind } of columns ? steps : []) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return (kind, scope, given) => {
    let layer = layers.get(scope);
    if (layer === undefined) {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      const name = scope === `${kind}${count}` ? undefined : scope;
      layer = { name: scope, layer: (place) => callCode(kind, given, { name }, place) };
      layers.set(scope, layer);
    }
    return layer;
  };
}

export function callsOf(graph: Graph): Call[] {
  const nodes = graph.nodes.filter(({ phase }) => phase === "forward");
  const make = numbered(graph);
  const recorded = recordedCalls(graph, nodes);
  const calls: Call[] = [];
  const made = new Set(graph.inputs.map(({ value }) => value));
  const add = (call: Call) => {
    for (const [id] of call.outputs) made.add(id);
    calls.push(call);
  };
  const addRecorded = ({ kind, name, given, input, options, output }: Recorded) => {
    const shape = kind === "nested" ? (options as Pick<Call, "inputs">) : { options: options as object };
    if (made.has(input)) add({ ...make(kind, name, given), ...shape, input, outputs: tensorsIn(output) });
  };
  let next = 0;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    const at = recorded.findIndex((call) => call.nodes.has(node));
    if (at >= next) {
      // Those before it made no nodes.
      for (; next <= at; next++) addRecorded(recorded[next]);
      continue;
    }
    if (at >= 0) continue;
    const joined = nodes[i + 1];
    const [input] = node.inputs;
    const [output] = node.outputs;
    const isJoined =
      joined?.scope === node.scope && joined.inputs[0] === output && activationOf(joined) !== undefined;
    if (node.op === "dense" && node.scope !== "") {
      const options = denseOptions(graph, node, isJoined ? joined : undefined);
      const units = graph.shape(node.inputs[1])[1];
      const outputs = [[isJoined ? joined.outputs[0] : output, ""]] as const;
      add({ ...make("dense", node.scope, [units, options]), input, outputs });
      if (isJoined) i++;
    } else
      add({
        ...(layerOfNode(graph, node, make) ?? { ...methodOf(graph, node), node }),
        input,
        outputs: [[output, ""]],
      });
  }
  for (; next < recorded.length; next++) addRecorded(recorded[next]);
  return calls;
}

/** A call of a layer as it was made. */
interface Recorded {
  readonly kind: string;
  readonly given: readonly unknown[];
  readonly name: string;
  readonly input: ValueId;
  readonly options: unknown;
  readonly output: unknown;
  readonly nodes: ReadonlySet<Node>;
}

function recordedCalls(graph: Graph, nodes: readonly Node[]): Recorded[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const)));
  const steps = new Set(graph.inputs.flatMap((input) => (input.steps ?? []).map(({ name }) => name)));
  const taken = new Set<Node>();
  return [...graph.calls].flatMap(([layer, { id: input }, options, output]) => {
    const [name] = graph.layerNames.get(layer) as readonly string[];
    if (steps.has(name)) return [];
    const own = new Set<Node>();
    /** From what the call gave back to what it was given. */
    const visit = (id: ValueId) => {
      const node = makers.get(id);
      if (id === input || !node || taken.has(node) || !isWithin(node.scope, name)) return;
      taken.add(node);
      own.add(node);
      node.inputs.forEach(visit);
    };
    for (const [id] of tensorsIn(output)) visit(id);
    return [{ ...(layer as Pick<Recorded, "kind" | "given">), name, input, options, output, nodes: own }];
  });
}

const isWithin = (scope: string, name: string) => scope === name || scope.startsWith(`${name}.`);

function tensorsIn(output: unknown): Call["outputs"] {
  if (output instanceof Symbolic) return [[output.id, ""]];
  return Object.entries(output as Readonly<Record<string, Symbolic>>).map(([key, { id }]) => [
    id,
    Array.isArray(output) ? `[${key}]` : `[${quote(key)}]`,
  ]);
}

export const otherThan = <T>(usual: T, value: T): T | undefined => (value === usual ? undefined : value);

function layerOfNode(graph: Graph, node: Node, make: MakeLayer): NamedLayer | undefined {
  if (node.scope === "") return undefined;
  const attrs = node.attrs as OpAttrs["dropout"] &
    OpAttrs["batchNorm"] &
    OpAttrs["embedding"] &
    OpAttrs["reshape"];
  const epsilon = otherThan(1e-5, attrs.epsilon);
  const activation = activationOf(node);
  if (activation !== undefined) return make("activation", node.scope, [activation, {}]);
  switch (node.op) {
    case "dropout":
      return make("dropout", node.scope, [attrs.rate, {}]);
    case "layerNorm":
      return make("layerNorm", node.scope, [{ epsilon }]);
    case "batchNorm":
      return make("batchNorm", node.scope, [{ momentum: otherThan(0.9, momentumOf(graph, node)), epsilon }]);
    case "embedding": {
      const [vocabulary, units] = graph.shape(node.inputs[1]);
      const init = graph.variables.find(({ value }) => value === node.inputs[1])?.init;
      const usual = init?.kind === "values" || print(init) === '{ kind: "uniform", low: -0.05, high: 0.05 }';
      return make("embedding", node.scope, [
        vocabulary,
        units,
        { tableInitializer: usual ? undefined : init },
      ]);
    }
    case "reshape": {
      const row = attrs.shape.slice(1);
      const isFlat = row.length === 1 && graph.shape(node.inputs[0]).length !== 2;
      // A reshape that gives a vector was as likely a flatten: the node is the same, the name tells.
      return isFlat && !/^reshape\d*$/.test(node.scope)
        ? make("flatten", node.scope, [{}])
        : make("reshape", node.scope, [row, {}]);
    }
  }
  return undefined;
}

/** How much of running statistics stays: what their update says. */
function momentumOf(graph: Graph, node: Node): number {
  const update = graph.updates.find(({ variable }) => variable === node.inputs[3]);
  const approach = graph.nodes.find(({ outputs }) => update && outputs.includes(update.value));
  return approach ? 1 - (approach.attrs as OpAttrs["approach"]).share : 0.9;
}

function denseOptions(graph: Graph, node: Node, joined: Node | undefined): Readonly<Record<string, unknown>> {
  const [, weight, bias] = node.inputs;
  const activation = joined && activationOf(joined);
  const initOf = (id: ValueId) => graph.variables.find(({ value }) => value === id)?.init;
  const [fanIn, units] = graph.shape(weight);
  const name = (
    typeof activation === "object" ? activation.name : (activation ?? "linear")
  ) as ActivationName;
  const usual = initializer("dense", defaultInitializer(name), fanIn * units, fanIn, units);
  const init = (own: Initializer | undefined, expected: Initializer) =>
    !own || own.kind === "values" || print(own) === print(expected) ? undefined : own;
  return {
    activation,
    bias: bias === undefined ? false : undefined,
    weightInitializer: init(initOf(weight), usual),
    biasInitializer: bias === undefined ? undefined : init(initOf(bias), { kind: "constant", value: 0 }),
  };
}

const UNARY: { readonly [F in Fn]?: string } = {
  [Fn.Negate]: "neg",
  [Fn.Exp]: "exp",
  [Fn.Log]: "log",
  [Fn.Sqrt]: "sqrt",
  [Fn.Abs]: "abs",
  [Fn.Square]: "square",
  [Fn.Relu]: "relu",
  [Fn.Sigmoid]: "sigmoid",
  [Fn.Tanh]: "tanh",
};
const BINARY: { readonly [F in BinaryFn]?: string } = {
  [BinaryFn.Add]: "add",
  [BinaryFn.Subtract]: "sub",
  [BinaryFn.Multiply]: "mul",
  [BinaryFn.Divide]: "div",
  [BinaryFn.Maximum]: "maximum",
  [BinaryFn.Minimum]: "minimum",
};
const REDUCE = { [ReduceFn.Sum]: "sum", [ReduceFn.Mean]: "mean", [ReduceFn.Max]: "max" } as const;

/** The method of tensors that makes a node. */
function methodOf(graph: Graph, node: Node): Pick<Call, "method"> {
  const { op, attrs, inputs } = node;
  const { fn, shape, axes, from, to } = attrs as never as {
    readonly fn: number;
    readonly shape: readonly number[];
    readonly axes: readonly number[];
    readonly from: number;
    readonly to: number;
  };
  const method = (name: string | undefined, given = "") =>
    name === undefined
      ? fail(`${op} in a form that has no method`)
      : { method: (nameOf: (id: ValueId) => string) => `${nameOf(inputs[0])}.${name}(${given})` };
  const constant = graph.constants.find(({ value }) => value === inputs[1]);
  if (graph.constants.some(({ value }) => value === inputs[0])) fail("a constant in the place of a tensor");
  switch (op) {
    case "unary":
      return method(UNARY[fn as Fn]);
    case "softmax":
    case "logSoftmax":
      return method(op);
    case "reshape":
      return method("reshape", print(shape));
    case "transpose":
      return method("transpose", print(axes));
    case "reduce":
      return method(REDUCE[fn as ReduceFn], print(Array.from({ length: to - from }, (_, i) => from + i)));
    case "matMul":
      return { method: (nameOf) => `${nameOf(inputs[0])}.matMul(${nameOf(inputs[1])})` };
    case "concat":
      return {
        method: (nameOf, imports) => {
          imports.add("concat");
          return `concat([${inputs.map(nameOf).join(", ")}], { axis: ${(attrs as OpAttrs["concat"]).axis} })`;
        },
      };
    case "binary": {
      const name = BINARY[fn as BinaryFn] ?? fail("binary in a form that has no method");
      if (!constant) return { method: (nameOf) => `${nameOf(inputs[0])}.${name}(${nameOf(inputs[1])})` };
      if (constant.data.length !== 1 || graph.shape(constant.value).length > 0)
        fail("a constant of several numbers");
      return method(name, digits(constant.data[0]));
    }
  }
  return unknown(node);
}
