import { Hyper, OptimizerFlag } from "../abi";
import { foldNonFinite, nonFinite, raiseGuard } from "../guard";
import { LINE, partStart } from "../parts";

// @ts-ignore: decorator
@inline
function f64At(base: usize, i: usize): f64 {
  return load<f64>(base + (i << 3));
}

// @ts-ignore: decorator
@inline
function splat(value: f64): v128 {
  return f32x4.splat(<f32>value);
}

/** The smallest normal number. */
const SMALLEST: f32 = 1.1754943508222875e-38; // 0x00800000

/** The exponent bits of f32, in memory: V8 rebuilds constants in every iteration. */
const EXPONENT: usize = memory.data<v128>([i32x4.splat(0x7f800000)], 16);

/** 0 in place of denormals, which some CPUs compute a hundred times slower; NaN and infinity stay. */
// @ts-ignore: decorator
@inline
function flushed(x: v128, exponent: v128): v128 {
  return v128.andnot(x, i32x4.eq(v128.and(x, exponent), i32x4.splat(0)));
}

/**
 * Stochastic gradient descent, in the form of PyTorch (Sutskever et al. 2013,
 * https://proceedings.mlr.press/v28/sutskever13.html, with the learning rate outside the velocity):
 *
 *   v = momentum v + g
 *   w = w - rate (nesterov ? g + momentum v : v)
 *
 * @param w       inout [n] f32, 16-byte aligned: variables
 * @param g       in    [n] f32: gradients
 * @param v       inout [n] f32: velocity, 0 before the first update; pointer 0: no momentum, v is g
 * @param n       elements, a multiple of 4
 * @param hyper   in  f64 [Hyper.Count]: Beta1 (the momentum), Flags (Nesterov); nothing else is read
 * @param rate    the learning rate of this update
 * @param mirror  bytes from w and v to the copies of what they held
 * @param guard   the guard's word
 *
 * Parts: cut at multiples of `LINE` elements.
 * Scalars are rounded from f64 to f32 once; all else is f32, in the order written. Denormal velocities become 0.
 * Aliasing: w, g, v and the mirrors of w and v must not overlap.
 * Cost: 36 n bytes of traffic with momentum, 20 n without; bound by memory.
 */
export function sgd(
  w: usize, g: usize, v: usize, n: i32, hyper: usize, rate: f64, mirror: usize, guard: usize, part: i32, parts: i32,
): void {
  const step = splat(rate);
  const momentum = splat(f64At(hyper, Hyper.Beta1));
  const nesterov = <i32>f64At(hyper, Hyper.Flags) & OptimizerFlag.Nesterov;
  const exponent = v128.load(EXPONENT);
  const end = <usize>partStart(n, LINE, part + 1, parts) << 2;
  let i = <usize>partStart(n, LINE, part, parts) << 2;
  let fold = i32x4.splat(0);
  // Two vectors a turn take 10 to 50 % less time than one.
  if (v) {
    for (; i + 32 <= end; i += 32) {
      fold = momentumStep(w + i, g + i, v + i, momentum, nesterov, step, mirror, exponent, fold);
      fold = momentumStep(w + i + 16, g + i + 16, v + i + 16, momentum, nesterov, step, mirror, exponent, fold);
    }
    if (i < end) fold = momentumStep(w + i, g + i, v + i, momentum, nesterov, step, mirror, exponent, fold);
  } else {
    for (; i + 32 <= end; i += 32) {
      fold = plainStep(w + i, g + i, step, mirror, fold);
      fold = plainStep(w + i + 16, g + i + 16, step, mirror, fold);
    }
    if (i < end) fold = plainStep(w + i, g + i, step, mirror, fold);
  }
  if (nonFinite(fold)) raiseGuard(guard);
}

/** One vector without momentum. */
// @ts-ignore: decorator
@inline
function plainStep(w: usize, g: usize, step: v128, mirror: usize, fold: v128): v128 {
  const before = v128.load(w);
  const after = f32x4.sub(before, f32x4.mul(step, v128.load(g)));
  v128.store(w + mirror, before);
  v128.store(w, after);
  return foldNonFinite(fold, after);
}

