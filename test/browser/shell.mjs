/** JavaScriptCore's shell: no pages, so none of their checks. Prints one line of JSON. */
import "./shell-globals.mjs";
import * as wasmgrad from "../../dist/index.js";
import { runAll } from "../determinism/runs.mjs";
import { checkEngine } from "./checks.mjs";

try {
  const digests = await runAll(wasmgrad);
  print(JSON.stringify({ digests, checks: await checkEngine(wasmgrad) }));
} catch (error) {
  print(JSON.stringify({ error: `${error}\n${error?.stack ?? ""}` }));
}
