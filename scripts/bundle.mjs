/**
 * Bundles the package (esbuild) so that Node opens two files to train: `index.js` and what it shares with
 * `transform.js`. Every further file would add a third of a millisecond to each process start. `analysis.js` and the
 * command line need nothing internal: they import the package as its users do.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const shared = {
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  mainFields: ["module", "main"],
  external: ["node:*", "ml-matrix"],
  logLevel: "warning",
};

const { metafile } = await build({
  ...shared,
  entryPoints: { index: "src/index.ts", transform: "src/transform/index.ts" },
  splitting: true,
  // A hash would be that of the chunks before they are edited, here and by eager.mjs. Two of one name esbuild refuses.
  chunkNames: "chunks/[name]",
  metafile: true,
});

const KERNELS = "src/kernels/core.wasm.ts";
for (const [path, { inputs }] of Object.entries(metafile.outputs))
  if (KERNELS in inputs) putKernelsFirst(path);

/** Where the text of the kernels parts the code, gzip does worse in every page that is made of it. */
function putKernelsFirst(path) {
  const text = readFileSync(path, "utf8");
  const from = text.indexOf(`// ${KERNELS}`);
  const to = text.indexOf("\n// src/", from);
  if (from < 0 || to < 0)
    throw new Error(`${path}: the kernels must stand between comments of esbuild's; got none`);
  writeFileSync(path, text.slice(from, to) + text.slice(0, from) + text.slice(to));
}

const throughIndex = {
  name: "through-index",
  setup({ onResolve }) {
    onResolve(
      { filter: /^\.\.\/(errors|index|(graph|model|rows|program|train)\/.*)\.ts$/ },
      ({ importer }) => ({
        path: importer.includes("/cli/") ? "../index.js" : "./index.js",
        external: true,
      }),
    );
  },
};
await build({
  ...shared,
  entryPoints: { analysis: "src/analysis/index.ts", "cli/start": "src/cli/start.ts" },
  plugins: [throughIndex],
});
