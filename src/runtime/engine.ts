import { describe } from "../describe.ts";
import { DisposedError, OptionError, UnsupportedEngineError, WorkerError } from "../errors.ts";
import { PREDICT } from "../kernels/predict.wasm.ts";
import { BOOLEAN, check, FUNCTION, type Rule, readOptions, refuseMore } from "../options.ts";
import { classOf } from "../realm.ts";
import type { EngineInfo, ThreadedKernels, WorkerLike } from "./crew.ts";
import { compileLink, embeddedModule, instantiate, isSupported, keepsOrder, loadModule } from "./kernels.ts";
import { baseAfter, defaultEngine, Engine } from "./space.ts";

export interface EngineOptions {
  /**
   * The kernels, where compiling the embedded copy is not what you want: a compiled module of `wasmgrad/wasmgrad.wasm`,
   * its bytes, a response, or a URL. A string is a URL too, in a page relative to it; Node has no page, and there URLs
   * are absolute (`file:` ones are read, such as `import.meta.resolve("wasmgrad/wasmgrad.wasm")`; paths are none).
   * Default: the embedded copy.
   */
  readonly wasm?: WebAssembly.Module | BufferSource | Response | URL | string;
  /**
   * Kernels whose products use the CPU's fused multiply-add: a little faster, and **outside the promise of same
   * bits**: results depend on engine and CPU. They come in a chunk of their own, loaded here (with `wasm`:
   * `wasmgrad-relaxed.wasm`), and need an engine with relaxed SIMD. Default: false.
   */
  readonly relaxed?: boolean;
  /**
   * Threads that programs run on, the calling one included: a whole number from 1 to 64, or `"auto"` for as many as the machine has
   * cores, at most 16. **They change no bit of any result**, and speed only where records are large enough: others stay on the calling
   * thread. Their kernels come in a chunk of their own, loaded here (with `wasm`: `wasmgrad-threads.wasm`). Workers start when the
   * first program is compiled that they pay for; until they run, and where there can be none, one thread does it all:
   * `engine.info()` says why. Not together with `relaxed`. Default: 1.
   */
  readonly threads?: number | "auto";
  /**
   * Makes a worker of the script `wasmgrad/thread.js`, where neither the file beside the package's own nor a blob can be used, for
   * instance by a policy: `() => new Worker("/assets/thread.js")`. With `threads` only.
   */
  readonly worker?: () => WorkerLike;
}

const THREADS: Rule = [
  'a whole number from 1 to 64, or "auto"',
  (n: number) => Number.isInteger(n) && n >= 1 && n <= 64,
];

/** A module with one function that holds one relaxed instruction: `f32x4.relaxed_madd`. */
const RELAXED_PROBE = /* @__PURE__ */ Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 1, 253, 15],
  ...[65, 1, 253, 15, 65, 1, 253, 15, 253, 133, 2, 11],
);

