/** A trainer that lives in a worker, as the thread that made it sees it. */
import type { Column } from "../graph/input.ts";
import type { FittedNumbers } from "../program/border.ts";
import type { Classification } from "../program/classify.ts";
import type { ParameterViews } from "../program/parameters.ts";
import type {
  AsyncOptions,
  ClassifyOptions,
  FileOptions,
  RestoreOptions,
  SaveOptions,
  StateOptions,
} from "../program/predictor-options.ts";
import type { Bytes, Misfit } from "../program/state.ts";
import type { Result, Rows } from "../rows/data.ts";
import type { EngineInfo } from "../runtime/crew.ts";
import type { WithStateOptions } from "../train/customers.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { FitOptions, FitResult } from "../train/fit-options.ts";
import type { MomentViews } from "../train/moments.ts";
import type { Data } from "../train/training-data.ts";
import type { ValidationRows } from "../train/validation.ts";
import type { EvaluateAsyncOptions, WeightOptions } from "../train/weights.ts";

/** How data reach the worker. */
export interface TransferOption {
  /**
   * Whether the buffers of all typed arrays in the data, those for validation included, move to the worker, which costs nothing; here
   * they are empty from the call on, as is every other view of them. Views of a SharedArrayBuffer are shared either way. Default: false, data are copied.
   */
  readonly transfer?: boolean;
}

/** Data that were read and checked in the worker, for many calls of one trainer. */
export interface WorkerData<X = Rows> {
  readonly rows: number;
  /** Says which inputs it is for; never there. */
  readonly x?: X;
}

/** Options of a `fit` in a worker: those of `fit`, and how data and progress cross. */
export interface WorkerFitOptions<X = Rows, P = Result>
  extends Omit<FitOptions<X, P, WorkerTrainer<X, P>>, "validation">,
    TransferOption {
  readonly validation?: ValidationRows | Data<X, P> | WorkerData<X>;
  /**
   * Which events reach `onEpoch` and `onProgress`. `"latest"`: training goes on meanwhile; at most one event is on its way, newer
   * ones take the place of those that wait, and the last one always arrives. What a callback returns, such as `"stop"`, counts
   * when it arrives, some epochs later. `"every"`: each event is awaited as by a trainer of this thread, so `"stop"` ends the
   * same epoch every time. Default: `"latest"`.
   */
  readonly progress?: "latest" | "every";
}

/**
 * A trainer in a worker: what a Trainer has, asynchronous. Calls start in the order they are made. Their options and errors are
 * those of the Trainer; results come as copies. What needs the memory of the engine, such as `buffers`, is not there.
 */
export interface WorkerTrainer<X = Rows, P = Result> {
  /** Names of the classes, in the order of the outputs; undefined where none were given. */
  readonly labels: readonly string[] | undefined;
  /** The columns of a table that the model reads; undefined for other rows. */
  readonly columns: readonly Column[] | undefined;
  /** Updates over the life of the trainer. */
  readonly steps: Promise<number>;
  /** Epochs completed over the life of the trainer. */
  readonly epochs: Promise<number>;
  /** The step size of the next update. */
  readonly learningRate: Promise<number>;
  /** What preprocessing layers have learnt. */
  readonly preprocessing: Promise<FittedNumbers>;
  /** Copies of the parameters, by name: writing to them changes nothing. `setParameters` does. */
  readonly parameters: Promise<ParameterViews>;
  /** Copies of what the optimizer keeps beside each parameter. */
  readonly optimizerState: Promise<MomentViews>;

