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

/** The links of the kernels, in the order they are put together. */
const KERNELS = ["predict", "train", "extended"].map((link) => `src/kernels/${link}.wasm.ts`);
for (const [path, { inputs }] of Object.entries(metafile.outputs))
  putFirst(
    path,
    KERNELS.filter((link) => link in inputs),
  );

/** Where the text of the kernels parts the code, gzip does worse in every page that is made of it. */
function putFirst(path, links) {
  let text = readFileSync(path, "utf8");
  let first = "";
  for (const link of links) {
    const from = text.indexOf(`// ${link}`);
    const to = text.indexOf("\n// src/", from);
    if (from < 0 || to < 0)
      throw new Error(`${path}: ${link} must stand between comments of esbuild's; got none`);
    first += text.slice(from, to + 1);
    text = text.slice(0, from) + text.slice(to + 1);
  }
  writeFileSync(path, first + text);
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
