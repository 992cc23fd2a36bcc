/**
 * The exports of all entry points of the package as typedoc reads them from the sources. A type that a public signature names and no
 * entry point exports is an error, and so is a link in a comment that leads nowhere. What was read stays in `build/` until a source changes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";

const root = new URL("../../../", import.meta.url);
const path = (file) => fileURLToPath(new URL(file, root));
const read = (file) => readFileSync(new URL(file, root), "utf8");

/** Entry points: what users import from, the name of its pages, and its source. */
export const ENTRIES = Object.keys(JSON.parse(read("package.json")).exports)
  .filter((key) => !key.slice(1).includes("."))
  .map((key) => {
    const name = key === "." ? "" : key.slice("./".length);
    return {
      name: name || "wasmgrad",
      importedFrom: name ? `wasmgrad/${name}` : "wasmgrad",
      source: `src/${name ? `${name}/` : ""}index.ts`,
    };
  });

const OPTIONS = {
  entryPoints: ENTRIES.map(({ source }) => path(source)),
  tsconfig: path("site/tsconfig.reference.json"),
  basePath: path(""),
  disableGit: true,
  sourceLinkTemplate: "{path}",
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  // `npm run check` looks at the types.
  skipErrorChecking: true,
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: false },
  logLevel: "Warn",
};

/** What the result depends on. */
function fingerprint() {
  const hash = createHash("sha256")
    .update(JSON.stringify(OPTIONS))
    .update(Application.VERSION ?? "");
  const files = readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".ts") && !name.endsWith(".wasm.ts")).sort())
    hash.update(file).update(read(`src/${file}`));
  return hash.update(read("site/tsconfig.reference.json")).digest("hex");
}

/** @param {Partial<import("typedoc").TypeDocOptions>} [options]  other files to read */
export async function readSources(options) {
  const app = await Application.bootstrap({ ...OPTIONS, ...options });
  const project = await app.convert();
  if (project) app.validate(project);
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error("the reference: typedoc must read the sources without a warning, see above");
  return app.serializer.projectToObject(project, path(""));
}

/** @returns {Promise<import("typedoc").JSONOutput.ProjectReflection>} */
export async function readReference() {
  const kept = new URL("build/site-cache/reference.json", root);
  const key = fingerprint();
  try {
    const found = JSON.parse(readFileSync(kept, "utf8"));
    if (found.key === key) return found.project;
  } catch {}
  const project = await readSources();
  mkdirSync(new URL(".", kept), { recursive: true });
  writeFileSync(kept, JSON.stringify({ key, project }));
  return JSON.parse(JSON.stringify(project));
}
