/** What a program says of itself: for people a table, for papers and files plain data. */
import type { Port } from "../graph/graph.ts";
import { formatTable, layersOf, type Model } from "../model/model.ts";
import { formatBytes } from "../runtime/space.ts";
import { VERSION } from "../version.ts";
import type { Program } from "./program.ts";

/** Bytes of regions whose name starts so. */
const KINDS: readonly (readonly [kind: string, regions: RegExp])[] = [
  ["parameters", /^(idle|updated|trained|frozen)$/],
  ["gradients", /^(gradients|sums)$/],
  ["optimizer", /^slot /],
  ["features", /^block /],
  ["activations", /^arena$/],
  ["window", /^window /],
];

/** Layers, output shapes, parameter counts and bytes, as a table. */
export function summaryOf({ plan }: Program, model: Model): string {
  const { regions, end } = plan.layout;
  const kinds = KINDS.map(([kind, names]): [string, number] => [
    kind,
    regions.filter(({ name }) => names.test(name)).reduce((sum, { bytes }) => sum + bytes, 0),
  ]);
  kinds.push(["program", end - plan.base]);
  const memory = kinds.filter(([, bytes]) => bytes > 0).map(([kind, bytes]) => [kind, formatBytes(bytes)]);
  return `${model.summary()}\n\n${formatTable([["memory", ""], ...memory])}`;
}

export function manifestOf(
  program: Program,
  { graph }: Model,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { plan, seeds, engine } = program;
  const describe = ({ name, value }: Port) => {
    const { shape, dtype } = graph.values[value];
    return { name, shape: shape.slice(1), dtype };
  };
  return {
    package: "wasmgrad",
    version: VERSION,
    kernels: engine.relaxed ? "relaxed" : "strict",
    model: {
      inputs: graph.inputs.map(describe),
      outputs: graph.outputs.map(describe),
      layers: layersOf(graph).map(({ name, parameters }) => ({ name, parameters })),
      parameters: plan.variables.map(({ name, shape }) => ({ name, shape })),
      graph: graph.toString().split("\n"),
    },
    options: { batchSize: plan.batch, ...options },
    seeds,
    digests: { parameters: program.digest() },
  };
}
