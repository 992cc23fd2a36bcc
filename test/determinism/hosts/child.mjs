/**
 * The part of Node, Bun and Deno: runs everything on the built package and prints a report as JSON.
 *
 *   node child.mjs --threads n
 */
import * as wasmgrad from "../../../dist/index.js";
import { report } from "../report.mjs";

const threads = Number(process.argv[process.argv.indexOf("--threads") + 1]);
const { bun, deno, node, v8 } = process.versions;
const version = bun ?? deno ?? node;
const engine = bun ? "JavaScriptCore" : `V8 ${v8.split(".").slice(0, 2).join(".")}`;
const text = JSON.stringify({ version, engine, ...(await report(wasmgrad, { threads })) });
// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.stdout.write(text, () => process.exit());
