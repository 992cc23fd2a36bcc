/** The part of JavaScriptCore's shell, as one script. */
import "../../browser/shell-globals.mjs";
import * as wasmgrad from "../../../dist/index.js";
import { report } from "../report.mjs";

print(JSON.stringify(await report(wasmgrad, { threads: 1 })));
