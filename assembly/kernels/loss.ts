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
import { addWide, keepLanes, narrow, put, sumWide, take } from "../simd";
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

/** sum of d^2; dx = 2 d factor */
function squaredError(dx: usize, p: usize, t: usize, n: i32, factor: f32): f64 {
  const slope = f32x4.splat(factor + factor);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    const d = f32x4.sub(v128.load(p + at), v128.load(t + at));
    if (dx) put(dx + at, f32x4.mul(d, slope), n);
    sum = addTerms(sum, f32x4.mul(d, d), n);
  }
  return sumWide(sum);
}

/** sum of |d|; dx = sign(d) factor, 0 at d = 0 */
function absoluteError(dx: usize, p: usize, t: usize, n: i32, factor: f32): f64 {
  const slope = f32x4.splat(factor);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    const d = f32x4.sub(v128.load(p + at), v128.load(t + at));
    const signed = v128.xor(slope, v128.and(d, v128.load(TABLE, At.Sign)));
    if (dx) put(dx + at, v128.bitselect(signed, d, f32x4.gt(f32x4.abs(d), i32x4.splat(0))), n);
    sum = addTerms(sum, f32x4.abs(d), n);
  }
  return sumWide(sum);
}

/** sum of q (|d| - q / 2) with q = min(|d|, delta); dx = clamp(d, -delta, delta) factor */
function huber(dx: usize, p: usize, t: usize, n: i32, factor: f32, delta: f32): f64 {
  const slope = f32x4.splat(factor);
  const upper = f32x4.splat(delta);
  const lower = f32x4.neg(upper);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    const d = f32x4.sub(v128.load(p + at), v128.load(t + at));
    if (dx) put(dx + at, f32x4.mul(f32x4.pmax(f32x4.pmin(d, upper), lower), slope), n);
    const a = f32x4.abs(d);
    const q = f32x4.pmin(a, upper);
    sum = addTerms(sum, f32x4.mul(q, f32x4.sub(a, f32x4.mul(q, v128.load(TABLE, At.Half)))), n);
  }
  return sumWide(sum);
}

/**
 * sum of max(z, 0) - z t + log(1 + exp(-|z|)); dx = (sigmoid(z) - t) factor, where for z > 0 the bracket is
 * (1 - t) - sigmoid(-z), which does not cancel at t = 1
 */
function binaryCrossEntropy(dx: usize, p: usize, t: usize, n: i32, factor: f32): f64 {
  const slope = f32x4.splat(factor);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    const z = v128.load(p + at);
    const target = v128.load(t + at);
    const e = exp(f32x4.neg(f32x4.abs(z)));
    if (dx) {
      const positive = f32x4.gt(z, i32x4.splat(0));
      const smaller = f32x4.mul(e, sigmoidLarger(e));
      const near = f32x4.sub(v128.and(positive, v128.load(TABLE, At.One)), target);
      const signed = v128.xor(smaller, v128.and(positive, v128.load(TABLE, At.Sign)));
      put(dx + at, f32x4.mul(f32x4.add(near, signed), slope), n);
    }
    const linear = f32x4.sub(f32x4.pmax(z, i32x4.splat(0)), f32x4.mul(z, target));
    sum = addTerms(sum, f32x4.add(linear, log1pUnit(e)), n);
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
      const e = take(q, left);
      const low = f64x2.mul(f64x2.promote_low_f32x4(e), wide);
      const high = f64x2.mul(f64x2.promote_low_f32x4(i64x2.shuffle(e, e, 1, 0)), wide);
      put(q, narrow(low, high), left);
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
    const target = take(t + at, left);
    const product = f32x4.mul(target, f32x4.sub(take(p + at, left), shift));
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
      let e = take(q, left);
      let target = take(t, left);
      const low = f64x2.sub(
        f64x2.mul(f64x2.promote_low_f32x4(e), wideTotal), f64x2.mul(f64x2.promote_low_f32x4(target), wideSum),
      );
      e = i64x2.shuffle(e, e, 1, 0);
      target = i64x2.shuffle(target, target, 1, 0);
      const high = f64x2.sub(
        f64x2.mul(f64x2.promote_low_f32x4(e), wideTotal), f64x2.mul(f64x2.promote_low_f32x4(target), wideSum),
      );
      put(q, narrow(f64x2.mul(low, ratio), f64x2.mul(high, ratio)), left);
    }
  }
  return <f64>logSum(sum) * total - sumWide(weighted);
}

function crossEntropy(dx: usize, p: usize, t: usize, m: i32, n: i32, targets: i32, factor: f64): f64 {
  const row = <usize>n << 2;
  let sum: f64 = 0;
  for (; m > 0; --m) {
    if (targets == Targets.Labels) {
      sum += labelRow(dx, p, load<i32>(t), n, factor);
      t += 4;
    } else {
      sum += targetRow(dx, p, t, n, factor);
      t += row;
    }
    p += row;
    if (dx) dx += row;
  }
  return sum;
}

