/** One runtime's part: runs everything on the built package and prints the digests as JSON. */
import * as wasmgrad from "../../dist/index.js";
import { runAll } from "./runs.mjs";

const digests = JSON.stringify(await runAll(wasmgrad));
// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.stdout.write(digests, () => process.exit());
