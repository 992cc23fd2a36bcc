import { MemoryError } from "../errors.ts";
import type { KernelLink } from "../kernels/link.ts";
import { STATIC_END } from "../kernels/predict.wasm.ts";
import type { Crew, EngineInfo, Space } from "./crew.ts";
import { embeddedModule, instantiate, type Kernels } from "./kernels.ts";

export type { EngineInfo, Space };

const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;

/** Where kernels come from and programs have their memory; `createEngine` makes one. */
export class Engine {
  /** Spaces alive: made, not released, and not yet collected. */
  #live = 0;
  readonly #collected = new FinalizationRegistry<Release>((release) => {
    this.#live--;
    release?.();
  });

  /** @internal */
  constructor(
    /** @internal */
    readonly moduleFor: (kernels: KernelLink) => WebAssembly.Module,
    /** @internal first byte that the kernels' constants leave free, rounded up to a cache line */
    readonly base: number,
    /** Whether products are fused, outside the promise of same bits. */
    readonly relaxed = false,
    /** @internal Threads that compute beside the calling one. */
    readonly crew?: Crew,
  ) {}

  /**
   * What runs the programs: plain data, as of now.
   *
   * @example
   * const engine = await createEngine({ threads: "auto" });
   * const { threads, wanted, why } = engine.info();
   * if (threads < wanted) console.log(why);
   * engine.dispose();
   */
  declare readonly info: () => EngineInfo;

  /**
   * Ends the threads of the engine. Its programs go on on the calling thread alone, with the same bits, a suspended `fit` too; new
   * ones are refused with a DisposedError. An engine of one thread has nothing to end.
   */
  declare readonly dispose: () => void;
  /** `dispose`, at the end of a block: `using engine = await createEngine({ threads: "auto" })`. */
  declare readonly [Symbol.dispose]: () => void;

  /** Programs that have memory: made, neither disposed of nor collected. */
  get livePrograms(): number {
    return this.#live;
  }

  /**
   * A space of at least `bytes`.
   *
   * @param owner whose collection counts as release
   * @internal
   */
  open(who: string, kernels: KernelLink, bytes: number, owner: object): Space {
    const space = openSpace(who, () => this.moduleFor(kernels), bytes, this.#live, this.crew);
    this.#live++;
    // By a function that does not keep the space, whose kernels keep the memory.
    this.#collected.register(owner, space.crew?.leave, owner);
    return space;
  }

  /** @internal says that the owner of a space is done with it */
  release(owner: object, space: Space | undefined): void {
    if (!this.#collected.unregister(owner)) return;
    this.#live--;
    space?.crew?.leave();
  }
}

type Release = (() => void) | undefined;

/** @param live how many programs the engine already has, for the error */
function openSpace(
  who: string,
  makeModule: () => WebAssembly.Module,
  bytes: number,
  live: number,
  crew: Crew | undefined,
): Space {
  const fail = (rule: string, cause?: unknown): never => {
    throw new MemoryError(
      `${who}: ${rule}; got a program of ${formatBytes(bytes)} beside ${live} live programs`,
      "",
      { bytes, livePrograms: live, cause },
    );
  };
  const noMemory = (cause: unknown) =>
    fail(
      "the engine has no memory left; dispose() programs, or train many models by one program and states",
      cause,
    );
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (!(pages <= MAX_PAGES)) fail("a program must fit in 4 GiB");
  const module = makeModule();
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: !!crew });
  } catch (cause) {
    // Engines differ in what they throw; with sizes that fit, only one thing can be wrong.
    return noMemory(cause);
  }
  let kernels: Kernels;
  try {
    kernels = instantiate(module, memory);
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof WebAssembly.RuntimeError) return noMemory(cause);
    throw cause;
  }
  return crew ? crew.join(who, memory, kernels, viewsOf) : viewsOf(memory, kernels);
}

function viewsOf(memory: WebAssembly.Memory, kernels: Kernels): Space {
  const { buffer } = memory;
  return {
    kernels,
    u8: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    detachViews: () => {
      // Growing replaces the buffer, by nothing too.
      memory.grow(0);
      return viewsOf(memory, kernels);
    },
  };
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

const CACHE_LINE_BYTES = 64;
/** Where programs may start when constants end at `end`. */
export const baseAfter = (end: number) => Math.ceil(end / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;

let shared: Engine | undefined;

/** The engine behind `compile` when none is given: the embedded kernels. */
export function defaultEngine(): Engine {
  shared ??= new Engine(embeddedModule, baseAfter(STATIC_END));
  return shared;
}
