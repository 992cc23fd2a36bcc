/**
 * From graphs to one block of bytes: the regions of a program, its tapes, and what people need to read them. Pure
 * arithmetic; `src/runtime` gives it a memory.
 */
import { Abi, Counter, Header, Hyper, Opcode } from "../../assembly/abi.ts";
import { Builder } from "../graph/builder.ts";
import type { Graph, Node, Parameter, Port } from "../graph/graph.ts";
import type { KernelBuild } from "../graph/op.ts";
import { place } from "../graph/ops/gradient.ts";
import { ROWS, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { CORE } from "../kernels/core.wasm.ts";
import { packArena } from "./arena.ts";
import { differentiate } from "./differentiate.ts";
import { dropDead, fuse } from "./fuse.ts";
import { type LoweredTape, lower } from "./lower.ts";
import type { OptimizerPlan } from "./optimizer.ts";
import { tapeWriter } from "./writer.ts";

export interface TargetPort extends Port {
  /** f32 elements of a row when targets come as rows; labels take one word. */
  readonly rowElements: number;
}

export interface TrainRequest {
  /** The model's graph extended by targets and loss. */
  readonly graph: Graph;
  readonly loss: ValueId;
  readonly targets: readonly TargetPort[];
  /** What each loss reads, kept until the forward section ends, for metrics. */
  readonly predictions: readonly ValueId[];
  readonly optimizer: OptimizerPlan;
}

export interface PlanRequest {
  readonly graph: Graph;
  /** Most rows of a pass. */
  readonly batch: number;
  /** Rows of data kept in memory for training. */
  readonly windowRows: number;
  /** First byte of the program. */
  readonly base: number;
  readonly train?: TrainRequest;
}

export interface PlannedParameter extends Parameter {
  readonly offset: number;
  readonly elements: number;
}

export interface PlannedPort extends Port {
  readonly offset: number;
  /** f32 elements, or i32 labels, of one row. */
  readonly rowElements: number;
  /** Room for rows beyond the batch; 0 where there is none. */
  readonly windowOffset: number;
}

/** A port of the training tape: rows reach it from the window by a gather. */
export interface WindowedPort extends PlannedPort {
  /** Address of the word that says how many words a row has. */
  readonly gatherWord: number;
  /** Addresses of the words that say whether targets are labels or rows: `Targets`. */
  readonly kindWords: readonly number[];
}

export interface Tape {
  readonly from: number;
  readonly to: number;
  readonly lowered: LoweredTape;
}

export interface TrainPlan {
  readonly optimizer: OptimizerPlan["kind"];
  readonly tape: Tape;
  readonly loss: number;
  readonly targets: readonly WindowedPort[];
  readonly inputs: readonly WindowedPort[];
  readonly predictions: readonly { readonly offset: number; readonly rowElements: number }[];
  readonly gradients: { readonly offset: number; readonly elements: number };
  /** Addresses of the blocks that the optimizer keeps, each laid out as the parameters: momentum, or both moments. */
  readonly moments: readonly number[];
  readonly history: { readonly offset: number; readonly capacity: number };
  readonly windowRows: number;
}

export interface ByteCounts {
  readonly parameters: number;
  readonly optimizer: number;
  readonly gradients: number;
  readonly activations: number;
  /** The least any arena for these live ranges could be. */
  readonly activationsLowerBound: number;
  readonly window: number;
  readonly total: number;
}

export interface Plan {
  readonly base: number;
  /** First byte after the program. */
  readonly end: number;
  /** The kernels that have all of its records. */
  readonly kernels: KernelBuild;
  readonly batch: number;
  readonly parameters: readonly PlannedParameter[];
  /** Counters, parameters and moments: what a state is made of. */
  readonly state: { readonly offset: number; readonly parameterBytes: number; readonly bytes: number };
  readonly predict: Tape;
  readonly predictInputs: readonly PlannedPort[];
  readonly predictOutputs: readonly {
    readonly name: string;
    readonly offset: number;
    readonly rowElements: number;
  }[];
  readonly train?: TrainPlan;
  /** Header and tapes. */
  readonly words: Int32Array;
  readonly hyper: { readonly offset: number; readonly values: readonly number[] };
  readonly constants: readonly {
    readonly value: ValueId;
    readonly offset: number;
    readonly data: Float32Array;
  }[];
  readonly bytes: ByteCounts;
}

/** What an address of 32 bits reaches. */
const MOST_BYTES = 0x1_0000_0000;

export const HISTORY_CAPACITY = 1024;

/** Lengths of the records that no node lowers to. */
const GATHER_WORDS = 6;
const UPDATE_WORDS = { sgd: 7, adam: 8 } as const;

/** Called with every finished plan; the tests verify each one. */
export const planHooks: { planned?: (plan: Plan, request: PlanRequest) => void } = {};

const align = (bytes: number) => Math.ceil(bytes / Abi.Alignment) * Abi.Alignment;
const rowElements = (graph: Graph, id: ValueId) => -sizeOf(graph.shape(id));

export function planProgram(request: PlanRequest): Plan {
  const { graph, batch, base, train } = request;
  const windowRows = train ? request.windowRows : 0;
  let end = base;
  const allocate = (bytes: number) => {
    const at = end;
    end += align(bytes);
    return at;
  };

  const predictGraph = graph.copy();
  const outputs = graph.outputs.map((p) => p.value);
  dropDead(predictGraph, outputs);
  fuse(predictGraph, outputs);
  const predict = lower(predictGraph, batch, { atEnd: outputs, afterForward: [], pinned: new Set() });

  const gradients = train ? gradientValues(train, graph.parameters) : [];
  const trained = train && lowerTraining(train, gradients, batch);

  // The length of the tapes is known before any address is.
  const gathers = train ? graph.inputs.length + train.targets.length : 0;
  const trainWords = train
    ? gathers * GATHER_WORDS + (trained?.words ?? 0) + UPDATE_WORDS[train.optimizer.kind]
    : 0;
  const words = new Int32Array(align((Header.Count + trainWords + predict.words) * 4) / 4);
  allocate(words.length * 4);
  const trainFrom = base + Header.Count * 4;
  const predictFrom = trainFrom + trainWords * 4;

  const hyper = train ? allocate(Hyper.Count * 8) : 0;
  const history = train ? allocate(HISTORY_CAPACITY * 8) : 0;
  const lossAt = train ? allocate(4) : 0;
  const state = allocate(Counter.Count * 8);
  const parameters: PlannedParameter[] = [];
  let blockElements = 0;
  for (const p of graph.parameters) {
    const elements = sizeOf(graph.shape(p.value));
    parameters.push({ ...p, offset: end + blockElements * 4, elements });
    blockElements += align(elements * 4) / 4;
  }
  const parameterBytes = blockElements * 4;
  const block = allocate(parameterBytes);
  const moments = train
    ? Array.from({ length: train.optimizer.moments }, () => allocate(parameterBytes))
    : [];
  const stateBytes = end - state;
  const gradientBlock = train ? allocate(parameterBytes) : 0;

  const constantsOf = train?.graph ?? graph;
  const constants = constantsOf.constants.map(({ value, data }) => ({
    value,
    data,
    offset: allocate(data.length * 4),
  }));

  const addresses = new Map<ValueId, number>();
  for (const p of parameters) addresses.set(p.value, p.offset);
  for (const c of constants) addresses.set(c.value, c.offset);
  const trainAddresses = new Map(addresses);
  const predictAddresses = new Map(addresses);

  const ports = (list: readonly Port[], into: Map<ValueId, number>, most: (p: Port) => number) =>
    list.map((p) => {
      const offset = allocate(most(p) * batch * 4);
      into.set(p.value, offset);
      return { ...p, offset, rowElements: most(p), windowOffset: 0 };
    });
  const inputRow = (p: Port) => rowElements(graph, p.value);
  const targetRow = (p: Port) => (p as TargetPort).rowElements;
  const trainInputs = train ? ports(graph.inputs, trainAddresses, inputRow) : [];
  const trainTargets = train ? ports(train.targets, trainAddresses, targetRow) : [];
  const index = train ? allocate(batch * 4) : 0;
  const predictInputs = ports(graph.inputs, predictAddresses, inputRow);

  // Both tapes use one arena: neither keeps anything in it between passes.
  const arena = end;
  const predictPacking = packArena(predict.ranges, Abi.Alignment);
  const trainPacking = trained && packArena(trained.ranges, Abi.Alignment);
  const activations = Math.max(predictPacking.bytes, trainPacking?.bytes ?? 0);
  allocate(activations);
  predict.storage.forEach((id, i) => {
    predictAddresses.set(id, arena + predictPacking.offsets[i]);
  });
  trained?.storage.forEach((id, i) => {
    trainAddresses.set(id, arena + (trainPacking as { offsets: readonly number[] }).offsets[i]);
  });
  const scratch = allocate(Math.max(predict.scratchBytes, trained?.scratchBytes ?? 0));
  const beforeWindow = end;
  const withWindow = <P extends { rowElements: number }>(p: P) => ({
    ...p,
    windowOffset: allocate(p.rowElements * windowRows * 4),
  });
  const windowed = [...trainInputs, ...trainTargets].map(withWindow);

  if (train && trained) {
    trainAddresses.set(trained.rootOf(train.loss), lossAt);
    gradients.forEach((id, i) => {
      trainAddresses.set(trained.rootOf(id), gradientBlock + parameters[i].offset - block);
    });
  }

  const writer = tapeWriter(words, base);
  writer.header(Header.Version, Abi.Version);
  writer.header(Header.Batch, batch);
  writer.header(Header.State, state);
  let trainPlan: TrainPlan | undefined;
  if (train && trained) {
    const gatherWords = new Map<ValueId, number>();
    const kindWords = new Map<ValueId, number[]>();
    writer.at = trainFrom;
    writer.header(Header.Load, writer.at);
    for (const p of windowed) {
      const labels = train.graph.values[p.value].dtype === "i32";
      writer.write(Opcode.Gather, {
        y: p.offset,
        window: p.windowOffset,
        index,
        rows: ROWS,
        words: labels ? 1 : p.rowElements,
      });
      gatherWords.set(p.value, writer.at - 4);
    }
    writer.header(Header.Forward, writer.at);
    let backward = 0;
    writer.tape(trained, trainAddresses, scratch, ({ opcode, node, fields }, at) => {
      if (node.phase === "backward" && backward === 0) backward = at;
      if (opcode !== Opcode.Loss) return;
      const word = 1 + Object.keys(fields).indexOf("targets");
      kindWords.set(node.inputs[1], [...(kindWords.get(node.inputs[1]) ?? []), at + word * 4]);
    });
    writer.header(Header.Backward, backward || writer.at);
    writer.header(Header.Update, writer.at);
    const update = { w: block, g: gradientBlock };
    const rest = { n: blockElements, hyper, counters: state };
    if (train.optimizer.kind === "sgd") writer.write(Opcode.Sgd, { ...update, v: moments[0] ?? 0, ...rest });
    else writer.write(Opcode.Adam, { ...update, m: moments[0], v: moments[1], ...rest });
    writer.header(Header.End, writer.at);
    writer.header(Header.LossValue, lossAt);
    writer.header(Header.Gradients, gradientBlock);
    writer.header(Header.GradientCount, blockElements);
    writer.header(Header.Index, index);
    writer.header(Header.History, history);
    writer.header(Header.HistoryCapacity, HISTORY_CAPACITY);
    const planned = windowed.map((p) => ({
      ...p,
      kindWords: kindWords.get(p.value) ?? [],
      gatherWord: gatherWords.get(p.value) as number,
    }));
    trainPlan = {
      optimizer: train.optimizer.kind,
      tape: { from: trainFrom, to: writer.at, lowered: trained },
      loss: lossAt,
      inputs: planned.slice(0, trainInputs.length),
      targets: planned.slice(trainInputs.length),
      predictions: train.predictions.map((id) => ({
        offset: trainAddresses.get(trained.rootOf(id)) as number,
        rowElements: rowElements(train.graph, id),
      })),
      gradients: { offset: gradientBlock, elements: blockElements },
      moments,
      history: { offset: history, capacity: HISTORY_CAPACITY },
      windowRows,
    };
  }
  writer.at = predictFrom;
  writer.header(Header.Predict, predictFrom);
  writer.tape(predict, predictAddresses, scratch);
  writer.header(Header.PredictEnd, writer.at);

  const plan: Plan = {
    base,
    end,
    kernels: (train?.graph ?? graph).kernels ?? CORE,
    batch,
    parameters,
    state: { offset: state, parameterBytes, bytes: stateBytes },
    predict: { from: predictFrom, to: writer.at, lowered: predict },
    predictInputs,
    predictOutputs: graph.outputs.map((p) => ({
      name: p.name,
      offset: predictAddresses.get(predict.rootOf(p.value)) as number,
      rowElements: rowElements(graph, p.value),
    })),
    train: trainPlan,
    words,
    hyper: { offset: hyper, values: train?.optimizer.hyper ?? [] },
    constants,
    bytes: {
      parameters: parameterBytes,
      optimizer: moments.length * parameterBytes,
      gradients: train ? parameterBytes : 0,
      activations,
      activationsLowerBound: Math.max(predictPacking.lowerBoundBytes, trainPacking?.lowerBoundBytes ?? 0),
      window: end - beforeWindow,
      total: end - base,
    },
  };
  // Beyond 4 GiB addresses have wrapped: such a plan is only good for saying how large it is.
  if (end <= MOST_BYTES) planHooks.planned?.(plan, request);
  return plan;
}

/** Adds the backward graph and gives each parameter a gradient value with a buffer of its own. */
function gradientValues(train: TrainRequest, parameters: readonly Parameter[]): ValueId[] {
  const { graph } = train;
  const found = differentiate(
    graph,
    train.loss,
    parameters.map((p) => p.value),
  );
  const builder = new Builder(graph);
  builder.phase = "backward";
  const made = new Map<ValueId, Node>();
  for (const node of graph.nodes) for (const id of node.outputs) made.set(id, node);
  const taken = new Set<ValueId>();
  return parameters.map((p, i) => {
    const { shape } = graph.values[p.value];
    builder.scope = p.name;
    const gradient = found[i] ?? graph.addConstant([], Float32Array.of(0));
    let root = gradient;
    for (let node = made.get(root); node; node = made.get(root)) {
      const { alias } = node.rule;
      if (alias === undefined) break;
      root = node.inputs[alias];
    }
    if (made.has(root) && !taken.has(root)) {
      taken.add(root);
      return gradient;
    }
    return builder.emit(place, { shape }, [gradient])[0];
  });
}

/** Live graph, fused and lowered; gradients and loss have buffers of their own. */
function lowerTraining(train: TrainRequest, gradients: readonly ValueId[], batch: number): LoweredTape {
  const { graph, loss, predictions } = train;
  const atEnd = [loss, ...gradients];
  dropDead(graph, [...atEnd, ...predictions]);
  fuse(graph, [...atEnd, ...predictions]);
  return lower(graph, batch, { atEnd, afterForward: predictions, pinned: new Set(atEnd) });
}
