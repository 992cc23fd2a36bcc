/** Products of matrices. */
import { Form } from "../abi";
import { product } from "./gemm/product";
import { shareStart, splitsColumns } from "./gemm/share";

/**
 * `C = op(A) op(B)`: `c[i, j] = sum_p op(A)[i, p] op(B)[p, j]`.
 *
 * @param form     Form: which operand is stored transposed
 * @param c        out [m, n] f32, row-major; overwritten, never read before it is written
 * @param a        in  [m, k] f32, row-major; TN: [k, m]
 * @param b        in  [k, n] f32, row-major; NT: [n, k]
 * @param k        0 gives C = +0
 * @param scratch  working area of productScratchBytes, 16-byte aligned
 *
 * Order: each c[i, j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator, multiply then add; in form TN in groups
 * of Gemm.RowGroup, see `product`. So an element has the same bits whatever m, n and its neighbours are.
 * Parts: columns or rows of C, see gemm/share.ts.
 * Aliasing: c and scratch overlap neither each other nor a, b.
 * Cost: 2 m n k operations.
 */
export function matMul(
  form: i32, c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  const ldc = <usize>n << 2;
  const lda = <usize>(form == Form.TN ? m : k) << 2;
  const ldb = form == Form.NT ? <usize>k << 2 : ldc;
  const row = form == Form.TN ? <usize>4 : lda;
  const step = form == Form.TN ? lda : <usize>4;
  if (parts != 1) {
    const from = shareStart(m, n, k, part, parts);
    const units = shareStart(m, n, k, part + 1, parts) - from;
    if (units == 0) return;
    if (splitsColumns(m, n, parts)) {
      c += <usize>from << 2;
      b += <usize>from * (form == Form.NT ? ldb : <usize>4);
      n = units;
    } else {
      c += <usize>from * ldc;
      a += <usize>from * row;
      m = units;
    }
  }
  product(form, c, ldc, a, row, step, b, ldb, m, n, k, scratch);
}
