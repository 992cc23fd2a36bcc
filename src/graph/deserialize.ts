/**
 * The way back from `serialize`: a graph from data that may come from anywhere. Each fact is checked before anything is made
 * of it: names, types and shapes here, how shapes fit by the rule of each op. References point backwards only, so there are no
 * cycles.
 */
import { Builder } from "./builder.ts";
import { Graph, type Initializer } from "./graph.ts";
import { type FittedEntry, type InputPort, type OutputPort, targetEntries } from "./input.ts";
import type { AnyOp, OpName } from "./op.ts";
import { serializeNodes } from "./serialize.ts";
import { ROWS, type Shape, sizeOf } from "./shape.ts";
import type { DType, ValueId } from "./type.ts";

/** How a variable starts; `values` stand beside the graph. */
export type SerializedInitializer = Exclude<Initializer, { kind: "values" }> | { readonly kind: "values" };

export interface SerializedVariable {
  readonly name: string;
  readonly shape: Shape;
  readonly init: SerializedInitializer;
  readonly nonNegative?: true;
}

/** A graph as files hold it: what it computes, and what people and random draws go by beside. */
export interface GraphDescription {
  /** Names of inputs and outputs in the order in which they were declared. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** In the order in which they were declared, by which they are drawn. */
  readonly variables: readonly SerializedVariable[];
  /** The layer of each node. */
  readonly layers: readonly string[];
  /** Inputs and outputs that start fitted: `input x`; absent where there are none. */
  readonly initial?: readonly string[];
  /** When each node was made, where that is another order: gradients are added in it. */
  readonly order?: readonly number[];
  readonly computation: unknown;
}

/** All of a graph that programs go by. */
export function describeGraph(graph: Graph): GraphDescription {
  const { computation, nodes } = serializeNodes(graph);
  const places = new Map(graph.nodes.map((node, i) => [node, i]));
  const made = nodes.map((node) => places.get(node) as number);
  const ranks = new Map([...made].sort((p, q) => p - q).map((place, rank) => [place, rank]));
  const order = made.map((place) => ranks.get(place) as number);
  const isGiven = ({ initial }: { readonly initial?: readonly number[] }) => initial !== undefined;
  const initial = [
    ...graph.inputs.filter(isGiven).map(({ name }) => `input ${name}`),
    ...graph.outputs.filter(isGiven).map(({ name }) => `output ${name}`),
  ];
  return {
    inputs: graph.inputs.map(({ name }) => name),
    outputs: graph.outputs.map(({ name }) => name),
    variables: graph.variables.map(({ name, shape, init, nonNegative }) => ({
      name,
      shape,
      init: init.kind === "values" ? { kind: "values" } : init,
      ...(nonNegative ? { nonNegative } : {}),
    })),
    layers: nodes.map(({ scope }) => scope),
    ...(initial.length > 0 ? { initial } : {}),
    ...(order.some((rank, i) => rank !== i) ? { order } : {}),
    computation,
  };
}

/** What an input has beside its name and value. */
export type Preprocessed = Pick<InputPort, "columns" | "steps" | "preprocessing">;

/** What a graph is made with. */
export interface DeserializeContext {
  /** The op of a node; throws where the page does not have it. */
  opOf(name: OpName, attrs: Readonly<Record<string, unknown>>): AnyOp;
  /** The values of a variable whose initializer is `values`. */
  valuesOf(name: string): Float32Array;
  /** The preprocessing of an input whose entry has some. @param shape of what reaches the graph, `[rows, ..]` */
  preprocessingOf(what: string, entry: Readonly<Record<string, unknown>>, shape: Shape): Preprocessed;
  /** What is fitted, where a model starts with it. */
  fittedOf(entries: readonly FittedEntry[]): readonly number[];
  /** Throws an error for what is no description of a graph. */
  fail(rule: string, got: unknown): never;
}

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === "number" && value - value === 0;
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const MOST = 0x4000_0000;
const isDim: Check = (value) =>
  Number.isSafeInteger(value) && value !== 0 && (value as number) >= -MOST && (value as number) <= MOST;
