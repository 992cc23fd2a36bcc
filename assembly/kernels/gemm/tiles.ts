/**
 * Register tiles: the inner loops of every product. Each computes up to four rows of eight columns of C,
 *
 *   c[i, j] = (accumulate ? c[i, j] : +0) + a[i, 0] b[0, j] + a[i, 1] b[1, j] + .. + a[i, k - 1] b[k - 1, j]
 *
 * every element in one accumulator, p ascending, multiply then add: the sum depends on nothing but the
 * operands. Eight accumulators, two vectors of B, one of A and a product stay within the 15 vector registers
 * that engines leave; larger tiles spill.
 *
 * The limit is how many instructions a CPU starts in a cycle, so what is not arithmetic counts. Pointers step
 * at the top of a round, where engines need no copies of them, and in long loops once for two steps. The second
 * step comes after an exit of its own, taken when the number of steps is odd: without it the compiler would
 * nest both additions of an accumulator into one expression, and engines would load ahead, and both run out of
 * registers. Which exit is taken is decided before the loop, so that either compares with a constant.
 */
import { multiplyAdd } from "../../simd";

/**
 * The micro-kernel of the packed path: a tile from a splatted panel of A and a panel of B.
 *
 * @param k           steps, at least 1
 * @param a           in     panel [k, 4] with each value stored four times, 16-byte aligned
 * @param b           in     panel [k, 8], 16-byte aligned
 * @param c           inout  4 rows of 8, ldc bytes apart
 * @param accumulate  false: sums start at +0 and C is not read
 */
export function micro(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  const c3 = c2 + ldc;
  const last = b + (<usize>((k - 1) >> 1) << 6);
  let odd: usize = 0, even = last;
  if (k & 1) {
    odd = last;
    even = 0;
  }
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00, r30 = r00, r31 = r00;
  if (accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    r10 = v128.load(c1);
    r11 = v128.load(c1, 16);
    r20 = v128.load(c2);
    r21 = v128.load(c2, 16);
    r30 = v128.load(c3);
    r31 = v128.load(c3, 16);
  }
  a -= 128;
  b -= 64;
  while (true) {
    a += 128;
    b += 64;
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = v128.load(a);
    r00 = multiplyAdd(r00, s, b0);
    r01 = multiplyAdd(r01, s, b1);
    s = v128.load(a, 16);
    r10 = multiplyAdd(r10, s, b0);
    r11 = multiplyAdd(r11, s, b1);
    s = v128.load(a, 32);
    r20 = multiplyAdd(r20, s, b0);
    r21 = multiplyAdd(r21, s, b1);
    s = v128.load(a, 48);
    r30 = multiplyAdd(r30, s, b0);
    r31 = multiplyAdd(r31, s, b1);
    if (b == odd) break;
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    s = v128.load(a, 64);
    r00 = multiplyAdd(r00, s, b0);
    r01 = multiplyAdd(r01, s, b1);
    s = v128.load(a, 80);
    r10 = multiplyAdd(r10, s, b0);
    r11 = multiplyAdd(r11, s, b1);
    s = v128.load(a, 96);
    r20 = multiplyAdd(r20, s, b0);
    r21 = multiplyAdd(r21, s, b1);
    s = v128.load(a, 112);
    r30 = multiplyAdd(r30, s, b0);
    r31 = multiplyAdd(r31, s, b1);
    if (b == even) break;
  }
  v128.store(c, r00);
  v128.store(c, r01, 16);
  v128.store(c1, r10);
  v128.store(c1, r11, 16);
  v128.store(c2, r20);
  v128.store(c2, r21, 16);
  v128.store(c3, r30);
  v128.store(c3, r31, 16);
}