/** One vector with momentum. */
// @ts-ignore: decorator
@inline
function momentumStep(
  w: usize, g: usize, v: usize, momentum: v128, nesterov: i32, step: v128, mirror: usize, exponent: v128, fold: v128,
): v128 {
  const gradient = v128.load(g);
  const velocity = v128.load(v);
  const before = v128.load(w);
  v128.store(v + mirror, velocity);
  v128.store(w + mirror, before);
  let d = flushed(pushed(velocity, gradient, momentum), exponent);
  v128.store(v, d);
  if (nesterov) d = pushed(d, gradient, momentum);
  const after = f32x4.sub(before, f32x4.mul(step, d));
  v128.store(w, after);
  // A velocity that is not finite makes that of Nesterov so.
  return foldNonFinite(foldNonFinite(fold, d), after);
}

/** `momentum v + g`: the next velocity, and once more for the step of Nesterov. */
// @ts-ignore: decorator
@inline
function pushed(v: v128, g: v128, momentum: v128): v128 {
  return f32x4.add(f32x4.mul(momentum, v), g);
}

/**
 * Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980) and AdamW (Loshchilov and Hutter 2019,
 * https://arxiv.org/abs/1711.05101), in the form of PyTorch. At update t:
 *
 *   w = (1 - rate weightDecay) w
 *   m = m + (1 - beta1) (g - m)
 *   v = v + (1 - beta2) (g g - v)
 *   c1 = 1 - beta1^t, c2 = 1 - beta2^t     both 1 without bias correction
 *   w = w - rate (m / c1) / (sqrt(v / c2) + epsilon)     epsilon outside the root
 *   w = w - rate (m / c1) / sqrt(v / c2 + epsilon)       epsilon inside the root
 *
 * Both last lines, multiplied through by sqrt(c2), are what the loop computes, with one of e and f being 0:
 *
 *   w = w - (rate sqrt(c2) / c1) (m / (sqrt(v + e) + f)),  e = epsilon c2 or f = epsilon sqrt(c2)
 *
 * The one that is not 0 is at least the smallest normal f32: an element without gradients stays, where 0 / 0 would be NaN.
 *
 * @param w       inout [n] f32, 16-byte aligned: variables
 * @param g       in    [n] f32: gradients
 * @param m       inout [n] f32: first moment, 0 before the first update
 * @param v       inout [n] f32: second moment, 0 before the first update
 * @param n       elements, a multiple of 4
 * @param hyper   in    f64 [Hyper.Count]: Beta1, Beta2, Epsilon, WeightDecay, Flags
 * @param power1  in    f64 [1]: beta1^(t - 1), a running product
 * @param power2  in    f64 [1]: beta2^(t - 1)
 * @param rate    the learning rate of this update
 * @param mirror  bytes from w, m and v to the copies of what they held
 * @param guard   the guard's word
 *
 * Parts: cut at multiples of `LINE` elements.
 * Every scalar, 1 - beta included, is derived in f64 and rounded to f32 once; all else is f32, in the order
 * of the last formula. Denormal moments become 0.
 * Aliasing: w, g, m, v and the mirrors of w, m and v must not overlap.
 * Cost: one square root and one division an element, which bound it; 40 n bytes of traffic.
 */
