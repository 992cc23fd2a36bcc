/**
 * Finishes the build of the kernels for several threads, in the order of instructions that the default build has, as one link: whoever
 * asks for it, asks for all. With it goes the text of the worker, which Node runs as it is and pages without a file of it load as a blob.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "assemblyscript/binaryen";
import { build } from "esbuild";
import { withoutMarks } from "./in-order.mjs";
import { cut, LINKS, writeLinks } from "./links.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = `${root}build/threads`;

const { Features } = binaryen;
const module = binaryen.parseText(withoutMarks(readFileSync(`${path}.wat`, "utf8")));
module.setFeatures(
  Features.MutableGlobals |
    Features.SignExt |
    Features.NontrappingFPToInt |
    Features.BulkMemory |
    Features.BulkMemoryOpt |
    Features.SIMD128 |
    Features.Atomics,
);
if (!module.validate()) throw new Error(`${path}: must be valid; got a module that is not`);
const bytes = Buffer.from(module.emitBinary());
writeFileSync(`${path}.wasm`, bytes);
writeFileSync(`${path}.wat`, module.emitStackIR());

const { instance } = await WebAssembly.instantiate(bytes, {
  env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) },
});
const [whole] = cut(bytes, [Infinity, ...Array(2 * (LINKS.length - 1)).fill(0)], () => LINKS[0]);
writeLinks(["threads"], [whole], ["", `export const THREADS_STATIC_END = ${instance.exports.staticEnd()};`]);

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ["src/threads/worker.ts"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  platform: "neutral",
  write: false,
});
writeFileSync(
  `${root}src/kernels/worker.wasm.ts`,
  `/** src/threads/worker.ts as a script. */\nexport const WORKER = ${JSON.stringify(outputFiles[0].text.trim())};\n`,
);
