/** The instruments that `bench/run.mjs` compiles: the register-only peak and the copy loop. */
import { readFileSync } from "node:fs";
import type { Variant } from "./measure.ts";
import type { CopyLoop } from "./suites/optimizers.ts";

const PEAK_ITERATIONS = 1 << 17;
/** As `bench/kernels/peak.ts` states. */
const PEAK_FLOPS = 96;

export interface Instruments {
  /** Its units are floating-point operations. */
  readonly peak: Variant;
  readonly copyLoop: CopyLoop;
}

/** @param folder where the compiled instruments are */
export function loadInstruments(folder: string): Instruments {
  const module = (name: string) => new WebAssembly.Module(readFileSync(`${folder}/${name}.wasm`));
  const { peak } = new WebAssembly.Instance(module("peak")).exports as {
    peak(iterations: number): number;
  };
  const copyModule = module("copy");
  return {
    peak: {
      name: "peak",
      units: PEAK_ITERATIONS * PEAK_FLOPS,
      run: () => {
        peak(PEAK_ITERATIONS);
      },
    },
    copyLoop: (memory) =>
      (
        new WebAssembly.Instance(copyModule, { env: { memory } }).exports as {
          copy(to: number, from: number, bytes: number): void;
        }
      ).copy,
  };
}
