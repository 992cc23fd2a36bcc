/**
 * Elementwise functions and their gradients.
 *
 * Every function is one vector expression and one loop; the last, partial vector goes through the same
 * expression and only its lanes inside the buffer are stored. Buffers start at multiples of 16 bytes, so that
 * loading it whole stays inside the memory; what the lanes outside the buffer hold does not matter.
 */
import { Fn } from "../abi";
import { exp, expm1, sigmoid, tanh } from "../math/exp";
import { log, log1pUnit } from "../math/log";
import { cut, LINE } from "../parts";
import { storeUpTo4 } from "../simd";
import { elementary, elementaryGrad } from "./elementary";
import { Gate, gated, gatedGrad, gelu } from "./gated";

const TABLE: usize = memory.data<v128>(
  [
    i32x4.splat(0x3f800000), // 1
    i32x4.splat(0x80000000), // -0
    i32x4.splat(0x40400000), // 3
    i32x4.splat(0x40c00000), // 6
    i32x4.splat(0x3e2aaaab), // 0.166666672 1/6
  ],
  16,
);

const enum At {
  One = 0,
  Sign = 16,
  Three = 32,
  Six = 48,
  Sixth = 64,
}

/** Klambauer, Unterthiner, Mayr, Hochreiter, Self-Normalizing Neural Networks, 2017. */
const SELU_SCALE: f32 = 1.0507009873554805; // 0x3f867d5f
const SELU_SCALE_ALPHA: f32 = 1.7580993408473766; // 0x3fe10966, scale times 1.6732632423543772

// @ts-ignore: decorator
@inline
function zero(): v128 {
  return i32x4.splat(0);
}

function identity(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, v128.load(x), n);
}

function fillZero(y: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16) storeUpTo4(y, zero(), n);
}

// ---------------------------------------------------------------- piecewise linear

function relu(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, f32x4.pmax(v128.load(x), zero()), n);
}

function reluGrad(dx: usize, dy: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    storeUpTo4(dx, v128.andnot(v128.load(dy), f32x4.le(v128.load(y), zero())), n);
  }
}

function leakyRelu(alpha: f32, y: usize, x: usize, n: i32): void {
  const slope = f32x4.splat(alpha);
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const v = v128.load(x);
    storeUpTo4(y, v128.bitselect(v, f32x4.mul(v, slope), f32x4.gt(v, zero())), n);
  }
}

function leakyReluGrad(alpha: f32, dx: usize, dy: usize, y: usize, n: i32): void {
  const slope = f32x4.splat(alpha);
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    const d = v128.load(dy);
    storeUpTo4(dx, v128.bitselect(d, f32x4.mul(d, slope), f32x4.gt(v128.load(y), zero())), n);
  }
}

/** relu6(x + 3) / 6 */
function hardSigmoid(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const shifted = f32x4.pmax(f32x4.add(v128.load(x), v128.load(TABLE, At.Three)), zero());
    storeUpTo4(y, f32x4.mul(f32x4.pmin(shifted, v128.load(TABLE, At.Six)), v128.load(TABLE, At.Sixth)), n);
  }
}

function hardSigmoidGrad(dx: usize, dy: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    const v = v128.load(y);
    const flat = v128.or(f32x4.le(v, zero()), f32x4.ge(v, v128.load(TABLE, At.One)));
    storeUpTo4(dx, v128.andnot(f32x4.mul(v128.load(dy), v128.load(TABLE, At.Sixth)), flat), n);
  }
}

/** +-1 with the sign of x; +-0 and NaN stay. */
function sign(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const v = v128.load(x);
    const signed = v128.or(v128.and(v, v128.load(TABLE, At.Sign)), v128.load(TABLE, At.One));
    storeUpTo4(y, v128.bitselect(signed, v, f32x4.gt(f32x4.abs(v), zero())), n);
  }
}

/** x / (1 + |x|); infinities give NaN. */
function softsign(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const v = v128.load(x);
    storeUpTo4(y, f32x4.div(v, f32x4.add(f32x4.abs(v), v128.load(TABLE, At.One))), n);
  }
}

/** dx = dy (1 - |y|)^2 */
function softsignGrad(dx: usize, dy: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    const rest = f32x4.sub(v128.load(TABLE, At.One), f32x4.abs(v128.load(y)));
    storeUpTo4(dx, f32x4.mul(v128.load(dy), f32x4.mul(rest, rest)), n);
  }
}

function negate(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, f32x4.neg(v128.load(x)), n);
}

function abs(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, f32x4.abs(v128.load(x)), n);
}

/** dx = dy sign(x), 0 at x = 0. */
function absGrad(dx: usize, dy: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, x += 16) {
    const v = v128.load(x);
    const signed = v128.xor(v128.load(dy), v128.and(v, v128.load(TABLE, At.Sign)));
    storeUpTo4(dx, v128.andnot(signed, f32x4.eq(v, zero())), n);
  }
}

// ---------------------------------------------------------------- roots and powers

function sqrt(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, f32x4.sqrt(v128.load(x)), n);
}

