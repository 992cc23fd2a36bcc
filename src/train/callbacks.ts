/** What functions of the user return, where calls take some. */
import { OptionError } from "../errors.ts";
import { deadlineOf } from "./customers.ts";

/** Awaits what a callback returns, or the abort. */
export async function callAndWait(
  callback: () => unknown,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const deadline = deadlineOf({ signal });
  try {
    return await Promise.race([callback(), deadline.passed]);
  } finally {
    deadline.clear();
  }
}

/** @throws OptionError for a callback that returns a promise, whose rejection reaches nobody */
export function callWithoutWaiting(name: string, callback: () => unknown): unknown {
  const returned = callback() as Partial<Promise<unknown>> | undefined;
  if (typeof returned?.then !== "function") return returned;
  returned.then(undefined, () => {});
  throw new OptionError(
    `fitSync: ${name} must not return a promise, which nothing could await; got one: fit awaits it`,
  );
}
