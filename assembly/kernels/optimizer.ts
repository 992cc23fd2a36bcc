import { Counter, Hyper, OptimizerFlag } from "../abi";
import { loadLanes, put, storeLanes, take } from "../simd";

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

/**
 * Stochastic gradient descent, in the form of PyTorch (Sutskever et al. 2013,
 * https://proceedings.mlr.press/v28/sutskever13.html, with the learning rate outside the velocity):
 *
 *   v = momentum v + g
 *   w = w - learningRate (nesterov ? g + momentum v : v)
 *
 * @param w         inout [n] f32, 4-byte aligned: parameters
 * @param g         in    [n] f32: gradients
 * @param v         inout [n] f32: velocity, 0 before the first update; pointer 0: no momentum, v is g
 * @param n         elements; a multiple of 4 where blocks are padded, any number works
 * @param hyper     in  f64 [Hyper.Count]: Beta1 (the momentum), Flags (Nesterov); nothing else is read
 * @param counters  in  f64 [Counter.Count]: LearningRate
 *
 * Scalars are rounded from f64 to f32 once; all else is f32, in the order written.
 * Aliasing: w, g and v must not overlap.
 * Cost: 20 n bytes of traffic with momentum, 12 n without; bound by memory.
 */
export function sgd(w: usize, g: usize, v: usize, n: i32, hyper: usize, counters: usize): void {
  const rate = splat(f64At(counters, Counter.LearningRate));
  const momentum = splat(f64At(hyper, Hyper.Beta1));
  const nesterov = <i32>f64At(hyper, Hyper.Flags) & OptimizerFlag.Nesterov;
  // Two vectors a turn, read before they are written: one a turn takes 1.1 (V8 11.3) to 1.4 times as long (13.6).
  for (; n >= 8; n -= 8) {
    const g0 = v128.load(g);
    const g1 = v128.load(g, 16);
    let d0 = g0;
    let d1 = g1;
    if (v) {
      d0 = pushed(v128.load(v), g0, momentum);
      d1 = pushed(v128.load(v, 16), g1, momentum);
      v128.store(v, d0);
      v128.store(v, d1, 16);
      v += 32;
      if (nesterov) {
        d0 = pushed(d0, g0, momentum);
        d1 = pushed(d1, g1, momentum);
      }
    }
    const w0 = descend(v128.load(w), d0, rate);
    const w1 = descend(v128.load(w, 16), d1, rate);
    v128.store(w, w0);
    v128.store(w, w1, 16);
    g += 32;
    w += 32;
  }
  for (; n > 0; n -= 4) {
    const dw = take(g, n);
    let d = dw;
    if (v) {
      d = pushed(take(v, n), dw, momentum);
      put(v, d, n);
      v += 16;
      if (nesterov) d = pushed(d, dw, momentum);
    }
    put(w, descend(take(w, n), d, rate), n);
    g += 16;
    w += 16;
  }
}

/** `momentum v + g`: the next velocity, and once more for the step of Nesterov. */
// @ts-ignore: decorator
@inline
function pushed(v: v128, g: v128, momentum: v128): v128 {
  return f32x4.add(f32x4.mul(momentum, v), g);
}

// @ts-ignore: decorator
@inline
function descend(w: v128, direction: v128, rate: v128): v128 {
  return f32x4.sub(w, f32x4.mul(rate, direction));
}

