/** Workers of Node and of browsers, started and heard alike. */
import { describe } from "../describe.ts";
import { WORKER } from "../kernels/worker.wasm.ts";
import type { WorkerLike } from "../runtime/crew.ts";
import type { Hello, Mail, Reply } from "./protocol.ts";

/** A thread, wherever it came from. */
export interface Thread {
  post(message: Hello | Mail): void;
  /** Ends it at once. Resolves when it is certain that it touches nothing any more. */
  end(): Promise<unknown>;
}

export interface Heard {
  reply(reply: Reply): void;
  /** It could not start, failed, or is gone. */
  gone(why: unknown): void;
}

/** What tells the workers of pages from those of Node. */
interface Emitter extends WorkerLike {
  addEventListener?(type: string, listener: (event: never) => void): void;
  on?(event: string, listener: (value: never) => void): unknown;
  unref?(): void;
}

interface WorkerThreads {
  readonly Worker: new (
    source: string,
    options: { readonly eval: true; readonly execArgv: readonly string[]; readonly name: string },
  ) => WorkerLike;
}

interface Scope {
  readonly process?: { getBuiltinModule?(name: "worker_threads"): WorkerThreads | undefined };
}

const NAME = "wasmgrad";

/** What webpack knows at build time, so that it leaves out what stands behind. */
declare const __webpack_require__: unknown;

export const nodeThreads = (): WorkerThreads | undefined =>
  (globalThis as Scope).process?.getBuiltinModule?.("worker_threads");

/** Where the browser does not say when a worker is gone: no engine takes this long to stop one. */
const END_MS = 1000;

/** @throws what the runtime throws where it can start none */
export function spawn(factory: (() => WorkerLike) | undefined, heard: Heard): Thread {
  if (factory) return adapt(checked(factory()), heard);
  const node = nodeThreads();
  // The process' own flags may load hooks, or say that code is a module.
  if (node) return adapt(new node.Worker(WORKER, { eval: true, execArgv: [], name: NAME }), heard);
  return spawnInPage(heard);
}

function checked(worker: WorkerLike): WorkerLike {
  const { postMessage, terminate } = Object(worker) as Partial<WorkerLike>;
  if (typeof postMessage === "function" && typeof terminate === "function") return worker;
  throw new Error(`worker must be a function that gives a Worker; got one that gives ${describe(worker)}`);
}

/** By the file beside this one, as policies want it; where there is none, as in bundles of one file, by a blob. */
function spawnInPage(heard: Heard): Thread {
  const inbox: (Hello | Mail)[] = [];
  let hasStarted = false;
  let isEnded = false;
  const reply: Heard["reply"] = (message) => {
    hasStarted = true;
    heard.reply(message);
  };
  const blob = () => {
    const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
    const worker = new Worker(url, { name: NAME });
    const release = () => URL.revokeObjectURL(url);
    return adapt(worker, {
      reply: (message) => {
        release();
        reply(message);
      },
      gone: (why) => {
        release();
        heard.gone(why);
      },
    });
  };
  const orBlob = (why: unknown) => {
    if (hasStarted) return heard.gone(why);
    if (isEnded) return;
    try {
      thread = blob();
      for (const message of inbox) thread.post(message);
    } catch (error) {
      heard.gone(error);
    }
  };
  let thread: Thread;
  try {
    // Bundlers copy the file that is written so. webpack would add to all pages, with this part or not: there it is a blob.
    if (typeof __webpack_require__ === "undefined") {
      const worker = new Worker(new URL("./thread.js", import.meta.url), { type: "module", name: NAME });
      thread = adapt(worker, { reply, gone: orBlob });
    } else thread = blob();
  } catch {
    thread = blob();
  }
  return {
    post: (message) => {
      if (!hasStarted) inbox.push(message);
      thread.post(message);
    },
    end: () => {
      isEnded = true;
      return thread.end();
    },
  };
}

function adapt(given: WorkerLike, { reply, gone }: Heard): Thread {
  const worker = given as Emitter;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  if (worker.on) {
    worker.on("message", reply as (value: never) => void);
    worker.on("error", gone as (value: never) => void);
    worker.on("exit", ((code: number) => {
      end();
      gone(new Error(`it ended with code ${code}`));
    }) as (value: never) => void);
  } else {
    worker.addEventListener?.("message", (({ data }: MessageEvent<Reply>) => reply(data)) as never);
    worker.addEventListener?.("error", ((event: ErrorEvent) => {
      event.preventDefault?.();
      gone(event.error ?? new Error(event.message || "it could not be loaded"));
    }) as never);
  }
  worker.unref?.();
  return {
    post: (message) => worker.postMessage(message),
    end: async () => {
      worker.terminate();
      if (!worker.on) setTimeout(end, END_MS);
      return ended;
    },
  };
}
