/** The packed package in an extension of Chromium's, which loads no code but its own files (manifest version 3). */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, type Browser, find, serve, visit } from "../../browser/browsers.mjs";
import { XOR_DIGEST } from "../application.ts";
import { installInto } from "../tarball.ts";

const [chromium] = BROWSERS;
const program = find(chromium);
const folder = mkdtempSync(join(tmpdir(), "wasmgrad-extension-"));
const manifest = join(folder, "manifest.json");
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 20 }));

const withExtension: Browser = {
  ...chromium,
  args: (profile, url) => [
    `--load-extension=${folder}`,
    `--disable-extensions-except=${folder}`,
    ...chromium.args(profile, url),
  ],
};

/** What the extension's page posts. */
async function posted() {
  const server = await serve({ "/blank.html": { body: "<!doctype html>" } });
  writeFileSync(join(folder, "report.js"), `export const REPORT = "${server.url}/report";\n`);
  try {
    return await visit(withExtension, program!, server, "/blank.html", 60);
  } finally {
    server.close();
  }
}

describe.skipIf(!program)(`an extension of Chromium's (${chromium.install})`, () => {
  beforeAll(() => {
    installInto(folder);
    cpSync(fileURLToPath(new URL("extension", import.meta.url)), folder, { recursive: true });
    cpSync(fileURLToPath(new URL("xor.js", import.meta.url)), join(folder, "xor.js"));
    cpSync(join(folder, "node_modules/wasmgrad/dist"), join(folder, "wasmgrad"), { recursive: true });
    rmSync(join(folder, "node_modules"), { recursive: true });
  }, 100_000);

  it("trains in its page, in a worker and two threads of it and in its service worker, with the bits of everywhere", async () => {
    expect(await posted()).toEqual({
      ...{ page: XOR_DIGEST, worker: XOR_DIGEST, serviceWorker: XOR_DIGEST },
      ...{ threaded: XOR_DIGEST, threads: 2, shared: true },
    });
  }, 100_000);

  it("is told to allow compiling where its manifest does not", async () => {
    const { content_security_policy: _, ...rest } = JSON.parse(readFileSync(manifest, "utf8"));
    writeFileSync(manifest, JSON.stringify(rest));
    const why =
      "a Content-Security-Policy that forbids to compile it: add 'wasm-unsafe-eval' to its script-src";
    expect(await posted()).toEqual({
      page: why,
      serviceWorker: why,
      worker: expect.stringContaining(why),
      threaded: expect.stringContaining(why),
    });
  }, 100_000);
});
