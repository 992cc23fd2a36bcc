/** Bundles pages, and runs them wherever they can run. Shared by the tests and the benchmark. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { find, serve, visit } from "./browsers.mjs";
import { makeFolder, removeFolder, run } from "./programs.mjs";

/**
 * Bundles entry points as a page's bundler would: minified modules, what is imported on demand in chunks.
 *
 * @param define  what stands for names the sources leave open
 * @param shell   one script without modules instead, in which `await` may stand at the top
 * @returns files for `serve`, by path: `/name.js` for the entry `name`
 */
export async function bundle(entryPoints, { shell = false, define } = {}) {
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    splitting: !shell,
    minify: !shell,
    format: "esm",
    outdir: "out",
    write: false,
    define,
    target: "es2022",
    ignoreAnnotations: shell,
    logLevel: "error",
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [`/${basename(path)}`, { body: text }]));
}

export const htmlOf = (script) =>
  `<!doctype html><meta charset="utf-8"><title>wasmgrad</title><body><script type="module" src="/${script}.js"></script>`;

/** What the code prints as its last line of JSON, run in JavaScriptCore's shell. */
export async function runShell(path, code, seconds) {
  const folder = makeFolder();
  try {
    const file = join(folder, "shell.mjs");
    writeFileSync(file, code);
    const { stdout, error } = await run(path, ["-m", file], { seconds });
    const line = stdout.trim().split("\n").at(-1);
    return line.startsWith("{") ? JSON.parse(line) : { error: error ?? `no result\n${stdout}` };
  } finally {
    removeFolder(folder);
  }
}

/** The version of the package that holds a program, where the system knows it. */
export function packageVersion(path) {
  const owner = spawnSync("dpkg-query", ["--search", path], { encoding: "utf8" }).stdout?.split(": ")[0];
  if (!owner) return "";
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the program's own placeholder
  const { stdout } = spawnSync("dpkg-query", ["--show", "--showformat=${Version}", owner], {
    encoding: "utf8",
  });
  return (stdout ?? "").split("-")[0];
}

/** The version that an engine claims. */
export function versionIn(userAgent = "") {
  const patterns = [/Firefox\/([\d.]+)/, /Chrome\/([\d.]+)/, /Version\/([\d.]+)/];
  return patterns.map((pattern) => pattern.exec(userAgent)?.[1]).find(Boolean) ?? "";
}

/**
 * Visits a page with every browser that is installed, and runs the shell's code if it is.
 *
 * @param wanted  words of which a name must contain one; none: all
 * @returns what ran with its version and report, and what was not installed
 */
export async function runEverywhere({ browsers, shell, files, page, wanted, seconds }) {
  const isWanted = ({ name }) =>
    wanted.length === 0 || wanted.some((word) => name.toLowerCase().includes(word.toLowerCase()));
  const ran = [];
  const skipped = [];
  const server = await serve(files);
  for (const browser of browsers.filter(isWanted)) {
    const path = find(browser);
    if (!path) {
      skipped.push(browser);
      continue;
    }
    let report;
    try {
      report = await visit(browser, path, server, page, seconds);
    } catch (error) {
      report = { error: String(error) };
    }
    ran.push({ name: browser.name, version: packageVersion(path) || versionIn(report.userAgent), report });
  }
  server.close();
  if (shell && isWanted(shell)) {
    const path = find(shell);
    if (path)
      ran.push({
        name: shell.name,
        version: packageVersion(path),
        report: await runShell(path, shell.code, seconds),
      });
    else skipped.push(shell);
  }
  return { ran, skipped };
}
