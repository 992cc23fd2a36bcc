/**
 * Mean losses and their gradients.
 *
 * The elementwise losses see m n elements as one flat row; their last, partial vector is read whole (an
 * aligned vector never reaches across the end of the memory), its spare lanes are neither added nor stored.
 */
import { LossBlock, LossFn, Targets } from "../abi";
import { exp, sigmoidLarger } from "../math/exp";
import { log1pUnit, logSum } from "../math/log";
import { partStart } from "../parts";
import { addWide, keepLanes, narrow, storeUpTo4, sumWide, loadUpTo4 } from "../simd";
import { exponentials, rowMax } from "./softmax";

const TABLE: usize = memory.data<v128>(
  [
    i32x4.splat(0x3f800000), // 1
    i32x4.splat(0x80000000), // -0
    i32x4.splat(0x3f000000), // 0.5
  ],
  16,
);

const enum At {
  One = 0,
  Sign = 16,
  Half = 32,
}

/** Adds four losses, or the first `left`, to the sum. */
// @ts-ignore: decorator
@inline
function addTerms(sum: v128, terms: v128, left: i32): v128 {
  return addWide(sum, left >= 4 ? terms : keepLanes(terms, left));
}

// @ts-ignore: decorator
@inline
function weightOf(w: usize, unit: i32, span: i32): f32 {
  return load<f32>(w + (<usize>(unit / span) << 2));
}

/** The weights of four elements from `at`, a multiple of 4, on, or of the first `left`; the other lanes hold any weight. */
function elementWeights(w: usize, at: i32, span: i32, left: i32): v128 {
  if (span == 1) return v128.load(w + (<usize>at << 2));
  const last = at + min(left, 4) - 1;
  let weights = f32x4.splat(weightOf(w, at, span));
  weights = f32x4.replace_lane(weights, 1, weightOf(w, min(at + 1, last), span));
  weights = f32x4.replace_lane(weights, 2, weightOf(w, min(at + 2, last), span));
  return f32x4.replace_lane(weights, 3, weightOf(w, min(at + 3, last), span));
}

/*
 * The elementwise losses below take n elements, the first of which is element `from` of the batch: element i has the weight
 * w[i / span], or 1 where w is 0. A weight of 1 changes no bit.
 */

/** sum of w d^2; dx = 2 d factor w */
function squaredError(dx: usize, p: usize, t: usize, n: i32, factor: f32, w: usize, from: i32, span: i32): f64 {
  const slope = f32x4.splat(factor + factor);
  let sum = f64x2.splat(0);
  let weight = f32x4.splat(1);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    if (w) weight = elementWeights(w, from + <i32>(at >> 2), span, n);
    const d = f32x4.sub(v128.load(p + at), v128.load(t + at));
    if (dx) storeUpTo4(dx + at, f32x4.mul(f32x4.mul(d, slope), weight), n);
    sum = addTerms(sum, f32x4.mul(f32x4.mul(d, d), weight), n);
  }
  return sumWide(sum);
}

/** sum of w |d|; dx = sign(d) factor w, 0 at d = 0 */
function absoluteError(dx: usize, p: usize, t: usize, n: i32, factor: f32, w: usize, from: i32, span: i32): f64 {
  const slope = f32x4.splat(factor);
  let sum = f64x2.splat(0);
  let weight = f32x4.splat(1);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    if (w) weight = elementWeights(w, from + <i32>(at >> 2), span, n);
    const d = f32x4.sub(v128.load(p + at), v128.load(t + at));
    const signed = v128.xor(slope, v128.and(d, v128.load(TABLE, At.Sign)));
    const sign = v128.bitselect(signed, d, f32x4.gt(f32x4.abs(d), i32x4.splat(0)));
    if (dx) storeUpTo4(dx + at, f32x4.mul(sign, weight), n);
    sum = addTerms(sum, f32x4.mul(f32x4.abs(d), weight), n);
  }
  return sumWide(sum);
}

