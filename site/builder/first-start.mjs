/** `playground/start.json`: what the playground shows before it loads the engine. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const path = (to) => fileURLToPath(new URL(to, import.meta.url));

/** A step of the builder. */
export async function firstStart(_pages, out) {
  // In `build/`, "wasmgrad" is the package around it.
  const outfile = path("../../build/first-start.mjs");
  await build({
    stdin: {
      contents: `export { DEFAULT_CONFIG } from "./config.ts";
        export { FIRST_VIEW, packStart } from "./first-start.ts";
        export { trainingSession } from "./training-session.ts";`,
      resolveDir: path("../pages/playground/run"),
    },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["wasmgrad", "wasmgrad/*"],
    logLevel: "error",
  });
  const { DEFAULT_CONFIG, FIRST_VIEW, packStart, trainingSession } = await import(
    pathToFileURL(outfile).href
  );
  const start = await trainingSession(undefined).start(DEFAULT_CONFIG, FIRST_VIEW);
  mkdirSync(join(out, "playground"), { recursive: true });
  writeFileSync(join(out, "playground/start.json"), packStart(start));
}