/**
 * A tile from A as it is stored, of `height` rows, two or four; where `rows` is less, the last is computed
 * again.
 *
 * `columns`: rows are 4 bytes apart, and one pointer serves them all. `twice`: steps are 4 bytes apart, and
 * there are two a round. `keep`: packs the panel of A that `micro` takes while using it; not with `twice`.
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
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00, r30 = r00, r31 = r00;
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
  b -= ldb;
  if (keep) panel -= 64;
  while (true) {
    a += ahead;
    if (!columns) {
      a1 += ahead;
      if (height > 2) {
        a2 += ahead;
        a3 += ahead;
      }
    }
    b += ldb;
    if (keep) panel += 64;
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    if (keep) v128.store(panel, s);
    r00 = multiplyAdd(r00, s, b0);
    r01 = multiplyAdd(r01, s, b1);
    s = columns ? v128.load32_splat(a, 4) : v128.load32_splat(a1);
    if (keep) v128.store(panel, s, 16);
    r10 = multiplyAdd(r10, s, b0);
    r11 = multiplyAdd(r11, s, b1);
    if (height > 2) {
      s = columns ? v128.load32_splat(a, 8) : v128.load32_splat(a2);
      if (keep) v128.store(panel, s, 32);
      r20 = multiplyAdd(r20, s, b0);
      r21 = multiplyAdd(r21, s, b1);
      s = columns ? v128.load32_splat(a, 12) : v128.load32_splat(a3);
      if (keep) v128.store(panel, s, 48);
      r30 = multiplyAdd(r30, s, b0);
      r31 = multiplyAdd(r31, s, b1);
    }
    if (twice) {
      if (a == odd) break;
      b += ldb;
      b0 = v128.load(b);
      b1 = v128.load(b, 16);
      s = v128.load32_splat(a, 4);
      r00 = multiplyAdd(r00, s, b0);
      r01 = multiplyAdd(r01, s, b1);
      s = v128.load32_splat(a1, 4);
      r10 = multiplyAdd(r10, s, b0);
      r11 = multiplyAdd(r11, s, b1);
      if (height > 2) {
        s = v128.load32_splat(a2, 4);
        r20 = multiplyAdd(r20, s, b0);
        r21 = multiplyAdd(r21, s, b1);
        s = v128.load32_splat(a3, 4);
        r30 = multiplyAdd(r30, s, b0);
        r31 = multiplyAdd(r31, s, b1);
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
 * A tile of four rows from A as it is stored, as above, and a panel of B. The stores that pack A for `micro`
 * hide behind the arithmetic, so that packing costs next to nothing.
 *
 * @param panel  out [k, 4, 4] f32, 16-byte aligned: each value of A four times
 */
export function packingTile(
  k: i32, a: usize, row: usize, step: usize, panel: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  plain(4, false, false, true, 4, k, a, row, step, panel, b, 32, c, ldc, accumulate);
}

/** Rows of the relaxed micro-kernel: without a product to hold, twelve accumulators fit the registers. */
export const RELAXED_MR = 6;

/**
 * The micro-kernel of the relaxed build: six rows of eight columns of C. A fused multiply-add takes four
 * cycles and two start in each: eight accumulators would just cover that, twelve do with room to spare.
 *
 * @param k           steps, at least 1
 * @param a           in     panel [k, 8] of which six columns are read
 * @param b           in     panel [k, 8], 16-byte aligned
 * @param c           inout  6 rows of 8, ldc bytes apart
 * @param accumulate  false: sums start at +0 and C is not read
 */
export function relaxedMicro(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  const c3 = c2 + ldc;
  const c4 = c3 + ldc;
  const c5 = c4 + ldc;
  const last = b + (<usize>k << 5) - 32;
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00;
  let r30 = r00, r31 = r00, r40 = r00, r41 = r00, r50 = r00, r51 = r00;
  if (accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    r10 = v128.load(c1);
    r11 = v128.load(c1, 16);
    r20 = v128.load(c2);
    r21 = v128.load(c2, 16);
    r30 = v128.load(c3);
    r31 = v128.load(c3, 16);
    r40 = v128.load(c4);
    r41 = v128.load(c4, 16);
    r50 = v128.load(c5);
    r51 = v128.load(c5, 16);
  }
  while (true) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const s0 = v128.load32_splat(a);
    r00 = multiplyAdd(r00, s0, b0);
    r01 = multiplyAdd(r01, s0, b1);
    const s1 = v128.load32_splat(a, 4);
    r10 = multiplyAdd(r10, s1, b0);
    r11 = multiplyAdd(r11, s1, b1);
    const s2 = v128.load32_splat(a, 8);
    r20 = multiplyAdd(r20, s2, b0);
    r21 = multiplyAdd(r21, s2, b1);
    const s3 = v128.load32_splat(a, 12);
    r30 = multiplyAdd(r30, s3, b0);
    r31 = multiplyAdd(r31, s3, b1);
    const s4 = v128.load32_splat(a, 16);
    r40 = multiplyAdd(r40, s4, b0);
    r41 = multiplyAdd(r41, s4, b1);
    const s5 = v128.load32_splat(a, 20);
    r50 = multiplyAdd(r50, s5, b0);
    r51 = multiplyAdd(r51, s5, b1);
    if (b == last) break;
    a += 32;
    b += 32;
  }
  v128.store(c, r00);
  v128.store(c, r01, 16);
  v128.store(c1, r10);
  v128.store(c1, r11, 16);
  v128.store(c2, r20);
  v128.store(c2, r21, 16);
  v128.store(c3, r30);
  v128.store(c3, r31, 16);
  v128.store(c4, r40);
  v128.store(c4, r41, 16);
  v128.store(c5, r50);
  v128.store(c5, r51, 16);
}
