/** What a memory asks of the team that works in it, as types. */
import type { DisposedError, WorkerError } from "../errors.ts";
import type { Plan } from "../plan/planned.ts";
import type { ThreadedKernels, WorkerLike } from "../runtime/crew.ts";
import type { Pool } from "./pool.ts";
import type { Prices, Shared } from "./share.ts";

/** What threads need of the thread that calls and of the engine. */
export interface TeamSettings {
  readonly parts: number;
  readonly module: WebAssembly.Module;
  readonly keepsOrder: boolean;
  /** An instance of the module over a memory. */
  instance(memory: WebAssembly.Memory): ThreadedKernels;
  readonly factory: (() => WorkerLike) | undefined;
  /** The core's own classes: copies would be others. */
  disposed(message: string): DisposedError;
  error(message: string, details: { readonly stateLost: boolean; readonly cause?: unknown }): WorkerError;
  /** Why there can be no workers. */
  readonly why?: string;
}

/** The way tests look into a team, and change what is otherwise measured. */
export interface TeamHooks {
  /** "all": every record is shared, whatever it costs. */
  policy: "pays" | "all";
  /** Milliseconds without progress of any worker after which a call fails, beside its own estimate. */
  patienceMs: number;
  /** Whether calls wait for workers that are not there yet, where otherwise one thread would begin alone. */
  waits: boolean;
  /** Hears of each decision. */
  decided?: (plan: Plan) => void;
}

/** The team, as the memories of its programs see it. */
export interface Host {
  readonly settings: TeamSettings;
  readonly hooks: TeamHooks;
  /** Whether the thread that calls may sleep. */
  readonly maySleep: boolean;
  /** How often a thread looks for the others before it sleeps. */
  readonly spins: number;
  /** As measured in the present pool; undefined before. */
  prices: Prices | undefined;
  /** Calls that others took part in. */
  calls: number;
  /** Started if there is none; undefined where there can be none. */
  readonly pool: Pool | undefined;
  /**
   * Whether prices are to be measured, for the first time or anew: the machine may have had other work.
   *
   * @param isLong a call of many passes: from the third time on no other waits for a measurement, which takes up to 6 ms
   */
  isDue(isLong: boolean): boolean;
  measured(prices: Prices): void;
  /** Decides what is shared of a plan, in its words. */
  share(plan: Plan): Shared[];
  /** What was decided of a plan before anything was measured. */
  sharesOf(plan: Plan): readonly Shared[];
}