/**
 * The mean of a loss over the batch, and its gradient `dx = scale d loss / d p`. With d = p - t and N = m n:
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
 * @param loss       out [1] f32; overwritten, never read; 0: not wanted, or left to `lossTotal`
 * @param dx         out [m, n] f32, row-major, 16-byte aligned; overwritten, never read; 0: not wanted
 * @param scale      in  [1] f32, the cotangent of the loss; 0: one
 * @param p          in  [m, n] f32, row-major, 16-byte aligned
 * @param t          in  [m, n] f32, row-major, 16-byte aligned; for `Targets.Labels` [m] i32 in [0, n)
 * @param m          rows; 0 gives loss 0
 * @param n          columns; 0 gives loss 0
 * @param targets    `Targets`; only CrossEntropy takes labels
 * @param parameter  Huber: delta > 0; others ignore it
 * @param partials   out [blocks] f64, the sum of each block: scratch of all parts; not touched where `loss` is given
 *
 * Order: in blocks of `blockSize`, of elements or of rows. Of a block, elementwise losses add all even and all odd elements
 * of the flat buffer in two f64 sums, then both; CrossEntropy adds rows in order in f64, each row's sums in f64 with
 * even and odd elements apart. Blocks are added in order in f64; then one f64 division and one rounding to f32.
 * Parts: cut between blocks. Where `loss` is given, part 0 computes all: meant for one block.
 * NaN in p or t gives a NaN loss; so do a label out of range and infinite logits other than -inf at weight 0.
 * Aliasing: dx may be p.
 * Cost: 12 m n bytes; an exponential an element for the cross-entropies, a logarithm too for the binary one.
 */
export function loss(
  fn: i32, loss: usize, dx: usize, scale: usize, p: usize, t: usize, m: i32, n: i32, targets: i32, parameter: f32,
  partials: usize, part: i32, parts: i32,
): void {
  const elements = m * n;
  const byRows = fn == LossFn.CrossEntropy;
  const units = byRows ? m : elements;
  if (loss) {
    if (part != 0) return;
    if (elements <= 0) {
      store<f32>(loss, 0);
      return;
    }
    parts = 1;
  } else if (elements <= 0) {
    return;
  }
  const count = <f64>units;
  const cotangent: f64 = scale ? <f64>load<f32>(scale) : 1;
  const wide = cotangent / count;
  const factor = <f32>wide;
  const isOne = elements <= LossBlock.Elements && (!byRows || m <= LossBlock.Rows);
  const size = isOne ? units : blockSize(fn, n);
  let from = 0, to = units;
  if (parts > 1) {
    from = partStart(units, size, part, parts);
    to = partStart(units, size, part + 1, parts);
    if (from >= to) return;
    partials += <usize>(from / size) << 3;
  }
  let total: f64 = 0;
  for (; from < to; from += size) {
    const some = min(size, to - from);
    const skip = <usize>from * (byRows ? <usize>n << 2 : 4);
    const d = dx ? dx + skip : 0;
    const q = p + skip;
    const u = targets == Targets.Labels ? t + (<usize>from << 2) : t + skip;
    let sum: f64 = NaN;
    switch (fn) {
      case LossFn.MeanSquaredError: {
        sum = squaredError(d, q, u, some, factor);
        break;
      }
      case LossFn.MeanAbsoluteError: {
        sum = absoluteError(d, q, u, some, factor);
        break;
      }
      case LossFn.Huber: {
        sum = huber(d, q, u, some, factor, parameter);
        break;
      }
      case LossFn.BinaryCrossEntropy: {
        sum = binaryCrossEntropy(d, q, u, some, factor);
        break;
      }
      case LossFn.CrossEntropy: {
        sum = crossEntropy(d, q, u, some, n, targets, wide);
        break;
      }
    }
    if (loss) {
      total += sum;
    } else {
      store<f64>(partials, sum);
      partials += 8;
    }
  }
  if (loss) store<f32>(loss, <f32>(total / count));
}

/** Elements of a block, or rows for CrossEntropy: as many whole rows as have `LossBlock.Elements`, from 1 to `LossBlock.Rows`. */
function blockSize(fn: i32, n: i32): i32 {
  if (fn != LossFn.CrossEntropy) return LossBlock.Elements;
  return max(1, min(<i32>LossBlock.Rows, LossBlock.Elements / n));
}

/**
 * The mean of a loss from the sums of its blocks, which `loss` left. One number, so part 0 computes it.
 *
 * @param fn        `LossFn`
 * @param loss      out [1] f32; overwritten, never read
 * @param partials  in  [blocks] f64
 * @param m n       as in `loss`
 *
 * Order: blocks in order, in f64; the bits are those of `loss`.
 */
export function lossTotal(fn: i32, loss: usize, partials: usize, m: i32, n: i32, part: i32, parts: i32): void {
  if (part != 0) return;
  if (m * n <= 0) {
    store<f32>(loss, 0);
    return;
  }
  const units = fn == LossFn.CrossEntropy ? m : m * n;
  const size = blockSize(fn, n);
  let total: f64 = 0;
  for (let from = 0; from < units; from += size, partials += 8) total += load<f64>(partials);
  store<f32>(loss, <f32>(total / <f64>units));
}
