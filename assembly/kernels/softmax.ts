/**
 * Softmax and log-softmax by rows, with their gradients.
 *
 * Rows are contiguous but, unless n is a multiple of 4, not aligned: the last, partial vector of a row is
 * loaded and stored by lanes. Sums over a row are kept in f64 in the order of `addWide`: even elements, odd
 * elements, then both.
 * A row's bits depend on that row alone, and parts are cut between rows.
 */
import { exp } from "../math/exp";
import { logSum } from "../math/log";
import { cut } from "../parts";
import { addWide, keepLanes, storeUpTo4, sumWide, loadUpTo4 } from "../simd";

/** The largest element of a row of n >= 1 elements; of a row with NaN, any of them. */
export function rowMax(x: usize, n: i32): f32 {
  let largest = v128.load32_splat(x);
  for (; n >= 4; n -= 4, x += 16) largest = f32x4.pmax(largest, v128.load(x));
  for (; n > 0; --n, x += 4) largest = f32x4.pmax(largest, v128.load32_splat(x));
  largest = f32x4.pmax(largest, i32x4.shuffle(largest, largest, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(largest, i32x4.shuffle(largest, largest, 1, 0, 3, 2)), 0);
}

/** The sum of `exp(x - largest)` over a row; the summands are left in y unless y is 0. y may be x. */
export function exponentials(y: usize, x: usize, largest: f32, n: i32): f64 {
  const shift = f32x4.splat(largest);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    let e = exp(f32x4.sub(loadUpTo4(x + at, n), shift));
    if (n < 4) e = keepLanes(e, n);
    if (y) storeUpTo4(y + at, e, n);
    sum = addWide(sum, e);
  }
  return sumWide(sum);
}

/**
 * `y[i, j] = exp(x[i, j] - max_i) / sum_j exp(x[i, j] - max_i)`.
 *
 * @param y  out [m, n] f32, row-major, 16-byte aligned; overwritten, never read
 * @param x  in  [m, n] f32, row-major, 16-byte aligned
 * @param m  rows; 0 does nothing
 * @param n  columns; 0 does nothing
 *
 * Order: the sum of a row in f64, even and odd elements apart; its reciprocal, rounded to f32, multiplies.
 * A row with NaN or +inf, or of -inf only, gives a row of NaN; other -inf give 0.
 * Aliasing: y may be x.
 * Cost: m n exponentials, three passes over each row.
 */
export function softmax(y: usize, x: usize, m: i32, n: i32, part: i32, parts: i32): void {
  if (n <= 0) return;
  if (parts > 1) {
    const from = cut(m, 1, part, parts);
    const skip = <usize>from * <usize>n << 2;
    return softmax(y + skip, x + skip, cut(m, 1, part + 1, parts) - from, n, 0, 1);
  }
  for (; m > 0; --m) {
    const factor = f32x4.splat(<f32>(1 / exponentials(y, x, rowMax(x, n), n)));
    for (let left = n, p = y; left > 0; left -= 4, p += 16) storeUpTo4(p, f32x4.mul(loadUpTo4(p, left), factor), left);
    x += <usize>n << 2;
    y += <usize>n << 2;
  }
}

/**
 * `dx[i, j] = y[i, j] (dy[i, j] - sum_k dy[i, k] y[i, k])`.
 *
 * @param dx  out [m, n] f32, row-major, 16-byte aligned; overwritten, never read
 * @param dy  in  [m, n] f32, row-major, 16-byte aligned
 * @param y   in  [m, n] f32, row-major, 16-byte aligned: what softmax gave
 * @param m   rows; 0 does nothing
 * @param n   columns; 0 does nothing
 *
 * Order: products in f32, their sum in f64, even and odd elements apart, rounded once to f32.
 * Aliasing: dx may be dy or y.
 * Cost: 2 m n multiplications and additions.
 */
