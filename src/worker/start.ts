/** Starting workers: in pages and in Node, with the package's own file or one that the caller makes. */
import { describe } from "../describe.ts";
import { OptionError, WorkerError } from "../errors.ts";
import type { WorkerLike } from "../runtime/crew.ts";
import { describeThrown } from "./crossing-errors.ts";
import { builtin, type NodeWorker, type Threads } from "./endpoint.ts";

/** A worker that has been started, and what it says of its end. */
export interface Started {
  readonly worker: WorkerLike;
  /** Registers what hears that it has died, with what is known of the reason. */
  onDeath(listener: (reason: unknown) => void): void;
  /** Whether the process waits for it; pages know no such thing. */
  holdProcess(hold: boolean): void;
}

/** Where this file stands, once it was bundled. */
const here: string | undefined = import.meta.url;
const HOST_FILE = "worker-host.js";

/** What to do where the package's file cannot be loaded, or a worker not started. */
const ADVICE =
  "a bundler that leaves files behind needs a copy of wasmgrad/dist/worker-host.js beside what it wrote, a Content-Security-Policy " +
  "worker-src 'self'; or give { worker: () => new Worker(..) } with a file of your own, which calls serveTrainer";

export const startError = (who: string, got: unknown, cause?: unknown): WorkerError =>
  new WorkerError(
    `${who}: a worker must start and load its file; got ${describeThrown(got)}: ${ADVICE}`,
    "start",
    { cause },
  );

/**
 * @param make makes a worker in place of the package's own
 * @throws WorkerError where none can be started
 */
export function startWorker(who: string, make: (() => unknown) | undefined): Started {
  const worker = make ? made(who, make) : own(who);
  return isNodeWorker(worker) ? fromNode(worker) : fromPage(worker as Worker);
}

function made(who: string, make: () => unknown): WorkerLike {
  let worker: unknown;
  try {
    worker = make();
  } catch (cause) {
    throw startError(who, cause, cause);
  }
  const { postMessage, terminate } = Object(worker) as Partial<WorkerLike>;
  if (typeof postMessage === "function" && typeof terminate === "function") return worker as WorkerLike;
  throw new OptionError(
    `${who}: worker must be a function that gives a Worker; got a function that gives ${describe(worker)}`,
  );
}

const isNodeWorker = (worker: object): worker is NodeWorker =>
  typeof (worker as Partial<NodeWorker>).on === "function";

function own(who: string): WorkerLike {
  // In Electron's pages there are both.
  const threads =
    (globalThis as { document?: unknown }).document === undefined
      ? builtin<Threads>("worker_threads")
      : undefined;
  try {
    // Of the parent's flags some are for its own script alone, such as `--input-type`.
    if (threads) return new threads.Worker(new URL(HOST_FILE, here), { name: "wasmgrad", execArgv: [] });
    return ofPage();
  } catch (cause) {
    throw startError(who, cause, cause);
  }
}

function ofPage(): Worker {
  const away = foreignHostFile();
  // Just this form is what bundlers look for.
  if (!away) return new Worker(new URL("./worker-host.js", import.meta.url), { type: "module" });
  const text = `import ${JSON.stringify(away)};`;
  return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })), { type: "module" });
}

/**
 * The worker's file where this one comes from another origin than the page, such as a CDN: a page starts workers of its own origin
 * only. A blob has that origin, and may import from elsewhere.
 */
function foreignHostFile(): string | undefined {
  const { origin } = (globalThis as { location?: { origin: string } }).location ?? {};
  if (!/^https?:/.test(String(here)) || new URL(String(here)).origin === origin) return undefined;
  return new URL(HOST_FILE, here).href;
}

function fromNode(worker: NodeWorker): Started {
  return {
    worker,
    onDeath: (listener) => {
      worker.on("error", listener);
      worker.on("messageerror", listener);
      worker.on("exit", (code) => listener(`an exit with code ${code}`));
    },
    holdProcess: (hold) => (hold ? worker.ref() : worker.unref()),
  };
}

function fromPage(worker: Worker): Started {
  return {
    worker,
    onDeath: (listener) => {
      worker.addEventListener("error", (event) => {
        // Otherwise the page's own handlers hear of it, too.
        event.preventDefault();
        listener(event.error ?? (event.message || "no reason: its file was not found, or may not be loaded"));
      });
      worker.addEventListener("messageerror", () => listener("a message that could not be read"));
    },
    holdProcess: () => {},
  };
}
