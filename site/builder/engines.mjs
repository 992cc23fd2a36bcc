/**
 * The engines that replay links: `engines/<version>/replay.js`, and `engines/index.json`, the versions that there are. The present one is
 * made here; earlier ones are kept in `site/engines/` and copied as they are.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const site = fileURLToPath(new URL("..", import.meta.url));
/** Engines of earlier versions. */
export const KEPT = join(site, "engines");

export const presentVersion = () => JSON.parse(readFileSync(join(site, "../package.json"), "utf8")).version;

/** Writes the worker of the present engine: one classic script that needs nothing else. */
export async function writeEngine(file) {
  await build({
    entryPoints: [join(site, "pages/playground/run/replay-worker.ts")],
    outfile: file,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    logLevel: "error",
  });
}

/** @returns versions of a folder of engines, ascending */
const versionsIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "replay.js")))
        .map(({ name }) => name)
    : [];

/** A step of the builder. */
export async function engines(_pages, out, kept = KEPT) {
  const folder = join(out, "engines");
  mkdirSync(folder, { recursive: true });
  for (const version of versionsIn(kept))
    cpSync(join(kept, version), join(folder, version), { recursive: true });
  // Of the present version the sources count: what was kept of it may be of an earlier day.
  await writeEngine(join(folder, presentVersion(), "replay.js"));
  const versions = versionsIn(folder).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  writeFileSync(join(folder, "index.json"), `${JSON.stringify(versions)}\n`);
}

/** Keeps the present engine for the sites of later versions. */
export async function keepEngine(kept = KEPT) {
  const file = join(kept, presentVersion(), "replay.js");
  await writeEngine(file);
  return file;
}
