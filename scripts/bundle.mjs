/**
 * Bundles the package (esbuild) so that Node opens two files to train: `index.js` and what it shares with
 * `transform.js`. Every further file would add a third of a millisecond to each process start. `analysis.js` and the
 * command line need nothing internal: they import the package as its users do.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
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
  external: ["node:*"],
  logLevel: "warning",
  // Fields that only say a type, and those that a constructor sets, need no line of their own.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
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

/** What the package exports, imported from it: a copy would have error classes of its own. */
const throughIndex = {
  name: "through-index",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
      const module = relative("src", join(resolveDir, path));
      if (/^(errors|index|(graph|model|rows|program|train)\/.*)\.ts$/.test(module))
        return { path: importer.includes("/cli/") ? "../index.js" : "./index.js", external: true };
    });
  },
};
/** In a file of its own, which bundlers leave out where it is not needed: its classes are no code they could drop. */
const mlMatrix = {
  name: "ml-matrix",
  setup({ onResolve }) {
    onResolve({ filter: /^ml-matrix$/ }, () => ({ path: "./chunks/ml-matrix.js", external: true }));
  },
};
const { metafile: around } = await build({
  ...options,
  entryPoints: { analysis: "src/analysis/index.ts", "cli/start": "src/cli/start.ts" },
  plugins: [throughIndex, mlMatrix],
  metafile: true,
});
const { metafile: matrices } = await build({
  ...options,
  stdin: { contents: 'export { SingularValueDecomposition } from "ml-matrix";', resolveDir: "." },
  outdir: undefined,
  outfile: "dist/chunks/ml-matrix.js",
  minify: true,
  metafile: true,
});
writeLicenses(Object.keys({ ...around.inputs, ...matrices.inputs }));

/** Licences that ask to go wherever the code goes: of the packages that were bundled. */
function writeLicenses(paths) {
  const packages = new Set(paths.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = [...packages].sort().map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`${folder}: must have a licence to be bundled; got none`);
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  const intro = "The package contains code of these packages.\n";
  writeFileSync("dist/LICENSES.txt", [intro, ...texts].join(`\n${"-".repeat(80)}\n\n`));
}
