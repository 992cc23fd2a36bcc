/** The caller's side: trainers that live in a worker. */
import { transfer } from "comlink";
import { describe } from "../describe.ts";
import { BusyError, DataError, DisposedError, OptionError } from "../errors.ts";
import { BOOLEAN, check, FUNCTION, oneOf, refuseMore, SIGNAL } from "../options.ts";
import { makeResult } from "../rows/data.ts";
import { checkWithState, nested } from "../train/customers.ts";
import type { EpochCallback, EpochEvent, FitOptions, FitProgress } from "../train/fit-options.ts";
import { type Connection, connect } from "./connection.ts";
import { ABORTED } from "./crossing-errors.ts";
import { type Call, MEMBERS, memberOf } from "./members.ts";
import type { Opened, ProgressEvents, ProgressSettings } from "./protocol.ts";
import { postArguments } from "./values.ts";
import type { WorkerData, WorkerFitOptions, WorkerTrainer } from "./worker-trainer.ts";

// biome-ignore lint/suspicious/noExplicitAny: trainers of any model
export type AnyWorkerTrainer = WorkerTrainer<any, any>;

/** A call under way, for what the worker asks meanwhile. */
interface Pending {
  progress?(events: ProgressEvents): Promise<unknown>;
  serve?(handle: Opened): Promise<void>;
  /** What a callback of the call threw: it ends with that. */
  failure?: { readonly error: unknown };
}

/** A worker, and what this side keeps of it. */
export interface Link {
  readonly connection: Connection;
  readonly pending: Map<number, Pending>;
  /** Milliseconds between two messages of progress. */
  readonly interval: number;
  /** Whether the part of a `withState`'s function before its first `await` runs: whoever calls now calls from inside. */
  isEntering: boolean;
}

/** @throws WorkerError where no worker can be started */
export function makeLink(who: string, make: (() => unknown) | undefined, interval: number): Link {
  const pending = new Map<number, Pending>();
  const connection = connect(
    who,
    {
      // What was disposed of meanwhile has nothing to hear.
      progress: async (call, events) => pending.get(call)?.progress?.(events),
      serve: async (call, handle) => pending.get(call)?.serve?.(handle),
    },
    make,
  );
  return { connection, pending, interval, isEntering: false };
}

/** Where bound data are: their worker, and their number there. */
const bound = new WeakMap<object, { readonly link: Link; readonly number: number }>();

/** Says to the workers that nobody refers to bound data any more. */
const forgotten = new FinalizationRegistry<{ readonly link: Link; readonly number: number }>(
  ({ link: { connection }, number }) => {
    if (!connection.isEnded) connection.host.release(number);
  },
);

/** Of a class and frozen, so that reactive state keeps it as it is. */
class BoundInWorker {
  constructor(readonly rows: number) {
    Object.freeze(this);
  }
}

/** Asks the worker for something that can be aborted, while it may ask back. */
async function ask<T>(
  { connection, pending }: Link,
  signal: AbortSignal | undefined,
  entry: Pending,
  send: (call: number) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const call = connection.next();
  const abort = () => {
    connection.host.abort(call);
  };
  pending.set(call, entry);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const result = await connection.answer(() => send(call));
    if (entry.failure) throw entry.failure.error;
    // Whether it was too late for the worker is a matter of luck.
    signal?.throwIfAborted();
    return result;
  } catch (error) {
    // A worker that has ended is told before anything that went wrong here.
    if (entry.failure && !connection.isEnded) throw entry.failure.error;
    throw error === ABORTED ? signal?.reason : error;
  } finally {
    signal?.removeEventListener("abort", abort);
    pending.delete(call);
  }
}

/** Arguments with references to bound data in their place. */
const referTo = (who: string, link: Link, value: unknown): unknown => {
  const known = typeof value === "object" && value !== null ? bound.get(value) : undefined;
  if (!known) return value;
  if (known.link === link) return { "wasmgrad.bound": known.number };
  throw new DataError(`${who}: data must be bound to this trainer; got data that another one's bind gave`);
};

const isObject = (options: unknown): options is Readonly<Record<string, unknown>> =>
  typeof options === "object" && options !== null && !Array.isArray(options);

/** The options of a call that this side reads, and the others. */
function split(who: string, options: unknown): { signal?: AbortSignal; transfer: boolean; others: unknown } {
  // What is no object the call itself refuses.
  if (!isObject(options)) return { transfer: false, others: options };
  const { signal, transfer = false, ...others } = options;
  if (signal !== undefined) check(who, "signal", signal, SIGNAL);
  check(who, "transfer", transfer, BOOLEAN);
  return { signal: signal as AbortSignal | undefined, transfer: transfer as boolean, others };
}

