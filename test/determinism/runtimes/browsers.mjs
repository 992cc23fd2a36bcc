/** Browsers, each on a page of the package's own files, and the shell of JavaScriptCore. */
import { readdirSync, readFileSync } from "node:fs";
import { BROWSERS, find, SHELL, serve, visit } from "../../browser/browsers.mjs";
import { bundle, packageVersion, runShell, versionIn } from "../../browser/harness.mjs";
import { path, root } from "./install.mjs";
import { SEVERAL } from "./threads.mjs";

const SECONDS = 180;
const ENGINES = { Chromium: "V8", Firefox: "SpiderMonkey", WebKit: "JavaScriptCore" };
/** Debian's WebKit shares no memory between threads. */
const sharesMemory = (name) => name !== "WebKit";

function filesIn(folder, pattern) {
  const names = readdirSync(root(folder), { recursive: true, encoding: "utf8" });
  const wanted = names.filter((name) => pattern.test(name) && !name.startsWith("node_modules"));
  return wanted.map((name) => [`/${folder}/${name}`, { body: readFileSync(root(`${folder}/${name}`)) }]);
}

async function reportOf(browser, program, query) {
  const script = '<script type="module" src="/test/determinism/hosts/page.mjs"></script>';
  const server = await serve({
    ...Object.fromEntries([...filesIn("dist", /\.js$/), ...filesIn("test/determinism", /\.mjs$/)]),
    "/page.html": { body: `<!doctype html><meta charset="utf-8"><title>wasmgrad</title>${script}` },
  });
  try {
    const page = `/page.html?${query}`;
    const { userAgent, ...report } = await visit(browser, program, server, page, SECONDS);
    const version = packageVersion(program) || versionIn(userAgent);
    return { version, engine: ENGINES[browser.name], ...report };
  } finally {
    server.close();
  }
}

export const browsers = BROWSERS.map((browser) => ({
  name: browser.name,
  async find() {
    const program = find(browser);
    if (!program) return { missing: browser.install };
    const wayOf = (threads, how, query = "") => ({
      how,
      threads,
      run: () => reportOf(browser, program, `threads=${threads}${query}`),
    });
    if (!sharesMemory(browser.name)) return { ways: [wayOf(1, "")] };
    const inWorker = SEVERAL.map((threads) => wayOf(threads, "in a worker", "&in=worker"));
    return { ways: [wayOf(1, ""), wayOf(3, ""), ...inWorker] };
  },
}));

export const shell = {
  name: "JavaScriptCore's shell",
  async find() {
    const program = find(SHELL);
    if (!program) return { missing: SHELL.install };
    const run = async () => {
      const files = await bundle({ shell: path("hosts/shell.mjs") }, { shell: true });
      const report = await runShell(program, files["/shell.js"].body, SECONDS);
      return { version: packageVersion(program), engine: "JavaScriptCore", ...report };
    };
    return { ways: [{ threads: 1, run }] };
  },
};
