/**
 * Batch normalization by columns (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167), its gradient, and the running
 * statistics. Columns are independent, so parts take columns; memory is walked by rows, because strips of a few columns
 * would use a sixteenth of each cache line.
 */
import { partStart } from "../parts";

/** Columns that stay in one part: a cache line. */
const GRAIN = 16;

// @ts-ignore: decorator
@inline
function element(base: usize, i: i32): f64 {
  return <f64>load<f32>(base + (<usize>i << 2));
}

/** Adds `value` to an f64 of a list. */
// @ts-ignore: decorator
@inline
function addTo(list: usize, i: i32, value: f64): void {
  const at = list + (<usize>i << 3);
  store<f64>(at, load<f64>(at) + value);
}

/** `scale[j] = gamma[j] / sqrt(variance[j] + epsilon)`, rounded to f32 once. */
// @ts-ignore: decorator
@inline
function scaleOf(gamma: usize, variance: usize, epsilon: f32, j: i32): f32 {
  return <f32>(element(gamma, j) / Math.sqrt(element(variance, j) + <f64>epsilon));
}

/** `y = (x - mean) scale + beta` for the columns from `from` to `to`; scales are in f32 [n] of the scratch. */
function normalizeRows(
  y: usize, x: usize, mean: usize, scales: usize, beta: usize, m: i32, n: i32, from: i32, to: i32,
): void {
  const row = <usize>n << 2;
  const end = <usize>to << 2;
  const whole = (<usize>from << 2) + (((<usize>(to - from)) & ~3) << 2);
  for (; m > 0; --m, x += row, y += row) {
    let j = <usize>from << 2;
    for (; j < whole; j += 16) {
      const centred = f32x4.sub(v128.load(x + j), v128.load(mean + j));
      v128.store(y + j, f32x4.add(f32x4.mul(centred, v128.load(scales + j)), v128.load(beta + j)));
    }
    for (; j < end; j += 4) {
      const centred = load<f32>(x + j) - load<f32>(mean + j);
      store<f32>(y + j, centred * load<f32>(scales + j) + load<f32>(beta + j));
    }
  }
}

/**
 * `y[i, j] = gamma[j] (x[i, j] - mean[j]) / sqrt(variance[j] + epsilon) + beta[j]`, with the mean and the variance of each
 * column over the rows of the pass.
 *
 * @param y         out [m, n] f32; overwritten, never read
 * @param mean      out [n]    f32
 * @param variance  out [n]    f32, divided by m
 * @param x         in  [m, n] f32
 * @param gamma     in  [n]    f32
 * @param beta      in  [n]    f32
 * @param m         rows, at least 1
 * @param n         columns
 * @param epsilon   > 0
 * @param scratch   f64 [2 n], f32 [n], shared by the parts, each of which uses its columns
 *
 * Order: with d = x[i, j] - x[0, j], exact in f64, sums of d and of d d over rows 0, 1, .., m - 1 in one f64 accumulator
 * each; mean = x[0, j] + sum / m, variance = max(0, (squares - sum sum / m) / m), rounded once. The shift by a row keeps
 * columns far from 0 from cancelling.
 * Aliasing: y may be x.
 * Cost: two passes over X.
 */
export function batchNorm(
  y: usize, mean: usize, variance: usize, x: usize, gamma: usize, beta: usize, m: i32, n: i32, epsilon: f32,
  scratch: usize, part: i32, parts: i32,
): void {
  const from = partStart(n, GRAIN, part, parts);
  const to = partStart(n, GRAIN, part + 1, parts);
  const sums = scratch;
  const squares = sums + (<usize>n << 3);
  const scales = squares + (<usize>n << 3);
  for (let j = from; j < to; ++j) {
    store<f64>(sums + (<usize>j << 3), 0);
    store<f64>(squares + (<usize>j << 3), 0);
  }
  const row = <usize>n << 2;
  for (let i = 0, at = x; i < m; ++i, at += row) {
    let j = from;
    for (; j + 4 <= to; j += 4) {
      const v = v128.load(at + (<usize>j << 2));
      const pivot = v128.load(x + (<usize>j << 2));
      addPairs(sums, squares, j, f64x2.sub(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(pivot)));
      const high = i64x2.shuffle(v, v, 1, 0);
      const highPivot = i64x2.shuffle(pivot, pivot, 1, 0);
      addPairs(sums, squares, j + 2, f64x2.sub(f64x2.promote_low_f32x4(high), f64x2.promote_low_f32x4(highPivot)));
    }
    for (; j < to; ++j) {
      const d = element(at, j) - element(x, j);
      addTo(sums, j, d);
      addTo(squares, j, d * d);
    }
  }
  const count = <f64>m;
  for (let j = from; j < to; ++j) {
    const sum = load<f64>(sums + (<usize>j << 3));
    const spread = (load<f64>(squares + (<usize>j << 3)) - (sum * sum) / count) / count;
    store<f32>(mean + (<usize>j << 2), <f32>(element(x, j) + sum / count));
    store<f32>(variance + (<usize>j << 2), <f32>max(spread, 0));
    store<f32>(scales + (<usize>j << 2), scaleOf(gamma, variance, epsilon, j));
  }
  normalizeRows(y, x, mean, scales, beta, m, n, from, to);
}

