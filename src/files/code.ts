/** Models as code: the calls of this package that build them. */
import { FileError } from "../errors.ts";
import type { Graph, Initializer, Node } from "../graph/graph.ts";
import type { InputPort, InputStep } from "../graph/input.ts";
import { BinaryFn, Fn, type OpAttrs, ReduceFn } from "../graph/op.ts";
import type { ValueId } from "../graph/type.ts";
import { type ActivationName, activationOf, defaultInitializer, initializer } from "../model/activations.ts";
import type { Model } from "../model/model.ts";
import { refuseMore } from "../options.ts";
import type { Predictor } from "../program/predictor.ts";
import { sourceOf } from "./model-json.ts";

/**
 * A model as JavaScript that builds it: `sequential` where its layers follow each other, else `model`. The code exports `model`; where
 * parameters have values, as those of trainers and predictors do, also `predictor`, with these parameters. What preprocessing was fitted
 * to is no part of code: `save` and `modelToJSON` keep it.
 *
 * @throws FileError for something else than a model, a trainer or a predictor, for layers that code does not know, such as `conv2d`, and
 *   for what no call of this package makes, such as a rewritten activation
 * @example
 * const code = modelToCode(sequential({ input: [2], seed: 42 }, [dense(8, { activation: "tanh" }), dense(1)]));
 * code.split("\n")[2]; // => 'export const model = sequential({ input: [2], seed: 42 }, ['
 */
export function modelToCode<X, P>(source: Model<X, P> | Predictor<X, P>): string {
  refuseMore("modelToCode", arguments, 1);
  const { model, labels } = sourceOf("modelToCode", source);
  const { graph } = model;
  const imports = new Set<string>();
  const calls = callsOf(graph, imports);
  const lines = model.named.inputs ? asFunction(model, calls, imports) : asList(model, calls, imports);
  const values = graph.variables.flatMap(({ name, shape, init }) =>
    init.kind === "values" ? [`  ${quote(name)}: ${nested(Array.from(init.data), shape)},`] : [],
  );
  if (values.length > 0) {
    imports.add("compile");
    lines.push(
      "",
      `export const predictor = compile(model${labels ? `, { labels: ${print(labels)} }` : ""});`,
    );
    lines.push("predictor.setParameters({", ...values, "});");
  }
  return `import { ${[...imports].sort().join(", ")} } from "wasmgrad";\n\n${lines.join("\n")}\n`;
}

/** One call of a layer, or of a method of tensors. */
interface Call {
  /** The layer, `dense(8)`; undefined for methods. */
  readonly layer?: string;
  /** Its name, by which calls share it. */
  readonly name?: string;
  /** Of methods: what comes behind the tensor, made of the names of the others. */
  readonly method?: (name: (id: ValueId) => string) => string;
  readonly input: ValueId;
  readonly output: ValueId;
  readonly node: Node;
}

const quote = (text: string) => JSON.stringify(text);

/** `-0` and all others in their shortest form. */
const digits = (value: number) => (Object.is(value, -0) ? "-0" : `${value}`);

/** Plain data as people write it. */
function print(value: unknown): string {
  if (typeof value === "number") return digits(value);
  if (Array.isArray(value)) return `[${value.map(print).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{ ${entries.map(([name, entry]) => `${keyOf(name)}: ${print(entry)}`).join(", ")} }`;
}

const keyOf = (name: string) =>
  /^[A-Za-z_$][\w$]*$/.test(name) && name !== "__proto__" ? name : `[${quote(name)}]`;

/** Options behind other arguments: nothing where there are none. */
function withOptions(first: string, options: Readonly<Record<string, unknown>>): string {
  const given = Object.values(options).some((option) => option !== undefined);
  return [first, given ? print(options) : ""].filter((text) => text !== "").join(", ");
}

function nested(values: readonly number[], shape: readonly number[]): string {
  if (shape.length <= 1) return `[${values.map(digits).join(", ")}]`;
  const size = values.length / shape[0];
  const rows = Array.from({ length: shape[0] }, (_, i) =>
    nested(values.slice(i * size, (i + 1) * size), shape.slice(1)),
  );
  return `[${rows.join(", ")}]`;
}

const fail = (got: string): never => {
  throw new FileError(`modelToCode: a model must be made of layers and methods of tensors; got ${got}`);
};

