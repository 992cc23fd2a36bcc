/** Node 20 has relaxed SIMD behind a flag: tests set it, so that none of them is left out there. */
import { setFlagsFromString } from "node:v8";

export function enableRelaxedSimd(): void {
  if (process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** The same, undone. */
export function disableRelaxedSimd(): void {
  if (process.versions.node.startsWith("20.")) setFlagsFromString("--no-experimental-wasm-relaxed-simd");
}
