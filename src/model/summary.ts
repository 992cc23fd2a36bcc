/** What the layers of a graph are and cost, and tables for people. */
import type { Graph } from "../graph/graph.ts";
import { formatShape, ROWS, type Shape, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";

/** The layer that a parameter belongs to, by its name: `dense1` of `dense1.weight`. */
export const layerOf = (parameter: string): string => parameter.slice(0, parameter.lastIndexOf("."));

/** What a layer is, and what it costs. */
export interface LayerSummary {
  /** With the names of the models and layers around it: `encoder.dense1`. What belongs to no layer is `model`. */
  readonly name: string;
  /** Of its last call; -1 stands for the rows of a batch. */
  readonly outputShape: Shape;
  /** Numbers in its parameters, running statistics among them. */
  readonly parameters: number;
  /** In all its calls, for one row: of products, convolutions and the like. What is done to each element alone does not count. */
  readonly multiplyAdds: number;
  /** Of the output of its last call, for one row. */
  readonly outputBytes: number;
}

/** Whether a node's scope is a layer, or stands in it. */
export const isWithin = (scope: string, layer: string): boolean =>
  scope === layer || scope.startsWith(`${layer}.`);

/** Values that layers give: those of the model, and those that nodes read which stand outside of the layer that makes them. */
function valuesBetween({ nodes, outputs }: Graph): Set<ValueId> {
  const makers = new Map<ValueId, string>();
  const between = new Set(outputs.map(({ value }) => value));
  for (const { phase, scope, inputs, outputs: made } of nodes) {
    if (phase !== "forward") continue;
    for (const id of inputs) if (!isWithin(scope, makers.get(id) ?? scope)) between.add(id);
    for (const id of made) makers.set(id, scope);
  }
  return between;
}

/** The layers of a graph in order of use. */
export function summarize(graph: Graph): LayerSummary[] {
  const { nodes, values, variables } = graph;
  const between = valuesBetween(graph);
  const given = new Map<string, ValueId>();
  const layers = new Map<string, { -readonly [K in keyof LayerSummary]: LayerSummary[K] }>();
  const ofOneRow = (id: number) => values[id].shape.map(Math.abs);
  for (const { phase, scope, inputs, outputs, rule, attrs } of nodes) {
    if (phase !== "forward") continue;
    const name = scope || "model";
    const shapes = outputs.map(ofOneRow);
    const before = layers.get(name);
    // Of a recurrent layer the state after the last step, where others read that.
    const read = outputs.find((id) => between.has(id));
    if (read !== undefined) given.set(name, read);
    const output = given.get(name) ?? outputs[0];
    layers.set(name, {
      name,
      outputShape: values[output].shape,
      parameters: 0,
      multiplyAdds:
        (before?.multiplyAdds ?? 0) + (rule.multiplyAdds?.(inputs.map(ofOneRow), shapes, attrs) ?? 0),
      outputBytes: sizeOf(ofOneRow(output)) * 4,
    });
  }
  for (const { name, shape } of variables) {
    const owner = layers.get(ownerOf(name, (scope) => layers.has(scope)));
    if (owner) owner.parameters += sizeOf(shape);
  }
  return [...layers.values()];
}

/** The innermost layer that a variable's name begins with: some layers name parts of their own, as in `attention.query.weight`. */
export function ownerOf(variable: string, isLayer: (name: string) => boolean): string {
  let name = layerOf(variable);
  while (name && !isLayer(name)) name = layerOf(name);
  return name;
}

export function modelSummary(graph: Graph): string {
  const layers = summarize(graph);
  const shown = (costOf: (cost: "parameters" | "multiplyAdds" | "outputBytes") => number) =>
    (["parameters", "multiplyAdds", "outputBytes"] as const).map((cost) =>
      costOf(cost).toLocaleString("en-US"),
    );
  return formatTable([
    ["layer", "output", "parameters", "multiply-adds", "output bytes"],
    ...graph.inputs.flatMap(({ name, value, preprocessing, steps = [] }) => {
      const row = preprocessing?.shape ?? graph.shape(value).slice(1);
      const shapeOf = (width = row[row.length - 1]) => formatShape([ROWS, ...row.slice(0, -1), width]);
      return [
        [name, row.length > 0 ? shapeOf() : formatShape([ROWS])],
        ...steps.map((step, i) => [step.name, shapeOf(preprocessing?.widths[i])]),
      ];
    }),
    ...layers.map((l) => [l.name, formatShape(l.outputShape), ...shown((cost) => l[cost])]),
    ["total", "", ...shown((cost) => layers.reduce((sum, l) => sum + l[cost], 0))],
  ]);
}

/** Columns padded to their widest entry; all but the first two right-aligned. Rows may be shorter than the first. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, j) => Math.max(...rows.map(({ [j]: cell = "" }) => cell.length)));
  return rows
    .map((row) =>
      row
        .map((cell, j) => (j < 2 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
