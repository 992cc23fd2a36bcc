import { Form, Opcode, Path } from "../../assembly/abi.ts";
import { runRecord } from "./harness.ts";

/** A path, and whether the engine keeps the order of instructions. */
export type Way = readonly [path: Path, keepsOrder?: boolean];

export const FORMS = [Form.NN, Form.TN, Form.NT] as const;
export const WAYS: readonly Way[] = [[Path.Direct], [Path.Direct, true], [Path.Packed], [Path.Packed, true]];

/** A product on one of the ways, in a build of the kernels; a or b ends with the memory, by turns of the sizes. */
export function product(
  form: Form,
  [path, keepsOrder]: Way,
  a: Float32Array,
  b: Float32Array,
  m: number,
  n: number,
  k: number,
  module?: WebAssembly.Module,
): Float32Array {
  const record = { form, path, c: "out", a, b, m, n, k, scratch: 0 } as const;
  const last = (m + n + k) % 2 ? "a" : "b";
  return runRecord(Opcode.MatMul, record, 1, module, { keepsOrder, last }).c;
}
