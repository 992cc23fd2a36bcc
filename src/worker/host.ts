/** The worker's side: it holds trainers, and does with them what the other side asks. */
import { expose, finalizer, transfer, wrap } from "comlink";
import { describe } from "../describe.ts";
import { DisposedError, OptionError, WorkerError } from "../errors.ts";
import { createEngine, type Engine, type Trainer } from "../index.ts";
import type { AnyFitOptions } from "../train/fit-options.ts";
import type { BoundData } from "../train/training-data.ts";
import { VERSION } from "../version.ts";
import { ABORTED, carryErrors } from "./crossing-errors.ts";
import { builtin, endpointOf, type Threads } from "./endpoint.ts";
import { memberOf } from "./members.ts";
import { reporterOf } from "./progress.ts";
import {
  type CallerCalls,
  type HostCalls,
  isBoundReference,
  type Opened,
  type ProgressSettings,
} from "./protocol.ts";
import { copyOf, wholeBuffersIn } from "./values.ts";

// biome-ignore lint/suspicious/noExplicitAny: trainers of any model
export type AnyTrainer = Trainer<any, any>;

/** What makes the trainer of a worker. */
export interface WorkerSettings {
  /** The engine that `inWorker` asked for with its option `engine`; undefined: the default one. */
  readonly engine: Engine | undefined;
}

/**
 * Makes a trainer for the other side.
 *
 * @param source what `inWorker` was given: plain data, or the bytes of a file
 */
export type MakeTrainer = (
  source: unknown,
  settings: WorkerSettings,
  // biome-ignore lint/suspicious/noExplicitAny: trainers of any model
) => Trainer<any, any> | Promise<Trainer<any, any>>;

/**
 * Serves `inWorker` in a worker's file of one's own, for trainers that files cannot hold: with losses, schedules or metrics that
 * are functions, or on data that only the worker reads. Call it once, at the top of that file.
 *
 * @param make makes a trainer of what `inWorker` was given as its source: data that can be posted
 * @throws WorkerError outside of a worker
 * @example
 * import { isMainThread } from "node:worker_threads";
 *
 * const make = (seed: unknown) =>
 *   compile(sequential({ input: [2], seed: seed as number }, [dense(1)]), {
 *     loss: (prediction, target) => prediction.sub(target).abs().mean(),
 *     optimizer: sgd({ learningRate: (step) => 0.1 / (1 + step) }),
 *   });
 * if (!isMainThread) serveTrainer(make);
 */
export function serveTrainer(make: MakeTrainer): void {
  if (typeof make !== "function")
    throw new OptionError(
      `serveTrainer: make must be a function that gives a trainer; got ${describe(make)}`,
    );
  const port = builtin<Threads>("worker_threads")?.parentPort ?? ownScope();
  if (!port)
    throw new WorkerError(
      "serveTrainer: must be called in the file of a worker; got a call elsewhere: there use the trainer itself",
      "start",
    );
  serveOn(port, make);
}

/** The scope of a worker of a page: it posts, and has no document. */
function ownScope(): object | undefined {
  const scope = globalThis as { document?: unknown; postMessage?: unknown };
  return typeof scope.postMessage === "function" && scope.document === undefined ? scope : undefined;
}

/** Serves one channel. */
export function serveOn(port: object, make: MakeTrainer): void {
  carryErrors();
  const endpoint = endpointOf(port);
  const caller = wrap<CallerCalls>(endpoint) as unknown as CallerCalls;
  const host = makeHost(make, caller);
  // Of which call it was nobody knows.
  endpoint.addEventListener("messageerror", () => caller.unreadable("a message that could not be read"));
  // When the other side forgets its trainer without a word, Comlink tells.
  expose(Object.assign(host, { [finalizer]: () => (port as { close?(): void }).close?.() }), endpoint);
}

