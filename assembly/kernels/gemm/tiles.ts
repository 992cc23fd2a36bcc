/**
 * Register tiles that read A as it is stored: the inner loops of the direct path, and the first tile of each row
 * of them in the packed path. Each sums as micro-kernels do, every element in one accumulator, in the order of
 * instructions that is explained there.
 */
import { Gemm } from "../../abi";
import { added, multiplied } from "../../simd";

/**
 * A tile from A as it is stored, of `height` rows: two, four or five. Heights 2 and 4 also serve one row less; the last
 * row is then computed twice.
 *
 * `columns`: rows are 4 bytes apart, and one pointer serves them all. `twice`: steps are 4 bytes apart, and
 * there are two a round. `keep`: packs the panel of A that micro-kernels take while using it; not with `twice`.
 * Five rows go with neither `columns` nor `twice`.
 */
// @ts-ignore: decorator
@inline
function plain(
  height: i32, columns: bool, twice: bool, keep: bool, rows: i32, k: i32, a: usize, row: usize, step: usize,
  panel: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  const c1 = rows < 2 ? c : c + ldc;
  const c2 = c1 + ldc;
  const c3 = rows < 4 ? c2 : c2 + ldc;
  const c4 = c3 + ldc;
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00, r30 = r00, r31 = r00, r40 = r00, r41 = r00;
  if (accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    r10 = v128.load(c1);
    r11 = v128.load(c1, 16);
    if (height > 2) {
      r20 = v128.load(c2);
      r21 = v128.load(c2, 16);
      r30 = v128.load(c3);
      r31 = v128.load(c3, 16);
    }
    if (height > 4) {
      r40 = v128.load(c4);
      r41 = v128.load(c4, 16);
    }
  }
  let last = a + (twice ? <usize>((k - 1) >> 1) << 3 : <usize>(k - 1) * step);
  let odd: usize = 0;
  if (twice && k & 1) {
    odd = last;
    last = 0;
  }
  const ahead = twice ? <usize>8 : step;
  a -= ahead;
  let a1 = rows < 2 ? a : a + row;
  let a2 = a1 + row;
  let a3 = rows < 4 ? a2 : a2 + row;
  let a4 = a3 + row;
  b -= ldb;
  if (keep) panel -= <usize>height << 4;
  let s = r00, b0 = r00, b1 = r00, t = r00, u = r00;
  while (true) {
    a += ahead;
    if (!columns) {
      a1 += ahead;
      if (height > 2) {
        a2 += ahead;
        a3 += ahead;
      }
      if (height > 4) a4 += ahead;
    }
    b += ldb;
    if (keep) panel += <usize>height << 4;
    s = v128.load32_splat(a);
    b0 = v128.load(b);
    if (keep) v128.store(panel, s);
    t = multiplied(r00, s, b0);
    b1 = v128.load(b, 16);
    u = multiplied(r01, s, b1);
    r00 = added(r00, t);
    r01 = added(r01, u);
    s = columns ? v128.load32_splat(a, 4) : v128.load32_splat(a1);
    if (keep) v128.store(panel, s, 16);
    t = multiplied(r10, s, b0);
    u = multiplied(r11, s, b1);
    r10 = added(r10, t);
    r11 = added(r11, u);
    if (height > 2) {
      s = columns ? v128.load32_splat(a, 8) : v128.load32_splat(a2);
      if (keep) v128.store(panel, s, 32);
      t = multiplied(r20, s, b0);
      u = multiplied(r21, s, b1);
      r20 = added(r20, t);
      r21 = added(r21, u);
      s = columns ? v128.load32_splat(a, 12) : v128.load32_splat(a3);
      if (keep) v128.store(panel, s, 48);
      t = multiplied(r30, s, b0);
      u = multiplied(r31, s, b1);
      r30 = added(r30, t);
      r31 = added(r31, u);
    }
    if (height > 4) {
      s = v128.load32_splat(a4);
      if (keep) v128.store(panel, s, 64);
      t = multiplied(r40, s, b0);
      u = multiplied(r41, s, b1);
      r40 = added(r40, t);
      r41 = added(r41, u);
    }
    if (twice) {
      if (a == odd) break;
      b += ldb;
      s = v128.load32_splat(a, 4);
      b0 = v128.load(b);
      t = multiplied(r00, s, b0);
      b1 = v128.load(b, 16);
      u = multiplied(r01, s, b1);
      r00 = added(r00, t);
      r01 = added(r01, u);
      s = v128.load32_splat(a1, 4);
      t = multiplied(r10, s, b0);
      u = multiplied(r11, s, b1);
      r10 = added(r10, t);
      r11 = added(r11, u);
      if (height > 2) {
        s = v128.load32_splat(a2, 4);
        t = multiplied(r20, s, b0);
        u = multiplied(r21, s, b1);
        r20 = added(r20, t);
        r21 = added(r21, u);
        s = v128.load32_splat(a3, 4);
        t = multiplied(r30, s, b0);
        u = multiplied(r31, s, b1);
        r30 = added(r30, t);
        r31 = added(r31, u);
      }
    }
    if (a == last) break;
  }
  v128.store(c, r00);
  v128.store(c, r01, 16);
  v128.store(c1, r10);
  v128.store(c1, r11, 16);
  if (height > 2) {
    v128.store(c2, r20);
    v128.store(c2, r21, 16);
    v128.store(c3, r30);
    v128.store(c3, r31, 16);
  }
  if (height > 4) {
    v128.store(c4, r40);
    v128.store(c4, r41, 16);
  }
}

function tile2(
  rows: i32, k: i32, a: usize, row: usize, step: usize,
  b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  plain(2, false, false, false, rows, k, a, row, step, 0, b, ldb, c, ldc, accumulate);
}