const MOST_AXES = 32;
const isShape: Check = (value) => Array.isArray(value) && value.length <= MOST_AXES && value.every(isDim);
/** Of variables and rows. */
const isFixedShape: Check = (value) => isShape(value) && (value as Shape).every((d) => d > 0);
const isBoolean: Check = (value) => typeof value === "boolean";
const isName = (value: unknown): value is string => typeof value === "string" && value.length <= 1000;

/** Numbers of each axis that windows move along. */
const perAxis =
  (least: number): Check =>
  (value) =>
    Array.isArray(value) &&
    value.length <= 2 &&
    value.every((n) => Number.isSafeInteger(n) && n >= least && n <= MOST_PLACES);
/** More than any image has along one axis. */
const MOST_PLACES = 0x10_0000;

const isStrength: Check = (value) => isNumber(value) && (value as number) >= 0;

/** Attributes of ops, by name; `fn` names a member of an enum of the op. Pages that load nothing drop it: no call in it may look as if it did something. */
const ATTRIBUTES: Readonly<Record<string, Check>> = {
  alpha: isNumber,
  after: isCount,
  axis: isCount,
  axes: (value) => Array.isArray(value) && value.length <= MOST_AXES && value.every(isCount),
  before: isCount,
  bilinear: isBoolean,
  causal: isBoolean,
  count: (value) => value === 0 || isDim(value),
  divisor: isDim,
  dilation: /* @__PURE__ */ perAxis(1),
  dtype: (value) => value === "f32" || value === "i32",
  factor: /* @__PURE__ */ perAxis(1),
  epsilon: (value) => isNumber(value) && Math.fround(value as number) > 0,
  from: isCount,
  groups: (value) => isCount(value) && isDim(value),
  heads: (value) => isCount(value) && (value as number) > 0,
  keepDims: isBoolean,
  length: (value) => isCount(value) && isDim(value),
  lengths: /* @__PURE__ */ perAxis(1),
  initial: isBoolean,
  l1: isStrength,
  l2: isStrength,
  masked: isBoolean,
  paddingAfter: /* @__PURE__ */ perAxis(0),
  paddingBefore: /* @__PURE__ */ perAxis(0),
  reverse: isBoolean,
  rate: (value) => isNumber(value) && (value as number) >= 0 && (value as number) < 1,
  shape: isShape,
  share: (value) => isNumber(value) && (value as number) >= 0 && (value as number) <= 1,
  size: /* @__PURE__ */ perAxis(1),
  spread: isNumber,
  start: isCount,
  step: (value) => isCount(value) && isDim(value),
  stride: /* @__PURE__ */ perAxis(1),
  stream: (value) => isCount(value) && (value as number) < 0x10000,
  to: isCount,
  transposeA: isBoolean,
  transposeB: isBoolean,
  uniform: isBoolean,
  value: isNumber,
  vocabulary: (value) => isCount(value) && isDim(value),
};

/** The ops that models are made of: fewest and most inputs, attributes. */
const SIGNATURES: { readonly [K in OpName]?: readonly [least: number, most: number, ...attrs: string[]] } = {
  activityPenalty: [1, 1, "l1", "l2"],
  approach: [2, 2, "share", "count"],
  argMax: [1, 1, "axis", "dtype", "keepDims"],
  attention: [3, 4, "heads", "causal", "rate", "stream"],
  batchMatMul: [2, 2, "transposeA", "transposeB"],
  batchNorm: [5, 5, "epsilon"],
  binary: [2, 2, "fn"],
  broadcast: [1, 1, "shape", "divisor"],
  averagePool: [1, 1, "size", "stride", "paddingBefore", "paddingAfter", "divisor"],
  concat: [1, 0x10000, "axis"],
  conv: [2, 3, "size", "stride", "dilation", "paddingBefore", "paddingAfter", "groups", "fn", "alpha"],
  convTranspose: [2, 2, "size", "stride", "dilation", "paddingBefore", "paddingAfter", "groups", "lengths"],
  cumulativeSum: [1, 1, "axis", "reverse"],
  dense: [2, 3, "fn", "alpha"],
  depthwise: [2, 3, "size", "stride", "dilation", "paddingBefore", "paddingAfter"],
  dropout: [1, 1, "rate", "stream"],
  embedding: [2, 2, "vocabulary"],
  gather: [2, 2, "axis", "length"],
  layerNorm: [3, 3, "epsilon"],
  logSoftmax: [1, 1],
  matMul: [2, 2, "transposeA", "transposeB"],
  maxPool: [1, 1, "size", "stride", "paddingBefore", "paddingAfter"],
  noise: [1, 1, "uniform", "spread", "stream"],
  pad: [1, 1, "axis", "before", "after", "step", "value"],
  recurrent: [2, 6, "cell", "reverse", "masked", "initial"],
  reduce: [1, 1, "fn", "from", "to"],
  reshape: [1, 1, "shape"],
  slice: [1, 1, "axis", "start", "step", "length"],
  softmax: [1, 1],
  stopGradient: [1, 1],
  transpose: [1, 1, "axes"],
  unary: [1, 1, "fn", "alpha"],
  upsample: [1, 1, "factor", "bilinear"],
};