const KNOWN =
  "knows dense, activation, dropout, layerNorm, batchNorm, embedding, reshape, flatten, preprocessing and the usual methods of tensors";

/** Refuses a node of another layer, by the name of that, or of another method. */
const unknown = ({ op, scope }: Pick<Node, "op" | "scope">): never => {
  const got = scope ? `${scope} (${op})` : op;
  throw new FileError(`modelToCode: ${KNOWN}; got ${got}: use save() or modelToJSON()`);
};

/** The calls that make a graph, in the order in which they were made. */
function callsOf(graph: Graph, imports: Set<string>): Call[] {
  const nodes = graph.nodes.filter(({ phase }) => phase === "forward");
  const counts = new Map<string, number>();
  const layers = new Map<string, string>();
  /** A layer, under its name where that is not the one it would get. */
  const layerCall = (kind: string, node: Node, first: string, options: Readonly<Record<string, unknown>>) => {
    const { scope } = node;
    let layer = layers.get(scope);
    if (layer === undefined) {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      const name = scope === `${kind}${count}` ? undefined : scope;
      layer = `${kind}(${withOptions(first, { ...options, name })})`;
      layers.set(scope, layer);
      imports.add(kind);
    }
    return { layer, name: scope };
  };
  for (const { steps = [], columns } of graph.inputs)
    for (const { kind } of columns ? steps : []) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const calls: Call[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    const next = nodes[i + 1];
    const [input] = node.inputs;
    const [output] = node.outputs;
    const isJoined =
      next?.scope === node.scope && next.inputs[0] === output && activationOf(next) !== undefined;
    if (node.op === "dense" && node.scope !== "") {
      const options = denseOptions(graph, node, isJoined ? next : undefined);
      const units = graph.shape(node.inputs[1])[1];
      calls.push({
        ...layerCall("dense", node, `${units}`, options),
        input,
        output: isJoined ? next.outputs[0] : output,
        node,
      });
      if (isJoined) i++;
    } else
      calls.push({ ...(layerOfNode(graph, node, layerCall) ?? methodOf(graph, node)), input, output, node });
  }
  return calls;
}

type LayerCall = (
  kind: string,
  node: Node,
  first: string,
  options: Readonly<Record<string, unknown>>,
) => Pick<Call, "layer" | "name">;

const otherThan = <T>(usual: T, value: T): T | undefined => (value === usual ? undefined : value);

