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
 * @param b  in  [n, k] f32, rows ldb bytes apart
 *
 * Order: each y[j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator.
 */
export function timesTransposed(y: usize, x: usize, b: usize, ldb: usize, n: i32, k: i32): void {
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

/**
 * Rows of B that `times` takes at a time. Their sums stay in registers, so more rows mean less traffic to and from y;
 * but each is a stream of its own to the hardware's prefetchers, and where rows are a multiple of 4 KB apart, a first
 * level of eight ways keeps only eight of them.
 */
const STREAMS = 8;

/**
 * Adds rows of B, up to `end`, which is not b, to sixteen columns of y, each times an element of x. Four vectors: V8 11.3
 * loads a whole row before it multiplies, and spills registers from eight on.
 */
// @ts-ignore: decorator
@inline
function addSixteen(y: usize, x: usize, step: usize, b: usize, end: usize, ldb: usize): void {
  let y0 = v128.load(y);
  let y1 = v128.load(y, 16);
  let y2 = v128.load(y, 32);
  let y3 = v128.load(y, 48);
  do {
    const s = v128.load32_splat(x);
    y0 = multiplyAdd(y0, s, v128.load(b));
    y1 = multiplyAdd(y1, s, v128.load(b, 16));
    y2 = multiplyAdd(y2, s, v128.load(b, 32));
    y3 = multiplyAdd(y3, s, v128.load(b, 48));
    x += step;
    b += ldb;
  } while (b < end);
  v128.store(y, y0);
  v128.store(y, y1, 16);
  v128.store(y, y2, 32);
  v128.store(y, y3, 48);
}

// @ts-ignore: decorator
@inline
function addFour(y: usize, x: usize, step: usize, b: usize, end: usize, ldb: usize): void {
  let v = v128.load(y);
  do {
    v = multiplyAdd(v, v128.load32_splat(x), v128.load(b));
    x += step;
    b += ldb;
  } while (b < end);
  v128.store(y, v);
}

// @ts-ignore: decorator
@inline
function addOne(y: usize, x: usize, step: usize, b: usize, end: usize, ldb: usize): void {
  let v = load<f32>(y);
  do {
    v += load<f32>(x) * load<f32>(b);
    x += step;
    b += ldb;
  } while (b < end);
  store<f32>(y, v);
}

/**
 * `y[j] = sum_p x[p] b[p, j]`: a vector times a matrix, which is read once, about in the order it is stored.
 *
 * @param y     out [n]    f32; overwritten, never read before it is written
 * @param x     in  [k]    f32, its elements `step` bytes apart; 0: one that stands for all
 * @param b     in  [k, n] f32, rows ldb bytes apart
 *
 * Order: each y[j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator, kept in y between groups of
 * STREAMS rows.
 */
export function times(y: usize, x: usize, step: usize, b: usize, ldb: usize, n: i32, k: i32): void {
  const row = <usize>n << 2;
  let j: usize = 0;
  for (; j + 16 <= row; j += 16) v128.store(y + j, f32x4.splat(0));
  for (; j < row; j += 4) store<f32>(y + j, 0);
  for (; k > 0; k -= STREAMS) {
    const end = b + <usize>min(k, STREAMS) * ldb;
    j = 0;
    for (; j + 64 <= row; j += 64) addSixteen(y + j, x, step, b + j, end, ldb);
    for (; j + 16 <= row; j += 16) addFour(y + j, x, step, b + j, end, ldb);
    for (; j < row; j += 4) addOne(y + j, x, step, b + j, end, ldb);
    x += step * STREAMS;
    b = end;
  }
}
