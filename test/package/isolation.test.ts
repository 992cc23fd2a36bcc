/** A page whose server sends no headers, and that a service worker makes cross-origin isolated: npm's coi-serviceworker. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served, serve, visit } from "../browser/browsers.mjs";
import { XOR_DIGEST } from "./application.ts";
import { projectWithPackage } from "./tarball.ts";

/** As a server that knows nothing of isolation. */
const headers = {
  "cross-origin-opener-policy": "unsafe-none",
  "cross-origin-embedder-policy": "unsafe-none",
};

/** @param script  what stands before the page's own script */
const page = (script: string) => `<!doctype html><meta charset="utf-8"><title>wasmgrad</title>${script}
<script type="module">
  import { adam, binaryCrossEntropy, compile, createEngine, dense, sequential } from "/wasmgrad/index.js";
  import { inWorker } from "/wasmgrad/worker.js";
  const loads = (sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1);
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
    const found = { loads, isolated: crossOriginIsolated, digest: trainer.digest(), worker: await remote.digest() };
    await fetch("/report", { method: "POST", body: JSON.stringify(found) });
  }
</script>`;

const files: Record<string, Served> = {
  "/plain.html": { body: page(""), headers },
  "/isolated.html": { body: page('<script src="/coi-serviceworker.js"></script>'), headers },
};

beforeAll(() => {
  const modules = join(projectWithPackage("isolation"), "node_modules");
  const add = (path: string, file: string) => {
    files[path] = { body: readFileSync(join(modules, file)), headers };
  };
  add("/coi-serviceworker.js", "coi-serviceworker/coi-serviceworker.js");
  for (const name of readdirSync(join(modules, "wasmgrad/dist")))
    if (name.endsWith(".js")) add(`/wasmgrad/${name}`, `wasmgrad/dist/${name}`);
}, 300_000);

describe.each(BROWSERS)("in $name, without headers", (browser) => {
  const program = find(browser);

  async function reported(path: string) {
    const server = await serve(files);
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
      expect(await reported("/plain.html")).toEqual({ loads: 1, isolated: false, ...bits });
    },
    100_000,
  );

  it.skipIf(!program)(
    `a page is isolated after one reload by a service worker (${browser.install})`,
    async () => {
      expect(await reported("/isolated.html")).toEqual({ loads: 2, isolated: true, ...bits });
    },
    100_000,
  );
});
