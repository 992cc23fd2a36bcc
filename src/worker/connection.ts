/** One worker and the calls to it: whatever becomes of the worker, each of them ends. */
import { expose, wrap } from "comlink";
import { WorkerError } from "../errors.ts";
import { carryErrors, describeThrown } from "./crossing-errors.ts";
import { endpointOf } from "./endpoint.ts";
import type { CallerCalls, HostCalls } from "./protocol.ts";
import { startError, startWorker } from "./start.ts";

export interface Connection {
  readonly host: HostCalls;
  /** Waits for an answer of the worker; rejects when the worker ends before. */
  answer<T>(ask: () => Promise<T>): Promise<T>;
  /** Waits for the first answer, which says that the worker's file has been loaded and serves. */
  start<T>(ask: () => Promise<T>, timeout: number): Promise<T>;
  /** Ends the worker. @param why makes the error of calls under way, and of later ones */
  end(why: () => Error): void;
  readonly isEnded: boolean;
  /** Numbers calls. */
  next(): number;
}

/**
 * @param caller what the worker may ask of this side
 * @param make   makes a worker in place of the package's own
 * @throws WorkerError where none can be started
 */
export function connect(
  who: string,
  caller: Omit<CallerCalls, "unreadable">,
  make: (() => unknown) | undefined,
): Connection {
  carryErrors();
  const { worker, onDeath, holdProcess } = startWorker(who, make);
  const endpoint = endpointOf(worker);
  const waiting = new Set<(error: Error) => void>();
  let ended: (() => Error) | undefined;
  let isServing = false;
  let calls = 0;

  const end = (why: () => Error) => {
    if (ended) return;
    ended = why;
    worker.terminate();
    for (const reject of [...waiting]) reject(why());
  };
  const die = (reason: unknown) => {
    const text = describeThrown(reason);
    end(() =>
      isServing
        ? new WorkerError(
            `${who}: a worker must live until dispose(); got ${text}: what it learned since it was last saved is lost; make another one`,
            "",
            { stateLost: true, cause: reason },
          )
        : startError(who, text, reason),
    );
  };
  onDeath(die);
  expose({ ...caller, unreadable: async (reason) => die(reason) } satisfies CallerCalls, endpoint);
  const host = wrap<HostCalls>(endpoint) as unknown as HostCalls;
  holdProcess(false);

  const answer = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (ended) throw ended();
    if (waiting.size === 0) holdProcess(true);
    let leave = (_error: Error) => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        leave = reject;
        waiting.add(leave);
        ask().then(resolve, reject);
      });
    } finally {
      waiting.delete(leave);
      if (waiting.size === 0 && !ended) holdProcess(false);
    }
  };

  return {
    host,
    answer,
    async start(ask, timeout) {
      const late = () =>
        startError(who, `no answer within ${timeout} ms: a file that does not call serveTrainer?`);
      const timer = setTimeout(() => end(late), timeout);
      try {
        const answered = await answer(ask);
        isServing = true;
        return answered;
      } finally {
        clearTimeout(timer);
      }
    },
    end,
    get isEnded() {
      return ended !== undefined;
    },
    next: () => ++calls,
  };
}
