/** Serves a session to the page. */
import * as Comlink from "comlink";
import type { Extras } from "./network.ts";
import { trainingSession } from "./training-session.ts";

/** The memory of all arrays in a message: it is moved, not copied. */
function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) found.add(value.buffer as ArrayBuffer);
  else if (typeof value === "object" && value !== null)
    for (const entry of Object.values(value)) if (typeof entry === "object") buffersIn(entry, found);
  return [...found];
}

export function serveSession(extras: Extras | undefined): void {
  const session = trainingSession(extras);
  const moved =
    <A extends unknown[], R extends object>(call: (...given: A) => Promise<R>) =>
    async (...given: A) => {
      const result = await call(...given);
      return Comlink.transfer(result, buffersIn(result));
    };
  Comlink.expose({
    ...session,
    start: moved(session.start),
    advance: moved(session.advance),
    seek: moved(session.seek),
    restore: moved(session.restore),
  });
}
