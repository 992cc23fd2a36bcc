import { Hyper, OptimizerFlag, UpdateFn } from "../abi";
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

// @ts-ignore: decorator
@inline
function normal(value: f64): v128 {
  return f32x4.splat(max(<f32>value, SMALLEST));
}

/** 0 in place of denormals, which some CPUs compute a hundred times slower; NaN and infinity stay. */
// @ts-ignore: decorator
@inline
function flushed(x: v128): v128 {
  return v128.andnot(x, i32x4.eq(v128.and(x, i32x4.splat(0x7f800000)), i32x4.splat(0)));
}

/** A moving average one step closer to `target`. */
// @ts-ignore: decorator
@inline
function closer(average: v128, target: v128, share: v128): v128 {
  return f32x4.add(average, f32x4.mul(share, f32x4.sub(target, average)));
}

/** Reads a vector, and keeps a copy for undoing the update. */
// @ts-ignore: decorator
@inline
function kept(x: usize, mirror: usize): v128 {
  const before = v128.load(x);
  v128.store(x + mirror, before);
  return before;
}

/** `size` with the sign of x, 0 where x is 0. */
// @ts-ignore: decorator
@inline
function signed(size: v128, x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.and(v128.or(size, sign), f32x4.ne(x, f32x4.splat(0)));
}

/**
 * One update by a rule of `UpdateFn`. g is the gradient, a, b and c are the slots of the rule, all 0 before the first update:
 *
 *   RmsProp   a = alpha a + (1 - alpha) g^2;  d = g / (sqrt(a) + epsilon)
 *             centered: b = alpha b + (1 - alpha) g, and sqrt(max(a - b^2, 0)) in place of sqrt(a)
 *             w = w - rate d, or with momentum c = momentum c + d, w = w - rate c
 *   Adagrad   a = a + g^2;  w = w - rate g / (sqrt(a + start) + epsilon)
 *   Adadelta  a = rho a + (1 - rho) g^2;  d = sqrt(b + epsilon) / sqrt(a + epsilon) g;  b = rho b + (1 - rho) d^2;  w = w - rate d
 *   Nadam     mu(t) = beta1 (1 - c^t / 2), P = mu(1) .. mu(t);  a = m and b = v as in Adam, vHat = v / (1 - beta2^t)
 *             w = w - rate ((1 - mu(t)) / (1 - P) g + mu(t + 1) / (1 - P mu(t + 1)) m) / (sqrt(vHat) + epsilon)
 *   AmsGrad   a = m and b = v as in Adam, c = max(c, v), which takes the place of v; w = (1 - rate weightDecay) w before
 *   Lion      w = (1 - rate weightDecay) w - rate sign(beta1 a + (1 - beta1) g);  a = beta2 a + (1 - beta2) g
 *   Rprop     b = rate before the first update; times etaPlus where g and a have one sign, times etaMinus and g = 0 where they have
 *             two, kept in [least, most];  w = w - sign(g) b;  a = g
 *
 * RMSProp: Tieleman and Hinton 2012, with momentum and centering as Graves 2013, https://arxiv.org/abs/1308.0850; Adagrad: Duchi, Hazan
 * and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html; Adadelta: Zeiler 2012, https://arxiv.org/abs/1212.5701; Nadam: Dozat 2016,
 * https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ; AMSGrad: Reddi, Kale and Kumar 2018, https://arxiv.org/abs/1904.09237; Lion: Chen
 * et al. 2023, https://arxiv.org/abs/2302.06675; Rprop: Riedmiller and Braun 1993, https://doi.org/10.1109/ICNN.1993.298623, without
 * weight backtracking. In the forms of PyTorch, but for Lion.
 *
 * @param fn      `UpdateFn`
 * @param w       inout [n] f32, 16-byte aligned: variables
 * @param g       in    [n] f32: gradients
 * @param a       inout [n] f32: see above
 * @param b       inout [n] f32; pointer 0 where the rule has none
 * @param c       inout [n] f32; pointer 0 where the rule has none
 * @param n       elements, a multiple of 4
 * @param hyper   in    f64 [Hyper.Count]: `UpdateFn` says which
 * @param power1  in    f64 [1]: beta1^(t - 1), of Nadam c^(t - 1); pointer 0 where the rule has none
 * @param power2  in    f64 [1]: beta2^(t - 1)
 * @param power3  in    f64 [1]: of Nadam mu(1) .. mu(t - 1)
 * @param rate    the learning rate of this update
 * @param mirror  bytes from w and slots to the copies of what they held
 * @param guard   the guard's word
 *
 * Parts: cut at multiples of `LINE` elements.
 * Every scalar is derived in f64 and rounded to f32 once; all else is f32, moving averages as `x + share (y - x)`, what is divided by
 * sqrt(vHat) + epsilon multiplied through by sqrt(1 - beta2^t). Denormals in slots become 0.
 * Aliasing: w, g, slots and the mirrors must not overlap.
 * Cost: at most two square roots and a division an element.
 */
