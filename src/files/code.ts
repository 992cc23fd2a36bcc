/** Models as code: the calls of this package that build them. */
import type { InputPort, InputStep } from "../graph/input.ts";
import type { ValueId } from "../graph/type.ts";
import type { Model } from "../model/model.ts";
import { refuseMore } from "../options.ts";
import type { Predictor } from "../program/predictor.ts";
import { type Call, callsOf, otherThan, unknown } from "./code-calls.ts";
import { callCode, DATA, fail, keyOf, nested, type Place, print, quote } from "./code-print.ts";
import { sourceOf } from "./model-json.ts";

/**
 * A model as JavaScript that builds it: `sequential` where its layers follow each other, else `model`. The code exports `model`; where
 * parameters have values, as those of trainers and predictors do, also `predictor`, with these parameters. What preprocessing was fitted
 * to is no part of code, which says so: `save` and `modelToJSON` keep it.
 *
 * @throws FileError for something else than a model, a trainer or a predictor, for options that are functions, for what no call of this
 *   package makes, such as a rewritten activation, and for a model from a file that has other layers than `dense`, `activation`,
 *   `dropout`, `layerNorm`, `batchNorm`, `embedding`, `reshape` and `flatten`
 * @example
 * const code = modelToCode(sequential({ input: [2], seed: 42 }, [dense(8, { activation: "tanh" }), dense(1)]));
 * code.split("\n")[2]; // => 'export const model = sequential({ input: [2], seed: 42 }, ['
 */
export function modelToCode<X, P>(source: Model<X, P> | Predictor<X, P>): string {
  refuseMore("modelToCode", arguments, 1);
  const { model, labels } = sourceOf("modelToCode", source);
  const { graph } = model;
  const imports = new Set<string>();
  const [first, ...lines] = linesOf(model, imports);
  const values = graph.variables.flatMap(({ name, shape, init }) =>
    init.kind === "values" ? [`  ${quote(name)}: ${nested(Array.from(init.data), shape)},`] : [],
  );
  if (graph.inputs.some(({ initial }) => initial?.some((number) => number !== 0)))
    lines.push("// What preprocessing was fitted to is no part of code: save() and modelToJSON() keep it.");
  if (values.length > 0) {
    imports.add("compile");
    lines.push(
      "",
      `export const predictor = compile(model${labels ? `, { labels: ${print(labels)} }` : ""});`,
      "predictor.setParameters({",
      ...values,
      "});",
    );
  }
  return `import { ${[...imports].sort().join(", ")} } from "wasmgrad";\n\nexport const model = ${[first, ...lines].join("\n")}\n`;
}

/** The expression that builds a model, and a semicolon. */
function linesOf(model: Model, imports: Set<string>): string[] {
  const calls = callsOf(model.graph);
  return model.named.inputs ? asFunction(model, calls, imports) : asList(model, calls, imports);
}

const modelCode = (imports: Set<string>) => (model: Model) => linesOf(model, imports).join("\n").slice(0, -1);

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
    const options = {
      ...settings,
      with: otherThan<unknown>("mean", filler),
      columns: own === "all" ? undefined : own,
      name: otherThan(`${kind}${count}`, name),
    };
    return callCode(kind, [options], {}, { ...DATA, imports });
  });
}

const seedOf = ({ seed }: Model) => (seed === 0 ? "" : `, seed: ${seed}`);

const indented = (lines: readonly string[]) =>
  lines.flatMap((line) => line.split("\n")).map((line) => `  ${line}`);

function asList(model: Model, calls: readonly Call[], imports: Set<string>): string[] {
  imports.add("sequential");
  const { graph } = model;
  const [input] = graph.inputs;
  const code = inputCode(model, input, imports);
  const options = input.columns ? code.slice(2, -2) : `input: ${code}`;
  const steps = stepCalls(input, new Map(), imports);
  return [
    `sequential({ ${options}${seedOf(model)} }, [`,
    ...indented([...steps, ...listed(model, calls, imports)].map((layer) => `${layer},`)),
    "]);",
  ];
}

