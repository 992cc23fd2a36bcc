/**
 * The losses of the link `extended`, and their gradients. Formulas with d = p - t; N = m n for losses over elements:
 *
 *   Hinge          sum max(0, 1 - t p) / N                            -t / N where 1 - t p > 0, else 0
 *   SquaredHinge   sum max(0, 1 - t p)^2 / N                          -2 t max(0, 1 - t p) / N
 *   PoissonOfLogs  sum (exp(p) - t p) / N                             (exp(p) - t) / N
 *   Poisson        sum (p - t log(p + 1e-8)) / N                      (1 - t / (p + 1e-8)) / N
 *   LogCosh        sum log(cosh(d)) / N                               tanh(d) / N
 *   Quantile       sum max(-q d, (1 - q) d) / N                       1 - q for d > 0, -q for d < 0, 0 at 0; / N
 *   Focal          sum a u^gamma c / N, see `elements`                its derivative / N
 *   Value          sum p / N                                          1 / N
 *
 * and over rows, where T labels stand for one-hot rows:
 *
 *   CategoricalHinge  sum_i max(0, max_j (1 - t_ij) p_ij - sum_j t_ij p_ij + 1) / m
 *   KlDivergence      sum_i sum_j t_ij (log t_ij - log softmax(p)_ij) / m; 0 log 0 = 0
 *   CategoricalFocal  -sum_i sum_j t_ij (1 - s_ij)^gamma log s_ij / m, s = softmax(p)
 *   CosineSimilarity  sum_i (1 - p_i.t_i / sqrt((p_i.p_i + 1e-12) (t_i.t_i + 1e-12))) / m
 */
import { LossFn, Targets } from "../abi";
import { exp, expm1, sigmoidLarger, tanh } from "../math/exp";
import { log, log1pUnit, logSum } from "../math/log";
import { addWide, loadUpTo4, storeUpTo4, sumWide } from "../simd";
import { addTerms, elementWeights, ignoreRow, labelRow, targetRow, weightOf } from "./loss-units";
import { exponentials, rowMax } from "./softmax";

/** PyTorch's `eps` of poisson_nll_loss. */
const RATE_EPSILON: f32 = 1e-8;
/** PyTorch's EPSILON of cosine_embedding_loss, added to the squares of both lengths. */
const LENGTH_EPSILON: f64 = 1e-12;
const LN2: f32 = 0.6931471805599453; // 0x3f317218
/** The smallest normal f32, the base of powers that would be of 0: 2^-126. */
const LEAST: f32 = 1.1754943508222875e-38;

// @ts-ignore: decorator
@inline
function zero(): v128 {
  return i32x4.splat(0);
}

/** The losses of four elements; what their gradients read is computed again there, and shared by the optimizer. */
// @ts-ignore: decorator
@inline
function termsOf(fn: i32, p: v128, t: v128, parameter: f32, alpha: f32): v128 {
  const one = f32x4.splat(1);
  if (fn == LossFn.Value) return p;
  if (fn == LossFn.Hinge) return f32x4.pmax(f32x4.sub(one, f32x4.mul(t, p)), zero());
  if (fn == LossFn.SquaredHinge) {
    const margin = f32x4.pmax(f32x4.sub(one, f32x4.mul(t, p)), zero());
    return f32x4.mul(margin, margin);
  }
  if (fn == LossFn.PoissonOfLogs) return f32x4.sub(exp(p), f32x4.mul(t, p));
  if (fn == LossFn.Poisson)
    return f32x4.sub(p, f32x4.mul(t, log(f32x4.add(p, f32x4.splat(RATE_EPSILON)))));
  if (fn == LossFn.LogCosh) {
    // cosh(a) - 1 = E^2 / (2 (1 + E)) with E = exp(-a) - 1: at most 0.55 up to a = 1, and nothing cancels.
    const a = f32x4.abs(f32x4.sub(p, t));
    const E = expm1(f32x4.neg(a));
    const e = f32x4.add(one, E);
    const small = log1pUnit(f32x4.pmin(f32x4.div(f32x4.mul(E, E), f32x4.add(e, e)), one));
    const large = f32x4.add(f32x4.sub(a, f32x4.splat(LN2)), log1pUnit(f32x4.mul(e, e)));
    return v128.bitselect(large, small, f32x4.gt(a, one));
  }
  if (fn == LossFn.Quantile) {
    const d = f32x4.sub(t, p);
    const share = v128.bitselect(f32x4.splat(parameter), f32x4.splat(parameter - 1), f32x4.gt(d, zero()));
    return f32x4.mul(d, share);
  }
  // Focal
  const e = exp(f32x4.neg(f32x4.abs(p)));
  const linear = f32x4.sub(f32x4.pmax(p, zero()), f32x4.mul(p, t));
  const c = f32x4.add(linear, log1pUnit(e));
  return f32x4.mul(f32x4.mul(balance(t, alpha), c), power(wrongness(p, t, e), parameter));
}

