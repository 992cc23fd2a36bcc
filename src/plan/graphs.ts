/** From a graph to a lowered tape, for one that predicts. */
import type { Graph, Port } from "../graph/graph.ts";
import { forInference } from "../graph/inference.ts";
import { sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { dropDead, type Fusions, fuse } from "./fuse.ts";
import { type LoweredTape, lower } from "./lower.ts";

/** Where rows reach a tape. */
export interface TapePort {
  readonly name: string;
  readonly kind: "input" | "target" | "weight" | "mask";
  readonly value: ValueId;
  readonly dtype: "f32" | "i32";
  /** Words of a row at most; targets may come with one label a row instead. */
  readonly rowElements: number;
  /** Of ids and labels: every one is less than this. A target may have a label for so many numbers of its row. */
  readonly below: number;
  /** Of labels: one that may lie outside. */
  readonly ignore?: number;
}

/** A lowered graph with its ports, and the values it is run for. */
export interface LoweredGraph {
  readonly lowered: LoweredTape;
  readonly ports: readonly TapePort[];
  readonly outputs: readonly {
    readonly name: string;
    readonly value: ValueId;
    readonly rowElements: number;
  }[];
}

export interface LoweredTraining {
  readonly train: LoweredGraph;
  readonly evaluate: (LoweredGraph & { readonly loss: ValueId }) | undefined;
}

export const rowElements = (graph: Graph, id: ValueId): number => -sizeOf(graph.shape(id));

/** The names of the outputs, for messages. */
export const outputNames = (graph: Graph): string => graph.outputs.map((p) => p.name).join(", ");

/** The inputs of a graph that no dead code was dropped from: a lookup that this tape leaves out still bounds its ids. */
export const inputsOf = (graph: Graph): TapePort[] =>
  graph.inputs.map(({ name, value }) => ({
    name,
    kind: "input",
    value,
    dtype: graph.values[value].dtype,
    rowElements: rowElements(graph, value),
    below: idsBelow(graph, value),
  }));

/** What ids must be less than: the shortest table that any op looks them up in, or what i32 holds. */
function idsBelow(graph: Graph, id: ValueId): number {
  let below = 0x8000_0000;
  for (const { rule, attrs, inputs } of graph.nodes)
    if (rule.idsBelow && inputs[0] === id) below = Math.min(below, rule.idsBelow(attrs));
  return below;
}

const named = (graph: Graph, ports: readonly Port[]) =>
  ports.map(({ name, value }) => ({ name, value, rowElements: rowElements(graph, value) }));

export function lowerPrediction(given: Graph, batch: number): LoweredGraph {
  const { graph } = forInference(given);
  const ports = inputsOf(graph);
  const wanted = graph.outputs.map((p) => p.value);
  return {
    lowered: lowerFor(graph, wanted, batch, new Set()),
    ports,
    outputs: named(graph, graph.outputs),
  };
}

/**
 * @param pinned  values of `wanted` whose buffers lie outside the arena
 * @param fusions those of gradients, where there are any
 */
export function lowerFor(
  graph: Graph,
  wanted: readonly ValueId[],
  batch: number,
  pinned: ReadonlySet<ValueId>,
  fusions?: Fusions,
): LoweredTape {
  const kept = [...wanted, ...graph.updates.map(({ value }) => value)];
  dropDead(graph, kept);
  fuse(graph, kept, fusions);
  return lower(graph, batch, { atEnd: wanted, pinned });
}
