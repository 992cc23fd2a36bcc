/** The script for pages without modules, in a page that is opened from a folder. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import * as source from "../../src/index.ts";
import { BROWSERS, find } from "../browser/browsers.mjs";
import { installInto } from "./tarball.ts";

const chromium = find(BROWSERS[0]);
const folder = mkdtempSync(join(tmpdir(), "wasmgrad-page-"));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 20 }));

const PAGE = `<!doctype html><meta charset="utf-8"><title>wasmgrad</title><body>
<script src="node_modules/wasmgrad/dist/wasmgrad.global.js"></script>
<script>
  const { adam, binaryCrossEntropy, compile, dense, sequential } = wasmgrad;
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
  trainer.fitSync(data, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  const names = Object.keys(wasmgrad).join();
  document.body.textContent = location.protocol + " " + names + " " + trainer.digest();
</script>`;

it.skipIf(!chromium)(`trains in Chromium from file:// (${BROWSERS[0].install})`, () => {
  installInto(folder);
  const page = join(folder, "index.html");
  writeFileSync(page, PAGE);
  const args = [...BROWSERS[0].args(join(folder, "profile"), pathToFileURL(page).href), "--dump-dom"];
  const html = execFileSync(chromium as string, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [protocol, names, digest] = /<body>([^<]*)/.exec(html)?.[1].trim().split(" ") ?? [];
  const digests = JSON.parse(readFileSync(new URL("../determinism/digests.json", import.meta.url), "utf8"));
  expect(protocol).toBe("file:");
  expect(names.split(",").sort()).toEqual(Object.keys(source).sort());
  expect(digest).toBe(digests["xor to loss 0.01"]);
});