/** Results of rows have their methods again, which clones lose. */
function withMethods(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { data, shape } = value;
  if (data instanceof Float32Array && Array.isArray(shape)) return makeResult(data, shape);
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withMethods(entry)]));
}

const PROGRESS = /* @__PURE__ */ oneOf("latest", "every");

/** How a trainer in a worker ends. */
export type End =
  /** With what it was made by. */
  | { readonly by: "dispose"; readonly end: () => void }
  /** As the trainer of a `withState`, with its function. */
  | { readonly by: "function" };

/** What `WorkerTrainer` does that is more than to ask. The rest comes from the table of members, below. */
class RemoteTrainer {
  readonly #link: Link;
  readonly #target: number;
  readonly #end: End;
  /** Fits of the trainer of a `withState`, in case nobody awaits them. */
  readonly #fits = new Set<Promise<unknown>>();
  /** What is under way that others must not change the state in. */
  #work: { readonly signal: AbortSignal | undefined } | undefined;
  readonly labels: Opened["labels"];
  readonly columns: Opened["columns"];

  constructor(link: Link, { target, labels, columns }: Opened, end: End) {
    this.#link = link;
    this.#target = target;
    this.#end = end;
    this.labels = labels;
    this.columns = columns;
  }

  get __v_skip(): true {
    return true;
  }

  /** As the trainer there would, where it heard of the call before its fit is over: otherwise luck would decide. */
  #checkIdle(who: string): void {
    if (this.#work && !this.#work.signal?.aborted && !this.#link.connection.isEnded)
      throw new BusyError(
        `${who}: needs a trainer at rest; got a call while a fit is under way: await or abort it first`,
      );
  }

  async #workOn<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    const work = { signal };
    this.#work = work;
    try {
      return await run();
    } finally {
      if (this.#work === work) this.#work = undefined;
    }
  }

