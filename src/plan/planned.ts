/** A finished plan, as the rest of the package sees it. */
import type { Graph, Variable } from "../graph/graph.ts";
import type { KernelLink } from "../kernels/link.ts";
import type { Bounds } from "../tape/verify.ts";
import type { CounterTable } from "./counters.ts";
import type { TapePort } from "./graphs.ts";
import type { Layout } from "./layout.ts";
import type { LoweredTape } from "./lower.ts";
import type { OptimizerPlan, Slot } from "./optimizer.ts";
import type { Role } from "./roles.ts";
import type { SectionDraft } from "./sections.ts";

export const HISTORY_CAPACITY = 1024;

/** Rows of the table of rates. */
export const ratesCapacity = ({ schedule }: OptimizerPlan): number => (schedule ? 256 : 1);

export interface PlannedVariable extends Variable {
  readonly role: Role;
  /** Of trained ones: index of the optimizer's group. */
  readonly group: number;
  readonly offset: number;
  readonly elements: number;
  /** Of trained ones: address of the gradient; else 0. */
  readonly gradient: number;
  /** Whether another program of the space owns it. */
  readonly isForeign: boolean;
}

export interface PlannedPort extends TapePort {
  /** Region that holds the rows of a pass. */
  readonly region: string;
  readonly offset: number;
  /** Room for rows beyond the batch; 0 where there is none. */
  readonly windowOffset: number;
  /** Index in the run block of the words of a row, and of whether targets are labels: `Targets`; 0 where there is none. */
  readonly words: number;
  readonly targets: number;
}

export interface PlannedTape {
  readonly from: number;
  readonly to: number;
  readonly lowered: LoweredTape;
  readonly ports: readonly PlannedPort[];
  readonly outputs: readonly {
    readonly name: string;
    readonly offset: number;
    readonly rowElements: number;
  }[];
}

export interface PlannedSection extends SectionDraft {
  readonly from: number;
  readonly to: number;
}

export interface PlannedSlot extends Slot {
  /** Address of a block laid out as the trained variables. */
  readonly offset: number;
}

/** Address of what such a block, at `block`, has for a trained variable: slots, sums of gradients, or its own values. */
export const besideVariable = (
  { layout }: Plan,
  block: number,
  { offset }: Pick<PlannedVariable, "offset">,
): number => block + offset - layout.at("trained");

export interface TrainPlan {
  readonly tape: PlannedTape;
  readonly sections: readonly PlannedSection[];
  /** None where nobody trains: without optimizer. */
  readonly evaluate: (PlannedTape & { readonly loss: number }) | undefined;
  readonly optimizer: OptimizerPlan | undefined;
  readonly accumulate: number;
  readonly loss: number;
  readonly slots: readonly PlannedSlot[];
  /** Those of features. */
  readonly blocks: readonly { readonly name: string; readonly offset: number }[];
  readonly history: { readonly offset: number; readonly capacity: number };
  readonly rates: { readonly offset: number; readonly capacity: number };
  /** Address of the row indices of a batch. */
  readonly index: number;
  readonly windowRows: number;
}

export interface Plan {
  readonly base: number;
  /** First byte after the program. */
  readonly end: number;
  /** The kernels that have all of its records. */
  readonly kernels: KernelLink;
  readonly batch: number;
  /** As it was given: before differentiation, fusion and the rewriting for inference. */
  readonly model: Graph;
  /** In the order of declaration. */
  readonly variables: readonly PlannedVariable[];
  readonly layout: Layout;
  readonly counters: CounterTable;
  /** Counters, variables and slots: what a state is made of. */
  readonly state: { readonly offset: number; readonly bytes: number };
  readonly predict: PlannedTape;
  readonly train: TrainPlan | undefined;
  /** Header, run block and tapes. */
  readonly words: Int32Array;
  readonly hyper: readonly number[];
  readonly constants: readonly { readonly offset: number; readonly data: Float32Array }[];
  /** The least any arena for these live ranges could be. */
  readonly arenaLowerBound: number;
}

/** The stretches of tape that run as one: the sections of the training tape, and the other tapes. */
export const stretchesOf = ({
  predict,
  train,
}: Plan): readonly { readonly from: number; readonly to: number }[] => [
  predict,
  ...(train?.sections ?? []),
  ...(train?.evaluate ? [train.evaluate] : []),
];

/** Where the tapes of a plan may reach in a pass of `rows` rows. */
export const boundsOf = ({ base, end, variables }: Plan, rows: number): Bounds => ({
  base,
  end,
  rows,
  foreign: variables
    .filter(({ isForeign }) => isForeign)
    .map(({ offset, elements }) => [offset, offset + elements * 4] as const),
});
