import { Form, Opcode } from "../../assembly/abi.ts";
import { type RunOptions, runRecord } from "./harness.ts";

export const FORMS = [Form.NN, Form.TN, Form.NT] as const;

/** Engines that keep the order of instructions, and others: they take other tiles. */
export const ENGINES: readonly RunOptions[] = [{ keepsOrder: false }, { keepsOrder: true }];

/** A product; a or b ends with the memory, by turns of the sizes. */
export function product(
  form: Form,
  options: RunOptions,
  a: Float32Array,
  b: Float32Array,
  m: number,
  n: number,
  k: number,
): Float32Array {
  const record = { form, c: "out", a, b, m, n, k, scratch: 0 } as const;
  const last = (m + n + k) % 2 ? "a" : "b";
  return runRecord(Opcode.MatMul, record, 1, { last, ...options }).c;
}
