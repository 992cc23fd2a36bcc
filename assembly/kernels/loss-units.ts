/** What the losses of both links are made of: weights of rows, and the cross-entropy of one row. */
import { exponentials, rowMax } from "./softmax";
import { logSum } from "../math/log";
import { addWide, keepLanes, loadUpTo4, narrow, storeUpTo4, sumWide } from "../simd";

/** Adds four losses, or the first `left`, to the sum. */
// @ts-ignore: decorator
@inline
export function addTerms(sum: v128, terms: v128, left: i32): v128 {
  return addWide(sum, left >= 4 ? terms : keepLanes(terms, left));
}

// @ts-ignore: decorator
@inline
export function weightOf(w: usize, unit: i32, span: i32): f32 {
  return load<f32>(w + (<usize>(unit / span) << 2));
}

/** The weights of four elements from `at`, a multiple of 4, on, or of the first `left`; the other lanes hold any weight. */
export function elementWeights(w: usize, at: i32, span: i32, left: i32): v128 {
  if (span == 1) return v128.load(w + (<usize>at << 2));
  const last = at + min(left, 4) - 1;
  let weights = f32x4.splat(weightOf(w, at, span));
  weights = f32x4.replace_lane(weights, 1, weightOf(w, min(at + 1, last), span));
  weights = f32x4.replace_lane(weights, 2, weightOf(w, min(at + 2, last), span));
  return f32x4.replace_lane(weights, 3, weightOf(w, min(at + 3, last), span));
}

/**
 * One row with a class index: `log(sum) - z[label]`, where z = p - max(p) and sum = sum of exp(z). With the
 * exponentials in dx it becomes (exp(z) - [j = label] sum) factor / sum, in f64: without cancellation where a
 * class is almost certain.
 */
export function labelRow(dx: usize, p: usize, label: i32, n: i32, factor: f64): f64 {
  if (<u32>label >= <u32>n) return NaN;
  const at = <usize>label << 2;
  const largest = rowMax(p, n);
  const z = load<f32>(p + at) - largest;
  const sum = exponentials(dx, p, largest, n);
  if (dx) {
    const ratio = factor / sum;
    const correct = <f32>((<f64>load<f32>(dx + at) - sum) * ratio);
    const wide = f64x2.splat(ratio);
    for (let left = n, q = dx; left > 0; left -= 4, q += 16) {
      const e = loadUpTo4(q, left);
      const low = f64x2.mul(f64x2.promote_low_f32x4(e), wide);
      const high = f64x2.mul(f64x2.promote_low_f32x4(i64x2.shuffle(e, e, 1, 0)), wide);
      storeUpTo4(q, narrow(low, high), left);
    }
    store<f32>(dx + at, correct);
  }
  return <f64>logSum(sum) - <f64>z;
}

/** One row that does not count, which has a weight below 0: neither loss nor gradient, whatever p and t hold. */
export function ignoreRow(dx: usize, n: i32): void {
  if (dx) memory.fill(dx, 0, <usize>n << 2);
}

/**
 * One row with target weights: `T log(sum) - sum_j t[j] z[j]` with T = sum_j t[j]; a weight of 0 adds exactly
 * 0 even where z is -inf. With the exponentials in dx it becomes (T exp(z) - t sum) factor / sum. One-hot
 * rows give the bits of `labelRow`.
 */
export function targetRow(dx: usize, p: usize, t: usize, n: i32, factor: f64): f64 {
  const largest = rowMax(p, n);
  const shift = f32x4.splat(largest);
  let weights = f64x2.splat(0);
  let weighted = f64x2.splat(0);
  for (let left = n, at: usize = 0; left > 0; left -= 4, at += 16) {
    const target = loadUpTo4(t + at, left);
    const product = f32x4.mul(target, f32x4.sub(loadUpTo4(p + at, left), shift));
    weights = addWide(weights, target);
    weighted = addWide(weighted, v128.and(product, f32x4.ne(target, i32x4.splat(0))));
  }
  const total = sumWide(weights);
  const sum = exponentials(dx, p, largest, n);
  if (dx) {
    const ratio = f64x2.splat(factor / sum);
    const wideTotal = f64x2.splat(total);
    const wideSum = f64x2.splat(sum);
    for (let left = n, q = dx; left > 0; left -= 4, q += 16, t += 16) {
      let e = loadUpTo4(q, left);
      let target = loadUpTo4(t, left);
      const low = f64x2.sub(
        f64x2.mul(f64x2.promote_low_f32x4(e), wideTotal), f64x2.mul(f64x2.promote_low_f32x4(target), wideSum),
      );
      e = i64x2.shuffle(e, e, 1, 0);
      target = i64x2.shuffle(target, target, 1, 0);
      const high = f64x2.sub(
        f64x2.mul(f64x2.promote_low_f32x4(e), wideTotal), f64x2.mul(f64x2.promote_low_f32x4(target), wideSum),
      );
      storeUpTo4(q, narrow(f64x2.mul(low, ratio), f64x2.mul(high, ratio)), left);
    }
  }
  return <f64>logSum(sum) * total - sumWide(weighted);
}
