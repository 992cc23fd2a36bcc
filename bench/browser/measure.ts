/** What is measured in every engine: products as a share of the engine's own peak, and XOR. */
import { Form, Opcode } from "../../assembly/abi.ts";
import { EXTENDED } from "../../src/kernels/extended.wasm.ts";
import { RELAXED } from "../../src/kernels/relaxed.wasm.ts";
import { compileLink, embeddedModule } from "../../src/runtime/kernels.ts";
import { type Effort, measure, type Variant } from "../measure.ts";
import { productNN, productNT, productTN } from "../plain/products.ts";
import { numbers } from "../random.ts";
import { loadRecord } from "../record.ts";
import { verifyClose } from "../verify.ts";
import { trainXor, xorData } from "./xor.ts";

/** The compiled peak loops, put in by the bundler. */
declare const PEAK: { readonly bytes: readonly number[] };
declare const RELAXED_PEAK: { readonly bytes: readonly number[] };

/** Many short turns: it takes one that nothing interrupts. */
const EFFORT: Effort = { rounds: 16, turnMs: 60, warmupMs: 250 };

/** Browsers blur their clock by up to 20 us: samples are of milliseconds. */
const PEAK_ITERATIONS = 1 << 20;

const SIZES = [256, 512, 1024];
const FORMS = [
  { name: "NN", form: Form.NN, plain: productNN },
  { name: "TN", form: Form.TN, plain: productTN },
  { name: "NT", form: Form.NT, plain: productNT },
];

/** One build of the kernels in one engine. */
export interface Products {
  readonly peakGflops: number;
  /**
   * Per cent of the peak by size and form, `512 NN`, the fastest samples of either: without a clock for processor time,
   * medians would show what else the machine did, and the more so the longer a sample is.
   */
  readonly percentOfPeak: Readonly<Record<string, number>>;
}

export interface Report {
  readonly strict: Products;
  /** Absent where the engine has no relaxed SIMD. */
  readonly relaxed?: Products;
  readonly xor: { readonly usPerStep: number; readonly warmMs: number };
}

function peakVariant(build: { readonly bytes: readonly number[] }): Variant {
  const { peak, FLOPS } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(build.bytes)))
    .exports as {
    peak(iterations: number): number;
    /** Of one iteration. */
    FLOPS: WebAssembly.Global<"i32">;
  };
  return {
    name: "peak",
    units: PEAK_ITERATIONS * FLOPS.value,
    run: () => {
      peak(PEAK_ITERATIONS);
    },
  };
}

function measureProducts(build: WebAssembly.Module, peak: Variant): Products {
  const percentOfPeak: Record<string, number> = {};
  let peakMs = Number.POSITIVE_INFINITY;
  for (const size of SIZES)
    for (const { name, form, plain } of FORMS) {
      const elements = size * size;
      const [a, b, c] = [numbers(elements, 1), numbers(elements, 2), new Float32Array(elements)];
      const dims = { m: size, n: size, k: size };
      const record = loadRecord(Opcode.MatMul, { form, a, b, ...dims }, 0, build);
      record.run();
      if (size < 1024) {
        plain(c, a, b, size, size, size);
        verifyClose(`${size} ${name}`, record.view("c"), c, 1e-5);
      }
      const units = size < 512 ? 8 : 1;
      const product = {
        name,
        units,
        run: () => {
          for (let i = 0; i < units; i++) record.run();
        },
      };
      const [engine, bound] = measure([product, peak], EFFORT);
      percentOfPeak[`${size} ${name}`] = (100 * 2 * size ** 3 * bound.fastestMs) / engine.fastestMs;
      peakMs = Math.min(peakMs, bound.fastestMs);
    }
  return { peakGflops: 1 / peakMs / 1e6, percentOfPeak };
}

/** Steps and whole trainings a sample: milliseconds again. */
const STEPS = 10_000;
const TRAININGS = 200;

export function measureEngine(): Report {
  const { trainer, train } = trainXor();
  const [steps, warm] = measure(
    [
      {
        name: "step",
        units: STEPS,
        run: () => {
          trainer.fitSync(xorData, { epochs: STEPS });
        },
      },
      {
        name: "reset and train",
        units: TRAININGS,
        run: () => {
          for (let i = 0; i < TRAININGS; i++) {
            trainer.reset();
            train();
          }
        },
      },
    ],
    EFFORT,
  );
  const strict = measureProducts(embeddedModule(EXTENDED), peakVariant(PEAK));
  let relaxedPeak: Variant | undefined;
  try {
    relaxedPeak = peakVariant(RELAXED_PEAK);
  } catch {
    // No relaxed SIMD in this engine.
  }
  return {
    strict,
    ...(relaxedPeak ? { relaxed: measureProducts(compileLink(RELAXED), relaxedPeak) } : {}),
    xor: { usPerStep: steps.fastestMs * 1000, warmMs: warm.fastestMs },
  };
}
