/** The graphs of a program's tapes: differentiated or rewritten for inference, fused, lowered. */
import type { Graph, Port } from "../graph/graph.ts";
import { forInference } from "../graph/inference.ts";
import { sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { dropDead, fuse } from "./fuse.ts";
import { addGradients } from "./gradients.ts";
import { type LoweredTape, lower } from "./lower.ts";
import type { PlanRequest, TapePort, TrainRequest } from "./request.ts";
import { usesOf, type VariableUse } from "./roles.ts";

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

export interface Graphs {
  readonly predict: LoweredGraph;
  readonly training: LoweredTraining | undefined;
  readonly uses: readonly VariableUse[];
}

export const rowElements = (graph: Graph, id: ValueId): number => -sizeOf(graph.shape(id));

const inputsOf = (graph: Graph): TapePort[] =>
  graph.inputs.map(({ name, value }) => ({
    name,
    kind: "input",
    value,
    dtype: graph.values[value].dtype,
    rowElements: rowElements(graph, value),
    below: idsBelow(graph, value),
  }));

/** What ids must be less than: the shortest table that any op looks them up in. */
function idsBelow(graph: Graph, id: ValueId): number {
  let below = Number.MAX_SAFE_INTEGER;
  for (const { rule, attrs, inputs } of graph.nodes)
    if (rule.idsBelow && inputs[0] === id) below = Math.min(below, rule.idsBelow(attrs));
  return below;
}

const named = (graph: Graph, ports: readonly Port[]) =>
  ports.map(({ name, value }) => ({ name, value, rowElements: rowElements(graph, value) }));

export function lowerGraphs(request: PlanRequest): Graphs {
  const { graph, batch, train } = request;
  const frozen = new Set([...(request.frozen ?? []), ...(request.foreign?.keys() ?? [])]);
  const predict = forInference(graph).graph;
  const wanted = predict.outputs.map((p) => p.value);
  const graphs = {
    predict: {
      lowered: lowerFor(predict, wanted, batch, new Set()),
      ports: inputsOf(predict),
      outputs: named(predict, predict.outputs),
    },
  };
  if (!train) return { ...graphs, training: undefined, uses: usesOf(graph, new Map(), frozen, undefined) };
  keepFrozen(train.graph, frozen);
  // Before the gradients come in.
  const evaluate = train.optimizer && lowerEvaluation(train, batch);
  const gradients = addGradients(train.graph, train.loss, frozen);
  const uses = usesOf(train.graph, gradients, frozen, train.optimizer);
  const kept = [train.loss, ...uses.flatMap(({ gradient }) => gradient ?? [])];
  const lowered = lowerFor(train.graph, kept, batch, new Set(kept));
  const ports = [...inputsOf(train.graph), ...train.targets];
  return { ...graphs, training: { train: { lowered, ports, outputs: [] }, evaluate }, uses };
}

/** Frozen variables have no next content: what made it is dropped with the other dead nodes. */
function keepFrozen({ updates, values }: Graph, frozen: ReadonlySet<string>): void {
  const others = updates.filter(({ variable }) => !frozen.has(values[variable].name));
  updates.splice(0, updates.length, ...others);
}

/** The forward graph with its loss, for inference. */
function lowerEvaluation(
  { graph: given, loss: of, targets, predictions: kept }: TrainRequest,
  batch: number,
) {
  const { graph, standsFor } = forInference(given);
  const loss = standsFor(of);
  const predictions = kept.map(standsFor);
  return {
    lowered: lowerFor(graph, [loss, ...predictions], batch, new Set([loss])),
    ports: [...inputsOf(graph), ...targets],
    outputs: predictions.map((value) => ({
      name: graph.values[value].name,
      value,
      rowElements: rowElements(graph, value),
    })),
    loss,
  };
}

/** @param pinned values of `wanted` whose buffers lie outside the arena */
function lowerFor(
  graph: Graph,
  wanted: readonly ValueId[],
  batch: number,
  pinned: ReadonlySet<ValueId>,
): LoweredTape {
  const kept = [...wanted, ...graph.updates.map(({ value }) => value)];
  dropDead(graph, kept);
  fuse(graph, kept);
  return lower(graph, batch, { atEnd: wanted, pinned });
}