type Entries = Readonly<Record<string, unknown>>;

interface ReadNode {
  readonly op: OpName;
  readonly rule: AnyOp;
  readonly attrs: Entries;
  readonly inputs: readonly unknown[];
}

/** @throws what `fail` throws, and errors of the rules of ops for shapes that do not fit */
export function deserialize(given: unknown, context: DeserializeContext): Graph {
  const { fail } = context;
  const record = (what: string, value: unknown): Entries =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Entries)
      : fail(`${what} must be an object`, value);
  const list = (what: string, value: unknown, length?: number): readonly unknown[] =>
    Array.isArray(value) && (length === undefined || value.length === length)
      ? value
      : fail(`${what} must be an array${length === undefined ? "" : ` of ${length}`}`, value);

  const description = record("a model", given);
  const computation = record("the computation", description.computation);
  const inputTypes = record("inputs", computation.inputs);
  const outputRefs = record("outputs", computation.outputs);
  const targets = record("targets", computation.targets ?? {});
  const updateRefs = record("updates", computation.updates ?? {});
  const initial = new Set(list("what starts fitted", description.initial ?? []));
  const nodes = list("nodes", computation.nodes).map((node, i) => readNode(i, node));
  const layers = list("layers", description.layers, nodes.length);
  const order = orderOf(description.order);

  const graph = new Graph();
  const builder = new Builder(graph);
  const sources = new Map<string, ValueId>();
  for (const name of namesOf("inputs", description.inputs, inputTypes)) addInput(name, inputTypes[name]);
  list("variables", description.variables).forEach(addVariable);
  const forward = reachable(Object.values(outputRefs));
  const made = new Array<readonly ValueId[] | undefined>(nodes.length);
  for (const i of order) {
    const { rule, attrs, inputs } = nodes[i];
    const layer = layers[i];
    builder.scope = isName(layer) ? layer : fail(`the layer of node ${i} must be a name`, layer);
    builder.phase = forward.has(i) ? "forward" : "update";
    const ids = inputs.map((ref) => refValue(ref, `input of node ${i}`));
    made[i] = builder.emit(rule, attrs as never, ids);
    for (const id of made[i] ?? []) checkSize(graph.shape(id), `node ${i}`);
  }
  for (const name of namesOf("outputs", description.outputs, outputRefs))
    addOutput(name, refValue(outputRefs[name], `output ${name}`));
  if (!Object.keys(targets).every((name) => Object.hasOwn(outputRefs, name)))
    fail("targets must be of outputs", Object.keys(targets));
  for (const [name, ref] of Object.entries(updateRefs)) {
    const variable = sources.get(`variable ${name}`) ?? fail("updates must be of variables", name);
    const value = refValue(ref, `update of ${name}`);
    const [own, next] = [variable, value].map((id) => `${graph.shape(id)}`);
    if (own !== next) fail(`the update of ${name} must have its shape, [${own}]`, `[${next}]`);
    graph.updates.push({ variable, value });
  }
  if (graph.inputs.length === 0 || graph.outputs.length === 0)
    fail("a model must have inputs and outputs", `${graph.inputs.length}, ${graph.outputs.length}`);
  return graph;

  /** The names in an order, each of them a key of `entries` and each key one of them. */
  function namesOf(what: string, given: unknown, entries: Entries): readonly string[] {
    const names = list(`names of ${what}`, given, Object.keys(entries).length);
    for (const name of names)
      if (!(isName(name) && Object.hasOwn(entries, name)))
        fail(`names of ${what} must be those of its entries`, name);
    if (new Set(names).size !== names.length) fail(`names of ${what} must differ`, names);
    return names as readonly string[];
  }

  function addOutput(name: string, value: ValueId): void {
    if (!Object.hasOwn(targets, name)) {
      graph.outputs.push({ name, value });
      return;
    }
    if (targets[name] !== "standardize") fail(`targets of ${name} must be known`, targets[name]);
    const entries = targetEntries(name, Math.abs(sizeOf(graph.shape(value))));
    graph.outputs.push({ name, value, targets: "standardize", ...start("output", name, entries) });
  }

  /** What an input or output starts with, where it starts fitted. */
  function start(
    kind: string,
    name: string,
    entries: readonly FittedEntry[] = [],
  ): Pick<OutputPort, "initial"> {
    return initial.has(`${kind} ${name}`) ? { initial: context.fittedOf(entries) } : {};
  }

  function readNode(i: number, node: unknown): ReadNode {
    const entries = record(`node ${i}`, node);
    const op = entries.op as OpName;
    const signature = typeof op === "string" && Object.hasOwn(SIGNATURES, op) ? SIGNATURES[op] : undefined;
    if (!signature) return fail(`node ${i} must be an op that models are made of`, op);
    const [least, most, ...names] = signature;
    const inputs = list(`inputs of node ${i}`, entries.inputs);
    if (inputs.length < least || inputs.length > most)
      fail(`${op}, node ${i}, must have ${least}${most > least ? ` to ${most}` : ""} inputs`, inputs.length);
    const given = record(`attributes of node ${i}`, entries.attrs);
    if (Object.keys(given).length !== names.length)
      fail(`${op}, node ${i}, must have the attributes ${names.join(", ") || "none"}`, Object.keys(given));
    const rule = context.opOf(op, given);
    const attrs = names.map((name) => [name, readAttribute(i, rule, name, given[name])] as const);
    return { op, rule, attrs: Object.fromEntries(attrs), inputs };
  }

  function readAttribute(i: number, rule: AnyOp, name: string, value: unknown): unknown {
    const members = rule.enums?.[name];
    if (members) {
      const number = Object.keys(members).find((key) => members[key as unknown as number] === value);
      if (typeof value !== "string" || number === undefined || !(Number(number) >= 0))
        return fail(`${name} of ${rule.name}, node ${i}, must be one of its functions`, value);
      return Number(number);
    }
    const decoded = value === "-0" ? -0 : value;
    if (!ATTRIBUTES[name](decoded)) fail(`${name} of ${rule.name}, node ${i}, must be in its range`, value);
    return decoded;
  }

  /** Indices of nodes in the order in which they are made. */
  function orderOf(given: unknown): readonly number[] {
    const indices = nodes.map((_, i) => i);
    if (given === undefined) return indices;
    const ranks = list("order", given, nodes.length);
    const order = new Array<number>(nodes.length).fill(-1);
    ranks.forEach((rank, i) => {
      if (!(isCount(rank) && order[rank as number] === -1)) fail("order must have each number once", rank);
      order[rank as number] = i;
    });
    return order;
  }

  function addInput(name: string, given: unknown): void {
    const entry = record(`input ${name}`, given);
    const { shape, dtype } = entry;
    if (!(isShape(shape) && (shape as Shape)[0] === ROWS && isFixedShape((shape as Shape).slice(1))))
      fail(`input ${name} must be [rows, ..]`, shape);
    if (dtype !== "f32" && dtype !== "i32") fail(`input ${name} must be f32 or i32`, dtype);
    checkSize(shape as Shape, `input ${name}`);
    sources.set(`input ${name}`, graph.addInput(name, shape as Shape, dtype as DType));
    if (entry.steps === undefined && entry.columns === undefined && entry.raw === undefined) return;
    if (dtype !== "f32") fail(`input ${name}, which has steps, must be f32`, dtype);
    if (isFixedShape(entry.raw)) checkSize(entry.raw as Shape, `raw rows of input ${name}`);
    else fail(`raw rows of input ${name} must have whole dimensions`, entry.raw);
    const port = graph.inputs.length - 1;
    const made = context.preprocessingOf(`input ${name}`, entry, shape as Shape);
    const names = new Set(graph.inputs.flatMap(({ steps = [] }) => steps.map((step) => step.name)));
    for (const step of made.steps ?? [])
      if (names.has(step.name)) fail("steps must have names that differ", step.name);
      else names.add(step.name);
    graph.inputs[port] = {
      ...graph.inputs[port],
      ...made,
      ...start("input", name, made.preprocessing?.fitted),
    };
  }

  function addVariable(given: unknown): void {
    const { name: own, shape, init, nonNegative } = record("a variable", given);
    const name =
      isName(own) && !sources.has(`variable ${own}`)
        ? own
        : fail("variables must have names that differ", own);
    if (!isFixedShape(shape)) fail(`${name} must have whole dimensions`, shape);
    checkSize(shape as Shape, name);
    if (nonNegative !== undefined && !isBoolean(nonNegative))
      fail(`nonNegative of ${name} must be a boolean`, nonNegative);
    const initializer = readInitializer(name, record(`init of ${name}`, init));
    const id = graph.addVariable(name, shape as Shape, initializer, nonNegative === true);
    sources.set(`variable ${name}`, id);
  }

  function readInitializer(name: string, init: Entries): Initializer {
    const { kind } = init;
    if (kind === "values") return { kind, data: context.valuesOf(name) };
    const numbers = {
      constant: ["value"],
      uniform: ["low", "high"],
      normal: ["mean", "std"],
      orthogonal: ["gain"],
    };
    const wanted =
      typeof kind === "string" && Object.hasOwn(numbers, kind) ? numbers[kind as "normal"] : undefined;
    if (!wanted?.every((key) => isNumber(init[key]) && isNumber(Math.fround(init[key] as number))))
      return fail(`${name} must start as a constant, uniform, normal, orthogonal or values`, init);
    return Object.fromEntries([["kind", kind], ...wanted.map((key) => [key, init[key]])]) as Initializer;
  }

  function refValue(ref: unknown, what: string): ValueId {
    const [kind, first, second] = list(what, ref);
    if (kind === "input" || kind === "variable")
      return (isName(first) ? sources.get(`${kind} ${first}`) : undefined) ?? fail(`${what} must exist`, ref);
    if (kind === "constant") return addConstant(what, first, second);
    const outputs = kind === "node" && isCount(first) ? made[first as number] : undefined;
    // Of nodes that come later nothing is made yet.
    return (
      (isCount(second) ? outputs?.[second as number] : undefined) ?? fail(`${what} must be made before`, ref)
    );
  }

  function addConstant(what: string, shape: unknown, given: unknown): ValueId {
    const numbers = list(`numbers of ${what}`, given);
    if (!isFixedShape(shape) || (shape as Shape).reduce((size, d) => size * d, 1) !== numbers.length)
      fail(`a constant, ${what}, must have as many numbers as its shape says`, shape);
    const data = Float32Array.from(numbers, (number) => {
      if (number === "NaN" || number === "Infinity" || number === "-Infinity" || number === "-0")
        return Number(number);
      return isNumber(number) ? (number as number) : fail(`numbers of ${what} must be numbers`, number);
    });
    return graph.addConstant(shape as Shape, data);
  }

  /** The nodes that these depend on: they run forward; all others belong to updates. */
  function reachable(refs: readonly unknown[]): Set<number> {
    const found = new Set<number>();
    const open = [...refs];
    while (open.length > 0) {
      const ref = open.pop();
      const i = Array.isArray(ref) && ref[0] === "node" && isCount(ref[1]) ? (ref[1] as number) : -1;
      const node = nodes[i];
      if (!node || found.has(i)) continue;
      found.add(i);
      open.push(...node.inputs);
    }
    return found;
  }

  /** Sizes of which sums are exact; memory is asked for when a program is made. */
  function checkSize(shape: Shape, what: string): void {
    if (!(shape.reduce((size, d) => size * Math.abs(d), 1) <= MOST))
      fail(`${what} must have at most ${MOST} numbers a row`, `[${shape}]`);
  }
}
