/** Layer normalization by rows (Ba, Kiros and Hinton 2016, https://arxiv.org/abs/1607.06450), and its gradients. */
import { Gemm } from "../abi";
import { partStart } from "../parts";
import { addWide, storeUpTo4, sumWide, loadUpTo4 } from "../simd";

/** Rows, and columns, that stay in one part. */
const ROWS = 4;
const COLUMNS = 16;

/**
 * `y[i, j] = gamma[j] (x[i, j] - mean[i]) rstd[i] + beta[j]`, with mean[i] and rstd[i] = 1 / sqrt(variance[i] + epsilon)
 * of each row.
 *
 * @param y        out [m, n] f32, 16-byte aligned; overwritten, never read
 * @param mean     out [m]    f32; 0: not wanted
 * @param rstd     out [m]    f32; 0: not wanted
 * @param x        in  [m, n] f32, 16-byte aligned
 * @param gamma    in  [n]    f32, 16-byte aligned
 * @param beta     in  [n]    f32, 16-byte aligned
 * @param m        rows
 * @param n        columns, at least 1
 * @param epsilon  > 0
 *
 * Order: with d = x[i, j] - x[i, 0], exact in f64, sums of d and d d in f64: even and odd columns apart, the last n mod 4 one by one; mean =
 * x[i, 0] + sum / n, variance = max(0, (squares - sum sum / n) / n). A row's bits depend on that row alone.
 * Aliasing: y may be x.
 * Cost: two passes over each row.
 */
export function layerNorm(
  y: usize, mean: usize, rstd: usize, x: usize, gamma: usize, beta: usize, m: i32, n: i32, epsilon: f32,
  part: i32, parts: i32,
): void {
  const row = <usize>n << 2;
  const to = partStart(m, ROWS, part + 1, parts);
  for (let i = partStart(m, ROWS, part, parts); i < to; ++i) {
    const from = x + <usize>i * row;
    const into = y + <usize>i * row;
    const pivot = <f64>load<f32>(from);
    let sums = f64x2.splat(0);
    let squares = sums;
    const shift = f64x2.splat(pivot);
    let at: usize = 0;
    let left = n;
    for (; left >= 4; left -= 4, at += 16) {
      const v = v128.load(from + at);
      const low = f64x2.sub(f64x2.promote_low_f32x4(v), shift);
      const high = f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0)), shift);
      sums = f64x2.add(f64x2.add(sums, low), high);
      squares = f64x2.add(f64x2.add(squares, f64x2.mul(low, low)), f64x2.mul(high, high));
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    let square = f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1);
    for (; left > 0; --left, at += 4) {
      const d = <f64>load<f32>(from + at) - pivot;
      sum += d;
      square += d * d;
    }
    const count = <f64>n;
    const variance = max((square - (sum * sum) / count) / count, 0);
    const centre = <f32>(pivot + sum / count);
    const scale = <f32>(1 / Math.sqrt(variance + <f64>epsilon));
    if (mean) store<f32>(mean + (<usize>i << 2), centre);
    if (rstd) store<f32>(rstd + (<usize>i << 2), scale);
    const centres = f32x4.splat(centre);
    const scales = f32x4.splat(scale);
    left = n;
    for (at = 0; left > 0; left -= 4, at += 16) {
      const h = f32x4.mul(f32x4.sub(loadUpTo4(from + at, left), centres), scales);
      storeUpTo4(into + at, f32x4.add(f32x4.mul(h, loadUpTo4(gamma + at, left)), loadUpTo4(beta + at, left)), left);
    }
  }
}

/**
 * `dx[i, j] = rstd[i] (g - mean_j(g) - h mean_j(g h))` with g = dy[i, j] gamma[j] and h = (x[i, j] - mean[i]) rstd[i].
 *
 * @param dx     out [m, n] f32, 16-byte aligned; overwritten, never read
 * @param dy     in  [m, n] f32, 16-byte aligned
 * @param x      in  [m, n] f32, 16-byte aligned
 * @param gamma  in  [n]    f32, 16-byte aligned
 * @param mean   in  [m]    f32
 * @param rstd   in  [m]    f32
 *
 * Order: both means of a row are f64 sums of f32 products, even and odd columns apart.
 * Aliasing: dx may be dy.
 */
