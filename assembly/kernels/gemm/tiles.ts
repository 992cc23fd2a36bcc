/**
 * Register tiles: the inner loops of every product. Each computes `rows` (1 to 4) rows of 8 columns of C,
 *
 *   c[i, j] = (accumulate ? c[i, j] : +0) + a[i, 0] b[0, j] + a[i, 1] b[1, j] + .. + a[i, k - 1] b[k - 1, j]
 *
 * every element in one accumulator, p ascending, multiply then add: the sum depends on nothing but the operands.
 * 8 accumulators, 2 vectors of B and 1 of A with its product stay within the 15 vector registers engines leave;
 * larger tiles spill.
 *
 * The loop is unrolled by leaving from its middle: a second step merely written out would let the compiler nest
 * both additions of an accumulator into one expression, which takes more registers than there are.
 */

/** A as a splatted panel: four rows, each value stored four times, 64 bytes a step. */
const SPLAT = 0;
/** A by rows: steps are consecutive in memory, rows `lda` bytes apart. */
const ROWS = 1;
/** A by columns: rows are consecutive in memory, steps `lda` bytes apart. */
const COLUMNS = 2;

// @ts-ignore: decorator
@inline
function tile(
  layout: i32, rows: i32, accumulate: bool,
  k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
): void {
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  const c3 = c2 + ldc;
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00, r30 = r00, r31 = r00;
  if (accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    if (rows > 1) {
      r10 = v128.load(c1);
      r11 = v128.load(c1, 16);
    }
    if (rows > 2) {
      r20 = v128.load(c2);
      r21 = v128.load(c2, 16);
    }
    if (rows > 3) {
      r30 = v128.load(c3);
      r31 = v128.load(c3, 16);
    }
  }
  let a1 = a + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  while (true) {
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = layout == SPLAT ? v128.load(a) : v128.load32_splat(a);
    r00 = f32x4.add(r00, f32x4.mul(s, b0));
    r01 = f32x4.add(r01, f32x4.mul(s, b1));
    if (rows > 1) {
      s = layout == SPLAT ? v128.load(a, 16) : layout == ROWS ? v128.load32_splat(a1) : v128.load32_splat(a, 4);
      r10 = f32x4.add(r10, f32x4.mul(s, b0));
      r11 = f32x4.add(r11, f32x4.mul(s, b1));
    }
    if (rows > 2) {
      s = layout == SPLAT ? v128.load(a, 32) : layout == ROWS ? v128.load32_splat(a2) : v128.load32_splat(a, 8);
      r20 = f32x4.add(r20, f32x4.mul(s, b0));
      r21 = f32x4.add(r21, f32x4.mul(s, b1));
    }
    if (rows > 3) {
      s = layout == SPLAT ? v128.load(a, 48) : layout == ROWS ? v128.load32_splat(a3) : v128.load32_splat(a, 12);
      r30 = f32x4.add(r30, f32x4.mul(s, b0));
      r31 = f32x4.add(r31, f32x4.mul(s, b1));
    }
    if (k == 1) break;
    b += ldb;
    if (layout == COLUMNS) a += lda;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    s = layout == SPLAT ? v128.load(a, 64) : layout == ROWS ? v128.load32_splat(a, 4) : v128.load32_splat(a);
    r00 = f32x4.add(r00, f32x4.mul(s, b0));
    r01 = f32x4.add(r01, f32x4.mul(s, b1));
    if (rows > 1) {
      s = layout == SPLAT ? v128.load(a, 80) : layout == ROWS ? v128.load32_splat(a1, 4) : v128.load32_splat(a, 4);
      r10 = f32x4.add(r10, f32x4.mul(s, b0));
      r11 = f32x4.add(r11, f32x4.mul(s, b1));
    }
    if (rows > 2) {
      s = layout == SPLAT ? v128.load(a, 96) : layout == ROWS ? v128.load32_splat(a2, 4) : v128.load32_splat(a, 8);
      r20 = f32x4.add(r20, f32x4.mul(s, b0));
      r21 = f32x4.add(r21, f32x4.mul(s, b1));
    }
    if (rows > 3) {
      s = layout == SPLAT ? v128.load(a, 112) : layout == ROWS ? v128.load32_splat(a3, 4) : v128.load32_splat(a, 12);
      r30 = f32x4.add(r30, f32x4.mul(s, b0));
      r31 = f32x4.add(r31, f32x4.mul(s, b1));
    }
    k -= 2;
    if (k == 0) break;
    b += ldb;
    if (layout == SPLAT) a += 128;
    if (layout == COLUMNS) a += lda;
    if (layout == ROWS) {
      a += 8;
      a1 += 8;
      a2 += 8;
      a3 += 8;
    }
  }
  v128.store(c, r00);
  v128.store(c, r01, 16);
  if (rows > 1) {
    v128.store(c1, r10);
    v128.store(c1, r11, 16);
  }
  if (rows > 2) {
    v128.store(c2, r20);
    v128.store(c2, r21, 16);
  }
  if (rows > 3) {
    v128.store(c3, r30);
    v128.store(c3, r31, 16);
  }
}

