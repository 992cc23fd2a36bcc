/**
 * What the two threads say to each other. Each side calls functions of the other by Comlink, over the one channel that a worker
 * has; messages arrive in the order they were sent, so calls start in the order they were made.
 */
import type { Column } from "../graph/input.ts";
import type { EngineInfo } from "../runtime/crew.ts";
import type { EngineOptions } from "../runtime/engine.ts";
import type { EpochEvent, FitProgress } from "../train/fit-options.ts";

/** A trainer in the worker, as the other side knows it: its number, and what never changes. */
export interface Opened {
  readonly target: number;
  readonly labels: readonly string[] | undefined;
  readonly columns: readonly Column[] | undefined;
}

/** How much of its progress a `fit` tells. */
export interface ProgressSettings {
  readonly onEpoch: boolean;
  readonly onProgress: boolean;
  /** Whether every epoch is told and awaited, or the newest one when there is room. */
  readonly every: boolean;
  /** Milliseconds between two messages of the newest. */
  readonly interval: number;
}

/** The newest of each kind. */
export interface ProgressEvents {
  readonly epoch?: EpochEvent;
  readonly progress?: FitProgress;
}

/** What the worker can be asked. `call` numbers a call, for whatever is said of it while it runs. */
export interface HostCalls {
  /** Makes a trainer of a source. @param version of the package on the other side, which must be the same */
  open(version: string, source: unknown, engine: EngineOptions | undefined): Promise<Opened>;
  engineInfo(target: number): Promise<EngineInfo>;
  /** The value of a property. */
  read(target: number, name: string): Promise<unknown>;
  call(
    target: number,
    name: string,
    args: readonly unknown[],
    call: number,
    progress?: ProgressSettings,
  ): Promise<unknown>;
  /** Keeps the data that `bindAsync` gives. Not called `bind`, which Comlink takes for that of functions. */
  keep(target: number, args: readonly unknown[]): Promise<{ readonly bound: number; readonly rows: number }>;
  /** Has the other side serve a handle, and gives the new state. */
  withState(target: number, state: unknown, options: unknown, call: number): Promise<unknown>;
  /** Forgets bound data. */
  release(bound: number): void;
  abort(call: number): void;
  /** Disposes of a trainer. */
  close(target: number): void;
}

/** What the worker asks of the thread that called it. */
export interface CallerCalls {
  /** Hears of the progress of a call, and answers when it has been told on. */
  progress(call: number, events: ProgressEvents): Promise<unknown>;
  /** Runs the function of a `withState` on a handle. */
  serve(call: number, handle: Opened): Promise<void>;
  /** Hears that a message came that nobody can answer. */
  unreadable(reason: string): Promise<void>;
}

/** Stands for bound data where a call takes data. */
export interface BoundReference {
  readonly "wasmgrad.bound": number;
}

export const isBoundReference = (value: unknown): value is BoundReference =>
  typeof value === "object" && value !== null && "wasmgrad.bound" in value;