export function layerNormGrad(
  dx: usize, dy: usize, x: usize, gamma: usize, mean: usize, rstd: usize, m: i32, n: i32, part: i32, parts: i32,
): void {
  const row = <usize>n << 2;
  const to = partStart(m, ROWS, part + 1, parts);
  for (let i = partStart(m, ROWS, part, parts); i < to; ++i) {
    const fromX = x + <usize>i * row;
    const fromY = dy + <usize>i * row;
    const into = dx + <usize>i * row;
    const centres = v128.load32_splat(mean + (<usize>i << 2));
    const scales = v128.load32_splat(rstd + (<usize>i << 2));
    let sums = f64x2.splat(0);
    let products = sums;
    for (let left = n, at: usize = 0; left > 0; left -= 4, at += 16) {
      const g = f32x4.mul(loadUpTo4(fromY + at, left), loadUpTo4(gamma + at, left));
      const h = f32x4.mul(f32x4.sub(loadUpTo4(fromX + at, left), centres), scales);
      // Lanes past the end are 0 in g, and so in both.
      sums = addWide(sums, g);
      products = addWide(products, f32x4.mul(g, h));
    }
    const average = f32x4.splat(<f32>(sumWide(sums) / <f64>n));
    const slope = f32x4.splat(<f32>(sumWide(products) / <f64>n));
    for (let left = n, at: usize = 0; left > 0; left -= 4, at += 16) {
      const g = f32x4.mul(loadUpTo4(fromY + at, left), loadUpTo4(gamma + at, left));
      const h = f32x4.mul(f32x4.sub(loadUpTo4(fromX + at, left), centres), scales);
      storeUpTo4(into + at, f32x4.mul(scales, f32x4.sub(f32x4.sub(g, average), f32x4.mul(h, slope))), left);
    }
  }
}

/**
 * `dgamma[j] = sum_i dy[i, j] h[i, j]`, `dbeta[j] = sum_i dy[i, j]`.
 *
 * @param dgamma  out [n] f32; overwritten, never read before it is written
 * @param dbeta   out [n] f32
 * @param dy x mean rstd  as in layerNormGrad
 * @param scratch  f32 [2 n], shared by the parts, each of which uses its columns
 *
 * Order: groups of `Gemm.RowGroup` rows, each from +0 in one f32 accumulator a column, added in order.
 */
export function layerNormGradWeights(
  dgamma: usize, dbeta: usize, dy: usize, x: usize, mean: usize, rstd: usize, m: i32, n: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  const row = <usize>n << 2;
  const from = <usize>partStart(n, COLUMNS, part, parts) << 2;
  const to = <usize>partStart(n, COLUMNS, part + 1, parts) << 2;
  const products = scratch;
  const sums = scratch + row;
  for (let j = from; j < to; j += 4) {
    store<f32>(dgamma + j, 0);
    store<f32>(dbeta + j, 0);
  }
  for (let start = 0; start < m; start += Gemm.RowGroup) {
    for (let j = from; j < to; j += 4) {
      store<f32>(products + j, 0);
      store<f32>(sums + j, 0);
    }
    for (let i = start; i < min(start + Gemm.RowGroup, m); ++i) {
      const atX = x + <usize>i * row;
      const atY = dy + <usize>i * row;
      const centre = load<f32>(mean + (<usize>i << 2));
      const scale = load<f32>(rstd + (<usize>i << 2));
      const centres = f32x4.splat(centre);
      const scales = f32x4.splat(scale);
      let j = from;
      for (; j + 16 <= to; j += 16) {
        const d = v128.load(atY + j);
        const h = f32x4.mul(f32x4.sub(v128.load(atX + j), centres), scales);
        v128.store(products + j, f32x4.add(v128.load(products + j), f32x4.mul(d, h)));
        v128.store(sums + j, f32x4.add(v128.load(sums + j), d));
      }
      for (; j < to; j += 4) {
        const d = load<f32>(atY + j);
        const h = (load<f32>(atX + j) - centre) * scale;
        store<f32>(products + j, load<f32>(products + j) + d * h);
        store<f32>(sums + j, load<f32>(sums + j) + d);
      }
    }
    for (let j = from; j < to; j += 4) {
      store<f32>(dgamma + j, load<f32>(dgamma + j) + load<f32>(products + j));
      store<f32>(dbeta + j, load<f32>(dbeta + j) + load<f32>(sums + j));
    }
  }
}
