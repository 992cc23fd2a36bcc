/** Pages as users make them: of the packed package, by each bundler, minified. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { projectWithPackage } from "./package/tarball.ts";

export const BUNDLERS = ["esbuild", "rollup", "vite", "webpack"] as const;

const project = projectWithPackage("bundlers");

/**
 * Makes all pages with one bundler.
 *
 * @param pages the folder with their sources
 * @returns the folder with the pages, each a script with the name of its source
 */
export function bundlePages(bundler: (typeof BUNDLERS)[number], pages = "pages"): URL {
  const folder = new URL(`../build/${pages}/${bundler}/`, import.meta.url);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync(process.execPath, [`${project}/build.mjs`, bundler, fileURLToPath(folder), pages], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return folder;
}
