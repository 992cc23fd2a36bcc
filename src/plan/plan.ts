/**
 * From graphs to one block of bytes: the regions of a program, its tapes, and what people need to read them. Pure
 * arithmetic; `src/runtime` gives it a memory.
 */
import { Abi, Header, Hyper, Run } from "../../assembly/abi.ts";
import type { RecordDraft } from "../graph/op.ts";
import type { KernelLink } from "../kernels/link.ts";
import { PREDICT } from "../kernels/predict.wasm.ts";
import { placeVariables, tapeAddresses } from "./addresses.ts";
import { encodeRecords } from "./encode.ts";
import { blockOf } from "./feature.ts";
import type { LoweredGraph } from "./graphs.ts";
import { align, type Layout, layOut } from "./layout.ts";
import { gatherParts, type Parts } from "./parts.ts";
import { HISTORY_CAPACITY, type Plan, type PlannedTape, ratesCapacity } from "./planned.ts";
import type { TapeName } from "./ports.ts";
import { blocksOf, type PlanRequest, type Range, type TrainRequest } from "./request.ts";
import { slotOf } from "./sections.ts";

/** What an address of 32 bits reaches. */
const MOST_BYTES = 0x1_0000_0000;

/** Called with every finished plan; the tests verify each one. */
export const planHooks: { planned?: (plan: Plan, request: PlanRequest) => void } = {};

export const planProgram = (request: PlanRequest): Plan => writeProgram(request, placeProgram(request));

/** A program whose own parts have addresses. */
export interface Placed {
  readonly parts: Parts;
  readonly layout: Layout;
}

/** Needs only the names of what is foreign, not yet where it is. */
export function placeProgram(request: PlanRequest): Placed {
  const parts = gatherParts(request);
  return { parts, layout: layOut(request.base, regionsOf(request, parts)) };
}

export function writeProgram(request: PlanRequest, { parts, layout }: Placed): Plan {
  const plan = write(request, parts, layout);
  // Beyond 4 GiB addresses have wrapped: such a plan is only good for saying how large it is.
  if (plan.end <= MOST_BYTES) planHooks.planned?.(plan, request);
  return plan;
}

/** The regions of a program, in their order. What a state is made of stands from `counters` to the last block. */
function regionsOf({ batch, train, windowRows, parts: workers }: PlanRequest, parts: Parts) {
  const { blocks, counters, ports, scratch, constants } = parts;
  const optimizer = train?.optimizer;
  const accumulates = (train?.accumulate ?? 1) > 1;
  const { idle, updated, trained, frozen } = blocks.bytes;
  const slots = optimizer?.slots ?? [];
  const sums = accumulates ? trained : 0;
  const written = optimizer ? updated + trained * (1 + slots.length) + sums : 0;
  const regions: [string, number][] = [
    ["header", Header.Count * 4],
    ["run", (Run.Settings + parts.settings) * 4],
    ["control", workers?.controlBytes ?? 0],
    ["tapes", parts.words * 4],
    ["hyper", constantsOf(train).length * 8],
    ["rates", optimizer ? ratesCapacity(optimizer) * optimizer.groups.length * 8 : 0],
    ["history", optimizer ? HISTORY_CAPACITY * 8 : 0],
    ["counters", counters.size * 8],
    ["idle", idle],
    ["updated", updated],
    ["trained", trained],
    ...slots.map(({ name }): [string, number] => [slotOf(name), trained]),
    ["sums", sums],
    // No update writes them: they lie behind what is undone.
    ...blocksOf(train).map((name): [string, number] => [blockOf(name), trained]),
    ["frozen", frozen],
    ["gradients", train ? trained : 0],
    ...constants.map((data, i): [string, number] => [`constant ${i}`, data.length * 4]),
    ["loss", train ? 4 : 0],
    ["evaluate loss", optimizer ? 4 : 0],
    ["index", optimizer ? batch * 4 : 0],
  ];
  const all = [...ports.predict, ...ports.train, ...ports.evaluate];
  for (const { region, rowElements } of all) regions.push([region, batch * rowElements * 4]);
  const largest = Math.max(...Object.values(parts.arenas).map(({ bytes }) => bytes));
  // No tape keeps anything in the arena when it has run, so all share one.
  regions.push(["arena", largest]);
  regions.push(["shared scratch", scratch.shared]);
  regions.push(["scratch", align(scratch.private) * (workers?.count ?? 1)]);
  regions.push(["mirror", written]);
  for (const { window, rowElements } of all)
    if (window !== undefined) regions.push([window, windowRows * rowElements * 4]);
  return regions;
}

