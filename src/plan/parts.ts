/** What a plan is made of, before anything has an address. */
import { Abi } from "../../assembly/abi.ts";
import { listsOf } from "../tape/lists.ts";
import { type Packing, packArena } from "./arena.ts";
import { type Blocks, blocksOf } from "./blocks.ts";
import { type CounterTable, counterTable, fittedCounters } from "./counters.ts";
import { type LoweredGraph, type LoweredTraining, lowerPrediction } from "./graphs.ts";
import { align } from "./layout.ts";
import { askForScratch, type LoweredTape, type ScratchBytes } from "./lower.ts";
import { type NumberedPort, numberPorts, type TapeName } from "./ports.ts";
import type { PlanRequest } from "./request.ts";
import { usesOf, type VariableUse } from "./roles.ts";
import type { SectionDraft } from "./sections.ts";

export interface Graphs {
  readonly predict: LoweredGraph;
  readonly training: LoweredTraining | undefined;
  readonly uses: readonly VariableUse[];
}

export interface Parts {
  readonly graphs: Graphs;
  readonly blocks: Blocks;
  readonly ports: Readonly<Record<TapeName, readonly NumberedPort[]>>;
  readonly settings: number;
  readonly counters: CounterTable;
  readonly sections: readonly SectionDraft[];
  readonly constants: readonly Float32Array[];
  readonly arenas: Readonly<Partial<Record<TapeName, Packing>>>;
  readonly scratch: ScratchBytes;
  /** Words of the tapes. */
  readonly words: number;
}

function lowerGraphs({ graph, batch, train, frozen, foreign }: PlanRequest): Graphs {
  const fixed = new Set([...(frozen ?? []), ...(foreign?.keys() ?? [])]);
  const predict = lowerPrediction(graph, batch);
  if (!train) return { predict, training: undefined, uses: usesOf(graph, fixed) };
  return { predict, ...train.planner.lower(train, batch, fixed) };
}

/** Where each trained variable lies in its region. */
function trainedVariables(uses: readonly VariableUse[], { locations }: Blocks) {
  const entries = uses.flatMap(({ variable: { name, shape } }, i) => {
    const location = locations[i];
    if (location?.region !== "trained") return [];
    const { bytes, elements } = location;
    return [[name, { bytes, elements: align(elements * 4) / 4, shape }] as const];
  });
  return new Map(entries);
}

export function gatherParts(request: PlanRequest): Parts {
  const { train, batch, foreign = new Map<string, number>() } = request;
  const graphs = lowerGraphs(request);
  const { predict, training, uses } = graphs;
  const updates = new Set(train?.graph.updates.map(({ variable }) => variable));
  const updated = new Set(uses.filter((u) => updates.has(u.variable.value)).map((u) => u.variable.name));
  const blocks = blocksOf(uses, updated, foreign, train?.optimizer?.groups.length ?? 1);
  const { ports, settings } = numberPorts([
    ["predict", predict, false],
    ...(training ? ([["train", training.train, train?.optimizer !== undefined]] as const) : []),
    ...(training?.evaluate ? ([["evaluate", training.evaluate, false]] as const) : []),
  ]);
  const sections =
    train && training
      ? train.planner.sections({
          lowered: training.train.lowered,
          ports: ports.train,
          optimizer: train.optimizer,
          accumulate: train.accumulate,
          groups: blocks.groups,
          trained: blocks.bytes.trained / 4,
          updated: blocks.bytes.updated / 4,
          variables: trainedVariables(uses, blocks),
          features: train.features ?? [],
        })
      : [];
  const lowered = [predict, training?.train, training?.evaluate].flatMap((g) => g?.lowered ?? []);
  const scratch = { shared: 0, private: 0 };
  for (const tape of lowered) {
    scratch.shared = Math.max(scratch.shared, tape.scratch.shared);
    scratch.private = Math.max(scratch.private, tape.scratch.private);
  }
  // Of the training tape also what plans add to the records of the graph.
  for (const { records } of sections) for (const record of records) askForScratch(record, batch, scratch);
  const drafts = [
    ...sections.flatMap(({ records }) => records),
    ...predict.lowered.records,
    ...(training?.evaluate?.lowered.records ?? []),
  ];
  const pack = (tape: LoweredTape) => packArena(tape.ranges, Abi.Alignment);
  return {
    graphs,
    blocks,
    ports,
    settings,
    counters: counterTable([
      ...(train?.optimizer ? train.planner.counters(train.optimizer) : []),
      ...(train?.features ?? []).flatMap((feature) => feature.counters ?? []),
      ...fittedCounters(request.graph),
    ]),
    sections,
    constants: [...new Set(lowered.flatMap(({ graph }) => graph.constants.map(({ data }) => data)))],
    arenas: {
      predict: pack(predict.lowered),
      ...(training ? { train: pack(training.train.lowered) } : {}),
      ...(training?.evaluate ? { evaluate: pack(training.evaluate.lowered) } : {}),
    },
    scratch,
    words: drafts.reduce((sum, { format }) => sum + 1 + listsOf(format).words.length, 0),
  };
}
