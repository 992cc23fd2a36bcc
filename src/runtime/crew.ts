/** What engines are made of, as types: memories, and the threads that work in them, which `src/threads` has, loaded on demand. */
import type { Kernels } from "./kernels.ts";

/** One memory, sized once and never grown, with an instance of the kernels over it. */
export interface Space {
  readonly kernels: Kernels;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  /** The same content under new views; the old ones end, or keep what is there now. */
  detachViews(): Space;
  /** The threads that work on its programs. */
  readonly crew?: SpaceCrew;
}

/** What an engine is: plain data. */
export interface EngineInfo {
  /** Threads that programs may run on, the calling one included: as soon as workers have started, where it pays. */
  readonly threads: number;
  /** How many were asked for: `"auto"` as the number that it came to. */
  readonly wanted: number;
  /** Why fewer threads run than were asked for, and what to do about it. */
  readonly why?: string;
  /** Whether products are fused, outside the promise of same bits. */
  readonly relaxed: boolean;
  /** Programs that have memory: made, neither disposed of nor collected. */
  readonly livePrograms: number;
}

/** What the programs of one memory ask of the threads that work on them. */
export interface SpaceCrew {
  /** Makes a planned program known, with what it runs on. */
  adopt(plan: object): ProgramCrew;
  /** The space is no longer used. A function of its own, which does not keep the memory. */
  readonly leave: () => void;
}

/** What one program asks. */
export interface ProgramCrew {
  /** @throws WorkerError where an update was lost half-way, of the program or of one whose variables it reads */
  check(who: string): void;
  /** Resolves when workers that were given up touch the memory no more; undefined where there are none, and no update is lost. */
  pending(): Promise<unknown> | undefined;
  /** A whole state was laid into it: what was lost no longer matters. */
  renew(): void;
}

/** The threads of an engine. */
export interface Crew {
  /** As `PlanRequest.parts`. */
  readonly parts: { readonly count: number; readonly controlBytes: number; setBarriers(plan: object): void };
  /**
   * A memory of theirs, with all views.
   *
   * @throws DisposedError after `dispose`
   * @param kernels an instance over it, of the calling thread
   * @param viewsOf gives it and an instance their views
   */
  join(
    who: string,
    memory: WebAssembly.Memory,
    kernels: Kernels,
    viewsOf: (memory: WebAssembly.Memory, kernels: Kernels) => Space,
  ): Space;
  info(): Pick<EngineInfo, "threads" | "wanted" | "why">;
  dispose(): void;
}

/** A `Worker` of pages, or of `node:worker_threads`. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** Kernels of the build with shared memory; see `assembly/threads.ts`. */
export interface ThreadedKernels extends Kernels {
  lead(program: number, from: number, to: number): number;
  rehearse(program: number, times: number): number;
  follow(program: number, part: number, parts: number): void;
}