export function adam(
  w: usize, g: usize, m: usize, v: usize, n: i32, hyper: usize, power1: usize, power2: usize,
  rate: f64, mirror: usize, guard: usize, part: i32, parts: i32,
): void {
  const beta1 = f64At(hyper, Hyper.Beta1);
  const beta2 = f64At(hyper, Hyper.Beta2);
  const epsilon = f64At(hyper, Hyper.Epsilon);
  const flags = <i32>f64At(hyper, Hyper.Flags);
  const corrected = flags & OptimizerFlag.BiasCorrection;
  const c1 = corrected ? 1 - load<f64>(power1) * beta1 : 1;
  const c2 = corrected ? 1 - load<f64>(power2) * beta2 : 1;
  const inside = flags & OptimizerFlag.EpsilonInsideRoot;

  const step = splat((rate * Math.sqrt(c2)) / c1);
  const decay = splat(1 - rate * f64At(hyper, Hyper.WeightDecay));
  const share1 = splat(1 - beta1);
  const share2 = splat(1 - beta2);
  const exponent = v128.load(EXPONENT);
  const epsilonInside = f32x4.splat(inside ? max(<f32>(epsilon * c2), SMALLEST) : 0);
  const epsilonOutside = f32x4.splat(inside ? 0 : max(<f32>(epsilon * Math.sqrt(c2)), SMALLEST));

  const end = <usize>partStart(n, LINE, part + 1, parts) << 2;
  let i = <usize>partStart(n, LINE, part, parts) << 2;
  let fold = i32x4.splat(0);
  // Two vectors a turn, side by side, take 20 to 45 % less time than one.
  for (; i + 32 <= end; i += 32) {
    const g0 = v128.load(g + i), g1 = v128.load(g + i, 16);
    const m0 = v128.load(m + i), m1 = v128.load(m + i, 16);
    const v0 = v128.load(v + i), v1 = v128.load(v + i, 16);
    v128.store(m + i + mirror, m0);
    v128.store(m + i + mirror, m1, 16);
    v128.store(v + i + mirror, v0);
    v128.store(v + i + mirror, v1, 16);
    const first0 = flushed(approach(m0, g0, share1), exponent);
    const first1 = flushed(approach(m1, g1, share1), exponent);
    v128.store(m + i, first0);
    v128.store(m + i, first1, 16);
    const second0 = flushed(approach(v0, f32x4.mul(g0, g0), share2), exponent);
    const second1 = flushed(approach(v1, f32x4.mul(g1, g1), share2), exponent);
    v128.store(v + i, second0);
    v128.store(v + i, second1, 16);
    fold = foldNonFinite(foldNonFinite(fold, second0), second1);
    const ratio0 = f32x4.div(first0, root(second0, epsilonInside, epsilonOutside));
    const ratio1 = f32x4.div(first1, root(second1, epsilonInside, epsilonOutside));
    const w0 = v128.load(w + i), w1 = v128.load(w + i, 16);
    v128.store(w + i + mirror, w0);
    v128.store(w + i + mirror, w1, 16);
    const after0 = f32x4.sub(f32x4.mul(w0, decay), f32x4.mul(step, ratio0));
    const after1 = f32x4.sub(f32x4.mul(w1, decay), f32x4.mul(step, ratio1));
    v128.store(w + i, after0);
    v128.store(w + i, after1, 16);
    // A first moment that is not finite makes the variable so.
    fold = foldNonFinite(foldNonFinite(fold, after0), after1);
  }
  if (i < end) {
    const g0 = v128.load(g + i), m0 = v128.load(m + i), v0 = v128.load(v + i), w0 = v128.load(w + i);
    v128.store(m + i + mirror, m0);
    v128.store(v + i + mirror, v0);
    v128.store(w + i + mirror, w0);
    const first = flushed(approach(m0, g0, share1), exponent);
    const second = flushed(approach(v0, f32x4.mul(g0, g0), share2), exponent);
    const ratio = f32x4.div(first, root(second, epsilonInside, epsilonOutside));
    const after = f32x4.sub(f32x4.mul(w0, decay), f32x4.mul(step, ratio));
    v128.store(m + i, first);
    v128.store(v + i, second);
    v128.store(w + i, after);
    fold = foldNonFinite(foldNonFinite(fold, second), after);
  }
  if (nonFinite(fold)) raiseGuard(guard);
}

/** What the first moment is divided by. */
// @ts-ignore: decorator
@inline
function root(second: v128, epsilonInside: v128, epsilonOutside: v128): v128 {
  return f32x4.add(f32x4.sqrt(f32x4.add(second, epsilonInside)), epsilonOutside);
}

/** A moving average one step closer to `target`. */
// @ts-ignore: decorator
@inline
function approach(average: v128, target: v128, share: v128): v128 {
  return f32x4.add(average, f32x4.mul(share, f32x4.sub(target, average)));
}