/**
 * An engine made explicitly and asynchronously: needed only where compiling on the main thread is unwelcome, the
 * kernels come from elsewhere, or fused products are wanted. `compile` makes do without.
 *
 * @throws UnsupportedEngineError without WebAssembly SIMD, or without relaxed SIMD where that is asked for
 * @throws AbiError if the given kernels belong to another version, or are none
 * @throws OptionError if they cannot be fetched, or are not of the build that `relaxed` and `threads` ask for
 * @example
 * const engine = await createEngine();
 * const predictor = compile(sequential({ input: [2] }, [dense(1)]), { engine });
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  refuseMore("createEngine", arguments, 1);
  const { wasm, relaxed, threads, worker } = readOptions("createEngine", options, {
    wasm: [],
    relaxed: [false, BOOLEAN],
    threads: [1],
    worker: [undefined, FUNCTION],
  });
  if (threads !== "auto") check("createEngine", "threads", threads, THREADS);
  if (threads !== 1) {
    if (relaxed)
      throw new OptionError(
        "createEngine: relaxed must be false where threads are asked for; got both: no kernels have both, take one of them",
      );
    return threadedEngine(threads, wasm, worker);
  }
  if (worker !== undefined)
    throw new OptionError('createEngine: worker makes threads; got it without threads: add threads: "auto"');
  if (wasm === undefined && !relaxed) {
    embeddedModule(PREDICT);
    const { base } = defaultEngine();
    return complete(new Engine(embeddedModule, base));
  }
  if (relaxed) checkRelaxed();
  const [module, kernels] = await loadModule(wasm === undefined ? await relaxedModule() : await read(wasm));
  if (Boolean(kernels.isRelaxed()) !== relaxed)
    throw new OptionError(
      `createEngine: wasm must be wasmgrad${relaxed ? "-relaxed" : ""}.wasm where relaxed is ${relaxed}; got the other build`,
    );
  return complete(new Engine(() => module, baseAfter(kernels.staticEnd()), relaxed));
}

/** An engine with threads, or with what says why there are none. */
async function threadedEngine(
  threads: number | "auto",
  wasm: EngineOptions["wasm"],
  factory: EngineOptions["worker"],
): Promise<Engine> {
  const chunk = await import("../threads/index.ts");
  const parts = threads === "auto" ? chunk.autoThreads() : threads;
  const why = chunk.whyNoThreads(factory !== undefined);
  if (wasm === undefined && (why !== undefined || parts === 1)) {
    embeddedModule(PREDICT);
    return complete(new Engine(embeddedModule, defaultEngine().base), { wanted: parts, why });
  }
  const source = wasm === undefined ? compileLink(chunk.THREADS) : await read(wasm);
  const [module, kernels] = await loadModule(source, true);
  const instance = (memory: WebAssembly.Memory) => instantiate(module, memory) as ThreadedKernels;
  const error = (message: string, details: object) => new WorkerError(message, "", { ...details });
  const disposed = (message: string) => new DisposedError(message);
  const settings = { parts, module, instance, keepsOrder: keepsOrder(), factory, why, error, disposed };
  return complete(new Engine(() => module, baseAfter(kernels.staticEnd()), false, chunk.makeTeam(settings)));
}

/** Adds what only those who make an engine themselves can call: other pages do without. */
function complete(engine: Engine, lack: Partial<EngineInfo> = {}): Engine {
  const { relaxed, crew } = engine;
  const dispose = () => crew?.dispose();
  const methods = {
    info: (): EngineInfo => {
      const { livePrograms } = engine;
      return { threads: 1, wanted: 1, ...lack, ...crew?.info(), relaxed, livePrograms };
    },
    dispose,
  };
  // Older engines have no such symbol.
  return Object.assign(engine, methods, Symbol.dispose && { [Symbol.dispose]: dispose });
}

function checkRelaxed(): void {
  // An engine that is not supported at all is refused where the kernels are compiled.
  if (isSupported() && !WebAssembly.validate(RELAXED_PROBE))
    throw new UnsupportedEngineError(
      "createEngine: relaxed needs an engine with WebAssembly relaxed SIMD; got one without, which can run the default kernels at most",
    );
}

async function relaxedModule(): Promise<WebAssembly.Module> {
  const { RELAXED } = await import("../kernels/relaxed.wasm.ts");
  return compileLink(RELAXED);
}

async function read(wasm: NonNullable<EngineOptions["wasm"]>): Promise<WebAssembly.Module | BufferSource> {
  const source = typeof wasm === "string" || classOf(wasm) === "URL" ? await get(wasm as string | URL) : wasm;
  if (/^(WebAssembly\.Module|(Shared)?ArrayBuffer)$/.test(classOf(source)) || ArrayBuffer.isView(source))
    return source as BufferSource;
  if (!isResponse(source)) throw unreadable(describe(source));
  if (!source.ok) throw unreadable(`status ${source.status} for ${source.url || "a response"}`);
  return source.arrayBuffer();
}

const isResponse = (value: unknown): value is Response => classOf(value) === "Response";

/** What Node has beside pages: `fetch` reads no files there, and an import of `node:fs` would stop bundlers of pages. */
interface Node {
  readonly process?: {
    getBuiltinModule?(name: "fs"): { promises: { readFile(file: URL): Promise<Uint8Array<ArrayBuffer>> } };
  };
}

async function get(url: string | URL): Promise<Response | BufferSource> {
  try {
    const fs = /^file:/i.test(String(url)) && (globalThis as Node).process?.getBuiltinModule?.("fs");
    return await (fs ? fs.promises.readFile(new URL(url)) : fetch(url));
  } catch (cause) {
    throw unreadable(`${url}: ${cause}`, cause);
  }
}

const unreadable = (got: string, cause?: unknown) =>
  new OptionError(
    `createEngine: wasm must be the kernels, or a URL to read them from (pathToFileURL of a path); got ${got}`,
    "",
    { cause },
  );
