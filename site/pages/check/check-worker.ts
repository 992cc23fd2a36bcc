/** All named runs on the built package, off the page's thread: tells of each digest as it comes. */
import * as wasmgrad from "wasmgrad";
import { runAll } from "../../../test/determinism/runs.mjs";
import type { FromWorker } from "./messages.ts";

const tell = (message: FromWorker) => postMessage(message);

const why = wasmgrad.isSupported.why();
if (why !== undefined) tell({ kind: "failed", why: `This browser has ${why}.` });
else {
  const start = performance.now();
  const onRun = (name: string, digest: string) => tell({ kind: "run", name, digest });
  runAll(wasmgrad as never, onRun).then(
    (digests) =>
      tell({
        kind: "done",
        version: wasmgrad.VERSION,
        milliseconds: performance.now() - start,
        digests,
      }),
    (error) => tell({ kind: "failed", why: `A run ended with an error: ${error?.message ?? error}.` }),
  );
}