/** Gives everything its address, and writes header, run block and tapes. */
function write(request: PlanRequest, parts: Parts, layout: Layout): Plan {
  const { base, batch, train, windowRows } = request;
  const { graphs, counters, sections, constants, ports } = parts;
  const { at } = layout;
  const words = new Int32Array((at("hyper") - base) / 4);
  const variables = placeVariables(request, parts, layout);
  const addressesOf = (tape: TapeName) => tapeAddresses(tape, request, parts, layout, variables);
  let next = (at("tapes") - base) / 4;
  const write = (tape: TapeName, records: readonly RecordDraft[]): Range => {
    const from = base + next * 4;
    next = encodeRecords(words, next, records, addressesOf(tape));
    return { from, to: base + next * 4 };
  };
  const tape = (name: TapeName, graph: LoweredGraph, range: Range): PlannedTape => {
    const addresses = addressesOf(name);
    return {
      ...range,
      lowered: graph.lowered,
      ports: ports[name].map((port) => ({
        ...port,
        offset: at(port.region),
        windowOffset: port.window === undefined ? 0 : at(port.window),
      })),
      outputs: graph.outputs.map(({ name: output, value, rowElements }) => ({
        name: output,
        offset: addresses.value(value),
        rowElements,
      })),
    };
  };
  const { training } = graphs;
  const trainPlan =
    train &&
    training &&
    train.planner.write(train, { training, sections, windowRows, words, base, at, write, tape });
  const predict = write("predict", graphs.predict.lowered.records);
  const plan: Plan = {
    base,
    end: layout.end,
    kernels: kernelsOf(request),
    batch,
    model: request.graph,
    variables,
    layout,
    counters,
    state: { offset: at("counters"), bytes: at("frozen") - at("counters") },
    predict: tape("predict", graphs.predict, predict),
    train: trainPlan,
    words,
    hyper: constantsOf(train),
    constants: constants.map((data, i) => ({ offset: at(`constant ${i}`), data })),
    arenaLowerBound: Math.max(...Object.values(parts.arenas).map((arena) => arena.lowerBoundBytes)),
  };
  writeHeader(plan, parts.scratch.private);
  if (request.parts && request.parts.count > 1) request.parts.setBarriers(plan);
  return plan;
}

/** What records of updates read beside the state: a row of numbers for each group of the optimizer, then one for each feature. */
const constantsOf = (train: TrainRequest | undefined): number[] =>
  [
    ...(train?.optimizer?.groups ?? []).map(({ hyper }) => hyper),
    ...(train?.features ?? []).map(({ constants = [] }) => constants),
  ].flatMap((row) => Array.from({ length: Hyper.Count }, (_, i) => row[i] ?? 0));

/** The largest kernels that any of its parts asks for. */
const kernelsOf = ({ graph, train }: PlanRequest): KernelLink =>
  [
    train?.planner.kernels,
    train?.optimizer?.kernels,
    ...(train?.features ?? []).map(({ kernels }) => kernels),
    graph.kernels,
    train?.graph.kernels,
  ].reduce<KernelLink>(
    (largest, kernels) => (kernels && kernels.level > largest.level ? kernels : largest),
    PREDICT,
  );

function writeHeader({ batch, words, layout: { at } }: Plan, privateScratch: number): void {
  words[Header.Version] = Abi.Version;
  words[Header.Run] = at("run");
  words[Header.Counters] = at("counters");
  words[Header.Batch] = batch;
  words[Header.ScratchStride] = align(privateScratch);
  words[Header.LossValue] = at("loss");
  words[Header.History] = at("history");
  words[Header.HistoryCapacity] = HISTORY_CAPACITY;
  words[Header.Updated] = at("updated");
  words[Header.Sums] = at("sums");
  words[Header.StateEnd] = at("frozen");
  words[Header.Mirror] = at("mirror") - at("updated");
}