/** dx = dy / (2 y) */
function sqrtGrad(dx: usize, dy: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    const v = v128.load(y);
    storeUpTo4(dx, f32x4.div(v128.load(dy), f32x4.add(v, v)), n);
  }
}

function square(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const v = v128.load(x);
    storeUpTo4(y, f32x4.mul(v, v), n);
  }
}

/** dx = 2 x dy */
function squareGrad(dx: usize, dy: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, x += 16) {
    const v = v128.load(x);
    storeUpTo4(dx, f32x4.mul(f32x4.add(v, v), v128.load(dy)), n);
  }
}

// ---------------------------------------------------------------- exponentials

function exponential(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, exp(v128.load(x)), n);
}

/** dx = dy y */
function exponentialGrad(dx: usize, dy: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) storeUpTo4(dx, f32x4.mul(v128.load(dy), v128.load(y)), n);
}

function logarithm(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, log(v128.load(x)), n);
}

/** dx = dy / x */
function logarithmGrad(dx: usize, dy: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, x += 16) storeUpTo4(dx, f32x4.div(v128.load(dy), v128.load(x)), n);
}

/** scale x for x > 0, scaleAlpha (exp(x) - 1) elsewhere: elu with scale 1, selu with its two constants. */
function elu(scale: f32, scaleAlpha: f32, y: usize, x: usize, n: i32): void {
  const above = f32x4.splat(scale);
  const below = f32x4.splat(scaleAlpha);
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const v = v128.load(x);
    storeUpTo4(y, v128.bitselect(f32x4.mul(v, above), f32x4.mul(expm1(v), below), f32x4.gt(v, zero())), n);
  }
}

/** dx = dy scale for y > 0, dy (y + scaleAlpha) elsewhere. */
function eluGrad(scale: f32, scaleAlpha: f32, dx: usize, dy: usize, y: usize, n: i32): void {
  const above = f32x4.splat(scale);
  const below = f32x4.splat(scaleAlpha);
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    const v = v128.load(y);
    const slope = v128.bitselect(above, f32x4.add(v, below), f32x4.gt(v, zero()));
    storeUpTo4(dx, f32x4.mul(v128.load(dy), slope), n);
  }
}

/**
 * sigmoid(x); with dy the gradient of softplus, dy sigmoid(x).
 *
 * @param dy  0: the function
 */
function logistic(y: usize, dy: usize, x: usize, n: i32): void {
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    const s = sigmoid(v128.load(x + at));
    storeUpTo4(y + at, dy ? f32x4.mul(v128.load(dy + at), s) : s, n);
  }
}

/** dx = dy y (1 - y) */
function logisticGrad(dx: usize, dy: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    const v = v128.load(y);
    const slope = f32x4.mul(v, f32x4.sub(v128.load(TABLE, At.One), v));
    storeUpTo4(dx, f32x4.mul(v128.load(dy), slope), n);
  }
}

function hyperbolicTangent(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, tanh(v128.load(x)), n);
}

/** dx = dy (1 - y^2), as (1 - y) (1 + y): 1 - y is exact where y^2 would round away what is left. */
function hyperbolicTangentGrad(dx: usize, dy: usize, y: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, y += 16) {
    const v = v128.load(y);
    const one = v128.load(TABLE, At.One);
    const slope = f32x4.mul(f32x4.sub(one, v), f32x4.add(one, v));
    storeUpTo4(dx, f32x4.mul(v128.load(dy), slope), n);
  }
}

/** log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)) */
function softplus(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const v = v128.load(x);
    storeUpTo4(y, f32x4.add(f32x4.pmax(v, zero()), log1pUnit(exp(f32x4.neg(f32x4.abs(v))))), n);
  }
}

// ---------------------------------------------------------------- the kernels

/**
 * `y[i] = fn(x[i])`.
 *
 * @param fn     `Fn`
 * @param alpha  leakyRelu: slope for x <= 0; elu: minus the limit for x -> -inf; others ignore it
 * @param y      out [n] f32, 16-byte aligned; overwritten, never read
 * @param x      in  [n] f32, 16-byte aligned
 * @param n      elements; 0 does nothing
 *
 * Order: elements are independent, and an element's bits depend neither on n nor on its lane.
 * Parts: cut at multiples of `LINE` elements.
 * NaN gives NaN for every function. The stated errors of exp, log, tanh, .. stand in assembly/math.
 * Aliasing: y may be x; they must not overlap otherwise.
 * Cost: 8 n bytes; from one operation an element (relu) to two divisions and twenty (gelu).
 */