/** sum of w q (|d| - q / 2) with q = min(|d|, delta); dx = clamp(d, -delta, delta) factor w */
function huber(
  dx: usize, p: usize, t: usize, n: i32, factor: f32, delta: f32, w: usize, from: i32, span: i32,
): f64 {
  const slope = f32x4.splat(factor);
  const upper = f32x4.splat(delta);
  const lower = f32x4.neg(upper);
  let sum = f64x2.splat(0);
  let weight = f32x4.splat(1);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    if (w) weight = elementWeights(w, from + <i32>(at >> 2), span, n);
    const d = f32x4.sub(v128.load(p + at), v128.load(t + at));
    const slopes = f32x4.mul(f32x4.pmax(f32x4.pmin(d, upper), lower), slope);
    if (dx) storeUpTo4(dx + at, f32x4.mul(slopes, weight), n);
    const a = f32x4.abs(d);
    const q = f32x4.pmin(a, upper);
    const terms = f32x4.mul(q, f32x4.sub(a, f32x4.mul(q, v128.load(TABLE, At.Half))));
    sum = addTerms(sum, f32x4.mul(terms, weight), n);
  }
  return sumWide(sum);
}

/**
 * sum of w (max(z, 0) - z t + log(1 + exp(-|z|))); dx = (sigmoid(z) - t) factor w, where for z > 0 the bracket is
 * (1 - t) - sigmoid(-z), which does not cancel at t = 1
 */
function binaryCrossEntropy(
  dx: usize, p: usize, t: usize, n: i32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  const slope = f32x4.splat(factor);
  let sum = f64x2.splat(0);
  let weight = f32x4.splat(1);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    if (w) weight = elementWeights(w, from + <i32>(at >> 2), span, n);
    const z = v128.load(p + at);
    const target = v128.load(t + at);
    const e = exp(f32x4.neg(f32x4.abs(z)));
    if (dx) {
      const positive = f32x4.gt(z, i32x4.splat(0));
      const smaller = f32x4.mul(e, sigmoidLarger(e));
      const near = f32x4.sub(v128.and(positive, v128.load(TABLE, At.One)), target);
      const signed = v128.xor(smaller, v128.and(positive, v128.load(TABLE, At.Sign)));
      storeUpTo4(dx + at, f32x4.mul(f32x4.mul(f32x4.add(near, signed), slope), weight), n);
    }
    const linear = f32x4.sub(f32x4.pmax(z, i32x4.splat(0)), f32x4.mul(z, target));
    sum = addTerms(sum, f32x4.mul(f32x4.add(linear, log1pUnit(e)), weight), n);
  }
  return sumWide(sum);
}

/**
 * One row with a class index: `log(sum) - z[label]`, where z = p - max(p) and sum = sum of exp(z). With the
 * exponentials in dx it becomes (exp(z) - [j = label] sum) factor / sum, in f64: without cancellation where a
 * class is almost certain.
 */
