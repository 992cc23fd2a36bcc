import { Abi } from "./abi";

export { execute, run, step } from "./interpreter";
export { setKeepsOrder } from "./kernels/gemm/order";
export { permute, randomFill } from "./kernels/random";
export { hasNegative, maxMagnitude } from "./kernels/scan";

/** The contract these kernels were built from; compared with the package's own before anything runs. */
export function abiVersion(): i32 {
  return Abi.Version;
}

/** First byte after the kernels' constants: programs live above. */
export function staticEnd(): usize {
  return __heap_base;
}

/** Whether products may be fused, so that their bits depend on engine and CPU. */
export function isRelaxed(): bool {
  return ASC_FEATURE_RELAXED_SIMD;
}
