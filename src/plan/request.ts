/** What a program is planned from. */
import type { Graph } from "../graph/graph.ts";
import type { RecordDraft } from "../graph/op.ts";
import type { ValueId } from "../graph/type.ts";
import type { KernelLink } from "../kernels/link.ts";
import type { CounterEntry } from "./counters.ts";
import type { Feature } from "./feature.ts";
import type { LoweredGraph, LoweredTraining, TapePort } from "./graphs.ts";
import type { OptimizerPlan } from "./optimizer.ts";
import type { Plan, PlannedTape, TrainPlan } from "./planned.ts";
import type { TapeName } from "./ports.ts";
import type { VariableUse } from "./roles.ts";
import type { SectionDraft, SectionRequest } from "./sections.ts";

export interface TrainRequest {
  /** The model's graph extended by targets and loss. */
  readonly graph: Graph;
  /** What is differentiated, and what training reports. */
  readonly loss: ValueId;
  /** What evaluations report: the loss without penalties. Default: the loss. */
  readonly measured?: ValueId;
  readonly targets: readonly TapePort[];
  /** Weights of rows, which a run may leave out. Default: none. */
  readonly weights?: readonly TapePort[];
  /** What each loss reads, for metrics. */
  readonly predictions: readonly ValueId[];
  /** None: there are gradients, and nobody updates. */
  readonly optimizer: OptimizerPlan | undefined;
  /** Passes whose gradients make one update. */
  readonly accumulate: number;
  readonly planner: TrainPlanner;
  /** What accompanies the training. */
  readonly features?: readonly Feature[];
}

export const blocksOf = (train: TrainRequest | undefined): readonly string[] =>
  (train?.features ?? []).flatMap(({ blocks }) => blocks ?? []);

/** A stretch of the words of a program. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where the training part of a plan is written. */
export interface TrainContext {
  readonly training: LoweredTraining;
  readonly sections: readonly SectionDraft[];
  readonly windowRows: number;
  /** The program's words, the first one at `base`. */
  readonly words: Int32Array;
  readonly base: number;
  /** Address of a region. */
  at(region: string): number;
  /** Encodes records behind those that are written already. */
  write(tape: TapeName, records: readonly RecordDraft[]): Range;
  tape(name: TapeName, graph: LoweredGraph, range: Range): PlannedTape;
}

/** The part of planning that only training needs. It comes with the request: pages that only predict do not carry it. */
export interface TrainPlanner {
  /** Those that train. */
  readonly kernels: KernelLink;
  /**
   * @param frozen names of variables that the program must not change
   * @returns the graphs of the training tapes, and what the program does with each variable
   */
  lower(
    request: TrainRequest,
    batch: number,
    frozen: ReadonlySet<string>,
  ): { readonly training: LoweredTraining; readonly uses: readonly VariableUse[] };
  counters(optimizer: OptimizerPlan): readonly CounterEntry[];
  sections(request: SectionRequest): readonly SectionDraft[];
  write(request: TrainRequest, context: TrainContext): TrainPlan;
}

/** What a plan knows of several threads. */
export interface Threads {
  readonly count: number;
  /** Room for the words by which they meet, see `Control`. Default: none. */
  readonly controlBytes?: number;
  /** Makes them wait for each other, in the words of a finished plan. */
  setBarriers(plan: Plan): void;
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
  /** Names of variables that this program must not change. */
  readonly frozen?: ReadonlySet<string>;
  /** Addresses of variables that another program of the space owns, by name; to this one they are frozen. */
  readonly foreign?: ReadonlyMap<string, number>;
  /** The threads that run its tapes together, for more than one. Default: one. */
  readonly parts?: Threads;
}