  /** The value of a property there. */
  read(name: string): Promise<unknown> {
    const { connection } = this.#link;
    return connection.answer(() => connection.host.read(this.#target, name));
  }

  /** A method there. */
  async call(who: string, args: unknown[], { options: at, gives, changes }: Call): Promise<unknown> {
    const link = this.#link;
    if (changes) this.#checkIdle(who);
    const { signal, transfer: isMoved, others } = split(who, at < 0 ? undefined : args[at]);
    const all = args.map((arg) => referTo(who, link, arg));
    if (at >= 0 && all.length > at) all[at] = others;
    const names = at === 1 ? ["data", "options"] : ["data"];
    const run = () =>
      ask(link, signal, {}, (call) =>
        postArguments(who, all, names, isMoved && all[0], (posted, moved) =>
          link.connection.host.call(this.#target, who, transfer(posted as unknown[], moved), call),
        ),
      );
    const result = await (changes === "in slices" ? this.#workOn(signal, run) : run());
    return gives === "rows" ? withMethods(result) : result;
  }

  fit(data: unknown, options?: WorkerFitOptions): Promise<unknown> {
    const run = this.#startFit(data, options, arguments);
    if (this.#end.by === "function") this.#fits.add(run);
    return run;
  }

  /** Says that the error of the `withState` tells what became of fits that nobody awaits. */
  leave(): void {
    for (const run of this.#fits) run.catch(() => {});
  }

  async #startFit(data: unknown, options: WorkerFitOptions = {}, given: IArguments): Promise<unknown> {
    refuseMore("fit", given, 2, "write fit({ x, y }, options)");
    this.#checkIdle("fit");
    const link = this.#link;
    const { signal, transfer: isMoved, others } = split("fit", options);
    const { onEpoch, onProgress, progress = "latest", ...sent } = Object(others) as WorkerFitOptions;
    check("fit", "progress", progress, PROGRESS);
    if (onProgress !== undefined) check("fit", "onProgress", onProgress, FUNCTION);
    const callbacks = callbacksOf(onEpoch as FitOptions["onEpoch"]);
    const settings: ProgressSettings = {
      onEpoch: callbacks.length > 0,
      onProgress: onProgress !== undefined,
      every: progress === "every",
      interval: link.interval,
    };
    const entry: Pending = {};
    let own = -1;
    entry.progress = async (events) => {
      try {
        return await tell(events, callbacks, onProgress, this, () => link.pending.has(own));
      } catch (error) {
        entry.failure ??= { error };
        // Before the answer, so that no other step is made when every event is awaited.
        link.connection.host.abort(own);
        return undefined;
      }
    };
    const validation = referTo("fit", link, sent.validation);
    const args = [
      referTo("fit", link, data),
      isObject(others) ? { ...sent, ...(validation === undefined ? {} : { validation }) } : others,
    ];
    const send = (call: number) => {
      own = call;
      const movable = isMoved && [args[0], validation];
      return postArguments("fit", args, ["data", "options"], movable, (posted, moved) =>
        link.connection.host.call(this.#target, "fit", transfer(posted as unknown[], moved), call, settings),
      );
    };
    return this.#workOn(signal, () => ask(link, signal, entry, send));
  }

  async bind(data: unknown, options?: object): Promise<WorkerData> {
    refuseMore("bind", arguments, 2, "write bind({ x, y })");
    const link = this.#link;
    const { connection } = link;
    const { transfer: isMoved, others } = split("bind", options);
    const { bound: number, rows } = await connection.answer(() =>
      postArguments("bind", [data, others], ["data", "options"], isMoved && data, (posted, moved) =>
        connection.host.keep(this.#target, transfer(posted as unknown[], moved)),
      ),
    );
    const handle = new BoundInWorker(rows);
    bound.set(handle, { link, number });
    forgotten.register(handle, { link, number });
    return handle;
  }

  bindAsync(...given: [data: unknown, options?: object]): Promise<WorkerData> {
    return this.bind(...given);
  }

  async withState(state: Uint8Array, fn: (trainer: AnyWorkerTrainer) => unknown, options: object = {}) {
    refuseMore("withState", arguments, 3);
    const link = this.#link;
    if (this.#end.by === "function" || link.isEntering) throw nested();
    checkWithState(fn, options);
    const { signal, others } = split("withState", options);
    const entry: Pending = {};
    entry.serve = async (opened) => {
      const handle = new RemoteTrainer(link, opened, { by: "function" });
      try {
        link.isEntering = true;
        let work: unknown;
        try {
          work = fn(handle as unknown as AnyWorkerTrainer);
        } finally {
          link.isEntering = false;
        }
        await work;
      } catch (error) {
        entry.failure ??= { error };
        throw error;
      } finally {
        handle.leave();
      }
    };
    return ask(link, signal, entry, (call) =>
      postArguments("withState", [state, others], ["state", "options"], undefined, ([posted, rest]) =>
        link.connection.host.withState(this.#target, posted, rest, call),
      ),
    );
  }

  engineInfo(): Promise<unknown> {
    const { connection } = this.#link;
    return connection.answer(() => connection.host.engineInfo(this.#target));
  }

  dispose(): void {
    if (this.#end.by === "function")
      throw new OptionError("dispose: the trainer of withState ends with its function; got a call before");
    this.#end.end();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toJSON(): Record<string, unknown> {
    return { package: "wasmgrad", worker: true };
  }
}

/** The other members, as the table says. */
for (const name of Object.keys(MEMBERS)) {
  const member = memberOf(name);
  if (member?.kind === "read")
    Object.defineProperty(RemoteTrainer.prototype, name, {
      get(this: RemoteTrainer) {
        return this.read(name);
      },
    });
  else if (member?.kind === "call")
    Object.defineProperty(RemoteTrainer.prototype, name, {
      value(this: RemoteTrainer, ...args: unknown[]) {
        return this.call(name, args, member);
      },
    });
  else if (member?.kind === "absent" && member.instead) {
    const refuse = () => {
      throw new OptionError(`${name}: a trainer in a worker has none: ${member.instead}`);
    };
    Object.defineProperty(
      RemoteTrainer.prototype,
      name,
      name === "buffers" ? { get: refuse } : { value: refuse },
    );
  }
}

export const remoteTrainer = (link: Link, opened: Opened, end: End): AnyWorkerTrainer =>
  new RemoteTrainer(link, opened, end) as unknown as AnyWorkerTrainer;

function callbacksOf(onEpoch: FitOptions["onEpoch"]): readonly EpochCallback[] {
  if (onEpoch === undefined) return [];
  const callbacks = Array.isArray(onEpoch) ? onEpoch : [onEpoch];
  for (const callback of callbacks)
    if (typeof callback !== "function")
      throw new OptionError(
        `fit: onEpoch must be a function, or an array of functions; got ${describe(callback)}`,
      );
  return callbacks;
}

/** Calls what hears of progress, as long as the call lasts; `"stop"` if one of them says so. */
async function tell(
  { epoch, progress }: ProgressEvents,
  onEpoch: readonly EpochCallback[],
  onProgress: ((now: FitProgress, trainer: never) => unknown) | undefined,
  trainer: unknown,
  isHeard: () => boolean,
): Promise<unknown> {
  let answer: unknown;
  if (epoch)
    for (const callback of onEpoch)
      if (isHeard() && (await callback(epoch as EpochEvent, trainer)) === "stop") answer = "stop";
  if (progress && isHeard()) await onProgress?.(progress, trainer as never);
  return answer;
}

export const disposedWorker = (who: string) => () =>
  new DisposedError(
    `${who}: the trainer must live until the end of a call; got dispose() before or on the way`,
  );
