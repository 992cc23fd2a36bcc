/**
 * Bundles the package (esbuild). All that `index.js` and `transform.js` export is in one file, `core.js`: where modules share
 * a second one, webpack keeps all of that which anything in the first could use, unless it can join both with the page, and
 * pages that await at their top are never joined. `analysis.js`, `data.js`, `metrics.js`, `plot.js` and the command line need nothing internal: they
 * import the package as its users do. `worker-host.js` has all of it inside: it is the one file that workers load.
 */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { arrange } from "./arrange.mjs";
import { plainFunctions } from "./plain-functions.mjs";

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
  define: { "Number.POSITIVE_INFINITY": "Infinity", "Number.NaN": "NaN" },
  // Fields that only say a type, and those that a constructor sets, need no line of their own.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
};

const entryPoints = { index: "src/index.ts", transform: "src/transform/index.ts" };
const plugins = [chunk("relaxed.wasm", /\/relaxed\.wasm\.ts$/), chunk("threads", /\/threads\/index\.ts$/)];
const { metafile: entries } = await build({ ...options, entryPoints, plugins, write: false, metafile: true });
const contents = Object.values(entryPoints).map((path) => `export * from "./${path}";\n`);
// For the forms of the package that nobody takes apart, see formats.mjs.
contents.push('export { bringTensors } from "./src/model/custom-loss.ts";\n');
contents.push('export { giveModule } from "./src/runtime/kernels.ts";\n');
contents.push('export { bringLedger } from "./src/ledger/write.ts";\n');
await build({
  ...options,
  stdin: { contents: contents.join(""), resolveDir: ".", sourcefile: "core.js" },
  outdir: undefined,
  outfile: "dist/core.js",
  plugins,
});
gatherKernels();
listEnums();
writeFileSync("dist/core.js", arrange(plainFunctions(readFileSync("dist/core.js", "utf8"))));
for (const name of Object.keys(entryPoints)) {
  const { exports } = entries.outputs[`dist/${name}.js`];
  writeFileSync(`dist/${name}.js`, `export { ${exports.join(", ")} } from "./core.js";\n`);
}

/** Where the text of the kernels parts the code, gzip does worse in every page made of it. */
function gatherKernels() {
  let gathered = "";
  let code = readFileSync("dist/core.js", "utf8");
  for (const link of ["unpack", "predict", "train", "extended", "deep"]) {
    const from = code.indexOf(`// src/kernels/${link}.wasm.ts`);
    const to = code.indexOf("\n// src/", from) + 1;
    if (from < 0 || to === 0)
      throw new Error(`dist/core.js: ${link} must stand between comments of esbuild's; got none`);
    gathered += code.slice(from, to);
    code = code.slice(0, from) + code.slice(to);
  }
  // Next.js' minifier joins neighbours that have the same keyword, and then keeps the last link for the others.
  writeFileSync("dist/core.js", gathered.replace(/var (EXTENDED|DEEP)/g, "const $1") + code);
}

/**
 * Enums that are only asked for the names of their members become lists of these: esbuild has put the members' values where they
 * are used. Who asks for all members, `src/tape/verify.ts`, is not in the package.
 */
function listEnums() {
  const code = readFileSync("dist/core.js", "utf8");
  const listed = code.replace(
    /\(\((\w+)\) => \{\n((?: {2}\1\[\1\["\w+"\] = \d+\] = "\w+";\n)+) {2}return \1;\n\}\)\((\w+) \|\| \{\}\)/g,
    (text, _inner, body, name) => {
      const members = [...body.matchAll(/"(\w+)"\] = (\d+)/g)];
      const isList = members.every(([, , value], i) => Number(value) === i);
      const isAskedForNames = !new RegExp(`\\b${name}(\\.|\\[")`).test(code);
      const names = members.map(([, member]) => member).join(" ");
      return isList && isAskedForNames ? `${JSON.stringify(names)}.split(" ")` : text;
    },
  );
  if (listed === code) throw new Error("dist/core.js: enums must stand in esbuild's form; got none");
  writeFileSync("dist/core.js", listed);
}

