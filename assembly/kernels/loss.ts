/**
 * Mean losses and their gradients.
 *
 * The elementwise losses see m n elements as one flat row; their last, partial vector is read whole (an
 * aligned vector never reaches across the end of the memory), its spare lanes are neither added nor stored.
 */
import { LossBlock, LossFn, LossGroup, Targets } from "../abi";
import { exp, sigmoidLarger } from "../math/exp";
import { log1pUnit } from "../math/log";
import { partStart } from "../parts";
import { storeUpTo4, sumWide } from "../simd";
import { lossExtended } from "./loss-extended";
import { addTerms, elementWeights, ignoreRow, labelRow, targetRow, weightOf } from "./loss-units";

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
 * (1 - t) - sigmoid(-z), which does not cancel at t = 1. Targets are moved first: t + smoothing (1/2 - t).
 */
function binaryCrossEntropy(
  dx: usize, p: usize, t: usize, n: i32, factor: f32, smoothing: f32, w: usize, from: i32, span: i32,
): f64 {
  const slope = f32x4.splat(factor);
  const share = f32x4.splat(smoothing);
  let sum = f64x2.splat(0);
  let weight = f32x4.splat(1);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    if (w) weight = elementWeights(w, from + <i32>(at >> 2), span, n);
    const z = v128.load(p + at);
    let target = v128.load(t + at);
    if (smoothing != 0)
      target = f32x4.add(target, f32x4.mul(share, f32x4.sub(v128.load(TABLE, At.Half), target)));
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
 * What label smoothing by s adds to the loss of a row, divided by s: sum_j t[j] p[j] - T / n sum_j p[j], with T = sum_j t[j].
 * Targets t (1 - s) + T s / n have the same T, so the rest of the loss stays.
 */
function smoothedRow(p: usize, t: usize, n: i32, targets: i32): f64 {
  const label = targets == Targets.Labels ? load<i32>(t) : -1;
  let all: f64 = 0;
  let total: f64 = 0;
  let aimed: f64 = 0;
  for (let j = 0; j < n; ++j) {
    const at = <usize>j << 2;
    const z = <f64>load<f32>(p + at);
    const target = targets == Targets.Labels ? <f64>(j == label) : <f64>load<f32>(t + at);
    all += z;
    total += target;
    aimed += target * z;
  }
  return aimed - (total / <f64>n) * all;
}

/** Adds to the gradient of a row what label smoothing makes of it: (t[j] - T / n) share. */
function smoothGradient(dx: usize, t: usize, n: i32, targets: i32, share: f64): void {
  const label = targets == Targets.Labels ? load<i32>(t) : -1;
  let total: f64 = targets == Targets.Labels ? 1 : 0;
  if (targets == Targets.Rows) for (let j = 0; j < n; ++j) total += <f64>load<f32>(t + (<usize>j << 2));
  const mean = total / <f64>n;
  for (let j = 0; j < n; ++j) {
    const at = <usize>j << 2;
    const target = targets == Targets.Labels ? <f64>(j == label) : <f64>load<f32>(t + at);
    store<f32>(dx + at, <f32>(<f64>load<f32>(dx + at) + (target - mean) * share));
  }
}

/** The first row is row `from` of the batch: row i has the weight w[i / span], or 1 where w is 0; below 0 it does not count. */
function crossEntropy(
  dx: usize, p: usize, t: usize, m: i32, n: i32, targets: i32, factor: f64, smoothing: f64, w: usize, from: i32,
  span: i32,
): f64 {
  const row = <usize>n << 2;
  const end = from + m;
  let sum: f64 = 0;
  for (let i = from; i < end; ++i) {
    const weight: f64 = w ? <f64>weightOf(w, i, span) : 1;
    if (weight < 0) {
      ignoreRow(dx, n);
    } else {
      if (smoothing != 0) sum += weight * smoothing * smoothedRow(p, t, n, targets);
      if (targets == Targets.Labels) sum += weight * labelRow(dx, p, load<i32>(t), n, factor * weight);
      else sum += weight * targetRow(dx, p, t, n, factor * weight);
      if (dx && smoothing != 0) smoothGradient(dx, t, n, targets, factor * weight * smoothing);
    }
    t += targets == Targets.Labels ? 4 : row;
    p += row;
    if (dx) dx += row;
  }
  return sum;
}

/** The sum of a loss over some elements, or over rows of n for losses over rows; dx unless that is 0. */
// @ts-ignore: decorator
@inline
function blockLoss(
  fn: i32, dx: usize, p: usize, t: usize, units: i32, n: i32, targets: i32, parameter: f32, alpha: f32, factor: f64,
  w: usize, from: i32, span: i32,
): f64 {
  const slope = <f32>factor;
  switch (fn) {
    case LossFn.MeanSquaredError: return squaredError(dx, p, t, units, slope, w, from, span);
    case LossFn.MeanAbsoluteError: return absoluteError(dx, p, t, units, slope, w, from, span);
    case LossFn.Huber: return huber(dx, p, t, units, slope, parameter, w, from, span);
    case LossFn.BinaryCrossEntropy: return binaryCrossEntropy(dx, p, t, units, slope, parameter, w, from, span);
    case LossFn.CrossEntropy: return crossEntropy(dx, p, t, units, n, targets, factor, parameter, w, from, span);
  }
  return lossExtended(fn, dx, p, t, units, n, targets, parameter, alpha, factor, w, from, span);
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
 * T_i = sum_j t_ij: 1 for labels, one-hot rows and probabilities. The cross-entropies take logits for p. With label smoothing s
 * their targets are t + s (1/2 - t), and t_ij + s (T_i / n - t_ij). The losses of the link `extended` are in `loss-extended.ts`.
 *
 * @param fn         `LossFn`
 * @param loss       out [1] f32; overwritten, never read; 0: not wanted
 * @param dx         out [m, n] f32, row-major, 16-byte aligned; overwritten, never read; 0: not wanted
 * @param scale      in  [1] f32, the cotangent of the loss; 0: one
 * @param p          in  [m, n] f32, row-major, 16-byte aligned
 * @param t          in  [m, n] f32, row-major, 16-byte aligned; for `Targets.Labels` [m] i32 in [0, n)
 * @param weights    in  f32, 16-byte aligned, one for every `span` units: elements, or rows for losses over rows; 0: all are 1.
 *                   Of losses that take labels one below 0 says that the unit does not count, see `lossWeights`
 * @param m          rows; 0 gives loss 0
 * @param n          columns; 0 gives loss 0
 * @param span       units of one row of data
 * @param targets    `Targets`; only losses of classes take labels
 * @param weighted   0: as if weights were 0
 * @param parameter  Huber: delta > 0; cross-entropies: label smoothing in [0, 1), 0 changes no bit; others: see `LossFn`
 * @param alpha      see `LossFn`
 *
 * Order: elementwise losses add all even and all odd elements of the flat buffer in two f64 sums, then both;
 * CrossEntropy adds rows 0, 1, .., m - 1 in f64, each row's sums in f64 with even and odd elements apart, those of label
 * smoothing in order.
 * Then one f64 division and one rounding to f32. The divisor is the number of units, whatever they weigh: the gradient of
 * a row does not depend on its company. Weights of 1 give the bits of none.
 * Parts: part 0 computes all. This is the record for one block; for more there are `lossBlocks` and `lossTotal`.
 * NaN in p or t gives a NaN loss; so do a label out of range and infinite logits other than -inf at a target of 0. An infinite loss stays NaN at weight 0.
 * Aliasing: dx may be p.
 * Cost: 12 m n bytes; an exponential an element for the cross-entropies, a logarithm too for the binary one.
 */
export function loss(
  fn: i32, loss: usize, dx: usize, scale: usize, p: usize, t: usize, weights: usize, m: i32, n: i32, span: i32,
  targets: i32, weighted: i32, parameter: f32, alpha: f32, part: i32, parts: i32,
): void {
  if (part != 0) return;
  const elements = m * n;
  if (elements <= 0) {
    if (loss) store<f32>(loss, 0);
    return;
  }
  const units = unitsOf(fn, m, n);
  const count = <f64>units;
  const cotangent: f64 = scale ? <f64>load<f32>(scale) : 1;
  const w: usize = weighted ? weights : 0;
  const sum = blockLoss(fn, dx, p, t, units, n, targets, parameter, alpha, cotangent / count, w, 0, span);
  if (loss) store<f32>(loss, <f32>(sum / count));
}

/**
 * The first half of `loss` for batches of more than one block: the gradient, and the sum of the loss over each block.
 *
 * @param fn        `LossFn`
 * @param partials  out [blocks] f64; overwritten, never read: scratch of all parts
 * @param dx scale p t weights m n span targets weighted parameter alpha  as in `loss`
 *
 * Order: blocks are of `LossBlock.Elements` elements, or for losses over rows of as many whole rows as have so many elements,
 * at least 1 and at most `LossBlock.Rows`; in a block as in `loss`.
 * Parts: cut between blocks.
 * Aliasing: dx may be p.
 * Cost: that of `loss`.
 */
export function lossBlocks(
  fn: i32, partials: usize, dx: usize, scale: usize, p: usize, t: usize, weights: usize, m: i32, n: i32, span: i32,
  targets: i32, weighted: i32, parameter: f32, alpha: f32, part: i32, parts: i32,
): void {
  if (m * n <= 0) return;
  const units = unitsOf(fn, m, n);
  const size = blockSize(fn, n);
  const unitBytes: usize = isOverRows(fn) ? <usize>n << 2 : 4;
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
    const sum = blockLoss(fn, to, p + skip, from, some, n, targets, parameter, alpha, factor, w, at, span);
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
  return isOverRows(fn) ? m : m * n;
}

// @ts-ignore: decorator
@inline
function isOverRows(fn: i32): bool {
  return fn >= LossGroup.FirstOverRows && fn <= LossGroup.LastOverRows;
}

function blockSize(fn: i32, n: i32): i32 {
  if (!isOverRows(fn)) return LossBlock.Elements;
  return max(1, min(<i32>LossBlock.Rows, LossBlock.Elements / n));
}