export function unary(fn: i32, alpha: f32, y: usize, x: usize, n: i32, part: i32, parts: i32): void {
  if (parts > 1) {
    const from = cut(n, LINE, part, parts);
    const skip = <usize>from << 2;
    return unary(fn, alpha, y + skip, x + skip, cut(n, LINE, part + 1, parts) - from, 0, 1);
  }
  switch (fn) {
    case Fn.Relu: return relu(y, x, n);
    case Fn.LeakyRelu: return leakyRelu(alpha, y, x, n);
    case Fn.Elu: return elu(1, alpha, y, x, n);
    case Fn.Selu: return elu(SELU_SCALE, SELU_SCALE_ALPHA, y, x, n);
    case Fn.Gelu: return gelu(y, 0, x, n);
    case Fn.GeluTanh: return gated(Gate.GeluTanh, y, x, n);
    case Fn.Silu: return gated(Gate.Silu, y, x, n);
    case Fn.Softplus: return softplus(y, x, n);
    case Fn.Sigmoid: return logistic(y, 0, x, n);
    case Fn.Tanh: return hyperbolicTangent(y, x, n);
    case Fn.HardSigmoid: return hardSigmoid(y, x, n);
    case Fn.Sign: return sign(y, x, n);
    case Fn.Softsign: return softsign(y, x, n);
    default: unaryExtended(fn, y, x, n);
  }
}

function unaryExtended(fn: i32, y: usize, x: usize, n: i32): void {
  switch (fn) {
    case Fn.Exp: return exponential(y, x, n);
    case Fn.Log: return logarithm(y, x, n);
    case Fn.Sqrt: return sqrt(y, x, n);
    case Fn.Negate: return negate(y, x, n);
    case Fn.Abs: return abs(y, x, n);
    case Fn.Square: return square(y, x, n);
    case Fn.Identity: return identity(y, x, n);
    default: return elementary(fn, y, x, n);
  }
}

/**
 * `dx[i] = dy[i] fn'(x[i])`, from the value the function prefers to keep:
 *
 *   y, the output   relu leakyRelu elu selu sigmoid tanh hardSigmoid softsign exp sqrt expm1 reciprocal rsqrt
 *   x, the input    gelu geluTanh silu softplus log abs square sin cos log1p erf
 *   not read        identity negate sign floor round
 *
 * At a kink: relu'(0) = 0, leakyRelu'(0) = alpha, elu'(0) = alpha, selu'(0) = scale alpha, abs'(0) = 0,
 * hardSigmoid'(+-3) = 0. From y, leakyRelu and elu need alpha >= 0.
 *
 * @param fn     `Fn`
 * @param alpha  as in the forward pass
 * @param dx     out [n] f32, 16-byte aligned; overwritten, never read
 * @param dy     in  [n] f32, 16-byte aligned
 * @param s      in  [n] f32, 16-byte aligned: the saved value
 * @param n      elements; 0 does nothing
 *
 * Order: elements are independent, and an element's bits depend neither on n nor on its lane.
 * Parts: cut at multiples of `LINE` elements.
 * Aliasing: dx may be dy or s; they must not overlap otherwise.
 * Cost: 12 n bytes.
 */
export function unaryGrad(fn: i32, alpha: f32, dx: usize, dy: usize, s: usize, n: i32, part: i32, parts: i32): void {
  if (parts > 1) {
    const from = cut(n, LINE, part, parts);
    const skip = <usize>from << 2;
    const count = cut(n, LINE, part + 1, parts) - from;
    return unaryGrad(fn, alpha, dx + skip, dy + skip, s + skip, count, 0, 1);
  }
  switch (fn) {
    case Fn.Relu: return reluGrad(dx, dy, s, n);
    case Fn.LeakyRelu: return leakyReluGrad(alpha, dx, dy, s, n);
    case Fn.Elu: return eluGrad(1, alpha, dx, dy, s, n);
    case Fn.Selu: return eluGrad(SELU_SCALE, SELU_SCALE_ALPHA, dx, dy, s, n);
    case Fn.Gelu: return gelu(dx, dy, s, n);
    case Fn.GeluTanh: return gatedGrad(Gate.GeluTanh, dx, dy, s, n);
    case Fn.Silu: return gatedGrad(Gate.Silu, dx, dy, s, n);
    case Fn.Softplus: return logistic(dx, dy, s, n);
    case Fn.Sigmoid: return logisticGrad(dx, dy, s, n);
    case Fn.Tanh: return hyperbolicTangentGrad(dx, dy, s, n);
    case Fn.HardSigmoid: return hardSigmoidGrad(dx, dy, s, n);
    case Fn.Softsign: return softsignGrad(dx, dy, s, n);
    default: unaryGradExtended(fn, dx, dy, s, n);
  }
}

function unaryGradExtended(fn: i32, dx: usize, dy: usize, s: usize, n: i32): void {
  switch (fn) {
    case Fn.Sign: return fillZero(dx, n);
    case Fn.Exp: return exponentialGrad(dx, dy, s, n);
    case Fn.Log: return logarithmGrad(dx, dy, s, n);
    case Fn.Sqrt: return sqrtGrad(dx, dy, s, n);
    case Fn.Negate: return negate(dx, dy, n);
    case Fn.Abs: return absGrad(dx, dy, s, n);
    case Fn.Square: return squareGrad(dx, dy, s, n);
    case Fn.Identity: return identity(dx, dy, n);
    default: return elementaryGrad(fn, dx, dy, s, n);
  }
}
