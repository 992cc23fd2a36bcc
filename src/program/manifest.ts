/** What a program says of itself: for people a table, for papers and files plain data. */
import type { InputPort, Port } from "../graph/input.ts";
import type { Model } from "../model/model.ts";
import { formatTable, summarize } from "../model/summary.ts";
import { formatBytes } from "../runtime/space.ts";
import { VERSION } from "../version.ts";
import { fittedNumbers } from "./border.ts";
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

/** Numbers that a summary shows of each statistic. */
const MOST_SHOWN = 6;

const shown = (numbers: readonly number[]): string =>
  numbers
    .slice(0, MOST_SHOWN)
    .map((value) => `${Number(value.toPrecision(4))}`)
    .join(", ") + (numbers.length > MOST_SHOWN ? ", .." : "");

/** Layers, output shapes, parameter counts and bytes, as a table. */
export function summaryOf(program: Program, model: Model): string {
  const { plan } = program;
  const { regions, end } = plan.layout;
  const kinds = KINDS.map(([kind, names]): [string, number] => [
    kind,
    regions.filter(({ name }) => names.test(name)).reduce((sum, { bytes }) => sum + bytes, 0),
  ]);
  kinds.push(["program", end - plan.base]);
  const memory = kinds.filter(([, bytes]) => bytes > 0).map(([kind, bytes]) => [kind, formatBytes(bytes)]);
  const fitted = Object.entries(fittedNumbers(program)).flatMap(([layer, statistics]) =>
    Object.entries(statistics).map(([statistic, numbers]) => [`${layer}.${statistic}`, shown(numbers)]),
  );
  const tables = [[["memory", ""], ...memory], ...(fitted.length > 0 ? [[["fitted", ""], ...fitted]] : [])];
  return [model.summary(), ...tables.map(formatTable)].join("\n\n");
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
  const describeInput = ({ preprocessing, columns, steps, ...port }: InputPort) => ({
    ...describe(port),
    ...(preprocessing && { shape: preprocessing.shape }),
    ...(columns && { columns }),
    ...(steps && { steps }),
  });
  const fitted = fittedNumbers(program);
  return {
    package: "wasmgrad",
    version: VERSION,
    kernels: engine.relaxed ? "relaxed" : "strict",
    model: {
      inputs: graph.inputs.map(describeInput),
      outputs: graph.outputs.map(describe),
      layers: summarize(graph).map(({ name, parameters }) => ({ name, parameters })),
      parameters: plan.variables.map(({ name, shape }) => ({ name, shape })),
      graph: graph.toString().split("\n"),
    },
    options: { batchSize: plan.batch, ...options },
    ...(Object.keys(fitted).length > 0 ? { preprocessing: fitted } : {}),
    seeds,
    digests: { parameters: program.digest() },
  };
}
