/**
 * Bundles the package (esbuild) so that Node opens two files to train: `index.js` and what it shares with
 * `transform.js`. Every further file would add a third of a millisecond to each process start. `analysis.js` and the
 * command line need nothing internal: they import the package as its users do.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const options = {
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
  ...options,
  entryPoints: { index: "src/index.ts", transform: "src/transform/index.ts" },
  splitting: true,
  // A hash would be that of the chunks before they are edited, here and by eager.mjs. Two of one name esbuild refuses.
  chunkNames: "chunks/[name]",
  metafile: true,
});

/** The links of the kernels, in the order they are put together. */
const KERNELS = ["predict", "train", "extended"];
const outputs = Object.entries(metafile.outputs);
const shared = outputs.find(([, { inputs }]) => sourceOf("predict") in inputs)[0];
gatherKernels();

function sourceOf(link) {
  return `src/kernels/${link}.wasm.ts`;
}

/** Where the text of the kernels parts the code, or stands in two places, gzip does worse in every page made of it. */
function gatherKernels() {
  let gathered = "";
  for (const link of KERNELS) {
    const [path] = outputs.find(([, { inputs }]) => sourceOf(link) in inputs);
    const text = readFileSync(path, "utf8");
    const from = text.indexOf(`// ${sourceOf(link)}`);
    const to = text.indexOf("\n// src/", from) + 1;
    if (from < 0 || to === 0)
      throw new Error(`${path}: ${link} must stand between comments of esbuild's; got none`);
    gathered += text.slice(from, to);
    const name = link.toUpperCase();
    const taken = path === shared ? "" : `import { ${name} } from "./${relative("dist", shared)}";\n`;
    if (taken) gathered += `export { ${name} };\n`;
    writeFileSync(path, taken + text.slice(0, from) + text.slice(to));
  }
  writeFileSync(shared, gathered + readFileSync(shared, "utf8"));
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
  ...options,
  entryPoints: { analysis: "src/analysis/index.ts", "cli/start": "src/cli/start.ts" },
  plugins: [throughIndex],
});