export function softmaxGrad(dx: usize, dy: usize, y: usize, m: i32, n: i32, part: i32, parts: i32): void {
  if (parts > 1) {
    const from = cut(m, 1, part, parts);
    const skip = <usize>from * <usize>n << 2;
    return softmaxGrad(dx + skip, dy + skip, y + skip, cut(m, 1, part + 1, parts) - from, n, 0, 1);
  }
  for (; m > 0; --m) {
    let sum = f64x2.splat(0);
    for (let left = n, at: usize = 0; left > 0; left -= 4, at += 16) {
      sum = addWide(sum, f32x4.mul(loadUpTo4(dy + at, left), loadUpTo4(y + at, left)));
    }
    const dot = f32x4.splat(<f32>sumWide(sum));
    for (let left = n; left > 0; left -= 4, dx += 16, dy += 16, y += 16) {
      storeUpTo4(dx, f32x4.mul(loadUpTo4(y, left), f32x4.sub(loadUpTo4(dy, left), dot)), left);
    }
    const back = <usize>(-n & 3) << 2;
    dx -= back;
    dy -= back;
    y -= back;
  }
}

/**
 * `y[i, j] = (x[i, j] - max_i) - log sum_j exp(x[i, j] - max_i)`.
 *
 * @param y  out [m, n] f32, row-major, 16-byte aligned; overwritten, never read
 * @param x  in  [m, n] f32, row-major, 16-byte aligned
 * @param m  rows; 0 does nothing
 * @param n  columns; 0 does nothing
 *
 * Order: the sum of a row in f64, even and odd elements apart; its logarithm is f32.
 * A row with NaN or +inf, or of -inf only, gives a row of NaN.
 * Aliasing: y may be x.
 * Cost: m n exponentials, m logarithms, three passes over each row.
 */
export function logSoftmax(y: usize, x: usize, m: i32, n: i32, part: i32, parts: i32): void {
  if (n <= 0) return;
  if (parts > 1) {
    const from = cut(m, 1, part, parts);
    const skip = <usize>from * <usize>n << 2;
    return logSoftmax(y + skip, x + skip, cut(m, 1, part + 1, parts) - from, n, 0, 1);
  }
  for (; m > 0; --m) {
    const largest = rowMax(x, n);
    const shift = f32x4.splat(largest);
    const logarithm = f32x4.splat(logSum(exponentials(0, x, largest, n)));
    for (let left = n; left > 0; left -= 4, x += 16, y += 16) {
      storeUpTo4(y, f32x4.sub(f32x4.sub(loadUpTo4(x, left), shift), logarithm), left);
    }
    const back = <usize>(-n & 3) << 2;
    x -= back;
    y -= back;
  }
}

/**
 * `dx[i, j] = dy[i, j] - exp(y[i, j]) sum_k dy[i, k]`.
 *
 * @param dx  out [m, n] f32, row-major, 16-byte aligned; overwritten, never read
 * @param dy  in  [m, n] f32, row-major, 16-byte aligned
 * @param y   in  [m, n] f32, row-major, 16-byte aligned: what logSoftmax gave
 * @param m   rows; 0 does nothing
 * @param n   columns; 0 does nothing
 *
 * Order: the sum of a row in f64, even and odd elements apart, rounded once to f32.
 * Aliasing: dx may be dy or y.
 * Cost: m n exponentials.
 */
export function logSoftmaxGrad(dx: usize, dy: usize, y: usize, m: i32, n: i32, part: i32, parts: i32): void {
  if (parts > 1) {
    const from = cut(m, 1, part, parts);
    const skip = <usize>from * <usize>n << 2;
    return logSoftmaxGrad(dx + skip, dy + skip, y + skip, cut(m, 1, part + 1, parts) - from, n, 0, 1);
  }
  for (; m > 0; --m) {
    let sum = f64x2.splat(0);
    for (let left = n, p = dy; left > 0; left -= 4, p += 16) sum = addWide(sum, loadUpTo4(p, left));
    const total = f32x4.splat(<f32>sumWide(sum));
    for (let left = n; left > 0; left -= 4, dx += 16, dy += 16, y += 16) {
      storeUpTo4(dx, f32x4.sub(loadUpTo4(dy, left), f32x4.mul(exp(loadUpTo4(y, left)), total)), left);
    }
    const back = <usize>(-n & 3) << 2;
    dx -= back;
    dy -= back;
    y -= back;
  }
}
