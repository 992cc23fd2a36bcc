/** Products with a vector: every value of the matrix is used once, so they run as fast as it streams in. */
import { multiplyAdd } from "../../simd";

/** `y[i] = sum_p b[i, p] x[p]` for four rows of B, of which those from `rows` on repeat the last. */
// @ts-ignore: decorator
@inline
function fourDots(x: usize, b: usize, ldb: usize, rows: i32, k: i32): v128 {
  const b1 = b + (rows > 1 ? ldb : <usize>0);
  const b2 = b1 + (rows > 2 ? ldb : <usize>0);
  const b3 = b2 + (rows > 3 ? ldb : <usize>0);
  const whole = <usize>(k & ~3) << 2;
  const all = <usize>k << 2;
  let y = f32x4.splat(0);
  let p: usize = 0;
  for (; p < whole; p += 16) {
    const v = v128.load(x + p);
    const r0 = f32x4.mul(v, v128.load(b + p));
    const r1 = f32x4.mul(v, v128.load(b1 + p));
    const r2 = f32x4.mul(v, v128.load(b2 + p));
    const r3 = f32x4.mul(v, v128.load(b3 + p));
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    y = f32x4.add(y, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
    y = f32x4.add(y, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7));
    y = f32x4.add(y, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5));
    y = f32x4.add(y, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7));
  }
  for (; p < all; p += 4) {
    let v = v128.load32_zero(b + p);
    v = v128.load_lane<f32>(b1 + p, v, 1);
    v = v128.load_lane<f32>(b2 + p, v, 2);
    v = v128.load_lane<f32>(b3 + p, v, 3);
    y = multiplyAdd(y, v128.load32_splat(x + p), v);
  }
  return y;
}

/**
 * `y[j] = sum_p x[p] b[j, p]`: a vector times a matrix stored by its columns.
 *
 * @param y  out [n]    f32; overwritten, never read
 * @param x  in  [k]    f32
 * @param b  in  [n, k] f32, row-major
 *
 * Order: each y[j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator.
 */
export function timesTransposed(y: usize, x: usize, b: usize, n: i32, k: i32): void {
  const ldb = <usize>k << 2;
  for (; n > 0; n -= 4) {
    const v = fourDots(x, b, ldb, n, k);
    if (n >= 4) v128.store(y, v);
    else {
      v128.store_lane<f32>(y, v, 0);
      if (n > 1) v128.store_lane<f32>(y, v, 1, 4);
      if (n > 2) v128.store_lane<f32>(y, v, 2, 8);
    }
    y += 16;
    b += ldb << 2;
  }
}

/** `y = (accumulate ? y : +0) + x[0] b[0] + .. `, `steps` (1 to 4) rows of B of n columns. */
// @ts-ignore: decorator
@inline
function addRows(steps: i32, y: usize, x: usize, b: usize, n: i32, accumulate: bool): void {
  const ldb = <usize>n << 2;
  const b1 = b + ldb;
  const b2 = b1 + ldb;
  const b3 = b2 + ldb;
  const x0 = load<f32>(x);
  const x1 = steps > 1 ? load<f32>(x, 4) : 0;
  const x2 = steps > 2 ? load<f32>(x, 8) : 0;
  const x3 = steps > 3 ? load<f32>(x, 12) : 0;
  const s0 = f32x4.splat(x0);
  const s1 = f32x4.splat(x1);
  const s2 = f32x4.splat(x2);
  const s3 = f32x4.splat(x3);
  const whole = <usize>(n & ~3) << 2;
  let j: usize = 0;
  for (; j < whole; j += 16) {
    let v = accumulate ? v128.load(y + j) : f32x4.splat(0);
    v = multiplyAdd(v, s0, v128.load(b + j));
    if (steps > 1) v = multiplyAdd(v, s1, v128.load(b1 + j));
    if (steps > 2) v = multiplyAdd(v, s2, v128.load(b2 + j));
    if (steps > 3) v = multiplyAdd(v, s3, v128.load(b3 + j));
    v128.store(y + j, v);
  }
  for (; j < ldb; j += 4) {
    let v: f32 = accumulate ? load<f32>(y + j) : 0;
    v += x0 * load<f32>(b + j);
    if (steps > 1) v += x1 * load<f32>(b1 + j);
    if (steps > 2) v += x2 * load<f32>(b2 + j);
    if (steps > 3) v += x3 * load<f32>(b3 + j);
    store<f32>(y + j, v);
  }
}

function addFour(y: usize, x: usize, b: usize, n: i32, accumulate: bool): void {
  addRows(4, y, x, b, n, accumulate);
}

function addOne(y: usize, x: usize, b: usize, n: i32, accumulate: bool): void {
  addRows(1, y, x, b, n, accumulate);
}

/**
 * `y[j] = sum_p x[p] b[p, j]`: a vector times a matrix, which is read once, in the order it is stored.
 *
 * @param y  out [n]    f32; overwritten, never read
 * @param x  in  [k]    f32; k >= 1
 * @param b  in  [k, n] f32, row-major
 *
 * Order: each y[j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator, kept in y between groups of
 * four.
 */
export function times(y: usize, x: usize, b: usize, n: i32, k: i32): void {
  let p = 0;
  for (; p + 4 <= k; p += 4) {
    addFour(y, x, b, n, p > 0);
    x += 16;
    b += <usize>n << 4;
  }
  for (; p < k; ++p) {
    addOne(y, x, b, n, p > 0);
    x += 4;
    b += <usize>n << 2;
  }
}