function layerOfNode(
  graph: Graph,
  node: Node,
  layerCall: LayerCall,
): Pick<Call, "layer" | "name"> | undefined {
  if (node.scope === "") return undefined;
  const attrs = node.attrs as OpAttrs["dropout"] &
    OpAttrs["batchNorm"] &
    OpAttrs["embedding"] &
    OpAttrs["reshape"];
  const epsilon = otherThan(1e-5, attrs.epsilon);
  const activation = activationOf(node);
  if (activation !== undefined) return layerCall("activation", node, print(activation), {});
  switch (node.op) {
    case "dropout":
      return layerCall("dropout", node, digits(attrs.rate), {});
    case "layerNorm":
      return layerCall("layerNorm", node, "", { epsilon });
    case "batchNorm":
      return layerCall("batchNorm", node, "", { momentum: otherThan(0.9, momentumOf(graph, node)), epsilon });
    case "embedding": {
      const [vocabulary, units] = graph.shape(node.inputs[1]);
      const init = graph.variables.find(({ value }) => value === node.inputs[1])?.init;
      const usual = init?.kind === "values" || print(init) === '{ kind: "uniform", low: -0.05, high: 0.05 }';
      return layerCall("embedding", node, `${vocabulary}, ${units}`, {
        tableInitializer: usual ? undefined : init,
      });
    }
    case "reshape": {
      const row = attrs.shape.slice(1);
      const isFlat = row.length === 1 && graph.shape(node.inputs[0]).length !== 2;
      // A reshape that gives a vector was as likely a flatten: the node is the same, the name tells.
      return isFlat && !/^reshape\d*$/.test(node.scope)
        ? layerCall("flatten", node, "", {})
        : layerCall("reshape", node, print(row), {});
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
    name === undefined ? fail(`${op} in a form that has no method`) : { method: () => `.${name}(${given})` };
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
      return { method: (name) => `.matMul(${name(inputs[1])})` };
    case "binary": {
      const name = BINARY[fn as BinaryFn] ?? fail("binary in a form that has no method");
      if (!constant) return { method: (nameOf) => `.${name}(${nameOf(inputs[1])})` };
      if (constant.data.length !== 1 || graph.shape(constant.value).length > 0)
        fail("a constant of several numbers");
      return method(name, digits(constant.data[0]));
    }
  }
  return unknown(node);
}

/** The options of an input, without those of its preprocessing layers. */
function inputCode(
  { graph }: Model,
  { value, columns, preprocessing }: InputPort,
  imports: Set<string>,
): string {
  if (columns) {
    imports.add("inputColumns");
    return `{ columns: inputColumns(${print(columns)}) }`;
  }
  const row = preprocessing?.shape ?? graph.shape(value).slice(1);
  return graph.values[value].dtype === "i32" ? `{ shape: ${print(row)}, dtype: "i32" }` : print(row);
}

/** The preprocessing layers of an input without columns. */
function stepCalls(
  { steps = [], columns }: InputPort,
  counts: Map<string, number>,
  imports: Set<string>,
): string[] {
  return (columns ? [] : steps).map((step: InputStep) => {
    const { name, kind, columns: own, with: filler, ...settings } = step;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    imports.add(kind);
    const options = {
      ...settings,
      with: otherThan<unknown>("mean", filler),
      columns: own === "all" ? undefined : own,
      name: otherThan(`${kind}${count}`, name),
    };
    return `${kind}(${withOptions("", options)})`;
  });
}

const seedOf = ({ seed }: Model) => (seed === 0 ? "" : `, seed: ${seed}`);

function asList(model: Model, calls: readonly Call[], imports: Set<string>): string[] {
  imports.add("sequential");
  const { graph } = model;
  const [input] = graph.inputs;
  const code = inputCode(model, input, imports);
  const options = input.columns ? code.slice(2, -2) : `input: ${code}`;
  const layers = [
    ...stepCalls(input, new Map(), imports),
    ...calls.map(({ layer, node }) => layer ?? unknown(node)),
  ];
  return [
    `export const model = sequential({ ${options}${seedOf(model)} }, [`,
    ...layers.map((layer) => `  ${layer},`),
    "]);",
  ];
}

function asFunction(model: Model, calls: readonly Call[], imports: Set<string>): string[] {
  imports.add("model as build");
  const { graph, named } = model;
  const counts = new Map<string, number>();
  const names = new Map<ValueId, string>();
  const lines: string[] = [];
  const made = new Map<string, string>();
  const uses = new Map<string, number>();
  for (const { name } of calls) if (name !== undefined) uses.set(name, (uses.get(name) ?? 0) + 1);
  const nameOf = (id: ValueId) => names.get(id) ?? fail("a value that nothing makes");
  graph.inputs.forEach((input, i) => {
    const steps = stepCalls(input, counts, imports);
    names.set(
      input.value,
      steps.reduce((inner, step) => `${step}(${inner})`, `inputs[${quote(input.name)}]`),
    );
    if (steps.length === 0) return;
    lines.push(`const x${i + 1} = ${nameOf(input.value)};`);
    names.set(input.value, `x${i + 1}`);
  });
  calls.forEach(({ layer, name = "", method, input, output }, i) => {
    let callee = layer;
    if (layer !== undefined && (uses.get(name) ?? 0) > 1) {
      callee = made.get(name) ?? `layer${made.size + 1}`;
      if (!made.has(name)) lines.push(`const ${callee} = ${layer};`);
      made.set(name, callee);
    }
    const code = method ? `${nameOf(input)}${method(nameOf)}` : `${callee}(${nameOf(input)})`;
    lines.push(`const t${i + 1} = ${code};`);
    names.set(output, `t${i + 1}`);
  });
  const outputs = graph.outputs.map(({ name, value }) => `${keyOf(name)}: ${nameOf(value)}`);
  lines.push(
    named.outputs ? `return { ${outputs.join(", ")} };` : `return ${nameOf(graph.outputs[0].value)};`,
  );
  const inputs = graph.inputs.map((input) => `${keyOf(input.name)}: ${inputCode(model, input, imports)}`);
  return [
    `export const model = build({ inputs: { ${inputs.join(", ")} }${seedOf(model)} }, (inputs) => {`,
    ...lines.map((line) => `  ${line}`),
    "});",
  ];
}
