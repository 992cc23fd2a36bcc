import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { FUNCTION, type Rule, readOptions, refuseMore, SIGNAL } from "../options.ts";
import type { Result, Rows } from "../rows/data.ts";
import type { WorkerLike } from "../runtime/crew.ts";
import type { EngineOptions } from "../runtime/engine.ts";
import { VERSION } from "../version.ts";
import { disposedWorker, type Link, makeLink, remoteTrainer } from "./client.ts";
import type { Opened } from "./protocol.ts";
import { sourceOf, type TrainerSource } from "./source.ts";
import { postArguments } from "./values.ts";
import type { WorkerTrainer } from "./worker-trainer.ts";

/** How a worker is started. */
export interface WorkerOptions {
  /**
   * Makes the worker, in place of the package's own: a `Worker` of the page or of `node:worker_threads`, whose file calls `serveTrainer`,
   * or is the package's `worker-host.js` elsewhere.
   */
  readonly worker?: () => WorkerLike;
  /**
   * Options of `createEngine`, which runs in the worker, such as `{ threads: "auto" }`. Default: the default engine.
   * `engineInfo()` of the trainer says what runs.
   */
  readonly engine?: EngineOptions;
  /** Milliseconds between two messages of progress, a number >= 0. Default: 10. */
  readonly progressInterval?: number;
  /** Milliseconds within which the worker's file must have been loaded. Default: 60,000. */
  readonly startTimeout?: number;
}

export interface StartOptions extends WorkerOptions {
  /** Ends the start: no worker is left, and the promise rejects with its reason. Does nothing once the trainer is there. */
  readonly signal?: AbortSignal;
}

const INTERVAL: Rule = ["milliseconds from 0 on", (n: number) => n >= 0 && n < Number.POSITIVE_INFINITY];
/** What `setTimeout` takes. */
const TIMEOUT: Rule = ["milliseconds from 1 to 2^31 - 1", (n: number) => n >= 1 && n < 0x80000000];

/** The options of a worker, as they are read. */
export const WORKER = {
  worker: [undefined, FUNCTION],
  engine: [],
  progressInterval: [10, INTERVAL],
  startTimeout: [60_000, TIMEOUT],
} as const;

/**
 * A trainer in a worker of its own, in a page or in Node: the calling thread stays free while it trains, to the bits of every other
 * thread. `dispose()` ends the worker; a process that has nothing else to do does not wait for it.
 *
 * @param source a trainer, its file, or a function that gives one, such as `() => import("./model.js")`: it runs here, and the
 *   trainer crosses as a file. With the option `worker`, whatever its `serveTrainer` takes
 * @throws WorkerError if no worker can be started or its file not be loaded, OptionError for what files cannot hold, such as metrics
 *   that are functions; what the source throws
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 * const remote = await inWorker(trainer);
 * const { epochs } = await remote.fit({ x: [[0], [1]], y: [1, 3] }, { epochs: 100, onEpoch: ({ loss }) => console.log(loss) });
 * trainer.fitSync({ x: [[0], [1]], y: [1, 3] }, { epochs: 100 });
 * (await remote.digest()) === trainer.digest(); // => true
 * remote.dispose();
 */
export async function inWorker<X = Rows, P = Result>(
  source: TrainerSource<X, P>,
  options?: StartOptions,
): Promise<WorkerTrainer<X, P>>;
export async function inWorker<X = Rows, P = Result>(
  source: unknown,
  options: StartOptions & { readonly worker: () => WorkerLike },
): Promise<WorkerTrainer<X, P>>;
export async function inWorker(source: unknown, options: StartOptions = {}): Promise<WorkerTrainer> {
  refuseMore("inWorker", arguments, 2, "write inWorker(source, options)");
  const { worker, engine, progressInterval, startTimeout, signal } = readOptions("inWorker", options, {
    ...WORKER,
    signal: [undefined, SIGNAL],
  });
  checkEngine("inWorker", engine);
  signal?.throwIfAborted();
  // At once: what it gives is that of the call, and the worker's file is loaded meanwhile.
  const given = sourceOf("inWorker", source, worker !== undefined);
  given.catch(() => {});
  const link = makeLink("inWorker", worker, progressInterval);
  let stop = () => {};
  try {
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(signal?.reason);
    });
    signal?.addEventListener("abort", stop);
    const opening = given.then((source) => openTrainer("inWorker", link, source, engine, startTimeout));
    const opened = await Promise.race([opening, stopped]);
    const end = () => link.connection.end(disposedWorker("inWorker"));
    return remoteTrainer(link, opened, { by: "dispose", end });
  } catch (error) {
    link.connection.end(disposedWorker("inWorker"));
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Has the worker of a link make a trainer. @param timeout for its answer; 0 where it has answered before */
export function openTrainer(
  who: string,
  { connection }: Link,
  source: unknown,
  engine: EngineOptions | undefined,
  timeout: number,
): Promise<Opened> {
  const open = () =>
    postArguments(who, [source, engine], ["source", "engine"], undefined, ([posted, settings]) =>
      connection.host.open(VERSION, posted, settings as EngineOptions | undefined),
    );
  return timeout > 0 ? connection.start(open, timeout) : connection.answer(open);
}

export function checkEngine(who: string, engine: unknown): void {
  if (engine === undefined || (typeof engine === "object" && engine !== null && !("livePrograms" in engine)))
    return;
  throw new OptionError(
    `${who}: engine must be options of createEngine, such as { relaxed: true }, which runs in the worker; got ${
      typeof engine === "object" && engine !== null ? "an engine" : describe(engine)
    }`,
  );
}
