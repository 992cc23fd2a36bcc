import { partStart } from "../parts";
import { matMul } from "./mat-mul";

/**
 * Products of many matrices: `C[i] = op(A[i . as]) op(B[i . bs])` over i in [d0, d1, d2, d3].
 *
 * @param form     Form: which operand is stored transposed
 * @param c        out [d0, d1, d2, d3, m, n] f32, row-major; overwritten, never read before it is written
 * @param a        in  matrices [m, k], of form TN [k, m]; that of index i starts at element `i0 as0 + i1 as1 + i2 as2 + i3 as3`
 * @param b        in  matrices [k, n], of form NT [n, k]; the same with bs0..bs3
 * @param as0 .. bs3  strides in elements; 0 repeats the operand along that dimension
 * @param scratch  working area of productScratchBytes, 16-byte aligned
 *
 * Order: of each matrix, that of `matMul`.
 * Parts: cut between matrices.
 * Aliasing: c and scratch overlap neither each other nor a, b.
 * Cost: 2 m n k operations for each matrix.
 */
export function batchMatMul(
  form: i32, c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, scratch: usize,
  d0: i32, d1: i32, d2: i32, d3: i32,
  as0: i32, as1: i32, as2: i32, as3: i32,
  bs0: i32, bs1: i32, bs2: i32, bs3: i32,
  part: i32, parts: i32,
): void {
  const count = d0 * d1 * d2 * d3;
  const size = <usize>m * <usize>n;
  const to = partStart(count, 1, part + 1, parts);
  for (let at = partStart(count, 1, part, parts); at < to; ++at) {
    const row = at / d3, plane = row / d2, i0 = plane / d1;
    const i1 = plane - i0 * d1, i2 = row - plane * d2, i3 = at - row * d3;
    const fromA = a + (<usize>(i0 * as0 + i1 * as1 + i2 * as2 + i3 * as3) << 2);
    const fromB = b + (<usize>(i0 * bs0 + i1 * bs1 + i2 * bs2 + i3 * bs3) << 2);
    matMul(form, c + ((<usize>at * size) << 2), fromA, fromB, m, n, k, scratch, 0, 1);
  }
}