function tile3(
  k: i32, a: usize, row: usize, step: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  plain(4, false, false, false, 3, k, a, row, step, 0, b, ldb, c, ldc, accumulate);
}

function shortTile(k: i32, a: usize, row: usize, b: usize, ldb: usize, c: usize, ldc: usize): void {
  plain(4, false, false, false, 4, k, a, row, 4, 0, b, ldb, c, ldc, false);
}

function rowsTile(k: i32, a: usize, row: usize, b: usize, ldb: usize, c: usize, ldc: usize): void {
  plain(4, false, true, false, 4, k, a, row, 4, 0, b, ldb, c, ldc, false);
}

function columnsTile(k: i32, a: usize, step: usize, b: usize, ldb: usize, c: usize, ldc: usize): void {
  plain(4, true, false, false, 4, k, a, 4, step, 0, b, ldb, c, ldc, false);
}

/** Steps below which one a round is faster: the code of two takes 2 ns longer to start. */
const SHORT = 12;

/**
 * A tile straight from A as it is stored.
 *
 * @param rows        at least 1; more than 4 are 4
 * @param k           steps, at least 1
 * @param a           in     op(A)[i, p] at a + i row + p step; row or step is 4
 * @param b           in     k rows of 8, ldb bytes apart
 * @param c           inout  rows of 8, ldc bytes apart
 * @param accumulate  false: sums start at +0 and C is not read; true with fewer than four rows only
 */
export function tile(
  rows: i32, k: i32, a: usize, row: usize, step: usize,
  b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  if (rows >= 4) {
    if (step != 4) columnsTile(k, a, step, b, ldb, c, ldc);
    else if (k < SHORT) shortTile(k, a, row, b, ldb, c, ldc);
    else rowsTile(k, a, row, b, ldb, c, ldc);
  } else if (rows == 3) tile3(k, a, row, step, b, ldb, c, ldc, accumulate);
  else tile2(rows, k, a, row, step, b, ldb, c, ldc, accumulate);
}

/**
 * A tile of four rows from A as it is stored, as above, and a panel of B. The stores that pack A for the
 * micro-kernel hide behind the arithmetic, so that packing costs next to nothing.
 *
 * @param panel  out [k, 4, 4] f32, 16-byte aligned: each value of A four times
 */
export function packingTile(
  k: i32, a: usize, row: usize, step: usize, panel: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  plain(4, false, false, true, 4, k, a, row, step, panel, b, 32, c, ldc, accumulate);
}

/**
 * The same for five rows. Two functions: merged into one, V8 spills in both loops.
 *
 * @param panel  out [k, 5, 4] f32
 */
export function tallPackingTile(
  k: i32, a: usize, row: usize, step: usize, panel: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  plain(Gemm.TallMR, false, false, true, Gemm.TallMR, k, a, row, step, panel, b, 32, c, ldc, accumulate);
}

/**
 * A tile straight from A as it is stored, three vectors wide, for engines that keep the order. The third vector
 * starts where it ends with the columns: what it has in common with the second is computed and stored twice.
 *
 * @param height  rows, 2 or 3
 * @param n       columns, more than Gemm.NR and at most Gemm.WideNR
 * @param k       steps, at least 1
 * @param a       in   op(A)[i, p] at a + i row + p step
 * @param b       in   k rows of n, ldb bytes apart
 * @param c       out  rows of n, ldc bytes apart
 */
// @ts-ignore: decorator
@inline
export function wideTile(
  height: i32, n: i32, k: i32, a: usize, row: usize, step: usize, b: usize, ldb: usize, c: usize, ldc: usize,
): void {
  const third = <usize>(n - 4) << 2;
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  let r00 = f32x4.splat(0);
  let r01 = r00, r02 = r00, r10 = r00, r11 = r00, r12 = r00, r20 = r00, r21 = r00, r22 = r00;
  let s = r00, b0 = r00, b1 = r00, b2 = r00, t = r00, u = r00, v = r00;
  const last = a + <usize>(k - 1) * step;
  a -= step;
  let a1 = a + row;
  let a2 = a1 + row;
  b -= ldb;
  let bt = b + third;
  do {
    a += step;
    a1 += step;
    if (height > 2) a2 += step;
    b += ldb;
    bt += ldb;
    s = v128.load32_splat(a);
    b0 = v128.load(b);
    t = multiplied(r00, s, b0);
    b1 = v128.load(b, 16);
    u = multiplied(r01, s, b1);
    b2 = v128.load(bt);
    v = multiplied(r02, s, b2);
    r00 = added(r00, t);
    r01 = added(r01, u);
    r02 = added(r02, v);
    s = v128.load32_splat(a1);
    t = multiplied(r10, s, b0);
    u = multiplied(r11, s, b1);
    v = multiplied(r12, s, b2);
    r10 = added(r10, t);
    r11 = added(r11, u);
    r12 = added(r12, v);
    if (height > 2) {
      s = v128.load32_splat(a2);
      t = multiplied(r20, s, b0);
      u = multiplied(r21, s, b1);
      v = multiplied(r22, s, b2);
      r20 = added(r20, t);
      r21 = added(r21, u);
      r22 = added(r22, v);
    }
  } while (a != last);
  v128.store(c, r00);
  v128.store(c, r01, 16);
  v128.store(c + third, r02);
  v128.store(c1, r10);
  v128.store(c1, r11, 16);
  v128.store(c1 + third, r12);
  if (height > 2) {
    v128.store(c2, r20);
    v128.store(c2, r21, 16);
    v128.store(c2 + third, r22);
  }
}
