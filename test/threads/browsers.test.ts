/** Threads of pages in real browsers: by the worker's file, by a blob, led by a worker, and why there are none. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BROWSERS, find } from "../browser/browsers.mjs";
import { printedBy } from "../browser/pages.mjs";
import { classifier, noise } from "../fixtures.ts";

const read = (name: string) => ({ body: readFileSync(new URL(`../../dist/${name}`, import.meta.url)) });

const MODULES = ["index.js", "core.js", "chunks/threads.js"];
const files: Record<string, { body: string | Buffer }> = {
  ...Object.fromEntries(MODULES.map((name) => [`/whole/${name}`, read(name)])),
  ...Object.fromEntries(MODULES.map((name) => [`/bare/${name}`, read(name)])),
  "/whole/chunks/thread.js": read("chunks/thread.js"),
  "/elsewhere.js": read("chunks/thread.js"),
  "/wasmgrad.global.js": read("wasmgrad.global.js"),
};

const ROWS = 37;
const data = { x: noise(ROWS * 5), y: Array.from(noise(ROWS, 2), (v) => Math.floor((v + 1) * 1.5)) };

/** Trains as `classifier` does: first alone, until the others are there, then anew with them. */
const TRAIN = `
  const noise = ${noise};
  const data = { x: noise(${ROWS} * 5), y: Array.from(noise(${ROWS}, 2), (v) => Math.floor((v + 1) * 1.5)) };
  async function train({ adam, compile, createEngine, crossEntropy, dense, sequential }, options) {
    const engine = await createEngine({ threads: 2, ...options });
    const { crew } = engine;
    if (crew) crew.hooks.policy = "all";
    const model = sequential({ input: [5], seed: 7 }, [
      dense(16, { activation: "relu" }), dense(12, { activation: "tanh" }), dense(3, { activation: "softmax" }),
    ]);
    const trainer = compile(model, { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), batchSize: 8, engine });
    for (let turn = 0; turn < 3000 && crew && crew.calls === 0; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      trainer.predict(data.x);
    }
    trainer.fitSync(data, { epochs: 2 });
    await trainer.fit(data, { epochs: 2 });
    const { threads, why } = engine.info();
    const seen = JSON.stringify({ digest: trainer.digest(), threads, shared: (crew?.calls ?? 0) > 2, why });
    engine.dispose();
    return seen;
  }`;

const page = (from: string, options = "{}") => `<script type="module">
  import * as wasmgrad from "${from}";
  ${TRAIN}
  console.log(await train(wasmgrad, ${options}));
</script>`;

const worker = `import * as wasmgrad from "/whole/index.js";
  ${TRAIN}
  postMessage(await train(wasmgrad, { threads: 3 }));`;

const PAGES = {
  file: page("/whole/index.js"),
  blob: page("/bare/index.js"),
  factory: page("/bare/index.js", `{ worker: () => new Worker("/elsewhere.js") }`),
  classic: `<script src="/wasmgrad.global.js"></script><script>${TRAIN} train(wasmgrad, {}).then(console.log);</script>`,
  led: `<script type="module">
    const worker = new Worker("/led-worker.js", { type: "module" });
    worker.onmessage = ({ data }) => console.log(data);
    worker.onerror = ({ message }) => console.log(message ?? "does not start");
  </script>`,
};

function digest(): string {
  using trainer = classifier();
  trainer.fitSync(data, { epochs: 4 });
  return trainer.digest();
}

/** WebKit's Linux port has no SharedArrayBuffer. */
const SHARES = /Chromium|Firefox/;

describe.each(BROWSERS.map((browser) => [browser.name, browser] as const))("%s", (name, browser) => {
  const program = find(browser);
  const parse = (printed: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(printed).map(([key, text]) => [key, text.startsWith("{") ? JSON.parse(text) : text]),
    );

  it.skipIf(!program)(
    "trains on threads in isolated pages, to the bits of Node",
    async () => {
      const all = { ...files, "/led-worker.js": { body: worker } };
      const printed = parse(await printedBy(browser, program!, PAGES, all));
      const shares = SHARES.test(name);
      for (const key of Object.keys(PAGES))
        expect(printed[key], key).toEqual({
          digest: digest(),
          threads: shares ? (key === "led" ? 3 : 2) : 1,
          shared: shares,
          ...(shares ? {} : { why: expect.stringMatching(/SharedArrayBuffer|WebAssembly threads/) }),
        });
    },
    120_000,
  );

  it.skipIf(!program)(
    "says why there are none in others, and what to do",
    async () => {
      const { file, classic } = PAGES;
      const printed = parse(
        await printedBy(browser, program!, { file, classic }, files, { isolated: false }),
      );
      for (const key of ["file", "classic"])
        expect(printed[key], key).toEqual({
          digest: digest(),
          threads: 1,
          shared: false,
          why: expect.stringMatching(/not cross-origin isolated.*Cross-Origin-Opener-Policy: same-origin/),
        });
    },
    120_000,
  );
});
