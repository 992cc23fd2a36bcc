/** How Vite bundles the pages that have scripts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cellFiles } from "./cell.mjs";
import { documentOf, POLICY } from "./shell.mjs";

const site = fileURLToPath(new URL("..", import.meta.url));

/** Where the site is written to. */
export const OUT = join(site, "../build/site");
/** HTML files that Vite starts from. */
export const SOURCES = join(site, ".sources");

/**
 * Writes the documents of pages with scripts, and returns their files.
 *
 * @param {boolean} [options.isServed]  whether Vite serves them: what is outside its root then has addresses of its own
 */
export function writeSources(pages, { isServed = false } = {}) {
  const files = [];
  for (const page of pages.filter(({ script }) => script)) {
    const file = join(SOURCES, page.path, "index.html");
    mkdirSync(dirname(file), { recursive: true });
    const script = join(site, "pages", page.script);
    // Vite puts style sheets into pages that it serves.
    const policy = (page.policy ?? POLICY).replace("style-src 'self'", "$& 'unsafe-inline'");
    const text = isServed
      ? documentOf({ ...page, policy }, `/@fs${script}`)
      : documentOf(page, relative(dirname(file), script));
    writeFileSync(file, text);
    files.push(file);
  }
  return files;
}

/**
 * What several scripts share is one file for each of these, not one for each set of scripts: on a slow line a request takes longer than
 * the bytes.
 */
const SHARED = [
  { name: "preact", test: /node_modules\/preact\// },
  { name: "playground", test: /site\/pages\/playground\/(parts|state|draw)\//, minShareCount: 2 },
];

/** @returns {import("vite").InlineConfig} */
export const viteConfig = (files) => ({
  root: SOURCES,
  base: "./",
  configFile: false,
  publicDir: join(site, "public"),
  logLevel: "warn",
  server: { fs: { allow: [join(site, "..")] } },
  worker: { format: "es" },
  plugins: [cellFiles()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    // Browsers that have light-dark(): for older ones it becomes variables that only a sheet with color-scheme in it defines.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: {
      input: files,
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: SHARED } },
    },
  },
});
