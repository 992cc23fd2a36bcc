/** Products of blocks of matrices: runs the kind that `choose` gives. */
import { Form, Gemm } from "../../abi";
import { blocked } from "./blocked";
import { choose, Kind } from "./choose";
import { direct } from "./direct";
import { small, smallColumn } from "./small";
import { times, timesTransposed } from "./vector";

/**
 * `C = op(A) op(B)`: m rows and n columns of C, which may be part of a larger matrix.
 *
 * @param form     Form, as it is stored
 * @param c        out [m, n] f32, rows ldc bytes apart; overwritten, never read before it is written, and nothing
 *                 between the rows either
 * @param a        in  op(A)[i, p] at a + i row + p step; TN: row is 4; NN, NT: step is 4
 * @param b        in  [k, n] f32, rows ldb bytes apart; NT: [n, k]
 * @param scratch  working area of productScratchBytes, 16-byte aligned
 *
 * Order: each c[i, j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator, multiply then add. In form TN p
 * runs over rows of data: each group of Gemm.RowGroup of them starts at +0 and sums so, and the groups' sums are added in
 * their order, (((first + second) + third) + ..). An element has the same bits whatever m, n, the kind and its
 * neighbours are.
 * Aliasing: c and scratch overlap neither each other nor an input.
 * Cost: 2 m n k operations.
 */
export function product(
  form: i32, c: usize, ldc: usize, a: usize, row: usize, step: usize, b: usize, ldb: usize,
  m: i32, n: i32, k: i32, scratch: usize,
): void {
  switch (choose(form, m, n, k, ldc, ldb)) {
    case Kind.Small: return small(c, a, row, step, b, 0, m, n, k);
    // C as a column, or as a row: its transpose is B^T A^T, and one row or column is stored like the other
    case Kind.SmallRow: return smallColumn(c, b, 4, ldb, a, step, 0, n, k);
    case Kind.Zero: return fillZero(c, ldc, m, n);
    case Kind.Groups: return groups(c, ldc, a, row, step, b, ldb, m, n, k, scratch);
    case Kind.Row: return times(c, a, step, b, ldb, n, k);
    case Kind.RowDots: return timesTransposed(c, a, b, ldb, n, k);
    case Kind.Column: return times(c, b, ldb, a, step, m, k);
    case Kind.ColumnDots: return timesTransposed(c, b, a, row, m, k);
    case Kind.Packed: return blocked(form == Form.NT, c, ldc, a, row, step, b, ldb, m, n, k, scratch);
    default: direct(form == Form.NT, c, ldc, a, row, step, b, ldb, m, n, k, scratch);
  }
}

/**
 * The product of form TN for more rows of data than Gemm.RowGroup, in blocks of C whose sums over one group wait in
 * scratch until they are added. Scratch holds these sums, then what the product of a group needs.
 */
function groups(
  c: usize, ldc: usize, a: usize, row: usize, step: usize, b: usize, ldb: usize,
  m: i32, n: i32, k: i32, scratch: usize,
): void {
  const columns = min<i32>(n, max<i32>(Gemm.NC, Gemm.PartialElements / m));
  const rows = min<i32>(m, Gemm.PartialElements / columns);
  const inner = scratch + ((((<usize>rows * <usize>columns) << 2) + 15) & ~15);
  for (let j = 0; j < n; j += columns) {
    const at = <usize>j << 2;
    const nj = min<i32>(n - j, columns);
    for (let i = 0; i < m; i += rows) {
      const mi = min<i32>(m - i, rows);
      addGroups(c + <usize>i * ldc + at, ldc, a + <usize>i * row, row, step, b + at, ldb, mi, nj, k, scratch, inner);
    }
  }
}

/** One such block: the first group's sums go to C, those of each other one to `partial`, [m, n], and are added. */
function addGroups(
  c: usize, ldc: usize, a: usize, row: usize, step: usize, b: usize, ldb: usize,
  m: i32, n: i32, k: i32, partial: usize, scratch: usize,
): void {
  const first = k;
  for (; k > 0; k -= Gemm.RowGroup) {
    const to = k == first ? c : partial;
    const ld = k == first ? ldc : <usize>n << 2;
    const rows = min<i32>(k, Gemm.RowGroup);
    product(Form.TN, to, ld, a, row, step, b, ldb, m, n, rows, scratch);
    if (to == partial) addRows(c, ldc, partial, m, n);
    a += step * Gemm.RowGroup;
    b += ldb * Gemm.RowGroup;
  }
}

/** `c[i, j] += x[i, j]` for x [m, n]. */
function addRows(c: usize, ldc: usize, x: usize, m: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (; m > 0; --m) {
    let j: usize = 0;
    for (; j + 16 <= bytes; j += 16) v128.store(c + j, f32x4.add(v128.load(c + j), v128.load(x + j)));
    for (; j < bytes; j += 4) store<f32>(c + j, load<f32>(c + j) + load<f32>(x + j));
    c += ldc;
    x += bytes;
  }
}

function fillZero(c: usize, ldc: usize, m: i32, n: i32): void {
  for (; m > 0; --m, c += ldc) memory.fill(c, 0, <usize>n << 2);
}
