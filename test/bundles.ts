/** Pages as users make them: bundled and minified from the built package, by esbuild and by webpack. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import webpack from "webpack";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A page of one script; it imports the package by its name. */
type Bundler = (script: string) => Promise<string>;

const withEsbuild: Bundler = async (script) => {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0].text;
};

const withWebpack: Bundler = async (script) => {
  // Inside the package, whose name means itself there.
  mkdirSync(join(root, "build"), { recursive: true });
  const folder = mkdtempSync(join(root, "build/webpack-"));
  try {
    const entry = join(folder, "page.mjs");
    writeFileSync(entry, script);
    await new Promise<void>((resolve, reject) => {
      webpack(
        {
          mode: "production",
          target: "web",
          context: folder,
          entry,
          output: { path: folder, filename: "page.js", publicPath: "" },
          performance: false,
        },
        (error, stats) => {
          if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString("errors-only")));
          else resolve();
        },
      );
    });
    return readFileSync(join(folder, "page.js"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
};

export const BUNDLERS: readonly (readonly [name: string, Bundler])[] = [
  ["esbuild", withEsbuild],
  ["webpack", withWebpack],
];