/** alpha for targets of 1, 1 - alpha for those of 0, and between; 1 everywhere where alpha is below 0. */
// @ts-ignore: decorator
@inline
function balance(t: v128, alpha: f32): v128 {
  const one = f32x4.splat(1);
  if (alpha < 0) return one;
  const weight = f32x4.splat(alpha);
  return f32x4.add(f32x4.mul(weight, t), f32x4.mul(f32x4.sub(one, weight), f32x4.sub(one, t)));
}

/** The probability of what is not so: u = sigmoid(z) (1 - t) + sigmoid(-z) t, with e = exp(-|z|). */
// @ts-ignore: decorator
@inline
function wrongness(z: v128, t: v128, e: v128): v128 {
  const larger = sigmoidLarger(e);
  const smaller = f32x4.mul(e, larger);
  const positive = f32x4.gt(z, zero());
  const yes = v128.bitselect(larger, smaller, positive);
  const no = v128.bitselect(smaller, larger, positive);
  return f32x4.add(f32x4.mul(yes, f32x4.sub(f32x4.splat(1), t)), f32x4.mul(no, t));
}

/** u^gamma for u in [0, 1]; 0 counts as the smallest normal number. */
// @ts-ignore: decorator
@inline
function power(u: v128, gamma: f32): v128 {
  return exp(f32x4.mul(f32x4.splat(gamma), log(f32x4.pmax(u, f32x4.splat(LEAST)))));
}

/** Derivatives of `termsOf` with respect to p. */
// @ts-ignore: decorator
@inline
function slopesOf(fn: i32, p: v128, t: v128, parameter: f32, alpha: f32): v128 {
  const one = f32x4.splat(1);
  if (fn == LossFn.Value) return one;
  if (fn == LossFn.Hinge) return v128.and(f32x4.neg(t), f32x4.gt(f32x4.sub(one, f32x4.mul(t, p)), zero()));
  if (fn == LossFn.SquaredHinge) {
    const margin = f32x4.pmax(f32x4.sub(one, f32x4.mul(t, p)), zero());
    return f32x4.mul(f32x4.splat(-2), f32x4.mul(t, margin));
  }
  if (fn == LossFn.PoissonOfLogs) return f32x4.sub(exp(p), t);
  if (fn == LossFn.Poisson)
    return f32x4.sub(one, f32x4.div(t, f32x4.add(p, f32x4.splat(RATE_EPSILON))));
  if (fn == LossFn.LogCosh) return tanh(f32x4.sub(p, t));
  if (fn == LossFn.Quantile) {
    const d = f32x4.sub(p, t);
    const above = v128.and(f32x4.splat(1 - parameter), f32x4.gt(d, zero()));
    return v128.or(above, v128.and(f32x4.splat(-parameter), f32x4.lt(d, zero())));
  }
  // Focal: a ((sigmoid(z) - t) u^gamma + gamma c u^(gamma - 1) sigmoid(z) sigmoid(-z) (1 - 2 t))
  const e = exp(f32x4.neg(f32x4.abs(p)));
  const larger = sigmoidLarger(e);
  const smaller = f32x4.mul(e, larger);
  const positive = f32x4.gt(p, zero());
  const off = v128.bitselect(f32x4.sub(f32x4.sub(one, t), smaller), f32x4.sub(smaller, t), positive);
  const c = f32x4.add(f32x4.sub(f32x4.pmax(p, zero()), f32x4.mul(p, t)), log1pUnit(e));
  const u = wrongness(p, t, e);
  const turn = f32x4.mul(f32x4.mul(larger, smaller), f32x4.sub(one, f32x4.add(t, t)));
  const bend = f32x4.mul(f32x4.mul(f32x4.splat(parameter), c), f32x4.mul(power(u, parameter - 1), turn));
  return f32x4.mul(balance(t, alpha), f32x4.add(f32x4.mul(off, power(u, parameter)), bend));
}

/**
 * sum of w l; dx = l' factor w, over n elements the first of which is element `from` of the batch: element i has the weight
 * w[i / span], or 1 where w is 0.
 *
 * Focal (Lin et al. 2017, https://arxiv.org/abs/1708.02002): c is the binary cross-entropy of the logit z, u the probability of
 * what is not so, a its `balance`: a u^gamma c.
 */
