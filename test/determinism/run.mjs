/**
 * Runs the named runs of `runs.mjs` on the built package in every runtime at hand, and compares every digest with those
 * checked in. A runtime that is not there is listed as not run, with what brings it.
 *
 *   node test/determinism/run.mjs                  all runtimes; installs those from npm on first use
 *   node test/determinism/run.mjs firefox deno     those whose name contains one of these words
 *   node test/determinism/run.mjs --current        this Node only, installs nothing
 *   node test/determinism/run.mjs --write          also writes the table in docs/determinism.md, where all runtimes ran
 *   node test/determinism/run.mjs --record         writes digests.json from this Node. A changed digest is a breaking
 *                                                  change: it needs a line in the changelog that says why
 *
 * CHROMIUM, FIREFOX, WEBKIT, JSC and QEMU_ARM64 in the environment name other programs.
 * Also checks for each version of Node whether the package takes it for one that keeps the order of instructions.
 * Prints a line for each way to run, below it each digest that differs, then `N passed, N failed`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { equalRuns } from "./runs.mjs";
import { arm64 } from "./runtimes/arm64.mjs";
import { browsers, shell } from "./runtimes/browsers.mjs";
import { bun, deno } from "./runtimes/bun-deno.mjs";
import { reportOf } from "./runtimes/child.mjs";
import { path, root } from "./runtimes/install.mjs";
import { nodes, thisNode } from "./runtimes/node.mjs";
import { workerd } from "./runtimes/workerd.mjs";
import { count, runAllIn, writeTable } from "./suite.mjs";

const RUNTIMES = [...nodes, arm64, bun, deno, workerd, ...browsers, shell];
const args = process.argv.slice(2);
const option = (name) => args.includes(`--${name}`);
const words = args.filter((arg) => !arg.startsWith("--")).map((word) => word.toLowerCase());

if (option("record")) {
  const { digests, error } = await reportOf([process.execPath], 1);
  if (error) throw new Error(error);
  for (const [name, like] of equalRuns(digests))
    if (digests[name] !== digests[like]) throw new Error(`${name} must have the digest of ${like}`);
  writeFileSync(path("digests.json"), `${JSON.stringify(digests, null, 2)}\n`);
  console.log(`recorded ${Object.keys(digests).length} digests with Node ${process.version}`);
  process.exit();
}

const expected = JSON.parse(readFileSync(path("digests.json"), "utf8"));
const isWanted = ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word));
const wanted = option("current") ? [thisNode] : RUNTIMES.filter(isWanted);
const results = await runAllIn(wanted, expected, console.log);
let { passed, failed } = count(results);

for (const { name, checkOrder } of wanted) {
  const wrong = await checkOrder?.();
  if (wrong === undefined) continue;
  if (wrong === "") passed++;
  else {
    failed++;
    console.log(`${name}: ${wrong}`);
  }
}

if (option("write")) {
  if (wanted.length < RUNTIMES.length) throw new Error("--write: the table is of all runtimes, so run all");
  const page = root("docs/determinism.md");
  writeFileSync(page, writeTable(readFileSync(page, "utf8"), results, new Date().toISOString().slice(0, 10)));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
