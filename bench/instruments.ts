/** The instruments that `bench/run.mjs` compiles: the register-only peak and the copy loop. */
import { readFileSync } from "node:fs";
import type { Variant } from "./measure.ts";
import type { CopyLoop } from "./suites/optimizers.ts";

const PEAK_ITERATIONS = 1 << 18;

export interface Instruments {
  /** Its units are floating-point operations. */
  readonly peak: Variant;
  readonly copyLoop: CopyLoop;
}

/** @param folder where the compiled instruments are */
export function loadInstruments(folder: string): Instruments {
  const module = (name: string) => new WebAssembly.Module(readFileSync(`${folder}/${name}.wasm`));
  const { peak, FLOPS } = new WebAssembly.Instance(module("peak")).exports as {
    peak(iterations: number): number;
    /** Of one iteration. */
    FLOPS: WebAssembly.Global<"i32">;
  };
  const copyModule = module("copy");
  return {
    peak: {
      name: "peak",
      units: PEAK_ITERATIONS * FLOPS.value,
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
