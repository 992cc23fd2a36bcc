/** A page whose server sends no headers, and that the service worker of docs/hosts.md makes cross-origin isolated. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served, serve, visit } from "../../browser/browsers.mjs";
import { XOR_DIGEST } from "../application.ts";
import { installInto } from "../tarball.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-isolation-"));
afterAll(() => rmSync(folder, { recursive: true }));

const docs = readFileSync(new URL("../../../docs/hosts.md", import.meta.url), "utf8");
const [, recipe] = /^```js\n(\/\/ isolate\.js\n[\s\S]*?)^```/m.exec(docs)!;

/** @param script  what stands before the page's own script */
const page = (script: string) => `<!doctype html><meta charset="utf-8"><title>wasmgrad</title>
<script>sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1;</script>${script}
<script type="module">
  import { adam, binaryCrossEntropy, compile, dense, sequential } from "/wasmgrad/index.js";
  import { inWorker } from "/wasmgrad/worker.js";
  const isLast = crossOriginIsolated || ${script === ""};
  if (isLast) {
    const model = sequential({ input: [2], seed: 42 }, [
      dense(8, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ]);
    const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
    const remote = await inWorker(trainer);
    const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
    for (const one of [trainer, remote])
      await one.fit(data, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
    const found = { loads: sessionStorage.loads, isolated: crossOriginIsolated, digest: trainer.digest(), worker: await remote.digest() };
    await fetch("/report", { method: "POST", body: JSON.stringify(found) });
  }
</script>`;

const files: Record<string, Served> = {
  "/plain.html": { body: page("") },
  "/isolated.html": { body: page('<script src="/isolate.js"></script>') },
  "/isolate.js": { body: recipe },
};

beforeAll(() => {
  installInto(folder);
  const dist = join(folder, "node_modules/wasmgrad/dist");
  for (const name of readdirSync(dist))
    if (name.endsWith(".js")) files[`/wasmgrad/${name}`] = { body: readFileSync(join(dist, name)) };
}, 100_000);

describe.each(BROWSERS)("in $name, without headers", (browser) => {
  const program = find(browser);

  async function reported(path: string) {
    const server = await serve(files, { isolated: false });
    try {
      return await visit(browser, program!, server, path, 60);
    } finally {
      server.close();
    }
  }
  const bits = { digest: XOR_DIGEST, worker: XOR_DIGEST };

  it.skipIf(!program)(
    `a page is not isolated, and trains all the same (${browser.install})`,
    async () => {
      expect(await reported("/plain.html")).toEqual({ loads: "1", isolated: false, ...bits });
    },
    100_000,
  );

  it.skipIf(!program)(
    `a page is isolated after one reload by a service worker (${browser.install})`,
    async () => {
      expect(await reported("/isolated.html")).toEqual({ loads: "2", isolated: true, ...bits });
    },
    100_000,
  );
});