export function update(
  fn: i32, w: usize, g: usize, a: usize, b: usize, c: usize, n: i32, hyper: usize, power1: usize, power2: usize,
  power3: usize, rate: f64, mirror: usize, guard: usize, part: i32, parts: i32,
): void {
  const from = <usize>partStart(n, LINE, part, parts) << 2;
  const bytes = (<usize>partStart(n, LINE, part + 1, parts) << 2) - from;
  w += from;
  g += from;
  a += from;
  if (b) b += from;
  if (c) c += from;
  let fold: v128;
  switch (fn) {
    case UpdateFn.RmsProp: {
      fold = rmsProp(w, g, a, b, c, bytes, hyper, rate, mirror);
      break;
    }
    case UpdateFn.Adagrad: {
      fold = adagrad(w, g, a, bytes, hyper, rate, mirror);
      break;
    }
    case UpdateFn.Adadelta: {
      fold = adadelta(w, g, a, b, bytes, hyper, rate, mirror);
      break;
    }
    case UpdateFn.Nadam: {
      fold = nadam(w, g, a, b, bytes, hyper, load<f64>(power1), load<f64>(power2), load<f64>(power3), rate, mirror);
      break;
    }
    case UpdateFn.AmsGrad: {
      fold = amsGrad(w, g, a, b, c, bytes, hyper, load<f64>(power1), load<f64>(power2), rate, mirror);
      break;
    }
    case UpdateFn.Lion: {
      fold = lion(w, g, a, bytes, hyper, rate, mirror);
      break;
    }
    default: {
      fold = rprop(w, g, a, b, bytes, hyper, rate, mirror);
    }
  }
  if (nonFinite(fold)) raiseGuard(guard);
}

function rmsProp(
  w: usize, g: usize, a: usize, b: usize, c: usize, bytes: usize, hyper: usize, rate: f64, mirror: usize,
): v128 {
  const step = splat(rate);
  const momentum = splat(f64At(hyper, Hyper.Beta1));
  const share = splat(1 - f64At(hyper, Hyper.Beta2));
  const epsilon = normal(f64At(hyper, Hyper.Epsilon));
  let fold = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = v128.load(g + i);
    const square = flushed(closer(kept(a + i, mirror), f32x4.mul(gradient, gradient), share));
    v128.store(a + i, square);
    fold = foldNonFinite(fold, square);
    let variance = square;
    if (b) {
      const mean = flushed(closer(kept(b + i, mirror), gradient, share));
      v128.store(b + i, mean);
      variance = f32x4.max(f32x4.sub(square, f32x4.mul(mean, mean)), f32x4.splat(0));
    }
    let d = f32x4.div(gradient, f32x4.add(f32x4.sqrt(variance), epsilon));
    if (c) {
      d = flushed(f32x4.add(f32x4.mul(momentum, kept(c + i, mirror)), d));
      v128.store(c + i, d);
    }
    const after = f32x4.sub(kept(w + i, mirror), f32x4.mul(step, d));
    v128.store(w + i, after);
    // A mean or a velocity that is not finite makes that of the variable so.
    fold = foldNonFinite(foldNonFinite(fold, d), after);
  }
  return fold;
}

function adagrad(w: usize, g: usize, a: usize, bytes: usize, hyper: usize, rate: f64, mirror: usize): v128 {
  const step = splat(rate);
  const start = splat(f64At(hyper, Hyper.Extra));
  const epsilon = normal(f64At(hyper, Hyper.Epsilon));
  let fold = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = v128.load(g + i);
    const sum = flushed(f32x4.add(kept(a + i, mirror), f32x4.mul(gradient, gradient)));
    v128.store(a + i, sum);
    const d = f32x4.div(gradient, f32x4.add(f32x4.sqrt(f32x4.add(sum, start)), epsilon));
    const after = f32x4.sub(kept(w + i, mirror), f32x4.mul(step, d));
    v128.store(w + i, after);
    fold = foldNonFinite(foldNonFinite(fold, sum), after);
  }
  return fold;
}

