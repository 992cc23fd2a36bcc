/**
 * Measures products and XOR in every browser at hand, each product as a share of the peak that a register-only loop
 * reaches in the same turns of the same run, and writes the table to bench/results/browsers.md.
 *
 *   npm run bench:browser               all browsers
 *   npm run bench:browser -- firefox    those whose name contains one of these words; writes nothing
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { BROWSERS, SHELL } from "../../test/browser/browsers.mjs";
import { bundle, htmlOf, runEverywhere } from "../../test/browser/harness.mjs";

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** Fresh starts of a browser, of whose cold times the shortest counts. */
const STARTS = 5;
const wanted = process.argv.slice(2);

function peakLoop(name) {
  const out = root(`build/bench/${name}.wasm`);
  const args = [`${name}.ts`, "--baseDir", root("bench/kernels"), "--outFile", out, "-O3"];
  const enable = ["--enable", "simd", "--enable", "relaxed-simd"];
  execFileSync(
    process.execPath,
    [root("node_modules/assemblyscript/bin/asc.js"), ...args, "--runtime", "stub", "--noAssert", ...enable],
    { stdio: "inherit" },
  );
  return JSON.stringify({ bytes: [...readFileSync(out)] });
}

mkdirSync(root("build/bench"), { recursive: true });
const define = { PEAK: peakLoop("peak"), RELAXED_PEAK: peakLoop("relaxed-peak") };
const entry = (name) => root(`bench/browser/${name}.ts`);
const scripts = await bundle({ page: entry("page"), cold: entry("cold") }, { define });
const shellCode = await bundle({ shell: entry("shell") }, { shell: true, define });
const files = { ...scripts, "/page.html": { body: htmlOf("page") }, "/cold.html": { body: htmlOf("cold") } };

const cold = {};
for (let start = 0; start < STARTS; start++) {
  const { ran } = await runEverywhere({ browsers: BROWSERS, files, page: "/cold.html", wanted, seconds: 60 });
  for (const { name, report } of ran) cold[name] = [...(cold[name] ?? []), report.coldMs];
}
const { ran, skipped } = await runEverywhere({
  browsers: BROWSERS,
  shell: { ...SHELL, code: shellCode["/shell.js"].body },
  files,
  page: "/page.html",
  wanted,
  seconds: 300,
});
for (const { name, report } of ran) if (report.error) console.log(`${name}: ${report.error}`);
const measured = ran.filter(({ report }) => !report.error);

const percent = (value) => (value === undefined ? "" : `${value.toFixed(0)} %`);
const cases = Object.keys(measured[0]?.report.strict.percentOfPeak ?? {});
const row = (title, cell) => [title, ...measured.map(({ name, report }) => cell(report, name))];
const rows = [
  ["", ...measured.map(({ name, version }) => `${name} ${version}`)],
  row("peak, GFLOP/s", ({ strict }) => strict.peakGflops.toFixed(1)),
  ...cases.map((c) => row(`product ${c}`, ({ strict }) => percent(strict.percentOfPeak[c]))),
  row("fused peak, GFLOP/s", ({ relaxed }) => relaxed?.peakGflops.toFixed(1) ?? "none"),
  ...cases.map((c) => row(`relaxed product ${c}`, ({ relaxed }) => percent(relaxed?.percentOfPeak[c]))),
  row("XOR, us per step", ({ xor }) => xor.usPerStep.toFixed(2)),
  row("XOR, reset and train, ms", ({ xor }) => xor.warmMs.toFixed(3)),
  row("XOR cold, ms", ({ coldMs }, name) => (cold[name] ? Math.min(...cold[name]) : coldMs).toFixed(1)),
];
const widths = rows[0].map((_, j) => Math.max(...rows.map((r) => r[j].length)));
const line = (cells) => `| ${cells.map((cell, j) => cell.padEnd(widths[j])).join(" | ")} |`;
const table = [
  line(rows[0]),
  `|${widths.map((w) => "-".repeat(w + 2)).join("|")}|`,
  ...rows.slice(1).map(line),
];
const { model } = cpus()[0];
const head = `${new Date().toISOString().slice(0, 10)}, ${model.trim()}, ${cpus().length} cores`;
console.log(`${head}\n\n${table.join("\n")}`);
for (const { name, install } of skipped) console.log(`${name}: skipped, it is not installed (${install})`);
if (wanted.length === 0 && measured.length > 0)
  writeFileSync(
    root("bench/results/browsers.md"),
    `# In browsers

${head}. Written by \`npm run bench:browser\`.

Products of square matrices, as per cent of what a loop of multiplications and additions in registers, without memory,
reaches in the same engine, in turns with the product; the fastest samples of either, as pages have no clock for
processor time and the machine had other work. T names the operand that is stored transposed. Relaxed products are
compared with fused multiply-adds. XOR trains 2-8-1 by Adam on four rows to loss < 0.01; cold is from the package's
import done to trained, once in a fresh browser that had a second to settle, the fastest of ${STARTS}. JavaScriptCore is the
shell, WebKit the browser around the same engine.

${table.join("\n")}
`,
  );
process.exitCode = measured.length > 0 && measured.length === ran.length ? 0 : 1;
