/** Pages that are opened from a folder, without a server: the script for pages without modules, in every browser at hand. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as source from "../../../src/index.ts";
import { BROWSERS, find, serve, visit } from "../../browser/browsers.mjs";
import { XOR_DIGEST } from "../application.ts";
import { installInto } from "../tarball.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-page-"));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 20 }));

/** What a page from a folder says goes to a server, which does not answer pages of other origins. */
const POST = `const report = (found) => fetch(REPORT, { method: "POST", mode: "no-cors", body: JSON.stringify(found) });`;

const TRAINS = `<!doctype html><meta charset="utf-8"><title>wasmgrad</title><body>
<script>const before = new Set(Object.getOwnPropertyNames(window));</script>
<script src="node_modules/wasmgrad/dist/wasmgrad.global.js"></script>
<script>
  (async () => {
  const { adam, binaryCrossEntropy, compile, dense, sequential } = wasmgrad;
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
  trainer.fitSync(data, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  const { threads, why } = (await wasmgrad.createEngine({ threads: 2 })).info();
  const globals = Object.getOwnPropertyNames(window).filter((name) => !before.has(name));
  report({ protocol: location.protocol, names: Object.keys(wasmgrad), globals, digest: trainer.digest(), threads, why });
  })();
</script>`;

const MODULE = `<!doctype html><meta charset="utf-8"><title>wasmgrad</title><body>
<script>addEventListener("error", () => report("refused"), true);</script>
<script type="module" src="node_modules/wasmgrad/dist/index.js" onload="report('loaded')"></script>`;

/** The example, watched. */
const WATCH = `<script>
  new MutationObserver(() => {
    const text = document.querySelector("#status").textContent;
    if (/done|Error/.test(text)) report(text);
  }).observe(document.querySelector("#status"), { childList: true });
</script>`;

beforeAll(() => {
  installInto(folder);
  cpSync(fileURLToPath(new URL("../../../examples/page", import.meta.url)), join(folder, "examples/page"), {
    recursive: true,
  });
}, 100_000);

describe.each(BROWSERS)("in $name, from file://", (browser) => {
  const program = find(browser);

  /** What a page of the folder reports. */
  async function reported(path: string, html: string) {
    const server = await serve({});
    const file = join(folder, path);
    writeFileSync(file, `<script>const REPORT = "${server.url}/report"; ${POST}</script>${html}`);
    const { href } = pathToFileURL(file);
    try {
      return await visit(browser, program!, { url: "", report: server.report }, href, 60);
    } finally {
      server.close();
    }
  }

  it.skipIf(!program)(
    `a classic script trains (${browser.install})`,
    async () => {
      const { names, ...found } = (await reported("index.html", TRAINS)) as { names: string[] };
      expect(found).toEqual({
        protocol: "file:",
        globals: ["wasmgrad"],
        digest: XOR_DIGEST,
        threads: 1,
        why: expect.stringMatching(/^pages from files cannot share memory: serve the page over HTTP, /),
      });
      expect(names.sort()).toEqual(Object.keys(source).sort());
    },
    100_000,
  );

  it.skipIf(!program)(
    `the example without a bundler learns (${browser.install})`,
    async () => {
      const page = readFileSync(join(folder, "examples/page/index.html"), "utf8");
      const script = "../../dist/wasmgrad.global.js";
      expect(page).toContain(script);
      const own = page.replace(script, "../../node_modules/wasmgrad/dist/wasmgrad.global.js");
      expect(
        await reported("examples/page/watched.html", own.replace("<script src", `${WATCH}<script src`)),
      ).toMatch(/^\d+ epochs, loss 0\.00\d\d, accuracy 1\.00: done$/);
    },
    100_000,
  );

  it.skipIf(!program)(
    `a module script is refused by the browser (${browser.install})`,
    async () => {
      expect(existsSync(join(folder, "node_modules/wasmgrad/dist/index.js"))).toBe(true);
      expect(await reported("module.html", MODULE)).toBe("refused");
    },
    100_000,
  );
});
