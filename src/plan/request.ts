/** What a program is planned from. */
import type { Graph } from "../graph/graph.ts";
import type { ValueId } from "../graph/type.ts";
import type { OptimizerPlan } from "./optimizer.ts";

/** Where rows reach a tape. */
export interface TapePort {
  readonly name: string;
  readonly kind: "input" | "target" | "weight" | "mask";
  readonly value: ValueId;
  readonly dtype: "f32" | "i32";
  /** Words of a row at most; targets may come with one label a row instead. */
  readonly rowElements: number;
  /** Of ids: every one is less than this. */
  readonly below: number;
}

export interface TrainRequest {
  /** The model's graph extended by targets and loss. */
  readonly graph: Graph;
  readonly loss: ValueId;
  readonly targets: readonly TapePort[];
  /** What each loss reads, for metrics. */
  readonly predictions: readonly ValueId[];
  /** None: there are gradients, and nobody updates. */
  readonly optimizer: OptimizerPlan | undefined;
  /** Passes whose gradients make one update. */
  readonly accumulate: number;
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
  /** Workers that run its tapes together. Default: 1. */
  readonly parts?: number;
}
