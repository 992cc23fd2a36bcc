/** Products of matrices. */
import { Form, Gemm, Path } from "../abi";
import { blocked } from "./gemm/blocked";
import { direct } from "./gemm/direct";
import { times, timesTransposed } from "./gemm/vector";

/**
 * `C = op(A) op(B)`: `c[i, j] = sum_p op(A)[i, p] op(B)[p, j]`.
 *
 * @param form     Form: which operand is stored transposed
 * @param path     Path: how it runs, a matter of speed alone
 * @param c        out [m, n] f32, row-major; overwritten, never read before it is written
 * @param a        in  [m, k] f32, row-major; TN: [k, m]
 * @param b        in  [k, n] f32, row-major; NT: [n, k]
 * @param k        0 gives C = +0
 * @param scratch  working area of productScratchBytes, 16-byte aligned
 *
 * Order: each c[i, j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator, multiply then add. Every
 * path, tile and block keeps it, so an element has the same bits whatever m, n, the path and its neighbours
 * are.
 * Aliasing: c and scratch overlap neither each other nor a, b.
 * Cost: 2 m n k operations.
 */
export function matMul(
  form: i32, path: i32, c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  if (part != 0) return;
  if (m == 0 || n == 0) return;
  if (k == 0) memory.fill(c, 0, (<usize>m * <usize>n) << 2);
  else if (m == 1) {
    if (form == Form.NT) timesTransposed(c, a, b, n, k);
    else times(c, a, 4, b, n, k);
  } else if (n == 1) {
    // C as a row: its transpose is B^T A^T, and one row or column is stored like the other
    if (form == Form.TN) times(c, b, 4, a, m, k);
    else timesTransposed(c, b, a, m, k);
  } else if (path == Path.Packed && (form != Form.NN || m >= Gemm.FewRows || n < Gemm.Narrow)) {
    // a short batch goes the direct way, which needs no scratch for this form and width
    blocked(form, c, a, b, m, n, k, scratch);
  } else direct(form, c, a, b, m, n, k, scratch);
}
