/** A strict policy, sent with every file, in real browsers: a page and a worker file of the same origin. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served, serve, visit } from "../../browser/browsers.mjs";
import { XOR_DIGEST } from "../application.ts";
import { installInto } from "../tarball.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-policies-"));
afterAll(() => rmSync(folder, { recursive: true }));

const headers = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

const SCRIPT = `
import { adam, binaryCrossEntropy, compile, dense, sequential } from "/index.js";
import { inWorker } from "/worker.js";

let code = "forbidden";
try { code = new Function("return 'allowed'")(); } catch {}
const model = sequential({ input: [2], seed: 42 }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);
const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
const found = { code };
try {
  const remote = await inWorker(trainer);
  const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
  for (const one of [trainer, remote])
    await one.fit(data, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  Object.assign(found, { page: trainer.digest(), worker: await remote.digest() });
} catch (error) {
  found.error = String(error);
}
await fetch("/report", { method: "POST", body: JSON.stringify(found) });
`;

const files: Record<string, Served> = {
  "/page.html": { body: '<!doctype html><script type="module" src="/page.js"></script>', headers },
  "/page.js": { body: SCRIPT, headers },
};

beforeAll(() => {
  installInto(folder);
  const dist = join(folder, "node_modules/wasmgrad/dist");
  for (const name of readdirSync(dist))
    if (name.endsWith(".js")) files[`/${name}`] = { body: readFileSync(join(dist, name)), headers };
}, 100_000);

describe.each(BROWSERS)("in $name, a page and its worker", (browser) => {
  const program = find(browser);

  it.skipIf(!program)(
    `train where scripts make no code of their own (${browser.install})`,
    async () => {
      const server = await serve(files);
      try {
        const found = await visit(browser, program!, server, "/page.html", 60);
        expect(found).toEqual({ code: "forbidden", page: XOR_DIGEST, worker: XOR_DIGEST });
      } finally {
        server.close();
      }
    },
    100_000,
  );
});