/** Adds two neighbouring deviations, and their squares, to the sums of their columns. */
// @ts-ignore: decorator
@inline
function addPairs(sums: usize, squares: usize, j: i32, d: v128): void {
  const at = <usize>j << 3;
  v128.store(sums + at, f64x2.add(v128.load(sums + at), d));
  v128.store(squares + at, f64x2.add(v128.load(squares + at), f64x2.mul(d, d)));
}

/**
 * The same with a mean and a variance that are given: what batch normalization is outside training.
 *
 * @param y         out [m, n] f32; overwritten, never read
 * @param mean      in  [n]    f32
 * @param variance  in  [n]    f32, not negative
 * @param scratch   f32 [n], shared by the parts, each of which uses its columns
 *
 * Aliasing: y may be x.
 */
export function normalizeColumns(
  y: usize, x: usize, gamma: usize, beta: usize, mean: usize, variance: usize, m: i32, n: i32, epsilon: f32,
  scratch: usize, part: i32, parts: i32,
): void {
  const from = partStart(n, GRAIN, part, parts);
  const to = partStart(n, GRAIN, part + 1, parts);
  for (let j = from; j < to; ++j) {
    store<f32>(scratch + (<usize>j << 2), scaleOf(gamma, variance, epsilon, j));
  }
  normalizeRows(y, x, mean, scratch, beta, m, n, from, to);
}

/**
 * Gradients of batch normalization. With r = 1 / sqrt(variance + epsilon) and h = (x - mean) r:
 *
 *   dbeta[j]  = sum_i dy[i, j]
 *   dgamma[j] = sum_i dy[i, j] h[i, j]
 *   dx[i, j]  = gamma[j] r[j] (dy[i, j] - dbeta[j] / m - h[i, j] dgamma[j] / m)
 *
 * @param dx       out [m, n] f32; overwritten, never read
 * @param dgamma   out [n]    f32
 * @param dbeta    out [n]    f32
 * @param dy       in  [m, n] f32
 * @param x        in  [m, n] f32
 * @param gamma mean variance  in [n] f32, as in batchNorm
 * @param scratch  f64 [2 n], shared by the parts, each of which uses its columns
 *
 * Order: sums over rows 0, 1, .., m - 1 in one f64 accumulator each; dx is one f64 expression, rounded once.
 * Aliasing: dx may be dy.
 * Cost: two passes over X and dY.
 */
export function batchNormGrad(
  dx: usize, dgamma: usize, dbeta: usize, dy: usize, x: usize, gamma: usize, mean: usize, variance: usize,
  m: i32, n: i32, epsilon: f32, scratch: usize, part: i32, parts: i32,
): void {
  const from = partStart(n, GRAIN, part, parts);
  const to = partStart(n, GRAIN, part + 1, parts);
  const sums = scratch;
  const products = sums + (<usize>n << 3);
  for (let j = from; j < to; ++j) {
    store<f64>(sums + (<usize>j << 3), 0);
    store<f64>(products + (<usize>j << 3), 0);
  }
  const row = <usize>n << 2;
  for (let i = 0, atX = x, atY = dy; i < m; ++i, atX += row, atY += row) {
    for (let j = from; j < to; ++j) {
      const d = element(atY, j);
      addTo(sums, j, d);
      addTo(products, j, d * (element(atX, j) - element(mean, j)));
    }
  }
  const count = <f64>m;
  for (let j = from; j < to; ++j) {
    const at = <usize>j << 3;
    const r = 1 / Math.sqrt(element(variance, j) + <f64>epsilon);
    store<f32>(dbeta + (<usize>j << 2), <f32>load<f64>(sums + at));
    store<f32>(dgamma + (<usize>j << 2), <f32>(load<f64>(products + at) * r));
    // From here on: what each row takes off, the second one for each unit of x - mean.
    store<f64>(sums + at, load<f64>(sums + at) / count);
    store<f64>(products + at, (load<f64>(products + at) * r * r) / count);
  }
  for (; m > 0; --m, x += row, dy += row, dx += row) {
    for (let j = from; j < to; ++j) {
      const at = <usize>j << 3;
      const scale = element(gamma, j) / Math.sqrt(element(variance, j) + <f64>epsilon);
      const centred = element(x, j) - element(mean, j);
      const d = element(dy, j) - load<f64>(sums + at) - centred * load<f64>(products + at);
      store<f32>(dx + (<usize>j << 2), <f32>(scale * d));
    }
  }
}

/**
 * A running average one step closer to a statistic: `y[i] = average[i] + share (statistic[i] c - average[i])`, where c is
 * count / (count - 1): a variance divided by count becomes one divided by count - 1.
 *
 * @param y          out [n] f32; overwritten
 * @param average    in  [n] f32
 * @param statistic  in  [n] f32
 * @param n          elements
 * @param share      in [0, 1]
 * @param count      observations behind a variance; 1 of them say nothing: y is average; 0: it is none, and c is 1
 *
 * Order: one f64 expression an element, rounded once.
 * Aliasing: y may be average.
 */
export function approach(
  y: usize, average: usize, statistic: usize, n: i32, share: f32, count: i32, part: i32, parts: i32,
): void {
  const correction: f64 = count > 1 ? <f64>count / <f64>(count - 1) : 1;
  const step: f64 = count == 1 ? 0 : <f64>share;
  const to = partStart(n, GRAIN, part + 1, parts);
  for (let i = partStart(n, GRAIN, part, parts); i < to; ++i) {
    const before = element(average, i);
    store<f32>(y + (<usize>i << 2), <f32>(before + step * (element(statistic, i) * correction - before)));
  }
}
