/**
 * Files of the course's cells that no page links: the frame's script, what stands before a program in its worker, and the modules of the
 * package, each a classic script, since nothing else can be loaded where a cell runs. A plugin for Vite; they stand in `course/cell/`.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { CELL_PAGE } from "../pages/course/cell-page.mjs";
import { documentOf } from "./shell.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = "course/cell/";

/** Files of `dist` that a program may import, by name. The core is `wasmgrad` and `wasmgrad/transform`. */
const MODULES = { core: "all", analysis: "analysis", data: "data", metrics: "metrics", plot: "plot" };

const options = {
  bundle: true,
  minify: true,
  target: "es2022",
  write: false,
  logLevel: "error",
  legalComments: "none",
};

async function contents() {
  const files = new Map();
  const add = async (name, more) => {
    const { outputFiles } = await build({ ...options, ...more });
    files.set(FOLDER + name, outputFiles[0].text);
  };
  for (const name of ["frame", "worker"])
    await add(`${name}.js`, {
      entryPoints: [join(root, `site/pages/course/cell/${name}.ts`)],
      format: "iife",
    });
  for (const [name, file] of Object.entries(MODULES))
    await add(`modules/${name}.js`, {
      entryPoints: [join(root, `dist/${file}.cjs`)],
      format: "cjs",
      platform: "neutral",
      external: ["./index.cjs", "./chunks/threads.cjs", "./chunks/relaxed.wasm.cjs", "node:*"],
      banner: { js: "wasmgradCell.define((require,module,exports)=>{" },
      footer: { js: "});" },
    });
  return files;
}

/** @returns {import("vite").Plugin} */
export const cellFiles = () => ({
  name: "cell files",
  async generateBundle() {
    for (const [fileName, source] of await contents()) this.emitFile({ type: "asset", fileName, source });
  },
  configureServer(server) {
    const made = contents();
    server.middlewares.use(async (request, response, next) => {
      const isPage = request.url === `/${FOLDER}`;
      const text = isPage ? documentOf(CELL_PAGE) : (await made).get(request.url.slice(1));
      if (text === undefined) return next();
      response.setHeader("content-type", isPage ? "text/html" : "text/javascript");
      response.end(text);
    });
  },
});
