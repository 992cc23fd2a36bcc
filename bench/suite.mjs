/**
 * Runs the suite of `wasmgrad bench` in this Node and, by the page of the site, in each browser at hand, one after the other, and writes
 * `bench/results/suite.json`, which that page shows beside the visitor's own results. Needs the package and the site: `npm run site:build`.
 * Close what else runs on the machine.
 *
 *   node bench/suite.mjs
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { BASE, serveSite } from "../site/test/serve.mjs";
import { BROWSERS, find, visit } from "../test/browser/browsers.mjs";
import { packageVersion, versionIn } from "../test/browser/harness.mjs";

const SECONDS = 300;
const command = fileURLToPath(new URL("../dist/cli/wasmgrad.js", import.meta.url));
const cpu = cpus()[0]?.model.trim() ?? process.arch;
/** How busy the machine was before: pages have no clock that leaves out what other processes take. */
const load = Number(loadavg()[0].toFixed(1));
const date = new Date().toISOString().slice(0, 10);

/** Runs in the page: presses its button, and sends what its other button copies. */
const PRESS = `
  const post = (body) => fetch("/", { method: "POST", body: JSON.stringify(body) });
  const [start, copy] = ["start", "copy"].map((id) => document.getElementById(id));
  navigator.clipboard.writeText = (text) => post(JSON.parse(text));
  new MutationObserver(() => {
    if (start.textContent !== "Run again") return;
    if (copy.hidden) post({ error: document.getElementById("status").textContent });
    else copy.click();
  }).observe(start, { childList: true });
  addEventListener("load", () => start.click());`;

const { suite, version, workloads } = JSON.parse(
  execFileSync(process.execPath, [command, "bench", "--json"], { encoding: "utf8" }),
);
const results = [
  {
    suite,
    version,
    machine: `${cpu}, Node ${process.versions.node}`,
    date,
    load,
    statistic: "least",
    workloads: workloads.map(({ name, ms, digest }) => ({ name, ms, digest })),
  },
];
for (const browser of BROWSERS) {
  const program = find(browser);
  if (!program) throw new Error(`${browser.name} is not installed: ${browser.install}`);
  const server = await serveSite({ script: PRESS });
  const { error, userAgent, ...result } = await visit(
    browser,
    program,
    server,
    `${BASE}benchmark/`,
    SECONDS,
  ).finally(server.close);
  if (error) throw new Error(`${browser.name}: ${error}`);
  const number = packageVersion(program) || versionIn(userAgent);
  results.push({ ...result, machine: `${cpu}, ${browser.name} ${number}`, date, load });
  console.log(
    browser.name,
    result.workloads.map(({ name, ms }) => `${name} ${ms.toPrecision(3)}`).join(", "),
  );
}
const file = new URL("results/suite.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