/** Layers that follow each other; what does not is one function. */
function listed({ graph }: Model, calls: readonly Call[], imports: Set<string>): string[] {
  const place: Place = {
    imports,
    nameOf: () => fail("a tensor among the options of a layer"),
    modelCode: modelCode(imports),
  };
  let last = graph.inputs[0].value;
  const names = new Set<string | undefined>();
  const isChain = calls.every(({ layer, name, input, inputs = {}, options, outputs }) => {
    const follows =
      layer &&
      input === last &&
      !names.has(name) &&
      Object.keys(inputs).length < 2 &&
      !options &&
      outputs[0][1] === "";
    names.add(name);
    last = outputs[0][0];
    return follows;
  });
  if (isChain && last === graph.outputs[0].value) return calls.map(({ layer }) => layer?.(place) as string);
  const method = calls.find(({ node }) => node && node.scope !== "");
  if (method?.node) unknown(method.node);
  imports.add("lambda");
  const tensors = new Map([[graph.inputs[0].value, "x"]]);
  const lines = bodyOf(calls, tensors, imports);
  return [
    [
      "lambda((x) => {",
      ...indented([...lines, `return ${nameIn(tensors)(graph.outputs[0].value)};`]),
      "})",
    ].join("\n"),
  ];
}

const nameIn = (tensors: ReadonlyMap<ValueId, string>) => (id: ValueId) =>
  tensors.get(id) ?? fail("a value that nothing makes");

/** A line for each call; `tensors` learns the names of what they give. */
function bodyOf(calls: readonly Call[], tensors: Map<ValueId, string>, imports: Set<string>): string[] {
  const lines: string[] = [];
  const made = new Map<string, string>();
  const uses = new Map<string, number>();
  for (const { name } of calls) if (name !== undefined) uses.set(name, (uses.get(name) ?? 0) + 1);
  const nameOf = nameIn(tensors);
  const place: Place = { imports, nameOf, modelCode: modelCode(imports) };
  calls.forEach(({ layer, name = "", method, input, inputs, options, outputs }, i) => {
    let callee = made.get(name) ?? layer?.(place);
    if (layer && (uses.get(name) ?? 0) > 1 && !made.has(name)) {
      lines.push(`const layer${made.size + 1} = ${callee};`);
      callee = `layer${made.size + 1}`;
      made.set(name, callee);
    }
    const given = [
      inputs ? print(inputs, place) : nameOf(input),
      ...(options ? [print(options, place)] : []),
    ];
    lines.push(`const t${i + 1} = ${method ? method(nameOf, imports) : `${callee}(${given.join(", ")})`};`);
    for (const [id, access] of outputs) tensors.set(id, `t${i + 1}${access}`);
  });
  return lines;
}

function asFunction(model: Model, calls: readonly Call[], imports: Set<string>): string[] {
  imports.add("model as build");
  const { graph, named } = model;
  const counts = new Map<string, number>();
  const tensors = new Map<ValueId, string>();
  const lines: string[] = [];
  graph.inputs.forEach((input, i) => {
    const own = `inputs[${quote(input.name)}]`;
    const steps = stepCalls(input, counts, imports);
    if (steps.length > 0)
      lines.push(`const x${i + 1} = ${steps.reduce((inner, step) => `${step}(${inner})`, own)};`);
    tensors.set(input.value, steps.length > 0 ? `x${i + 1}` : own);
  });
  lines.push(...bodyOf(calls, tensors, imports));
  const nameOf = nameIn(tensors);
  const outputs = graph.outputs.map(({ name, value }) => `${keyOf(name)}: ${nameOf(value)}`);
  lines.push(
    named.outputs ? `return { ${outputs.join(", ")} };` : `return ${nameOf(graph.outputs[0].value)};`,
  );
  const inputs = graph.inputs.map((input) => `${keyOf(input.name)}: ${inputCode(model, input, imports)}`);
  return [
    `build({ inputs: { ${inputs.join(", ")} }${seedOf(model)} }, (inputs) => {`,
    ...indented(lines),
    "});",
  ];
}
