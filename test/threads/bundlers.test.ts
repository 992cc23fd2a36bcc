/** Threads in pages of bundlers: the kernels come when they are asked for, and workers by a file or a blob. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { adam, compile, crossEntropy, dense, sequential } from "../../src/index.ts";
import { WORKER } from "../../src/kernels/worker.wasm.ts";
import { BROWSERS, find } from "../browser/browsers.mjs";
import { printedBy } from "../browser/pages.mjs";
import { BUNDLERS, bundlePages } from "../bundles.ts";

const [chromium] = BROWSERS;
const program = find(chromium);

function digest(): string {
  const model = sequential({ input: [5], seed: 7 }, [
    dense(16, { activation: "relu" }),
    dense(12, { activation: "tanh" }),
    dense(3, { activation: "softmax" }),
  ]);
  using trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), batchSize: 8 });
  const x = Float32Array.from({ length: 37 * 5 }, (_, i) => ((i * 37) % 101) / 50 - 1);
  const y = Array.from({ length: 37 }, (_, i) => (i * 7) % 3);
  trainer.fitSync({ x, y }, { epochs: 3 });
  return trainer.digest();
}

/** What every copy of the worker's script has, however it was minified. */
const MARK = /getBuiltinModule\?\.\(["'`]worker_threads["'`]\)/;

describe.each(BUNDLERS)("a page made by %s", (bundler) => {
  it("trains on threads in an isolated page", async () => {
    expect(WORKER).toMatch(MARK);
    const folder = bundlePages(bundler, "thread-pages");
    const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
      name.endsWith(".js"),
    );
    const files = Object.fromEntries(
      names.map((name) => [`/${name}`, { body: readFileSync(new URL(name, folder)) }]),
    );
    // Vite knows the way in which the package names the file; others leave it behind, and the script is in a blob.
    const workers = names.filter((name) => MARK.test(String(files[`/${name}`].body).slice(0, 500)));
    expect(workers.length).toBe(bundler === "vite" ? 1 : 0);
    if (!program) return;
    const page = `<script type="module" src="/threads.js"></script>`;
    const printed = await printedBy(chromium, program, { threads: page }, files);
    expect(JSON.parse(printed.threads)).toEqual({
      digest: digest(),
      shared: true,
      ...{ threads: 2, wanted: 2, relaxed: false, livePrograms: 1 },
    });
  }, 300_000);
});
