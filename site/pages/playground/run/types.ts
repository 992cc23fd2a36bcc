/** What the playground's parts say to each other: the configuration of a run, its link, and what the worker shows of it. */

/** Sets of two columns that the package makes, and one for regression. */
export type ToySet = "circles" | "moons" | "xor" | "blobs" | "spirals" | "wave";

export interface ToyData {
  readonly kind: "toy";
  readonly set: ToySet;
  /** 10 to 2,000. */
  readonly rows: number;
  /** Standard deviation of what is added, 0 to 1. */
  readonly noise: number;
  /** Percent of rows that train, 10 to 90; the others test. */
  readonly train: number;
  /** Of rows and split. */
  readonly seed: number;
}

/** A column of the visitor's own table: numbers, or one of several words. null is missing. */
export type OwnColumn =
  | { readonly name: string; readonly kind: "number"; readonly cells: readonly (number | null)[] }
  | { readonly name: string; readonly kind: "category"; readonly cells: readonly (string | null)[] };

export interface OwnData {
  readonly kind: "own";
  /** Inputs, in the order of the table. Only those used: a link holds them. */
  readonly columns: readonly OwnColumn[];
  readonly target: OwnColumn;
  /** Names of the two columns of numbers that the surface shows; with one column, twice the same. */
  readonly axes: readonly [string, string];
  readonly train: number;
  readonly seed: number;
}

export const ACTIVATIONS = ["tanh", "relu", "sigmoid", "leakyRelu", "gelu", "linear"] as const;
export type ActivationName = (typeof ACTIVATIONS)[number];

export interface LayerConfig {
  /** 1 to 64. */
  readonly units: number;
  readonly activation: ActivationName;
  /** Before the activation. */
  readonly normalization?: "batch" | "layer";
  /** Share of the outputs that a step drops, 0 to below 1. */
  readonly dropout?: number;
}

export const OPTIMIZERS = ["sgd", "momentum", "adam", "rmsprop", "adagrad"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

/** Everything that decides the bits of a run. Plain data: it is what a link holds, and checked by `readConfig`. */
export interface Config {
  readonly data: ToyData | OwnData;
  /** Hidden layers, 0 to 8; the output layer follows from the target. */
  readonly layers: readonly LayerConfig[];
  readonly optimizer: OptimizerName;
  readonly rate: number;
  /** Changes of the rate while running: `[step, rate]`, steps ascending; it holds from that step on. */
  readonly rates: readonly (readonly [step: number, rate: number])[];
  readonly penalty: { readonly kind: "none" | "l1" | "l2"; readonly factor: number };
  /** Rows of a step, 1 to 256. */
  readonly batch: number;
  /** Of the weights, of the order of rows and of dropout. */
  readonly seed: number;
}

/** What a link says of its run: whoever opens it can check it. */
export interface Claim {
  readonly steps: number;
  /** SHA-256 of the rows as they train and test. */
  readonly data: string;
  /** SHA-256 of the parameters. */
  readonly parameters: string;
}

export interface LinkContent {
  /** Of the engine. */
  readonly version: string;
  readonly config: Config;
  readonly claim?: Claim;
}

export type Task = "classes" | "numbers";

/** What a started run looks like before its first step. */
export interface Start {
  readonly task: Task;
  /** Names of the classes; of numbers the target's name. */
  readonly outputs: readonly string[];
  /** Names of the two shown columns, and their ranges. */
  readonly axes: readonly { readonly name: string; readonly min: number; readonly max: number }[];
  readonly inputs: readonly string[];
  /** Points in the shown columns, `[x1, y1, x2, y2, ..]`, and their class or number. */
  readonly train: { readonly points: Float32Array; readonly values: Float32Array };
  readonly test: { readonly points: Float32Array; readonly values: Float32Array };
  readonly stepsPerEpoch: number;
  readonly parameters: number;
  /** What a user should know of the data: rows left out, classes without a test row, .. */
  readonly notes: readonly string[];
  readonly frame: Frame;
}

/** What to draw. */
export interface View {
  /** Cells of the surface on each side. */
  readonly grid: number;
  /** Cells of each unit's tile on each side; 0: no tiles. */
  readonly tile: number;
  readonly weights: boolean;
}

export interface Frame {
  readonly steps: number;
  readonly epochs: number;
  /** Of the next step. */
  readonly rate: number;
  /** Loss on the training rows and on the test rows, as they are now. */
  readonly loss: { readonly train: number; readonly test: number };
  /** Accuracy or R2. */
  readonly score: { readonly train: number; readonly test: number };
  /** [grid, grid, outputs] Probabilities of classes, or the number; the first row is the lowest y. One value of two classes. */
  readonly surface: Float32Array;
  /** By hidden layer [units, tile, tile]. */
  readonly units: readonly Float32Array[];
  /** By layer, the output layer too: [in, units] and [units]. */
  readonly weights: readonly { readonly weight: Float32Array; readonly bias: Float32Array }[];
  /** Time spent training, without drawing. */
  readonly milliseconds: number;
  readonly microsecondsPerStep: number;
  /** Steps of the states that `seek` leads to, ascending; the last is the newest. At most 1,000. */
  readonly states: readonly number[];
  /** A sentence, once the loss is no finite number any more: the run stands at its last finite state. */
  readonly diverged?: string;
}

export type Advance = { readonly steps: number } | { readonly milliseconds: number };

/** The worker that trains. One call after the other; every array of a frame is the receiver's own. */
export interface Session {
  /** Makes data and network; what was is forgotten. Rejects with a sentence for a configuration that cannot run. */
  start(config: Config, view: View): Promise<Start>;
  /** Trains on. Where `seek` went back, the states after that point are forgotten first; by 0 steps none is. */
  advance(by: Advance, view: View): Promise<Frame>;
  /** Shows the kept state of a step, or the last one before it. Changes of the rate after it come again, until `setRate`. */
  seek(step: number, view: View): Promise<Frame>;
  /** Stands where a replay of the same configuration by the same version has ended; the state is the replay's. */
  restore(state: Uint8Array, view: View): Promise<Frame>;
  /** The rate from the next step on; states and changes after it are forgotten. */
  setRate(rate: number): Promise<void>;
  /** The configuration with the rates as they were used up to here, and the claim. */
  claim(): Promise<{ readonly config: Config; readonly claim: Claim; readonly version: string }>;
  /** The model, fitted, as a safetensors file. */
  file(): Promise<Uint8Array>;
}

/** How a replay of a link ended. */
export type Verdict =
  | {
      readonly kind: "equal";
      readonly steps: number;
      readonly milliseconds: number;
      /** Of the trainer at its end, for engines of the same version. */
      readonly state?: Uint8Array;
    }
  | {
      readonly kind: "differs";
      readonly what: "data" | "bits";
      readonly expected: string;
      readonly got: string;
    }
  | { readonly kind: "failed"; readonly message: string };
