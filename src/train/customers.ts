/** Functions that each want a trainer for themselves, served one after the other. */
import { BusyError, TimeoutError } from "../errors.ts";
import { check, FUNCTION, type Rule, readOptions, SIGNAL } from "../options.ts";
import { yieldWhenDue } from "../runtime/event-loop.ts";

export interface WithStateOptions {
  /** Leaves the queue, or ends the handle of a function that is being served; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds, waiting included, after which the same happens with a TimeoutError. Default: none. */
  readonly timeout?: number;
}

export interface Customers {
  /** Whether one is being served. */
  readonly isServing: boolean;
  /**
   * Serves when all that came before are done.
   *
   * @param open makes the handle
   * @param end  ends it, whatever happened
   * @param fn   what the customer does with it
   * @param done says what came of it, when `fn` is through
   */
  serve<T extends object, R>(
    options: WithStateOptions,
    open: () => T,
    fn: (handle: T) => unknown,
    done: (handle: T) => R,
    end: (handle: T) => void,
  ): Promise<R>;
}

const WHO = "withState";

export function makeCustomers(): Customers {
  let isServing = false;
  /** Whether the part of a function before its first `await` runs: whoever calls now calls from inside. */
  let isEntering = false;
  let last: Promise<unknown> = Promise.resolve();

  return {
    get isServing() {
      return isServing;
    },
    serve: async (options, open, fn, done, end) => {
      if (isEntering) throw nested();
      const deadline = deadlineOf(options);
      const before = last;
      let leave = () => {};
      last = new Promise<void>((resolve) => {
        leave = resolve;
      });
      try {
        await Promise.race([deadline.passed, before.then(yieldWhenDue)]);
      } catch (error) {
        // Those behind still wait for those before.
        before.then(leave);
        deadline.clear();
        throw error;
      }
      try {
        const handle = open();
        isServing = true;
        try {
          isEntering = true;
          const work = Promise.resolve(fn(handle));
          isEntering = false;
          await Promise.race([work, deadline.passed]);
          return done(handle);
        } finally {
          isEntering = false;
          isServing = false;
          end(handle);
        }
      } finally {
        deadline.clear();
        leave();
      }
    },
  };
}

export const nested = () =>
  new BusyError(
    `${WHO}: must not be called from inside its function, which it would wait for; got a nested call: ` +
      "use the handle that the function was given",
  );

export function checkWithState(fn: unknown, options: WithStateOptions): void {
  check(WHO, "fn, the second argument,", fn, FUNCTION);
  readOptions(WHO, options, { signal: [undefined, SIGNAL], timeout: [undefined, MILLISECONDS] });
}

const MILLISECONDS: Rule = ["milliseconds from 0 to 2^31 - 1", (n: number) => n >= 0 && n < 0x80000000];

/** A promise that rejects when the time is over or the signal says so. */
export function deadlineOf({ signal, timeout }: WithStateOptions) {
  let clear = () => {};
  const passed = new Promise<never>((_, reject) => {
    const abort = () => reject(signal?.reason);
    const late = () =>
      reject(new TimeoutError(`${WHO}: must be done within its timeout; got ${timeout} ms without an end`));
    const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
    clear = () => {
      if (timer !== undefined) clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
  });
  // Nobody may be waiting for it any more.
  passed.catch(() => {});
  return { passed, clear };
}
