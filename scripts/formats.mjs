/**
 * Makes the rest of the package beside its finished ES modules (esbuild): the kernels with fused products, which are
 * loaded on demand; threads, which are too; CommonJS files; entry points for workerd, which import the kernels as a module; and one classic script for
 * pages without modules. In Node `import` loads the CommonJS files too, through `dist/node`, so that it shares one engine and
 * one set of classes with `require`. Bundlers take the ES modules, of which they can leave parts out.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
/** `core.js` for Node, see `eager.mjs`. */
const IN_FUNCTIONS = readFileSync(new URL("../build/core-in-functions.js", import.meta.url), "utf8");
const options = {
  absWorkingDir: dist,
  bundle: true,
  target: "es2022",
  platform: "neutral",
  logLevel: "warning",
};

/** Leaves the modules named to CommonJS files of their own. */
const commonjs = (...modules) => ({
  ...options,
  format: "cjs",
  // `import()` would load an ES module, and Jest refuses it.
  supported: { "dynamic-import": false },
  plugins: [
    {
      name: "commonjs",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^\./ }, ({ path }) =>
          modules.includes(path) ? { path: path.replace(/\.js$/, ".cjs"), external: true } : undefined,
        );
        onLoad({ filter: /\/dist\/core\.js$/ }, () => ({ contents: IN_FUNCTIONS, resolveDir: dist }));
      },
    },
  ],
});

const RELAXED = "./chunks/relaxed.wasm.js";
await build({ ...options, entryPoints: ["../src/kernels/relaxed.wasm.ts"], format: "esm", outfile: RELAXED });
const THREADS = "./chunks/threads.js";
await build({ ...options, entryPoints: ["../src/threads/index.ts"], format: "esm", outfile: THREADS });
// Bundlers find it by the URL in the file before, pages load it; what is in a blob is the same text.
const { WORKER } = await build({
  ...options,
  entryPoints: ["../src/kernels/worker.wasm.ts"],
  format: "esm",
  write: false,
}).then(({ outputFiles: [{ text }] }) => import(`data:text/javascript,${encodeURIComponent(text)}`));
writeFileSync(`${dist}chunks/thread.js`, `${WORKER}\n`);
/** Files that are no modules have no address: there, workers come from a blob. */
const nowhere = { define: { "import.meta.url": '""' } };

// Nobody takes these forms apart: all they hold is there, so that functions of users can be called with tensors anywhere, and
// every fit can write a ledger.
const WHOLE = 'import { bringLedger, bringTensors } from "./core.js"; bringLedger(); bringTensors();';

// One file, because between files each call would read a property.
await build({
  ...commonjs(RELAXED, THREADS),
  stdin: {
    contents: `${WHOLE} export * as index from "./index.js"; export * as transform from "./transform.js";`,
    resolveDir: dist,
  },
  outfile: "all.cjs",
});
await build({ ...commonjs("./index.js"), entryPoints: ["./analysis.js"], outfile: "analysis.cjs" });
await build({
  ...commonjs("./index.js"),
  external: ["node:*"],
  entryPoints: ["./node.js"],
  outfile: "node.cjs",
});
const PARSERS = ["./chunks/papaparse.js", "./chunks/fflate.js"];
await build({ ...commonjs("./index.js", ...PARSERS), entryPoints: ["./data.js"], outfile: "data.cjs" });
for (const path of PARSERS)
  await build({ ...commonjs(), entryPoints: [path], outfile: path.replace(/\.js$/, ".cjs"), minify: true });
await build({ ...commonjs("./index.js"), entryPoints: ["./metrics.js"], outfile: "metrics.cjs" });
const CHARTS = "./chunks/echarts.js";
await build({ ...commonjs("./index.js", CHARTS), entryPoints: ["./plot.js"], outfile: "plot.cjs" });
await build({ ...commonjs(), entryPoints: [CHARTS], outfile: "chunks/echarts.cjs", minify: true });
await build({ ...commonjs(), entryPoints: [RELAXED], outfile: "chunks/relaxed.wasm.cjs" });
// Where the file of its workers is: CommonJS modules have no `import.meta`.
await build({
  ...commonjs("./index.js"),
  entryPoints: ["./worker.js"],
  outfile: "worker.cjs",
  define: { "import.meta.url": "here_url" },
  banner: { js: 'const here_url = require("node:url").pathToFileURL(__filename).href;' },
});
await build({ ...commonjs(), ...nowhere, entryPoints: [THREADS], outfile: "chunks/threads.cjs" });
for (const name of ["index", "transform"])
  writeFileSync(`${dist}${name}.cjs`, `module.exports = require("./all.cjs").${name};\n`);

mkdirSync(`${dist}node`, { recursive: true });
for (const [name, from] of [
  ["index", 'require("../all.cjs").index'],
  ["transform", 'require("../all.cjs").transform'],
  ["analysis", 'require("../analysis.cjs")'],
  ["data", 'require("../data.cjs")'],
  ["node", 'require("../node.cjs")'],
  ["metrics", 'require("../metrics.cjs")'],
  ["plot", 'require("../plot.cjs")'],
  ["worker", 'require("../worker.cjs")'],
]) {
  const names = Object.keys(await import(`${dist}${name}.js`)).join(", ");
  writeFileSync(
    `${dist}node/${name}.js`,
    `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
export const { ${names} } = ${from};
`,
  );
}

// Where nothing may be compiled while it runs, bundlers deliver the kernels as a module beside the code.
mkdirSync(`${dist}workerd`, { recursive: true });
writeFileSync(
  `${dist}workerd/kernels.js`,
  `import kernels from "../wasmgrad.wasm";
import { giveModule } from "../core.js";
giveModule(kernels);
`,
);
for (const name of ["index", "transform", "data"])
  writeFileSync(`${dist}workerd/${name}.js`, `import "./kernels.js";\nexport * from "../${name}.js";\n`);

await build({
  ...options,
  ...nowhere,
  stdin: { contents: `${WHOLE} export * from "./index.js";`, resolveDir: dist },
  outfile: "wasmgrad.global.js",
  format: "iife",
  globalName: "wasmgrad",
  minify: true,
});
