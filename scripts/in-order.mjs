/**
 * Removes the marks of `hold` (assembly/simd.ts) from a build of the kernels, `build/<target>`. Binaryen must not
 * reorder calls with effects, so it has left what they mark in the order of the source; that order stays without them.
 * It must not put them inline either, for which `scripts/out-of-line.mjs` sees.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "assemblyscript/binaryen";

const HOLD = "$assembly/simd/hold";
const { Features } = binaryen;
/** What `asconfig.json` enables for the builds that have marks: anything else must not pass. */
const FEATURES =
  Features.MutableGlobals |
  Features.SignExt |
  Features.NontrappingFPToInt |
  Features.BulkMemory |
  Features.BulkMemoryOpt |
  Features.SIMD128;

const path = fileURLToPath(new URL(`../build/${process.argv[2]}`, import.meta.url));
const lines = readFileSync(`${path}.wat`, "utf8").split("\n");
const unmarked = lines.filter((line) => line.trim() !== `call ${HOLD}`);
if (unmarked.length === lines.length) throw new Error(`${path}.wat: must call ${HOLD}; got no call`);

const module = binaryen.parseText(unmarked.join("\n"));
module.setFeatures(FEATURES);
module.runPasses(["remove-unused-module-elements"]);
if (!module.validate() || module.emitText().includes(HOLD))
  throw new Error(`${path}.wat: must be valid without ${HOLD}; got a module that is not, or still has it`);
writeFileSync(`${path}.wasm`, module.emitBinary());
writeFileSync(`${path}.wat`, module.emitStackIR());
