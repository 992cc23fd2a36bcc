/** Pages with workers, as users make them: by each bundler, by none, with a policy, in every browser at hand. */
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served } from "../browser/browsers.mjs";
import { printedBy } from "../browser/pages.mjs";
import { BUNDLERS, bundlePages } from "../bundles.ts";
import { XOR_DIGEST } from "./application.ts";

/** Browsers that are installed. */
const PRESENT = BROWSERS.filter((browser) => find(browser));
const script = (name: string) => `<script type="module" src="/${name}.js"></script>`;

function filesIn(folder: URL): Record<string, Served> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".js"),
  );
  return Object.fromEntries(paths.map((path) => [`/${path}`, { body: readFileSync(new URL(path, folder)) }]));
}

const dist = new URL("../../dist/", import.meta.url);
const hostFile: Served = { body: readFileSync(new URL("worker-host.js", dist)) };

describe.skipIf(PRESENT.length === 0).each(BUNDLERS)("a page with a worker made by %s", (bundler) => {
  let folder: URL;
  beforeAll(() => {
    folder = bundlePages(bundler, "worker-pages");
  }, 600_000);
  const leavesFilesBehind = bundler === "esbuild" || bundler === "rollup";

  it.each(PRESENT)(
    "trains there, to the bits of everywhere: $name",
    async (browser) => {
      // What these leave behind is copied, as docs/workers.md says.
      const files = { ...filesIn(folder), ...(leavesFilesBehind ? { "/worker-host.js": hostFile } : {}) };
      const pages: Record<string, string> = { "in-worker": script("in-worker") };
      if (!leavesFilesBehind) pages["own-worker"] = script("own-worker");
      const expected = Object.fromEntries(Object.keys(pages).map((page) => [page, XOR_DIGEST]));
      expect(await printedBy(browser, find(browser)!, pages, files)).toEqual(expected);
    },
    120_000,
  );

  it.runIf(leavesFilesBehind)(
    "is told what to do where the worker's file is missing",
    async () => {
      const [browser] = PRESENT;
      const pages = { "in-worker": script("in-worker") };
      const { "in-worker": said } = await printedBy(browser, find(browser)!, pages, filesIn(folder));
      expect(said).toMatch(
        /^worker-start: inWorker: a worker must start and load its file; got .*worker-host\.js/,
      );
    },
    120_000,
  );
});
