/** Compiles the instruments (asc) into build/bench: the peak of arithmetic and the loop that copies. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export function compileInstruments() {
  const asc = join(root, "node_modules/assemblyscript/bin/asc.js");
  const kernels = join(root, "bench/kernels");
  for (const name of ["peak", "copy"]) {
    // A base folder of its own keeps asc from reading the engine's asconfig.json.
    const args = [`${name}.ts`, "--baseDir", kernels, "--outFile", `../../build/bench/${name}.wasm`];
    const options = ["-O3", "--runtime", "stub", "--enable", "simd", "--noAssert"];
    if (name === "copy") options.push("--importMemory");
    execFileSync(process.execPath, [asc, ...args, ...options], { stdio: "inherit" });
  }
}
