/** Compiles the instruments (asc) and the benchmark (esbuild) into build/bench, and runs it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const asc = join(root, "node_modules/assemblyscript/bin/asc.js");
const kernels = join(root, "bench/kernels");
for (const name of ["peak", "copy"]) {
  // A base folder of its own keeps asc from reading the engine's asconfig.json.
  const args = [`${name}.ts`, "--baseDir", kernels, "--outFile", `../../build/bench/${name}.wasm`];
  const options = ["-O3", "--runtime", "stub", "--enable", "simd", "--noAssert"];
  if (name === "copy") options.push("--importMemory");
  execFileSync(process.execPath, [asc, ...args, ...options], { stdio: "inherit" });
}
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