/**
 * The micro-kernel of the packed path: a 4 by 8 tile from a splatted panel of A and a panel of B.
 *
 * @param k           steps, at least 1
 * @param a           in     panel [k, 4] with each value stored four times, 16-byte aligned
 * @param b           in     panel [k, 8], 16-byte aligned
 * @param c           inout  tile, rows ldc bytes apart; overwritten unless accumulating
 * @param accumulate  0: sums start at +0 and C is not read
 */
export function micro(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(SPLAT, 4, accumulate, k, a, 0, b, 32, c, ldc);
}

function rows1(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(ROWS, 1, accumulate, k, a, lda, b, ldb, c, ldc);
}
function rows2(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(ROWS, 2, accumulate, k, a, lda, b, ldb, c, ldc);
}
function rows3(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(ROWS, 3, accumulate, k, a, lda, b, ldb, c, ldc);
}
function rows4(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(ROWS, 4, accumulate, k, a, lda, b, ldb, c, ldc);
}
function columns1(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(COLUMNS, 1, accumulate, k, a, lda, b, ldb, c, ldc);
}
function columns2(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(COLUMNS, 2, accumulate, k, a, lda, b, ldb, c, ldc);
}
function columns3(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(COLUMNS, 3, accumulate, k, a, lda, b, ldb, c, ldc);
}
function columns4(k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool): void {
  tile(COLUMNS, 4, accumulate, k, a, lda, b, ldb, c, ldc);
}

/**
 * A tile straight from A as it is stored, of up to four rows.
 *
 * @param transposed  0: a[i, p] at a + i lda + 4 p; 1: at a + 4 i + p lda
 * @param rows        1 to 4
 * @param k           steps, at least 1
 * @param b           in     rows of 8 columns, ldb bytes apart
 * @param c           inout  tile, rows ldc bytes apart; overwritten unless accumulating
 */
export function plainTile(
  transposed: bool, rows: i32, k: i32,
  a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  if (transposed) {
    if (rows == 4) columns4(k, a, lda, b, ldb, c, ldc, accumulate);
    else if (rows == 3) columns3(k, a, lda, b, ldb, c, ldc, accumulate);
    else if (rows == 2) columns2(k, a, lda, b, ldb, c, ldc, accumulate);
    else columns1(k, a, lda, b, ldb, c, ldc, accumulate);
  } else {
    if (rows == 4) rows4(k, a, lda, b, ldb, c, ldc, accumulate);
    else if (rows == 3) rows3(k, a, lda, b, ldb, c, ldc, accumulate);
    else if (rows == 2) rows2(k, a, lda, b, ldb, c, ldc, accumulate);
    else rows1(k, a, lda, b, ldb, c, ldc, accumulate);
  }
}