function makeHost(make: MakeTrainer, caller: CallerCalls): HostCalls {
  const trainers = new Map<number, AnyTrainer>();
  const bound = new Map<number, { readonly target: number; readonly data: BoundData }>();
  /** Calls under way that can be aborted. */
  const running = new Map<number, AbortController>();
  /** Of trainers and bound data. */
  let numbers = 0;
  /** One for all trainers of this worker: the other side asks for the same each time. */
  let engine: Promise<Engine> | undefined;

  const add = (trainer: AnyTrainer): Opened => {
    const target = ++numbers;
    trainers.set(target, trainer);
    const { labels, columns } = trainer;
    return { target, labels, columns: columns?.map((column) => ({ ...column })) };
  };
  const trainerOf = (target: number): AnyTrainer => {
    const trainer = trainers.get(target);
    if (trainer) return trainer;
    throw new DisposedError(
      "inWorker: the trainer must live until the end of a call; got a call after dispose()",
    );
  };
  const given = (arg: unknown): unknown => {
    if (!isBoundReference(arg)) return arg;
    const found = bound.get(arg["wasmgrad.bound"]);
    if (found) return found.data;
    throw new DisposedError(
      "inWorker: bound data must belong to a trainer that lives; got data of another one",
    );
  };
  /** Runs a call that can be aborted by its number. */
  const abortable = async <T>(call: number, run: (signal: AbortSignal) => Promise<T> | T): Promise<T> => {
    const controller = new AbortController();
    running.set(call, controller);
    try {
      return await run(controller.signal);
    } finally {
      running.delete(call);
    }
  };

  const train = async (
    trainer: AnyTrainer,
    [data, options]: readonly unknown[],
    call: number,
    progress: ProgressSettings,
    signal: AbortSignal,
  ) => {
    const reporter = reporterOf(progress, (events) => caller.progress(call, events));
    // What is no object the call itself refuses.
    if (!isOptions(options)) return trainer.fit(given(data) as BoundData, options as AnyFitOptions);
    const { validation } = Object(options) as AnyFitOptions;
    try {
      return await trainer.fit(given(data) as BoundData, {
        ...(options as AnyFitOptions),
        ...(validation === undefined ? {} : { validation: given(validation) as BoundData }),
        ...(progress.onEpoch ? { onEpoch: (epoch) => reporter.tell({ epoch }) } : {}),
        ...(progress.onProgress ? { onProgress: (now) => reporter.tell({ progress: now }) } : {}),
        signal,
      });
    } finally {
      if (!signal.aborted) await reporter.finish();
    }
  };

  return {
    async open(version, source, engineOptions) {
      if (version !== VERSION)
        throw new WorkerError(
          `inWorker: the worker's file must be of the same version of the package; got ${VERSION} there, ${version} here`,
          "start",
        );
      if (engineOptions) engine ??= createEngine(engineOptions);
      const trainer = await make(source, { engine: await engine });
      if (typeof trainer?.fit !== "function")
        throw new OptionError(
          `serveTrainer: make must give a trainer, which compile(model, { loss, optimizer }) makes; got ${describe(trainer)}`,
        );
      return add(trainer);
    },
    async engineInfo(target) {
      const own = trainerOf(target).program.engine as Partial<Engine> & Pick<Engine, "livePrograms">;
      // The default engine, which nobody made, has no such call.
      return own.info?.() ?? { threads: 1, wanted: 1, relaxed: false, livePrograms: own.livePrograms };
    },
    async read(target, name) {
      const value = copyOf(trainerOf(target)[name as keyof AnyTrainer]);
      return posted(value);
    },
    async call(target, name, args, call, progress) {
      const trainer = trainerOf(target);
      const member = memberOf(name);
      const result = await abortable(call, (signal) => {
        if (name === "fit") return train(trainer, args, call, progress as ProgressSettings, signal);
        if (member?.kind !== "call") throw new OptionError(`inWorker: unknown call; got ${describe(name)}`);
        const all = args.map(given);
        const options = all[member.options];
        if (member.options >= 0 && isOptions(options)) all[member.options] = { ...options, signal };
        return (trainer[member.method] as (...all: unknown[]) => unknown)(...all);
      });
      return posted(result);
    },
    async keep(target, args) {
      const data = await (trainerOf(target).bindAsync as (...all: unknown[]) => Promise<BoundData>)(...args);
      const number = ++numbers;
      bound.set(number, { target, data });
      return { bound: number, rows: data.rows };
    },
    async withState(target, state, options, call) {
      const trainer = trainerOf(target);
      const serve = async (handle: AnyTrainer) => {
        const opened = add(handle);
        try {
          await caller.serve(call, opened);
        } finally {
          trainers.delete(opened.target);
        }
      };
      return posted(
        await abortable(call, (signal) =>
          trainer.withState(
            state as Uint8Array,
            serve,
            isOptions(options) ? { ...options, signal } : (options as object),
          ),
        ),
      );
    },
    release: (number) => {
      bound.delete(number);
    },
    abort: (call) => running.get(call)?.abort(ABORTED),
    close: (target) => {
      trainers.get(target)?.dispose();
      trainers.delete(target);
      for (const [number, one] of bound) if (one.target === target) bound.delete(number);
    },
  };
}

/** What `{ .. }` may be added to; everything else the call itself refuses. */
const isOptions = (options: unknown): options is object | undefined =>
  options === undefined || (typeof options === "object" && options !== null && !Array.isArray(options));

/** Results own their memory: it goes along. */
const posted = <T>(value: T): T =>
  typeof value === "object" && value !== null ? transfer(value, wholeBuffersIn(value)) : value;