function labelRow(dx: usize, p: usize, label: i32, n: i32, factor: f64): f64 {
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

/**
 * One row with target weights: `T log(sum) - sum_j t[j] z[j]` with T = sum_j t[j]; a weight of 0 adds exactly
 * 0 even where z is -inf. With the exponentials in dx it becomes (T exp(z) - t sum) factor / sum. One-hot
 * rows give the bits of `labelRow`.
 */
function targetRow(dx: usize, p: usize, t: usize, n: i32, factor: f64): f64 {
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

/** The first row is row `from` of the batch: row i has the weight w[i / span], or 1 where w is 0. */
function crossEntropy(
  dx: usize, p: usize, t: usize, m: i32, n: i32, targets: i32, factor: f64, w: usize, from: i32, span: i32,
): f64 {
  const row = <usize>n << 2;
  const end = from + m;
  let sum: f64 = 0;
  for (let i = from; i < end; ++i) {
    const weight: f64 = w ? <f64>weightOf(w, i, span) : 1;
    if (targets == Targets.Labels) {
      sum += weight * labelRow(dx, p, load<i32>(t), n, factor * weight);
      t += 4;
    } else {
      sum += weight * targetRow(dx, p, t, n, factor * weight);
      t += row;
    }
    p += row;
    if (dx) dx += row;
  }
  return sum;
}

/** The sum of a loss over some elements, or over rows of n for CrossEntropy; dx unless that is 0. */
// @ts-ignore: decorator
@inline
function blockLoss(
  fn: i32, dx: usize, p: usize, t: usize, units: i32, n: i32, targets: i32, parameter: f32, factor: f64,
  w: usize, from: i32, span: i32,
): f64 {
  const slope = <f32>factor;
  switch (fn) {
    case LossFn.MeanSquaredError: return squaredError(dx, p, t, units, slope, w, from, span);
    case LossFn.MeanAbsoluteError: return absoluteError(dx, p, t, units, slope, w, from, span);
    case LossFn.Huber: return huber(dx, p, t, units, slope, parameter, w, from, span);
    case LossFn.BinaryCrossEntropy: return binaryCrossEntropy(dx, p, t, units, slope, w, from, span);
    case LossFn.CrossEntropy: return crossEntropy(dx, p, t, units, n, targets, factor, w, from, span);
  }
  return NaN;
}

/**
 * The mean of a loss over the batch, and its gradient `dx = scale d loss / d p`. With d = p - t and N = m n, each term times
 * the weight of its row of data, where there are weights:
 *
 *   MeanSquaredError    sum d^2 / N                                           2 d / N
 *   MeanAbsoluteError   sum |d| / N                                           sign(d) / N, 0 at d = 0
 *   Huber               sum q (|d| - q / 2) / N, q = min(|d|, delta)          clamp(d, -delta, delta) / N
 *   BinaryCrossEntropy  sum (max(p, 0) - p t + log(1 + exp(-|p|))) / N        (sigmoid(p) - t) / N
 *   CrossEntropy        sum_i (T_i log sum_j exp(p_ij) - sum_j t_ij p_ij) / m  (T_i softmax(p)_ij - t_ij) / m
 *
 * T_i = sum_j t_ij: 1 for labels, one-hot rows and probabilities. The cross-entropies take logits for p.
 *
 * @param fn         `LossFn`
 * @param loss       out [1] f32; overwritten, never read; 0: not wanted
 * @param dx         out [m, n] f32, row-major, 16-byte aligned; overwritten, never read; 0: not wanted
 * @param scale      in  [1] f32, the cotangent of the loss; 0: one
 * @param p          in  [m, n] f32, row-major, 16-byte aligned
 * @param t          in  [m, n] f32, row-major, 16-byte aligned; for `Targets.Labels` [m] i32 in [0, n)
 * @param weights    in  f32, 16-byte aligned, one for every `span` units: elements, or rows for CrossEntropy; 0: all are 1
 * @param m          rows; 0 gives loss 0
 * @param n          columns; 0 gives loss 0
 * @param span       units of one row of data
 * @param targets    `Targets`; only CrossEntropy takes labels
 * @param weighted   0: as if weights were 0
 * @param parameter  Huber: delta > 0; others ignore it
 *
 * Order: elementwise losses add all even and all odd elements of the flat buffer in two f64 sums, then both;
 * CrossEntropy adds rows 0, 1, .., m - 1 in f64, each row's sums in f64 with even and odd elements apart.
 * Then one f64 division and one rounding to f32. The divisor is the number of units, whatever they weigh: the gradient of
 * a row does not depend on its company. Weights of 1 give the bits of none.
 * Parts: part 0 computes all. This is the record for one block; for more there are `lossBlocks` and `lossTotal`.
 * NaN in p or t gives a NaN loss; so do a label out of range and infinite logits other than -inf at a target of 0. An infinite loss stays NaN at weight 0.
 * Aliasing: dx may be p.
 * Cost: 12 m n bytes; an exponential an element for the cross-entropies, a logarithm too for the binary one.
 */
export function loss(
  fn: i32, loss: usize, dx: usize, scale: usize, p: usize, t: usize, weights: usize, m: i32, n: i32, span: i32,
  targets: i32, weighted: i32, parameter: f32, part: i32, parts: i32,
): void {
  if (part != 0) return;
  const elements = m * n;
  if (elements <= 0) {
    if (loss) store<f32>(loss, 0);
    return;
  }
  const units = fn == LossFn.CrossEntropy ? m : elements;
  const count = <f64>units;
  const cotangent: f64 = scale ? <f64>load<f32>(scale) : 1;
  const w: usize = weighted ? weights : 0;
  const sum = blockLoss(fn, dx, p, t, units, n, targets, parameter, cotangent / count, w, 0, span);
  if (loss) store<f32>(loss, <f32>(sum / count));
}

/**
 * The first half of `loss` for batches of more than one block: the gradient, and the sum of the loss over each block.
 *
 * @param fn        `LossFn`
 * @param partials  out [blocks] f64; overwritten, never read: scratch of all parts
 * @param dx scale p t weights m n span targets weighted parameter  as in `loss`
 *
 * Order: blocks are of `LossBlock.Elements` elements, or for CrossEntropy of as many whole rows as have so many elements,
 * at least 1 and at most `LossBlock.Rows`; in a block as in `loss`.
 * Parts: cut between blocks.
 * Aliasing: dx may be p.
 * Cost: that of `loss`.
 */
export function lossBlocks(
  fn: i32, partials: usize, dx: usize, scale: usize, p: usize, t: usize, weights: usize, m: i32, n: i32, span: i32,
  targets: i32, weighted: i32, parameter: f32, part: i32, parts: i32,
): void {
  if (m * n <= 0) return;
  const units = unitsOf(fn, m, n);
  const size = blockSize(fn, n);
  const unitBytes: usize = fn == LossFn.CrossEntropy ? <usize>n << 2 : 4;
  const targetBytes: usize = targets == Targets.Labels ? 4 : unitBytes;
  const cotangent: f64 = scale ? <f64>load<f32>(scale) : 1;
  const factor = cotangent / <f64>units;
  const w: usize = weighted ? weights : 0;
  const end = partStart(units, size, part + 1, parts);
  for (let at = partStart(units, size, part, parts); at < end; at += size) {
    const skip = <usize>at * unitBytes;
    const some = min(size, units - at);
    const to = dx ? dx + skip : 0;
    const from = t + <usize>at * targetBytes;
    const sum = blockLoss(fn, to, p + skip, from, some, n, targets, parameter, factor, w, at, span);
    store<f64>(partials + (<usize>(at / size) << 3), sum);
  }
}

/**
 * The second half of `loss` for batches of more than one block: the mean from the sums that `lossBlocks` left.
 *
 * @param fn        `LossFn`
 * @param loss      out [1] f32; overwritten, never read
 * @param partials  in  [blocks] f64
 * @param m n       as in `loss`
 *
 * Order: blocks are added in order in f64; then one f64 division and one rounding to f32. Of one block, the bits are those
 * of `loss`.
 * Parts: one number, so part 0 computes it.
 */
export function lossTotal(fn: i32, loss: usize, partials: usize, m: i32, n: i32, part: i32, parts: i32): void {
  if (part != 0) return;
  if (m * n <= 0) {
    store<f32>(loss, 0);
    return;
  }
  const units = unitsOf(fn, m, n);
  const size = blockSize(fn, n);
  let total: f64 = 0;
  for (let at = 0; at < units; at += size, partials += 8) total += load<f64>(partials);
  store<f32>(loss, <f32>(total / <f64>units));
}

/** What a loss is the mean over: rows or elements. */
function unitsOf(fn: i32, m: i32, n: i32): i32 {
  return fn == LossFn.CrossEntropy ? m : m * n;
}

function blockSize(fn: i32, n: i32): i32 {
  if (fn != LossFn.CrossEntropy) return LossBlock.Elements;
  return max(1, min(<i32>LossBlock.Rows, LossBlock.Elements / n));
}
