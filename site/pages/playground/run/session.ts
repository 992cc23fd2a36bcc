/** The session as the page has it: a worker, started anew where a run needs parts of the engine that it does not have. */
import * as Comlink from "comlink";
import { needsExtras } from "./needs.ts";
import type { Session } from "./types.ts";

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
      typeof WebAssembly === "object"
        ? "The worker that trains has ended: restart the run."
        : "This browser has no WebAssembly, which training needs.",
    );
  });
  return { worker, remote: Comlink.wrap<Session>(worker), hasExtras, ended, end };
}

/**
 * A session in a worker of its own. Calls reject with a sentence where the worker fails or is closed; `start` then opens another.
 */
export function openSession(): { session: Session; close(): void } {
  let opened: Opened | undefined = open(false);
  const present = () => {
    if (!opened) throw new Error("There is no run yet: start one.");
    return opened;
  };
  const call = async <R>(of: Opened, result: Promise<R>): Promise<R> => {
    try {
      return await Promise.race([result, of.ended]);
    } catch (error) {
      if (opened === of && (await isOver(of))) opened = undefined;
      throw error;
    }
  };
  const session: Session = {
    async start(config, view) {
      if (!opened || (needsExtras(config) && !opened.hasExtras)) {
        opened?.end("Another run was started.");
        opened = open(needsExtras(config));
      }
      return call(opened, opened.remote.start(config, view));
    },
    advance: async (by, view) => call(present(), present().remote.advance(by, view)),
    seek: async (step, view) => call(present(), present().remote.seek(step, view)),
    setRate: async (rate) => call(present(), present().remote.setRate(rate)),
    claim: async () => call(present(), present().remote.claim()),
    file: async () => call(present(), present().remote.file()),
  };
  return {
    session,
    close() {
      opened?.end("The run was closed.");
      opened = undefined;
    },
  };
}

/** Whether the worker has ended by now. */
const isOver = ({ ended }: Opened): Promise<boolean> =>
  Promise.race([ended, Promise.resolve(false)]).catch(() => true);