  /**
   * Trains, as `fit` of a Trainer does, to the same bits. Callbacks run on this thread; `signal` ends it within about 10 ms of the
   * worker's time.
   *
   * @throws as `fit` of a Trainer; WorkerError if the worker dies, DisposedError after or during `dispose`
   */
  fit(data: Data<X, P> | WorkerData<X>, options?: WorkerFitOptions<X, P>): Promise<FitResult>;
  /** Reads and checks data once, and keeps them in the worker until nobody refers to them here. */
  bind(data: Data<X, P>, options?: WeightOptions & TransferOption): Promise<WorkerData<X>>;
  /** The same. */
  bindAsync(data: Data<X, P>, options?: WeightOptions & TransferOption): Promise<WorkerData<X>>;
  /** The outputs for given rows. */
  predict(x: X, options?: AsyncOptions & TransferOption): Promise<P>;
  /** The same. */
  predictAsync(x: X, options?: AsyncOptions & TransferOption): Promise<P>;
  /** Loss and metrics over given rows. */
  evaluate(
    data: Data<X, P> | WorkerData<X>,
    options?: EvaluateAsyncOptions & TransferOption,
  ): Promise<Evaluation>;
  /** The same. */
  evaluateAsync(
    data: Data<X, P> | WorkerData<X>,
    options?: EvaluateAsyncOptions & TransferOption,
  ): Promise<Evaluation>;
  /** The most probable class of each row, or with `top` so many. */
  classify(x: X, options?: ClassifyOptions & { readonly top?: undefined }): Promise<Classification[]>;
  classify(x: X, options: ClassifyOptions & { readonly top: number }): Promise<Classification[][]>;
  /** One update from at most a batch of rows. */
  step(data: Data<X, P>, options?: WeightOptions): Promise<{ readonly loss: number }>;
  /** The mean loss of at most a batch of rows and its gradient by parameter name. */
  gradients(
    data: Data<X, P>,
  ): Promise<{ readonly loss: number; readonly gradients: { readonly [name: string]: Result } }>;
  /** Fits preprocessing layers to rows, without training. */
  adapt(x: X, y?: Data<X, P>["y"]): Promise<void>;
  /** The same. */
  adaptAsync(x: X, y?: Data<X, P>["y"]): Promise<void>;
  /** Changes the step size from the next step on. */
  setLearningRate(learningRate: number): Promise<void>;
  /** Sets parameters by name. */
  setParameters(values: { readonly [name: string]: Rows | number }): Promise<void>;
  /** Starts over. */
  reset(seeds?: { readonly seed?: number; readonly shuffleSeed?: number }): Promise<void>;
  /** Everything a later run continues from. */
  state(options?: StateOptions): Promise<Bytes>;
  /** Puts a state back. */
  restore(state: Uint8Array | ArrayBuffer): Promise<void>;
  restore(state: Uint8Array | ArrayBuffer, options: RestoreOptions): Promise<readonly Misfit[]>;
  /** The whole model as one file. */
  save(options?: FileOptions): Promise<Bytes>;
  /** SHA-256 over the parameters: that of a trainer on any other thread that did the same. */
  digest(options?: SaveOptions): Promise<string>;
  /** Layers, output shapes, parameter counts and bytes, as a table. */
  summary(): Promise<string>;
  /** What a paper's appendix needs to say which computation this was. */
  manifest(): Promise<Record<string, unknown>>;

  /**
   * Runs `fn` on a state of its own, for many customers of one trainer. `fn` runs on this thread, with a trainer in that state, whose
   * calls run in the worker.
   *
   * @param fn must await every call that it makes; its trainer ends with it
   * @returns the new state
   */
  withState(
    state: Uint8Array,
    fn: (trainer: WorkerTrainer<X, P>) => unknown,
    options?: WithStateOptions,
  ): Promise<Bytes>;

  /** What `info()` of its engine says: how many threads it runs on, and why no more. */
  engineInfo(): Promise<EngineInfo>;

  /** Ends the worker. Calls under way reject with a DisposedError, and so does every later one. Twice is fine. */
  dispose(): void;
  [Symbol.dispose](): void;
  /** What `JSON.stringify` writes: that it is a trainer in a worker. */
  toJSON(): Record<string, unknown>;
  /** Vue leaves it as it is. */
  readonly __v_skip: true;
}
