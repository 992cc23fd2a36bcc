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
  const openFor = (config: Config): Opened => {
    if (!opened || (needsExtras(config) && !opened.hasExtras)) {
      opened?.end("Another run was started.");
      opened = open(needsExtras(config));
    }
    return opened;
  };
  /** Asks the worker that has the run. */
  const ask = async <R>(question: (remote: Comlink.Remote<Session>) => Promise<R>): Promise<R> => {
    if (waiting) {
      const { config, view } = waiting;
      waiting = undefined;
      const worker = openFor(config);
      await call(worker, worker.remote.start(config, view));
    }
    if (!opened) throw new Error("There is no run yet: start one.");
    return call(opened, question(opened.remote));
  };
  const openEarly = () => {
    for (const kind of INTERACTIONS) removeEventListener(kind, openEarly);
    if (waiting) openFor(waiting.config);
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
      waiting = undefined;
      const worker = openFor(config);
      return call(worker, worker.remote.start(config, view));
    },
    advance: (by, view) => ask((remote) => remote.advance(by, view)),
    seek: (step, view) => ask((remote) => remote.seek(step, view)),
    setRate: (rate) => ask((remote) => remote.setRate(rate)),
    claim: () => ask((remote) => remote.claim()),
    file: () => ask((remote) => remote.file()),
  };
  return {
    session,
    close() {
      for (const kind of INTERACTIONS) removeEventListener(kind, openEarly);
      waiting = undefined;
      opened?.end("The run was closed.");
      opened = undefined;
    },
  };
}

/** Whether the worker has ended by now. */
const isOver = ({ ended }: Opened): Promise<boolean> =>
  Promise.race([ended, Promise.resolve(false)]).catch(() => true);
