/** Pages without a bundler, straight from the packed files, and pages with a content security policy. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served } from "../browser/browsers.mjs";
import { printedBy } from "../browser/pages.mjs";
import { XOR_DIGEST } from "./application.ts";
import { installInto } from "./tarball.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-pages-"));
afterAll(() => rmSync(folder, { recursive: true }));
installInto(folder);

const dist = join(folder, "node_modules/wasmgrad/dist");
const files: Record<string, Served> = Object.fromEntries(
  readdirSync(dist, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(js|wasm)$/.test(name))
    .map((name) => [`/${name}`, { body: readFileSync(join(dist, name)) }]),
);

const NAMES = "adam, binaryCrossEntropy, compile, createEngine, dense, isSupported, sequential";
const XOR = `
  const model = sequential({ input: [2], seed: 42 }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
  trainer.fitSync({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  console.log(trainer.digest());`;
const IMPORTS = {
  wasmgrad: "/index.js",
  "wasmgrad/transform": "/transform.js",
  "wasmgrad/analysis": "/analysis.js",
  "wasmgrad/data": "/data.js",
};

const [chromium] = BROWSERS;
const program = find(chromium);
const print = (pages: Record<string, string>, policy?: string) =>
  printedBy(
    chromium,
    program!,
    pages,
    files,
    policy ? { headers: { "content-security-policy": policy } } : {},
  );

describe.skipIf(!program)("a page without a bundler", () => {
  it("trains by a classic script, a module, and an import map, with the bits of everywhere", async () => {
    const all = `
      import { compile, dense, sequential } from "wasmgrad";
      import { rank } from "wasmgrad/analysis";
      import { collapseLinear } from "wasmgrad/transform";
      const flat = collapseLinear(sequential({ input: [3] }, [dense(2), dense(3)]));
      console.log(rank(compile(flat).parameters["dense2.weight"]));`;
    const pages = {
      classic: `<script src="/wasmgrad.global.js"></script><script>{ const { ${NAMES} } = wasmgrad; ${XOR} }</script>`,
      module: `<script type="module">import { ${NAMES} } from "/index.js"; ${XOR}</script>`,
      mapped: `<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script><script type="module">${all}</script>`,
    };
    expect(await print(pages)).toEqual({ classic: XOR_DIGEST, module: XOR_DIGEST, mapped: "2" });
  }, 120_000);
});

describe.skipIf(!program)("a page with a content security policy", () => {
  const page = `<script type="module">
    import { ${NAMES} } from "/index.js";
    const errors = [];
    for (const options of [undefined, { wasm: "/wasmgrad.wasm" }, { wasm: await fetch("/wasmgrad.wasm") }])
      await createEngine(options).catch((error) => errors.push(String(error)));
    try { ${XOR} } catch (error) { errors.push(String(error)); }
    console.log(JSON.stringify({ why: isSupported.why(), errors }));
  </script>`;

  it("trains with 'wasm-unsafe-eval'", async () => {
    expect(await print({ page }, "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'")).toEqual({
      page: XOR_DIGEST,
    });
  }, 120_000);

  it("is told to allow it without, however it gets the kernels", async () => {
    const printed = await print({ page }, "script-src 'self' 'unsafe-inline'");
    const why =
      "a Content-Security-Policy that forbids to compile it: add 'wasm-unsafe-eval' to its script-src";
    const error = `UnsupportedEngineError: engine: WebAssembly with SIMD is needed, and leave to compile it; got ${why}`;
    expect(JSON.parse(printed.page)).toEqual({ why, errors: Array(4).fill(error) });
  }, 120_000);
});
