/** Compiles the instruments (asc) and the benchmark (esbuild) into build/bench, and runs it. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compileInstruments } from "./compile-instruments.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
compileInstruments();
await build({
  absWorkingDir: root,
  entryPoints: ["bench/main.ts"],
  outfile: "build/bench/main.js",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  logLevel: "warning",
});
await import("../build/bench/main.js");
