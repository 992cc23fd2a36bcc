/** One runtime's part: runs everything on the built package and prints the digests as JSON. */
import * as wasmgrad from "../../dist/index.js";
import { runAll } from "./runs.mjs";

console.log(JSON.stringify(await runAll(wasmgrad)));
