/**
 * Removes the marks of `hold` (assembly/simd.ts) from a build of the kernels, `build/<target>`. Binaryen must not
 * reorder calls, so it has left everything held in the order of the source; without the calls that order stays.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "assemblyscript/binaryen";

const path = fileURLToPath(new URL(`../build/${process.argv[2]}`, import.meta.url));
const text = readFileSync(`${path}.wat`, "utf8");
const held = text.split("\n").filter((line) => line.trim() !== "call $assembly/simd/hold");

const module = binaryen.parseText(held.join("\n"));
module.setFeatures(binaryen.Features.All);
module.runPasses(["remove-unused-module-elements"]);
if (!module.validate() || module.emitText().includes("simd/hold"))
  throw new Error(`${path}.wat: must be valid without hold; got a module that is not, or still has it`);
writeFileSync(`${path}.wasm`, module.emitBinary());
writeFileSync(`${path}.wat`, module.emitStackIR());
