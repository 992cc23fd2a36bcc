/** Optimizer updates by themselves, beside a loop that only copies as many bytes. */
import { Hyper, Opcode, OptimizerFlag } from "../../assembly/abi.ts";
import { adamUpdate, momentumUpdate } from "../plain/optimizers.ts";
import { numbers } from "../random.ts";
import { loadRecord } from "../record.ts";
import { verifyClose } from "../verify.ts";
import type { Suite, Workload } from "../workload.ts";

/** A copy loop over a memory. */
export type CopyLoop = (memory: WebAssembly.Memory) => (to: number, from: number, bytes: number) => void;

const LEARNING_RATE = 0.001;
const MOMENTUM = 0.9;
const BETA1 = 0.9;
const BETA2 = 0.999;

export const optimizerSuite = (sizes: readonly number[], copyLoop: CopyLoop): Suite => ({
  name: "optimizers",
  title: "Optimizers: one update, beside a copy loop over as many arrays (bytes read and written)",
  workloads: sizes.flatMap((n) => [
    { name: `Adam, ${n} parameters`, make: () => adamWorkload(n, copyLoop) },
    { name: `SGD with momentum, ${n} parameters`, make: () => momentumWorkload(n, copyLoop) },
  ]),
});

function adamWorkload(n: number, copyLoop: CopyLoop): Workload {
  const hyper = new Float64Array(Hyper.Count);
  hyper[Hyper.Beta1] = BETA1;
  hyper[Hyper.Beta2] = BETA2;
  hyper[Hyper.Epsilon] = 1e-8;
  hyper[Hyper.Flags] = OptimizerFlag.BiasCorrection;
  const w = numbers(n, 3);
  const g = numbers(n, 4);
  const m = new Float32Array(n);
  const v = new Float32Array(n);
  const one = () => Float64Array.of(1);
  const given = { w, g, n, hyper, power1: one(), power2: one(), rate: LEARNING_RATE };
  const record = loadRecord(Opcode.Adam, given, 16 * n);
  const [power1, power2] = [record.doubles("power1"), record.doubles("power2")];
  let t = 0;
  const update = () => adamUpdate(w, g, m, v, ++t, LEARNING_RATE);
  for (let i = 0; i < 3; i++) {
    record.run();
    // What the records of the commit do.
    power1[0] *= BETA1;
    power2[0] *= BETA2;
    update();
  }
  verifyClose("Adam: parameters after 3 updates", record.view("w"), w, 1e-6);
  verifyClose("Adam: first moment", record.view("m"), m, 1e-6);
  verifyClose("Adam: second moment", record.view("v"), v, 1e-6);
  // Reads w, g, m, v; writes w, m, v and their mirrors.
  return optimizerWorkload(`Adam, ${n} parameters`, n, { read: 4, written: 6 }, record, update, copyLoop);
}

function momentumWorkload(n: number, copyLoop: CopyLoop): Workload {
  const hyper = new Float64Array(Hyper.Count);
  hyper[Hyper.Beta1] = MOMENTUM;
  const w = numbers(n, 3);
  const g = numbers(n, 4);
  const v = new Float32Array(n);
  const record = loadRecord(Opcode.Sgd, { w, g, n, hyper, rate: LEARNING_RATE }, 12 * n);
  const update = () => momentumUpdate(w, g, v, LEARNING_RATE, MOMENTUM);
  for (let i = 0; i < 3; i++) {
    record.run();
    update();
  }
  verifyClose("SGD: parameters after 3 updates", record.view("w"), w, 1e-6);
  verifyClose("SGD: velocity", record.view("v"), v, 1e-6);
  // Reads w, g, v; writes w, v and their mirrors.
  return optimizerWorkload(
    `SGD with momentum, ${n} parameters`,
    n,
    { read: 3, written: 4 },
    record,
    update,
    copyLoop,
  );
}

/** A workload beside a copy loop that moves bytes among as many arrays: from the first to each of the others. */
function optimizerWorkload(
  name: string,
  n: number,
  arrays: { readonly read: number; readonly written: number },
  record: ReturnType<typeof loadRecord>,
  update: () => void,
  copyLoop: CopyLoop,
): Workload {
  const copy = copyLoop(record.memory);
  const array = (i: number) => record.end + i * 4 * n;
  const f32 = (i: number) => new Float32Array(record.memory.buffer, array(i), n);
  const copyAll = () => {
    for (let i = 1; i < arrays.read; i++) copy(array(i), array(0), 4 * n);
  };
  f32(0).set(numbers(n, 5));
  copyAll();
  for (let i = 1; i < arrays.read; i++) verifyClose(`${name}: copy loop`, f32(i), f32(0), 0);
  const bytes = 4 * n * (arrays.read + arrays.written);
  return {
    name,
    unit: "update",
    bytes,
    items: { count: n, name: "parameter" },
    engine: { name: "wasmgrad", units: 1, run: record.run },
    plain: { name: "plain loops", units: 1, run: update },
    copy: { name: "copy loop", units: (8 * n * (arrays.read - 1)) / bytes, run: copyAll },
  };
}