// @ts-ignore: decorator
@inline
function elements(
  fn: i32, dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32,
  span: i32,
): f64 {
  const slope = f32x4.splat(factor);
  let sum = f64x2.splat(0);
  let weight = f32x4.splat(1);
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    if (w) weight = elementWeights(w, from + <i32>(at >> 2), span, n);
    const prediction = v128.load(p + at);
    const target = v128.load(t + at);
    if (dx) {
      const slopes = f32x4.mul(slopesOf(fn, prediction, target, parameter, alpha), slope);
      storeUpTo4(dx + at, f32x4.mul(slopes, weight), n);
    }
    sum = addTerms(sum, f32x4.mul(termsOf(fn, prediction, target, parameter, alpha), weight), n);
  }
  return sumWide(sum);
}

function hinge(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.Hinge, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

function squaredHinge(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.SquaredHinge, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

function poissonOfLogs(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.PoissonOfLogs, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

function poisson(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.Poisson, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

function logCosh(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.LogCosh, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

function quantile(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.Quantile, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

function focal(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.Focal, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

function value(
  dx: usize, p: usize, t: usize, n: i32, parameter: f32, alpha: f32, factor: f32, w: usize, from: i32, span: i32,
): f64 {
  return elements(LossFn.Value, dx, p, t, n, parameter, alpha, factor, w, from, span);
}

/** Target j of a row: of class indices 1 at the label, 0 elsewhere. */
// @ts-ignore: decorator
@inline
function targetAt(t: usize, j: i32, label: i32): f64 {
  return label >= 0 ? <f64>(j == label) : <f64>load<f32>(t + (<usize>j << 2));
}

/**
 * One row: max(0, max_j (1 - t_j) p_j - sum_j t_j p_j + 1), Keras' form, in which the class itself counts as 0 in the maximum.
 * Of equal maxima the first has the gradient.
 */
function categoricalHinge(dx: usize, p: usize, t: usize, n: i32, label: i32, factor: f64): f64 {
  let right: f64 = 0;
  let wrong: f64 = 0;
  let at = -1;
  for (let j = 0; j < n; ++j) {
    const z = <f64>load<f32>(p + (<usize>j << 2));
    const target = targetAt(t, j, label);
    const other = (1 - target) * z;
    if (other != other) return NaN;
    right += target * z;
    if (at < 0 || other > wrong) {
      wrong = other;
      at = j;
    }
  }
  const margin = wrong - right + 1;
  if (dx) {
    for (let j = 0; j < n; ++j) {
      const target = targetAt(t, j, label);
      const slope = (j == at ? 1 - target : 0) - target;
      store<f32>(dx + (<usize>j << 2), margin > 0 ? <f32>(slope * factor) : 0);
    }
  }
  return margin > 0 ? margin : margin == margin ? 0 : NaN;
}

/** One row: what the cross-entropy is above that of t with itself, which has no gradient. */
function klDivergence(dx: usize, p: usize, t: usize, n: i32, label: i32, factor: f64): f64 {
  if (label >= 0) return labelRow(dx, p, label, n, factor);
  let entropy = f64x2.splat(0);
  for (let left = n, at: usize = 0; left > 0; left -= 4, at += 16) {
    const target = loadUpTo4(t + at, left);
    const product = f32x4.mul(target, log(target));
    entropy = addWide(entropy, v128.and(product, f32x4.ne(target, zero())));
  }
  return targetRow(dx, p, t, n, factor) + sumWide(entropy);
}

function powerScalar(u: f64, gamma: f32): f64 {
  return <f64>f32x4.extract_lane(power(f32x4.splat(<f32>u), gamma), 0);
}

/**
 * One row: -sum_j t_j (1 - s_j)^gamma log s_j. With a_j = t_j (gamma s_j (1 - s_j)^(gamma - 1) log s_j - (1 - s_j)^gamma) the
 * gradient is a_k - s_k sum_j a_j.
 */
function categoricalFocal(dx: usize, p: usize, t: usize, n: i32, label: i32, gamma: f32, factor: f64): f64 {
  const largest = rowMax(p, n);
  const sum = exponentials(0, p, largest, n);
  const logarithm = <f64>logSum(sum);
  let loss: f64 = 0;
  let all: f64 = 0;
  for (let pass = 0; pass < 2; ++pass) {
    for (let j = 0; j < n; ++j) {
      const at = <usize>j << 2;
      const target = targetAt(t, j, label);
      const z = load<f32>(p + at) - largest;
      const e = <f64>f32x4.extract_lane(exp(f32x4.splat(z)), 0);
      let a: f64 = 0;
      if (target != 0) {
        const rest = (sum - e) / sum;
        const logProbability = <f64>z - logarithm;
        const share = powerScalar(rest, gamma);
        if (pass == 0) loss -= target * share * logProbability;
        a = target * (<f64>gamma * (e / sum) * powerScalar(rest, gamma - 1) * logProbability - share);
      }
      if (pass == 0) all += a;
      else store<f32>(dx + at, <f32>((a - (e / sum) * all) * factor));
    }
    if (!dx) break;
  }
  return sum == sum ? loss : NaN;
}

/** One row: 1 - p.t / sqrt((p.p + 1e-12) (t.t + 1e-12)). */
function cosineSimilarity(dx: usize, p: usize, t: usize, n: i32, factor: f64): f64 {
  let pp = LENGTH_EPSILON;
  let tt = LENGTH_EPSILON;
  let pt: f64 = 0;
  for (let j = 0; j < n; ++j) {
    const a = <f64>load<f32>(p + (<usize>j << 2));
    const b = <f64>load<f32>(t + (<usize>j << 2));
    pp += a * a;
    tt += b * b;
    pt += a * b;
  }
  const length = sqrt(pp * tt);
  const cosine = pt / length;
  if (dx) {
    for (let j = 0; j < n; ++j) {
      const at = <usize>j << 2;
      const slope = (cosine / pp) * <f64>load<f32>(p + at) - <f64>load<f32>(t + at) / length;
      store<f32>(dx + at, <f32>(slope * factor));
    }
  }
  return 1 - cosine;
}

/**
 * The sum over m rows, the first of which is row `from` of the batch: row i has the weight w[i / span], or 1 where w is 0, and does
 * not count where that is below 0.
 */
function rows(
  fn: i32, dx: usize, p: usize, t: usize, m: i32, n: i32, targets: i32, parameter: f32, factor: f64, w: usize, from: i32,
  span: i32,
): f64 {
  const row = <usize>n << 2;
  const step: usize = targets == Targets.Labels ? 4 : row;
  const end = from + m;
  let sum: f64 = 0;
  for (let i = from; i < end; ++i) {
    const weight: f64 = w ? <f64>weightOf(w, i, span) : 1;
    const label = targets == Targets.Labels ? load<i32>(t) : -1;
    const scale = factor * weight;
    let term: f64 = 0;
    if (weight < 0) ignoreRow(dx, n);
    else if (targets == Targets.Labels && <u32>label >= <u32>n) return NaN;
    else if (fn == LossFn.CategoricalHinge) term = categoricalHinge(dx, p, t, n, label, scale);
    else if (fn == LossFn.KlDivergence) term = klDivergence(dx, p, t, n, label, scale);
    else if (fn == LossFn.CategoricalFocal) term = categoricalFocal(dx, p, t, n, label, parameter, scale);
    else term = cosineSimilarity(dx, p, t, n, scale);
    sum += weight * term;
    t += step;
    p += row;
    if (dx) dx += row;
  }
  return sum;
}

/**
 * The sum of a loss over some units of a batch, elements or rows of n; dx unless that is 0.
 *
 * @param units  elements, or rows for losses over rows
 * @param alpha  Focal: see `balance`
 * @param factor what dx is multiplied by
 * @param w      weights of the whole batch, one for every `span` units; 0: all are 1
 * @param from   the unit of the batch that comes first
 *
 * Order: as the losses of `loss.ts`; sums over one row run in f64 in the order of its elements, but for those that
 * `targetRow` and `exponentials` make.
 * Parts: `loss` and `lossBlocks` call it by blocks.
 * Aliasing: dx may be p.
 */
export function lossExtended(
  fn: i32, dx: usize, p: usize, t: usize, units: i32, n: i32, targets: i32, parameter: f32, alpha: f32, factor: f64,
  w: usize, from: i32, span: i32,
): f64 {
  const slope = <f32>factor;
  switch (fn) {
    case LossFn.Hinge: return hinge(dx, p, t, units, parameter, alpha, slope, w, from, span);
    case LossFn.SquaredHinge: return squaredHinge(dx, p, t, units, parameter, alpha, slope, w, from, span);
    case LossFn.PoissonOfLogs: return poissonOfLogs(dx, p, t, units, parameter, alpha, slope, w, from, span);
    case LossFn.Poisson: return poisson(dx, p, t, units, parameter, alpha, slope, w, from, span);
    case LossFn.LogCosh: return logCosh(dx, p, t, units, parameter, alpha, slope, w, from, span);
    case LossFn.Quantile: return quantile(dx, p, t, units, parameter, alpha, slope, w, from, span);
    case LossFn.Focal: return focal(dx, p, t, units, parameter, alpha, slope, w, from, span);
    case LossFn.Value: return value(dx, p, t, units, parameter, alpha, slope, w, from, span);
  }
  return rows(fn, dx, p, t, units, n, targets, parameter, factor, w, from, span);
}
