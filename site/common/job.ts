/** A worker that does one thing for a page: its silence, its end and its errors are told in a sentence. */

/** How long a worker may say nothing. */
const SILENCE_MS = 30_000;

export interface Job {
  /** Messages, from the first on: those that came before are kept. */
  listen<Message>(hear: (message: Message) => void): void;
  end(): void;
}

/**
 * @param make  makes the worker
 * @param fail  is told once, in a sentence for the visitor, that the worker will say no more
 */
export function startJob(make: () => Worker, fail: (why: string) => void): Job {
  const waiting: unknown[] = [];
  let hear: ((message: never) => void) | undefined;
  let timer: ReturnType<typeof setTimeout>;
  const worker = make();
  const end = () => {
    clearTimeout(timer);
    worker.terminate();
  };
  const failWith = (why: string) => {
    end();
    fail(why);
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(
      () =>
        failWith(
          "The worker has stopped answering: the browser may have ended it for its memory. Try again.",
        ),
      SILENCE_MS,
    );
  };
  worker.onmessage = ({ data }) => {
    wait();
    if (hear) hear(data as never);
    else waiting.push(data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    failWith(
      event.message
        ? `The worker ended with an error: ${event.message}. Try again.`
        : "The worker could not be loaded: check the connection, then try again.",
    );
  };
  wait();
  return {
    listen(given) {
      hear = given;
      for (const message of waiting.splice(0)) given(message as never);
    },
    end,
  };
}