function adadelta(
  w: usize, g: usize, a: usize, b: usize, bytes: usize, hyper: usize, rate: f64, mirror: usize,
): v128 {
  const step = splat(rate);
  const share = splat(1 - f64At(hyper, Hyper.Beta2));
  const epsilon = normal(f64At(hyper, Hyper.Epsilon));
  let fold = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = v128.load(g + i);
    const square = flushed(closer(kept(a + i, mirror), f32x4.mul(gradient, gradient), share));
    v128.store(a + i, square);
    const moved = kept(b + i, mirror);
    const ratio = f32x4.div(f32x4.sqrt(f32x4.add(moved, epsilon)), f32x4.sqrt(f32x4.add(square, epsilon)));
    const d = f32x4.mul(ratio, gradient);
    const next = flushed(closer(moved, f32x4.mul(d, d), share));
    v128.store(b + i, next);
    const after = f32x4.sub(kept(w + i, mirror), f32x4.mul(step, d));
    v128.store(w + i, after);
    fold = foldNonFinite(foldNonFinite(foldNonFinite(fold, square), next), after);
  }
  return fold;
}

function nadam(
  w: usize, g: usize, a: usize, b: usize, bytes: usize, hyper: usize, decayPower: f64, power2: f64, product: f64,
  rate: f64, mirror: usize,
): v128 {
  const beta1 = f64At(hyper, Hyper.Beta1);
  const beta2 = f64At(hyper, Hyper.Beta2);
  const factor = f64At(hyper, Hyper.Extra);
  const now = momentumAt(beta1, decayPower * factor);
  const next = momentumAt(beta1, decayPower * factor * factor);
  const through = product * now;
  const root = Math.sqrt(1 - power2 * beta2);
  const stepG = splat((rate * (1 - now) * root) / (1 - through));
  const stepM = splat((rate * next * root) / (1 - through * next));
  const share1 = splat(1 - beta1);
  const share2 = splat(1 - beta2);
  const epsilon = normal(f64At(hyper, Hyper.Epsilon) * root);
  let fold = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = v128.load(g + i);
    const first = flushed(closer(kept(a + i, mirror), gradient, share1));
    v128.store(a + i, first);
    const second = flushed(closer(kept(b + i, mirror), f32x4.mul(gradient, gradient), share2));
    v128.store(b + i, second);
    const d = f32x4.add(f32x4.mul(stepG, gradient), f32x4.mul(stepM, first));
    const after = f32x4.sub(kept(w + i, mirror), f32x4.div(d, f32x4.add(f32x4.sqrt(second), epsilon)));
    v128.store(w + i, after);
    fold = foldNonFinite(foldNonFinite(foldNonFinite(fold, first), second), after);
  }
  return fold;
}

/** The momentum of Nadam's update t, from c^t. */
// @ts-ignore: decorator
@inline
function momentumAt(beta1: f64, power: f64): f64 {
  return beta1 * (1 - 0.5 * power);
}

function amsGrad(
  w: usize, g: usize, a: usize, b: usize, c: usize, bytes: usize, hyper: usize, power1: f64, power2: f64, rate: f64,
  mirror: usize,
): v128 {
  const beta1 = f64At(hyper, Hyper.Beta1);
  const beta2 = f64At(hyper, Hyper.Beta2);
  const given = f64At(hyper, Hyper.Epsilon);
  const flags = <i32>f64At(hyper, Hyper.Flags);
  const corrected = flags & OptimizerFlag.BiasCorrection;
  const inside = flags & OptimizerFlag.EpsilonInsideRoot;
  const c1 = corrected ? 1 - power1 * beta1 : 1;
  const c2 = corrected ? 1 - power2 * beta2 : 1;
  const step = splat((rate * Math.sqrt(c2)) / c1);
  const decay = splat(1 - rate * f64At(hyper, Hyper.WeightDecay));
  const share1 = splat(1 - beta1);
  const share2 = splat(1 - beta2);
  const under = f32x4.splat(inside ? max(<f32>(given * c2), SMALLEST) : 0);
  const epsilon = f32x4.splat(inside ? 0 : max(<f32>(given * Math.sqrt(c2)), SMALLEST));
  let fold = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = v128.load(g + i);
    const first = flushed(closer(kept(a + i, mirror), gradient, share1));
    v128.store(a + i, first);
    const second = flushed(closer(kept(b + i, mirror), f32x4.mul(gradient, gradient), share2));
    v128.store(b + i, second);
    const largest = f32x4.max(kept(c + i, mirror), second);
    v128.store(c + i, largest);
    const d = f32x4.div(first, f32x4.add(f32x4.sqrt(f32x4.add(largest, under)), epsilon));
    const after = f32x4.sub(f32x4.mul(kept(w + i, mirror), decay), f32x4.mul(step, d));
    v128.store(w + i, after);
    fold = foldNonFinite(foldNonFinite(foldNonFinite(fold, first), second), after);
  }
  return fold;
}

