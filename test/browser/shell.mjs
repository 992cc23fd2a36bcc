/** JavaScriptCore's shell: no pages, so none of their checks. Prints one line of JSON. */
import "./shell-globals.mjs";
import * as wasmgrad from "../../dist/index.js";
import { checkEngine } from "./checks.mjs";

try {
  print(JSON.stringify({ checks: await checkEngine(wasmgrad) }));
} catch (error) {
  print(JSON.stringify({ error: `${error}\n${error?.stack ?? ""}` }));
}
