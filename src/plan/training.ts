/** The part of planning that only training needs: graphs with gradients, sections, and what a run reads of them. */
import { Header, Run, SectionWord, Targets } from "../../assembly/abi.ts";
import type { Graph } from "../graph/graph.ts";
import { forInference } from "../graph/inference.ts";
import { TRAIN } from "../kernels/train.wasm.ts";
import { blockOf } from "./feature.ts";
import { fuseGradients } from "./fuse-gradients.ts";
import { addGradients } from "./gradients.ts";
import { inputsOf, type LoweredTraining, lowerFor, rowElements, type TapePort } from "./graphs.ts";
import { checkGroups, groupOf, optimizerCounters } from "./optimizer.ts";
import { HISTORY_CAPACITY, ratesCapacity, type TrainPlan } from "./planned.ts";
import { blocksOf, type TrainContext, type TrainPlanner, type TrainRequest } from "./request.ts";
import { usesOf } from "./roles.ts";
import { slotOf, trainingSections } from "./sections.ts";

function lowerTraining(train: TrainRequest, batch: number, frozen: ReadonlySet<string>) {
  const { graph, loss, optimizer, targets, weights = [] } = train;
  keepFrozen(graph, frozen);
  const ports = [...inputsOf(graph), ...targets, ...weights];
  // Before the gradients come in.
  const evaluate = optimizer && lowerEvaluation(train, ports, batch);
  const gradients = addGradients(graph, loss, frozen);
  const uses = usesOf(graph, frozen, gradients, optimizer && ((name) => groupOf(optimizer, name)));
  if (optimizer) checkGroups(optimizer, uses);
  const kept = [loss, ...uses.flatMap(({ gradient }) => gradient ?? [])];
  const lowered = lowerFor(graph, kept, batch, new Set(kept), fuseGradients);
  const training: LoweredTraining = { train: { lowered, ports, outputs: [] }, evaluate };
  return { training, uses };
}

/** Frozen variables have no next content: what made it is dropped with the other dead nodes. */
function keepFrozen({ updates, values }: Graph, frozen: ReadonlySet<string>): void {
  const others = updates.filter(({ variable }) => !frozen.has(values[variable].name));
  updates.splice(0, updates.length, ...others);
}

/** The forward graph with its loss, for inference. */
function lowerEvaluation(
  { graph: given, loss: all, measured: of = all, predictions: kept }: TrainRequest,
  ports: readonly TapePort[],
  batch: number,
) {
  const { graph, standsFor } = forInference(given);
  const loss = standsFor(of);
  const predictions = kept.map(standsFor);
  return {
    lowered: lowerFor(graph, [loss, ...predictions], batch, new Set([loss])),
    ports,
    outputs: predictions.map((value) => ({
      name: graph.values[value].name,
      value,
      rowElements: rowElements(graph, value),
    })),
    loss,
  };
}

function writeTraining(request: TrainRequest, context: TrainContext): TrainPlan {
  const { optimizer, accumulate } = request;
  const { training, sections, windowRows, at, write, tape } = context;
  const planned = sections.map((section) => ({ ...section, ...write("train", section.records) }));
  const range = { from: planned[0].from, to: planned[planned.length - 1].to };
  const { evaluate } = training;
  const plan: TrainPlan = {
    tape: tape("train", training.train, range),
    sections: planned,
    evaluate: evaluate && {
      ...tape("evaluate", evaluate, write("evaluate", evaluate.lowered.records)),
      loss: at("evaluate loss"),
    },
    optimizer,
    accumulate,
    loss: at("loss"),
    slots: (optimizer?.slots ?? []).map((slot) => ({ ...slot, offset: at(slotOf(slot.name)) })),
    blocks: blocksOf(request).map((name) => ({ name, offset: at(blockOf(name)) })),
    history: { offset: at("history"), capacity: HISTORY_CAPACITY },
    rates: { offset: at("rates"), capacity: optimizer ? ratesCapacity(optimizer) : 1 },
    index: at("index"),
    windowRows,
  };
  writeWords(plan, context);
  return plan;
}

/** What a run finds in the header and in its block. */
function writeWords({ sections, tape, evaluate }: TrainPlan, { words, base, at }: TrainContext): void {
  for (const { section, from, to, every } of sections) {
    const row = Header.Sections + section * SectionWord.Count;
    words[row + SectionWord.From] = from;
    words[row + SectionWord.To] = to;
    words[row + SectionWord.Every] = every;
  }
  const run = (at("run") - base) / 4;
  words[run + Run.Rates] = at("rates");
  for (const { kind, words: word, targets, dtype, rowElements, below } of [
    ...tape.ports,
    ...(evaluate?.ports ?? []),
  ]) {
    const labels = dtype === "i32" && targets !== 0;
    if (word) words[run + word] = kind === "weight" ? 0 : labels ? rowElements / below : rowElements;
    if (targets) words[run + targets] = labels ? Targets.Labels : Targets.Rows;
  }
}

export const TRAINING: TrainPlanner = {
  kernels: TRAIN,
  lower: lowerTraining,
  counters: optimizerCounters,
  sections: trainingSections,
  write: writeTraining,
};