/**
 * Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980) and AdamW (Loshchilov and Hutter 2019,
 * https://arxiv.org/abs/1711.05101), in the form of PyTorch. At update t:
 *
 *   w = (1 - learningRate weightDecay) w
 *   m = m + (1 - beta1) (g - m)
 *   v = v + (1 - beta2) (g g - v)
 *   c1 = 1 - beta1^t, c2 = 1 - beta2^t     both 1 without bias correction
 *   w = w - learningRate (m / c1) / (sqrt(v / c2) + epsilon)     epsilon outside the root
 *   w = w - learningRate (m / c1) / sqrt(v / c2 + epsilon)       epsilon inside the root
 *
 * Both last lines, multiplied through by sqrt(c2), are what the loop computes, with one of e and f being 0:
 *
 *   w = w - (learningRate sqrt(c2) / c1) (m / (sqrt(v + e) + f)),  e = epsilon c2 or f = epsilon sqrt(c2)
 *
 * @param w         inout [n] f32, 4-byte aligned: parameters
 * @param g         in    [n] f32: gradients
 * @param m         inout [n] f32: first moment, 0 before the first update
 * @param v         inout [n] f32: second moment, 0 before the first update
 * @param n         elements; a multiple of 4 where blocks are padded, any number works
 * @param hyper     in    f64 [Hyper.Count]: Beta1, Beta2, Epsilon, WeightDecay, Flags
 * @param counters  inout f64 [Counter.Count]: reads LearningRate; multiplies Beta1Power by beta1 and
 *                  Beta2Power by beta2, once a call, so that they hold beta^t: 1 before the first update, one
 *                  call a step
 *
 * Every scalar, 1 - beta included, is derived in f64 and rounded to f32 once; all else is f32, in the order
 * of the last formula. With epsilon 0 an element whose gradients were all 0 becomes NaN, as 0 / 0 is.
 * Aliasing: w, g, m and v must not overlap.
 * Cost: one square root and one division an element, which bound it; 28 n bytes of traffic.
 */
export function adam(w: usize, g: usize, m: usize, v: usize, n: i32, hyper: usize, counters: usize): void {
  const beta1 = f64At(hyper, Hyper.Beta1);
  const beta2 = f64At(hyper, Hyper.Beta2);
  const epsilon = f64At(hyper, Hyper.Epsilon);
  const learningRate = f64At(counters, Counter.LearningRate);
  const flags = <i32>f64At(hyper, Hyper.Flags);
  const power1 = f64At(counters, Counter.Beta1Power) * beta1;
  const power2 = f64At(counters, Counter.Beta2Power) * beta2;
  store<f64>(counters + (Counter.Beta1Power << 3), power1);
  store<f64>(counters + (Counter.Beta2Power << 3), power2);
  const corrected = flags & OptimizerFlag.BiasCorrection;
  const c1 = corrected ? 1 - power1 : 1;
  const c2 = corrected ? 1 - power2 : 1;
  const inside = flags & OptimizerFlag.EpsilonInsideRoot;

  const rate = splat((learningRate * Math.sqrt(c2)) / c1);
  const decay = splat(1 - learningRate * f64At(hyper, Hyper.WeightDecay));
  const share1 = splat(1 - beta1);
  const share2 = splat(1 - beta2);
  const epsilonInside = splat(inside ? epsilon * c2 : 0);
  const epsilonOutside = splat(inside ? 0 : epsilon * Math.sqrt(c2));

  const bytes = <usize>(n & ~3) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const dw = v128.load(g + i);
    const first = approach(v128.load(m + i), dw, share1);
    const second = approach(v128.load(v + i), f32x4.mul(dw, dw), share2);
    v128.store(m + i, first);
    v128.store(v + i, second);
    v128.store(w + i, update(v128.load(w + i), first, second, rate, decay, epsilonInside, epsilonOutside));
  }
  const left = n & 3;
  if (left) {
    const dw = loadLanes(g + bytes, left);
    const first = approach(loadLanes(m + bytes, left), dw, share1);
    const second = approach(loadLanes(v + bytes, left), f32x4.mul(dw, dw), share2);
    storeLanes(m + bytes, first, left);
    storeLanes(v + bytes, second, left);
    const before = loadLanes(w + bytes, left);
    storeLanes(w + bytes, update(before, first, second, rate, decay, epsilonInside, epsilonOutside), left);
  }
}

/** A moving average one step closer to `target`. */
// @ts-ignore: decorator
@inline
function approach(average: v128, target: v128, share: v128): v128 {
  return f32x4.add(average, f32x4.mul(share, f32x4.sub(target, average)));
}

// @ts-ignore: decorator
@inline
function update(w: v128, m: v128, v: v128, rate: v128, decay: v128, inside: v128, outside: v128): v128 {
  const root = f32x4.add(f32x4.sqrt(f32x4.add(v, inside)), outside);
  return f32x4.sub(f32x4.mul(w, decay), f32x4.mul(rate, f32x4.div(m, root)));
}
