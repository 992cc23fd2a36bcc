/**
 * Rolls the declarations of tsc (build/types) up into one file for each entry point and module system (rollup). The other
 * entry points import what belongs to the main one from it: a class declared twice would be two types.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const ENTRIES = {
  index: "index",
  transform: "transform/index",
  analysis: "analysis/index",
  data: "data/index",
  node: "node/index",
  metrics: "metrics/index",
  plot: "plot/index",
  worker: "worker/index",
};

const throughIndex = {
  name: "through-index",
  async resolveId(path, importer) {
    const resolved = importer && (await this.resolve(path, importer, { skipSelf: true }));
    if (
      !resolved ||
      /\/build\/types\/src\/(transform|analysis|data|metrics|node|plot|worker)\//.test(resolved.id)
    )
      return resolved;
    return { id: "./index.js", external: "absolute" };
  },
};

/** rollup-plugin-dts exports classes as values, also those that the package exports as types. */
function withTypeExports(text, values) {
  const exported = [];
  const rest = text.replaceAll(/^export (?:type )?{(.*)};\n/gm, (_, names) => {
    exported.push(...names.split(",").map((name) => name.trim()));
    return "";
  });
  const list = (kind, names) => (names.length > 0 ? `${kind} { ${names.join(", ")} };\n` : "");
  const isValue = (name) => values.includes(name);
  return (
    rest +
    list("export", exported.filter(isValue)) +
    list(
      "export type",
      exported.filter((name) => !isValue(name)),
    )
  );
}

for (const [name, path] of Object.entries(ENTRIES)) {
  const bundle = await rollup({
    input: `build/types/src/${path}.d.ts`,
    plugins: [name !== "index" && throughIndex, dts()],
    makeAbsoluteExternalsRelative: false,
  });
  const { output } = await bundle.generate({ format: "es" });
  const values = Object.keys(await import(`../dist/${name}.js`));
  // In TypeScript's own words: `Symbol.dispose`, which not every `lib` has.
  const text = `/// <reference lib="esnext.disposable" />\n${withTypeExports(output[0].code, values)}`;
  writeFileSync(`dist/${name}.d.ts`, text);
  writeFileSync(`dist/${name}.d.cts`, text.replaceAll("./index.js", "./index.cjs"));
}

writeFileSync(
  "dist/wasm.d.ts",
  `/** The kernels, as bundlers import such files: compiled, or where they are. For the option \`wasm\` of \`createEngine\`. */
declare const wasm: WebAssembly.Module | string;
export default wasm;
`,
);
