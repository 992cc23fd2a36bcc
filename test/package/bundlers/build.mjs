/**
 * Makes pages of the packed package, minified, as users of a bundler do: from each file of `pages/` a file of the same
 * name, and what that loads beside it.
 *
 *   node build.mjs NAME FOLDER [PAGES]    the pages of one bundler, into a folder; of another folder than `pages/`
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));

/** What makes one page: `entry` is the path of its script, `name` the name without extension, `folder` takes the result. */
const BUNDLERS = {
  async esbuild(entry, _name, folder) {
    const { build } = await import("esbuild");
    await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: "esm",
      outdir: folder,
      logLevel: "error",
    });
  },

  async webpack(entry, name, folder) {
    const { default: webpack } = await import("webpack");
    await new Promise((resolve, reject) => {
      webpack(
        {
          mode: "production",
          target: "web",
          entry,
          output: { path: folder, filename: `${name}.js`, publicPath: "" },
          performance: false,
        },
        (error, stats) => {
          if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString("errors-only")));
          else resolve();
        },
      );
    });
  },

  /** Rollup minifies nothing by itself; what it made is minified by esbuild. */
  async rollup(entry, name, folder) {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const { transform } = await import("esbuild");
    const onwarn = ({ message }) => {
      throw new Error(message);
    };
    const bundle = await rollup({ input: entry, plugins: [nodeResolve()], onwarn });
    await bundle.write({
      dir: folder,
      entryFileNames: `${name}.js`,
      plugins: [{ name: "minify", renderChunk: (code) => transform(code, { minify: true, format: "esm" }) }],
    });
  },

  async vite(entry, name, folder) {
    const { build } = await import("vite");
    await build({
      configFile: false,
      logLevel: "warn",
      base: "./",
      build: {
        outDir: folder,
        emptyOutDir: false,
        rolldownOptions: { input: entry, output: { entryFileNames: `${name}.js` } },
      },
    });
  },
};

const [bundler, folder, pages = "pages"] = process.argv.slice(2);
for (const file of readdirSync(pages))
  await BUNDLERS[bundler](join(process.cwd(), pages, file), file.replace(/\.js$/, ""), folder);
