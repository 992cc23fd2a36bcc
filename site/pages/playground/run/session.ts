/** The session as the page has it: a worker, started anew where a run needs parts of the engine that it does not have. */
import * as Comlink from "comlink";
import { readConfig } from "./config.ts";
import { isFirst, loadFirstStart } from "./first-start.ts";
import { needsExtras } from "./needs.ts";
import type { Config, Session, View } from "./types.ts";

const NO_WEBASSEMBLY = "This browser has no WebAssembly, which training needs.";

interface Opened {
  readonly worker: Worker;
  readonly remote: Comlink.Remote<Session>;
  readonly hasExtras: boolean;
  /** Rejects when the worker ends. */
  readonly ended: Promise<never>;
  end(message: string): void;
}

function open(hasExtras: boolean): Opened {
  const worker = hasExtras
    ? new Worker(new URL("./session-worker-full.ts", import.meta.url), { type: "module" })
    : new Worker(new URL("./session-worker.ts", import.meta.url), { type: "module" });
  let end = (_: string): void => {};
  const ended = new Promise<never>((_, reject) => {
    end = (message) => {
      worker.terminate();
      reject(new Error(message));
    };
  });
  ended.catch(() => {});
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    end(
      typeof WebAssembly === "object" ? "The worker that trains has ended: restart the run." : NO_WEBASSEMBLY,
    );
  });
  return { worker, remote: Comlink.wrap<Session>(worker), hasExtras, ended, end };
}

/** What a visitor does first: the worker is opened then, before it is asked for something. */
const INTERACTIONS = ["pointerdown", "keydown"] as const;

/**
 * A session in a worker of its own. Calls reject with a sentence where the worker fails or is closed; `start` then opens another. A
 * worker is opened when there is something to train: the first start of all comes from a file.
 */
export function openSession(): { session: Session; close(): void } {
  let opened: Opened | undefined;
  /** One with more parts of the engine, until its first run has started. */
  let coming: Opened | undefined;
  /** A run that was shown from the file, and that no worker has started yet. */
  let waiting: { readonly config: Config; readonly view: View } | undefined;
  let isFirstStart = true;

  const call = async <R>(of: Opened, result: Promise<R>): Promise<R> => {
    try {
      return await Promise.race([result, of.ended]);
    } catch (error) {
      if (opened === of && (await isOver(of))) opened = undefined;
      throw error;
    }
  };
  /** A worker for the first run of all. */
  const openFirst = () => {
    opened ??= open(false);
    return opened;
  };
  /** Asks the worker that has the run. */
  const ask = async <R>(question: (remote: Comlink.Remote<Session>) => Promise<R>): Promise<R> => {
    if (waiting) {
      const { config, view } = waiting;
      waiting = undefined;
      const worker = openFirst();
      await call(worker, worker.remote.start(config, view));
    }
    if (!opened) throw new Error("There is no run yet: start one.");
    return call(opened, question(opened.remote));
  };
  const openEarly = () => {
    for (const kind of INTERACTIONS) removeEventListener(kind, openEarly);
    if (waiting) openFirst();
  };

  const session: Session = {
    async start(given, view) {
      const config = readConfig(given);
      if (typeof WebAssembly !== "object") throw new Error(NO_WEBASSEMBLY);
      const first = isFirstStart && isFirst(config, view) ? await loadFirstStart() : undefined;
      isFirstStart = false;
      if (first) {
        waiting = { config, view };
        for (const kind of INTERACTIONS) addEventListener(kind, openEarly);
        return first;
      }
      // A run that cannot start leaves the one before as it is, in its worker.
      if (opened && (opened.hasExtras || !needsExtras(config))) {
        const start = await call(opened, opened.remote.start(config, view));
        waiting = undefined;
        return start;
      }
      const worker = open(needsExtras(config));
      coming = worker;
      try {
        const start = await call(worker, worker.remote.start(config, view));
        opened?.end("Another run was started.");
        opened = worker;
        waiting = undefined;
        return start;
      } catch (error) {
        worker.end("Its run could not start.");
        throw error;
      } finally {
        if (coming === worker) coming = undefined;
      }
    },
    advance: (by, view) => ask((remote) => remote.advance(by, view)),
    seek: (step, view) => ask((remote) => remote.seek(step, view)),
    restore: (state, view) => ask((remote) => remote.restore(state, view)),
    setRate: (rate) => ask((remote) => remote.setRate(rate)),
    claim: () => ask((remote) => remote.claim()),
    file: () => ask((remote) => remote.file()),
  };
  return {
    session,
    close() {
      for (const kind of INTERACTIONS) removeEventListener(kind, openEarly);
      waiting = undefined;
      for (const worker of [opened, coming]) worker?.end("The run was closed.");
      opened = undefined;
    },
  };
}

/** Whether the worker has ended by now. */
const isOver = ({ ended }: Opened): Promise<boolean> =>
  Promise.race([ended, Promise.resolve(false)]).catch(() => true);