function lion(w: usize, g: usize, a: usize, bytes: usize, hyper: usize, rate: f64, mirror: usize): v128 {
  const step = splat(rate);
  const decay = splat(1 - rate * f64At(hyper, Hyper.WeightDecay));
  const share1 = splat(1 - f64At(hyper, Hyper.Beta1));
  const share2 = splat(1 - f64At(hyper, Hyper.Beta2));
  let fold = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = v128.load(g + i);
    const before = kept(a + i, mirror);
    const first = flushed(closer(before, gradient, share2));
    v128.store(a + i, first);
    const d = signed(step, closer(before, gradient, share1));
    const after = f32x4.sub(f32x4.mul(kept(w + i, mirror), decay), d);
    v128.store(w + i, after);
    // A sign is finite whatever the gradient was; the moment is not.
    fold = foldNonFinite(foldNonFinite(fold, first), after);
  }
  return fold;
}

function rprop(
  w: usize, g: usize, a: usize, b: usize, bytes: usize, hyper: usize, rate: f64, mirror: usize,
): v128 {
  const start = splat(rate);
  const minus = splat(f64At(hyper, Hyper.Beta1));
  const plus = splat(f64At(hyper, Hyper.Beta2));
  const least = splat(f64At(hyper, Hyper.Epsilon));
  const most = splat(f64At(hyper, Hyper.Extra));
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  let fold = i32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = v128.load(g + i);
    const previous = kept(a + i, mirror);
    const size = kept(b + i, mirror);
    const up = f32x4.gt(gradient, zero), down = f32x4.lt(gradient, zero);
    const wasUp = f32x4.gt(previous, zero), wasDown = f32x4.lt(previous, zero);
    const same = v128.or(v128.and(up, wasUp), v128.and(down, wasDown));
    const turned = v128.or(v128.and(up, wasDown), v128.and(down, wasUp));
    const factor = v128.bitselect(plus, v128.bitselect(minus, one, turned), same);
    // No size is 0 after an update: least is above.
    const known = v128.bitselect(start, size, f32x4.eq(size, zero));
    const next = f32x4.min(f32x4.max(f32x4.mul(known, factor), least), most);
    v128.store(b + i, next);
    const used = v128.andnot(gradient, turned);
    v128.store(a + i, flushed(used));
    const after = f32x4.sub(kept(w + i, mirror), signed(next, used));
    v128.store(w + i, after);
    fold = foldNonFinite(foldNonFinite(fold, used), after);
  }
  return fold;
}

/** Less than this becomes 0: 1 - x is 1 long before, and the denormals that follow take a hundred times longer. */
const LEAST: f64 = 9.332636185032189e-302; // 2^-1000

/**
 * `product *= mu(t)`: the running product of Nadam's momenta, after an update. One number, so part 0 does it.
 *
 * @param product  inout f64 [1]: mu(1) .. mu(t - 1); less than 2^-1000 becomes 0
 * @param power    in    f64 [1]: c^(t - 1)
 * @param hyper    in    f64 [Hyper.Count]: Beta1, Extra (c)
 */
export function advanceMomentum(product: usize, power: usize, hyper: usize, part: i32, parts: i32): void {
  if (part != 0) return;
  const mu = momentumAt(f64At(hyper, Hyper.Beta1), load<f64>(power) * f64At(hyper, Hyper.Extra));
  const next = load<f64>(product) * mu;
  store<f64>(product, next < LEAST ? 0 : next);
}
