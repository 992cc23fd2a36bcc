/**
 * Tests the built site: `*.test.ts` in Node, `chromium/*.mjs` with a driver in Chromium, `everywhere/*.mjs` within pages of every
 * browser at hand. Words choose files by name. Files that took long are named with their seconds; the last line says
 * `N passed, N failed`.
 *
 * A file of `chromium/` exports `default async ({ open, url, check, run, browser })`. `check(name, does)` counts one check.
 * A file of `everywhere/` exports `path`, the page it runs in, and `default async (check)`; it runs in that page itself.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import puppeteer from "puppeteer-core";
import { BROWSERS, find, visit } from "../../test/browser/browsers.mjs";
import { BASE, serveSite } from "./serve.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const words = process.argv.slice(2);
const isWanted = (name) => words.length === 0 || words.some((word) => name.includes(word));
let passed = 0;
let failed = 0;
/** Seconds of each file, or of all that Node runs by itself. */
const times = [];
const LONG_SECONDS = 20;

async function timed(what, does) {
  const start = performance.now();
  try {
    return await does();
  } finally {
    times.push({ what, seconds: Math.round((performance.now() - start) / 1000) });
  }
}

function count(where, name, error) {
  if (error === undefined) passed++;
  else failed++;
  if (error !== undefined || process.env.VERBOSE)
    console.log(`${error === undefined ? "ok" : "FAILED"} ${where}: ${name}`);
  if (error !== undefined) console.log(`  ${String(error).replaceAll("\n", "\n  ")}`);
}

function inNode() {
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-site-"));
  const output = join(folder, "tests.json");
  const files = readdirSync(here, { recursive: true }).filter(
    (file) => file.endsWith(".test.ts") && isWanted(file),
  );
  if (files.length === 0) return;
  const { status } = spawnSync(
    process.execPath,
    [
      join(here, "../../node_modules/vitest/vitest.mjs"),
      "run",
      "--config",
      join(here, "../vitest.config.ts"),
      "--reporter=dot",
      "--reporter=json",
      `--outputFile.json=${output}`,
      ...files,
    ],
    { stdio: "inherit" },
  );
  let report = { numPassedTests: 0, numFailedTests: 0 };
  try {
    report = JSON.parse(readFileSync(output, "utf8"));
  } catch {}
  rmSync(folder, { recursive: true, force: true });
  passed += report.numPassedTests;
  failed += report.numFailedTests || Number(status !== 0);
}

async function inChromium() {
  const files = readdirSync(join(here, "chromium")).filter((file) => file.endsWith(".mjs") && isWanted(file));
  const path = find(BROWSERS.find(({ name }) => name === "Chromium"));
  if (files.length === 0) return;
  if (!path) {
    console.log("Chromium: not run, not installed; apt-get install chromium");
    return;
  }
  const server = await serveSite();
  const url = server.url + BASE;
  for (const file of files) {
    const browser = await puppeteer.launch({
      executablePath: path,
      args: ["--no-sandbox", "--disable-gpu"],
      protocolTimeout: 120_000,
    });
    /** A page of the site; what it throws, refuses or asks of others fails `check`s that come after. */
    const faults = [];
    const open = async (to = "", { width = 1280, height = 900, scheme = "light", ...features } = {}) => {
      const page = await browser.newPage();
      await page.setViewport({ width, height });
      await page.emulateMediaFeatures([
        { name: "prefers-color-scheme", value: scheme },
        ...Object.entries(features).map(([name, value]) => ({ name, value })),
      ]);
      page.on("pageerror", (error) => faults.push(`${to}: ${error?.stack ?? error}`));
      page.on("console", (message) => {
        if (message.type() === "error")
          faults.push(`${to}: ${message.text()} ${message.location().url ?? ""}`);
      });
      page.on("request", (request) => {
        const address = request.url();
        if (!address.startsWith(url) && !/^(data|blob|about|chrome-extension):/.test(address))
          faults.push(`${to}: asked for ${address}`);
      });
      await page.goto(url + to, { waitUntil: "load" });
      return page;
    };
    const check = async (name, does) => {
      faults.length = 0;
      let error;
      try {
        await does();
        if (faults.length > 0) error = faults.join("\n");
      } catch (thrown) {
        error = [thrown?.stack ?? thrown, ...faults].join("\n");
      }
      count(`Chromium, ${file}`, name, error);
    };
    try {
      const { default: run } = await import(`./chromium/${file}`);
      await timed(`chromium/${file}`, () => run({ browser, open, url, check, faults }));
    } catch (error) {
      count(`Chromium, ${file}`, "runs", error?.stack ?? error);
    } finally {
      await browser.close();
    }
  }
  server.close();
}

async function everywhere() {
  const folder = join(here, "everywhere");
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".mjs") && isWanted(name))) {
    const module = join(here, "everywhere", file);
    const { path: page, seconds = 120 } = await import(module);
    const { outputFiles } = await build({
      stdin: {
        contents: `import run from ${JSON.stringify(module)};
          const checks = [];
          const check = async (name, does) => {
            try { await does(); checks.push([name]); }
            catch (error) { checks.push([name, String(error?.stack ?? error) + String(error)]); }
          };
          const report = (body) => fetch("/", { method: "POST", body: JSON.stringify(body) });
          run(check).then(() => report({ checks }), (error) => report({ error: String(error?.stack ?? error), checks }));`,
        resolveDir: here,
      },
      bundle: true,
      format: "esm",
      target: "es2022",
      write: false,
      logLevel: "error",
    });
    for (const browser of BROWSERS) {
      const path = find(browser);
      if (!path) {
        console.log(`${browser.name}: not run, not installed; ${browser.install}`);
        continue;
      }
      const server = await serveSite({ script: outputFiles[0].text });
      const where = `${browser.name}, ${file}`;
      try {
        const { checks, error } = await timed(`everywhere/${file} in ${browser.name}`, () =>
          visit(browser, path, server, BASE + page, seconds),
        );
        for (const [name, fault] of checks) count(where, name, fault);
        if (error || checks.length === 0) count(where, "runs", error ?? "no check was made");
      } catch (error) {
        count(where, "runs", error);
      } finally {
        server.close();
      }
    }
  }
}

await timed("Node", inNode);
await inChromium();
await everywhere();
const long = times.filter(({ seconds }) => seconds >= LONG_SECONDS).sort((a, b) => b.seconds - a.seconds);
for (const { what, seconds } of long) console.log(`${seconds} s: ${what}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
