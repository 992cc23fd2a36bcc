/** A page whose server sends no headers, and that the service worker of docs/hosts.md makes cross-origin isolated. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served, serve, visit } from "../../browser/browsers.mjs";
import { XOR_DIGEST } from "../application.ts";
import { packedFiles } from "./served.ts";

const docs = readFileSync(new URL("../../../docs/hosts.md", import.meta.url), "utf8");
const [, recipe] = /^```js\n(\/\/ isolate\.js\n[\s\S]*?)^```/m.exec(docs)!;

/** @param script  what stands before the page's own script */
const page = (script: string) => `<!doctype html><meta charset="utf-8"><title>wasmgrad</title>
<script>sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1;</script>${script}
<script type="module">
  import { trainEverywhere } from "/xor.js";
  if (crossOriginIsolated || ${script === ""}) {
    const found = { loads: sessionStorage.loads, isolated: crossOriginIsolated, ...(await trainEverywhere()) };
    await fetch("/report", { method: "POST", body: JSON.stringify(found) });
  }
</script>`;

let files: Record<string, Served>;
beforeAll(() => {
  files = {
    ...packedFiles(),
    "/plain.html": { body: page("") },
    "/isolated.html": { body: page('<script src="/isolate.js"></script>') },
    "/isolate.js": { body: recipe },
  };
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
  const bits = { page: XOR_DIGEST, worker: XOR_DIGEST, threaded: XOR_DIGEST };

  it.skipIf(!program)(
    `a page has one thread, and is told why (${browser.install})`,
    async () => {
      expect(await reported("/plain.html")).toEqual({
        loads: "1",
        isolated: false,
        ...bits,
        threads: 1,
        shared: false,
        why: expect.stringMatching(
          /^the page is not cross-origin isolated: .* the service worker of docs\/hosts\.md$/,
        ),
      });
    },
    100_000,
  );

  it.skipIf(!program)(
    `a page is isolated after one reload by a service worker (${browser.install})`,
    async () => {
      const threads =
        browser.name === "WebKit"
          ? { threads: 1, shared: false, why: "the runtime has no SharedArrayBuffer" }
          : { threads: 2, shared: true };
      expect(await reported("/isolated.html")).toEqual({ loads: "2", isolated: true, ...bits, ...threads });
    },
    100_000,
  );
});
