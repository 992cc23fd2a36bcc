/**
 * How long a page that trains 784-128-10 waits for a frame at most: on its own thread, and in a worker. Not a test: figures for
 * docs/workers.md, of a machine that does nothing else.
 *
 *   node test/browser/gaps.mjs [SECONDS]    in every browser at hand, 10 s each way
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BROWSERS, find, serve, visit } from "./browsers.mjs";
import { bundle, htmlOf } from "./harness.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const seconds = Number(process.argv[2] ?? 10);
const scripts = await bundle({ "gaps-page": path("gaps-page.mjs") }, { define: { SECONDS: `${seconds}` } });
const server = await serve({
  ...scripts,
  "/gaps.html": { body: htmlOf("gaps-page") },
  "/worker-host.js": { body: readFileSync(path("../../dist/worker-host.js")) },
});
for (const browser of BROWSERS) {
  const program = find(browser);
  if (!program) console.log(`${browser.name}: not installed (${browser.install})`);
  else
    for (const [where, said] of Object.entries(
      await visit(browser, program, server, "/gaps.html", 60 + 4 * seconds),
    ))
      console.log(`${browser.name}, ${where}: ${said}`);
}
server.close();
