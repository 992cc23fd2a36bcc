/** The example of a page with a worker, as a reader builds it: by Vite, in every browser at hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSpirals } from "../../src/data/index.ts";
import type { Trainer } from "../../src/index.ts";
import { BROWSERS, find, serve, visit } from "../browser/browsers.mjs";

const root = fileURLToPath(new URL("../../examples/worker-page", import.meta.url));
const PRESENT = BROWSERS.filter((browser) => find(browser));
const { default: make } = (await import(
  new URL("../../examples/worker-page/model.js", import.meta.url).href
)) as {
  default(): Trainer;
};

describe.skipIf(PRESENT.length === 0)("a page that trains in a worker, built by Vite", () => {
  const outDir = mkdtempSync(join(tmpdir(), "wasmgrad-worker-page-"));
  let server: PreviewServer;
  beforeAll(async () => {
    await build({ root, logLevel: "warn", build: { outDir, emptyOutDir: true } });
    server = await preview({
      root,
      logLevel: "warn",
      build: { outDir },
      preview: { port: 0, host: "127.0.0.1" },
    });
  }, 120_000);
  afterAll(async () => {
    await server?.close();
    rmSync(outDir, { recursive: true, force: true });
  });

  it.each(PRESENT)(
    "draws while it learns what a trainer of this thread learns: $name",
    async (browser) => {
      const reports = await serve({});
      try {
        const url = server.resolvedUrls?.local[0].replace(/\/$/, "") as string;
        const page = `/?report=${encodeURIComponent(`${reports.url}/report`)}`;
        const seen = await visit(browser, find(browser)!, { url, report: reports.report }, page, 60);
        const trainer = make();
        const { loss } = trainer.fitSync(makeSpirals({ rows: 600, noise: 0.03, seed: 1 }), { epochs: 300 });
        expect(seen).toEqual({ loss, epochs: 300, frames: expect.any(Number), digest: trainer.digest() });
        expect((seen as { frames: number }).frames).toBeGreaterThan(0);
      } finally {
        reports.close();
      }
    },
    90_000,
  );
});