/** What the package exports, imported from it: a copy would have error classes of its own. */
const throughIndex = {
  name: "through-index",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir, importer }) => {
      const module = relative("src", join(resolveDir, path));
      const isCommand = importer.includes("/src/cli/");
      const entry = isCommand && /^(data|metrics|node|plot)\/index\.ts$/.exec(module);
      if (entry) return { path: `../${entry[1]}.js`, external: true };
      if (/^(errors|index|(files|graph|model|rows|program|train)\/.*)\.ts$/.test(module))
        return { path: isCommand ? "../index.js" : "./index.js", external: true };
    });
  },
};
/** Errors and all that is exported come from the package; the rest is small, and stays inside. */
const throughExports = {
  name: "through-exports",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      if (/^(errors|index)\.ts$/.test(relative("src", join(resolveDir, path))))
        return { path: "./index.js", external: true };
    });
  },
};
/** Leaves what is imported to a file of its own. */
function chunk(name, filter) {
  return {
    name,
    setup({ onResolve }) {
      onResolve({ filter }, () => ({ path: `./chunks/${name}.js`, external: true }));
    },
  };
}
/** Takes a module for one without exports. */
function empty(filter) {
  return {
    name: "empty",
    setup({ onResolve, onLoad }) {
      onResolve({ filter }, ({ path }) => ({ path, namespace: "empty" }));
      onLoad({ filter: /^/, namespace: "empty" }, () => ({ contents: "" }));
    },
  };
}
const { metafile: around } = await build({
  ...options,
  entryPoints: {
    analysis: "src/analysis/index.ts",
    data: "src/data/index.ts",
    node: "src/node/index.ts",
    metrics: "src/metrics/index.ts",
    plot: "src/plot/index.ts",
    "cli/start": "src/cli/start.ts",
  },
  // Bundlers leave out a file that is not needed: classes are no code they could drop.
  plugins: [
    throughIndex,
    chunk("ml-matrix", /^ml-matrix$/),
    chunk("papaparse", /\/papaparse\.ts$/),
    chunk("fflate", /\/fflate\.ts$/),
    chunk("echarts", /\/echarts\.ts$/),
  ],
  metafile: true,
});
const { metafile: workers } = await build({
  ...options,
  entryPoints: { worker: "src/worker/index.ts", "worker-host": "src/worker/host-file.ts" },
  plugins: [throughExports],
  metafile: true,
});
// Nobody bundles the worker's file where there is no bundler, so it is small by itself; names stay, for stacks.
await build({
  ...options,
  entryPoints: ["dist/worker-host.js"],
  outdir: undefined,
  outfile: "dist/worker-host.js",
  allowOverwrite: true,
  minifyWhitespace: true,
  minifySyntax: true,
  plugins: [chunk("relaxed.wasm", /\/relaxed\.wasm\.js$/), chunk("threads", /\/threads\.js$/)],
});
/** CommonJS packages of the command ask for modules of Node's by `require`. */
const banner = `#!/usr/bin/env node
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);`;
const { metafile: command } = await build({
  ...options,
  entryPoints: { "cli/wasmgrad": "src/cli/wasmgrad.ts" },
  platform: "node",
  banner: { js: banner },
  plugins: [throughIndex],
  metafile: true,
});
chmodSync("dist/cli/wasmgrad.js", 0o755);
const { metafile: matrices } = await build({
  ...options,
  stdin: { contents: 'export { SingularValueDecomposition } from "ml-matrix";', resolveDir: "." },
  outdir: undefined,
  outfile: "dist/chunks/ml-matrix.js",
  minify: true,
  metafile: true,
});
const { metafile: parsers } = await build({
  ...options,
  entryPoints: ["src/data/table/papaparse.ts"],
  outdir: undefined,
  outfile: "dist/chunks/papaparse.js",
  // Its streams of Node's are not used; nor are its workers, which would look for the script they came from.
  plugins: [empty(/^stream$/)],
  define: { PAPA_BROWSER_CONTEXT: "true" },
  minify: true,
  metafile: true,
});
const { metafile: unzippers } = await build({
  ...options,
  entryPoints: ["src/data/formats/fflate.ts"],
  outdir: undefined,
  outfile: "dist/chunks/fflate.js",
  minify: true,
  metafile: true,
});
const { metafile: charts } = await build({
  ...options,
  entryPoints: ["src/plot/echarts.ts"],
  outdir: undefined,
  outfile: "dist/chunks/echarts.js",
  minify: true,
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
});
const metafiles = [command, around, workers, matrices, parsers, unzippers, charts];
writeLicenses(metafiles.flatMap(({ inputs }) => Object.keys(inputs)));

/** Licences that ask to go wherever the code goes: of the packages that were bundled. */
function writeLicenses(paths) {
  const packages = new Set(paths.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = [...packages].sort().map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`${folder}: must have a licence to be bundled; got none`);
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const notice = readdirSync(folder).find((path) => /^notice/i.test(path));
    const read = (path) => readFileSync(join(folder, path), "utf8").trim();
    return `${name} ${version}\n\n${read(file)}\n${notice ? `\n${read(notice)}\n` : ""}`;
  });
  const intro = "The package contains code of these packages.\n";
  writeFileSync("dist/LICENSES.txt", [intro, ...texts].join(`\n${"-".repeat(80)}\n\n`));
}
