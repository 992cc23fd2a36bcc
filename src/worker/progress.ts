/** Progress on its way out of the worker: the newest of each kind when there is room, or every one. */
import type { ProgressEvents, ProgressSettings } from "./protocol.ts";

export interface Reporter {
  /**
   * Tells an event, now or later; a newer one takes the place of one that was not sent yet.
   *
   * @returns what `fit` goes by: `"stop"` once the other side has answered so; a promise where every one is awaited
   */
  tell(events: ProgressEvents): unknown;
  /** Sends what is left, and resolves when all has been answered. */
  finish(): Promise<void>;
}

/** @param send resolves to the answer; at most one is on its way at any time */
export function reporterOf(
  { every, interval }: ProgressSettings,
  send: (events: ProgressEvents) => Promise<unknown>,
): Reporter {
  let newest: ProgressEvents | undefined;
  let sending: Promise<void> | undefined;
  let lastTime = Number.NEGATIVE_INFINITY;
  let answer: unknown;

  const flush = (events: ProgressEvents): Promise<void> => {
    newest = undefined;
    lastTime = Date.now();
    sending = send(events).then(
      (given) => {
        sending = undefined;
        if (given === "stop") answer = given;
      },
      // The other side knows what went wrong there, and aborts the call.
      () => {
        sending = undefined;
      },
    );
    return sending;
  };

  return {
    tell(events) {
      if (every) return flush(events).then(() => answer);
      newest = { ...newest, ...events };
      const elapsed = Date.now() - lastTime;
      // A clock that was set back is no reason to wait.
      if (!sending && !(elapsed >= 0 && elapsed < interval)) flush(newest);
      return answer;
    },
    async finish() {
      await sending;
      if (newest) await flush(newest);
    },
  };
}
