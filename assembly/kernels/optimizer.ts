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

/** The smallest normal number: what is below it lingers as a denormal, which some CPUs compute a hundred times slower. */
const SMALLEST: f32 = 1.1754943508222875e-38; // 0x00800000

/** 0 in place of denormals. */
// @ts-ignore: decorator
@inline
function flushed(x: v128, smallest: v128): v128 {
  return v128.and(x, f32x4.ge(f32x4.abs(x), smallest));
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
  const smallest = f32x4.splat(SMALLEST);
  const end = <usize>partStart(n, LINE, part + 1, parts) << 2;
  let fold = i32x4.splat(0);
  for (let i = <usize>partStart(n, LINE, part, parts) << 2; i < end; i += 16) {
    const dw = v128.load(g + i);
    let d = dw;
    if (v) {
      const velocity = v128.load(v + i);
      d = flushed(pushed(velocity, dw, momentum), smallest);
      v128.store(v + i + mirror, velocity);
      v128.store(v + i, d);
      if (nesterov) d = pushed(d, dw, momentum);
      fold = foldNonFinite(fold, d);
    }
    const before = v128.load(w + i);
    const after = f32x4.sub(before, f32x4.mul(step, d));
    v128.store(w + i + mirror, before);
    v128.store(w + i, after);
    fold = foldNonFinite(fold, after);
  }
  if (nonFinite(fold)) raiseGuard(guard);
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
  const smallest = f32x4.splat(SMALLEST);
  const epsilonInside = f32x4.splat(inside ? max(<f32>(epsilon * c2), SMALLEST) : 0);
  const epsilonOutside = f32x4.splat(inside ? 0 : max(<f32>(epsilon * Math.sqrt(c2)), SMALLEST));

  const end = <usize>partStart(n, LINE, part + 1, parts) << 2;
  let fold = i32x4.splat(0);
  for (let i = <usize>partStart(n, LINE, part, parts) << 2; i < end; i += 16) {
    const dw = v128.load(g + i);
    const m0 = v128.load(m + i);
    const v0 = v128.load(v + i);
    const w0 = v128.load(w + i);
    const first = flushed(approach(m0, dw, share1), smallest);
    const second = flushed(approach(v0, f32x4.mul(dw, dw), share2), smallest);
    const root = f32x4.add(f32x4.sqrt(f32x4.add(second, epsilonInside)), epsilonOutside);
    const after = f32x4.sub(f32x4.mul(w0, decay), f32x4.mul(step, f32x4.div(first, root)));
    v128.store(m + i + mirror, m0);
    v128.store(v + i + mirror, v0);
    v128.store(w + i + mirror, w0);
    v128.store(m + i, first);
    v128.store(v + i, second);
    v128.store(w + i, after);
    // A first moment that is not finite makes the variable so.
    fold = foldNonFinite(foldNonFinite(fold, second), after);
  }
  if (nonFinite(fold)) raiseGuard(guard);
}

/** A moving average one step closer to `target`. */
// @ts-ignore: decorator
@inline
function approach(average: v128, target: v128, share: v128): v128 {
  return f32x4.add(average, f32x4.mul(share, f32x4.sub(target, average)));
}
