/**
 * Runs a few checks on a page in every browser at hand, and in JavaScriptCore's shell. A browser that is not installed
 * is named, with the package that brings it. (`npm run test:determinism` compares digests there.)
 *
 *   npm run test:browser               all browsers
 *   npm run test:browser -- firefox    those whose name contains one of these words
 *
 * CHROMIUM, FIREFOX, WEBKIT and JSC in the environment name other programs. Prints a table of checks, then what went
 * wrong, then `N passed, N failed`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BROWSERS, SHELL } from "./browsers.mjs";
import { bundle, htmlOf, runEverywhere } from "./harness.mjs";

const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** Checks of every engine, and those of pages. */
const ENGINE_CHECKS = ["isSupported", "fit yields", "relaxed", "memories"];
const CHECKS = [
  ...ENGINE_CHECKS,
  ...["short fits", "long fit", "long reads"],
  ...["fetched kernels", "policies"],
  ...["worker", "worker jobs", "closed pages", "worker frames"],
  ...["files in OPFS", "files in IndexedDB", "downloads", "files from a server"],
];

const pages = await bundle({
  page: root("test/browser/page.mjs"),
  policy: root("test/browser/policy.mjs"),
  closing: root("test/browser/closing.mjs"),
  "files-worker": root("test/browser/files-worker.mjs"),
});
const shell = await bundle({ shell: root("test/browser/shell.mjs") }, { shell: true });
const files = {
  ...pages,
  "/page.html": { body: htmlOf("page") },
  "/closing.html": { body: htmlOf("closing") },
  "/blocked.html": { body: htmlOf("policy"), headers: { "content-security-policy": "script-src 'self'" } },
  "/allowed.html": {
    body: htmlOf("policy"),
    headers: { "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'" },
  },
  "/golden.safetensors": { body: readFileSync(root("test/golden/file-1/xor.safetensors")) },
  "/golden.txt": {
    body: JSON.parse(readFileSync(root("test/golden/file-1/expected.json"), "utf8")).xor.digest,
  },
  "/worker-host.js": { body: readFileSync(root("dist/worker-host.js")) },
  "/wasmgrad.wasm": { body: readFileSync(root("dist/wasmgrad.wasm")) },
};

const { ran, skipped } = await runEverywhere({
  browsers: BROWSERS,
  shell: { ...SHELL, code: shell["/shell.js"].body },
  files,
  page: "/page.html",
  wanted: process.argv.slice(2),
  seconds: 180,
});

let passed = 0;
const failures = [];
const rows = [["engine", ...CHECKS]];
for (const { name, version, report } of ran) {
  if (report.error) {
    failures.push(`${name}: ${report.error}`);
    rows.push([`${name} ${version}`]);
    continue;
  }
  const { checks } = report;
  passed += checks.filter((c) => c.ok).length;
  for (const check of checks) if (!check.ok) failures.push(`${name}: ${check.name}: ${check.detail}`);
  for (const check of name === SHELL.name ? ENGINE_CHECKS : CHECKS)
    if (!checks.some((c) => c.name === check)) failures.push(`${name}: ${check}: was not checked`);
  rows.push([
    `${name} ${version}`,
    ...CHECKS.map((check) => {
      const found = checks.find((c) => c.name === check);
      return found ? (found.ok ? (found.detail ?? "ok") : "FAILED") : "no page";
    }),
  ]);
}

// The engines side by side: checks are many, browsers few.
const columns = rows[0].map((_, j) => rows.map((row) => row[j] ?? ""));
const widths = rows.map((_, i) => Math.max(...columns.map((column) => column[i].length)));
for (const column of columns)
  console.log(
    column
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("  ")
      .trimEnd(),
  );
for (const { name, install } of skipped) console.log(`${name}: skipped, it is not installed (${install})`);
for (const failure of failures) console.log(failure);
if (ran.length === 0) console.log("no browser ran");
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 || ran.length === 0 ? 1 : 0;
