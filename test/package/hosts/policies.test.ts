/** A strict policy, sent with every file, in real browsers: a page, its worker and its threads, whose files are of the same origin. */
import { beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served, serve, visit } from "../../browser/browsers.mjs";
import { XOR_DIGEST } from "../application.ts";
import { packedFiles } from "./served.ts";

const headers = { "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

const SCRIPT = `
import { trainEverywhere } from "/xor.js";

let code = "forbidden";
try { code = new Function("return 'allowed'")(); } catch {}
let blob = "forbidden";
try { blob = await import(URL.createObjectURL(new Blob([""], { type: "text/javascript" }))); } catch {}
const found = { code, blob, ...(await trainEverywhere()) };
await fetch("/report", { method: "POST", body: JSON.stringify(found) });
`;

let files: Record<string, Served>;
beforeAll(() => {
  files = {
    ...packedFiles(headers),
    "/page.html": { body: '<!doctype html><script type="module" src="/page.js"></script>', headers },
    "/page.js": { body: SCRIPT, headers },
  };
}, 100_000);

describe.each(BROWSERS)("in $name, a page, its worker and its threads", (browser) => {
  const program = find(browser);

  it.skipIf(!program)(
    `train where scripts make no code of their own (${browser.install})`,
    async () => {
      const threads =
        browser.name === "WebKit"
          ? { threads: 1, shared: false, why: "the runtime has no SharedArrayBuffer" }
          : { threads: 2, shared: true };
      const server = await serve(files);
      try {
        expect(await visit(browser, program!, server, "/page.html", 60)).toEqual({
          ...{ code: "forbidden", blob: "forbidden" },
          ...{ page: XOR_DIGEST, worker: XOR_DIGEST, threaded: XOR_DIGEST },
          ...threads,
        });
      } finally {
        server.close();
      }
    },
    100_000,
  );
});
