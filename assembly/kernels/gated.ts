/** Functions `x g(x)` with a gate g from 0 to 1, and their gradients: see unary.ts. */
import { exp, sigmoid, sigmoidLarger } from "../math/exp";
import { gaussian, tailArgument, upperTail } from "../math/normal";
import { storeUpTo4 } from "../simd";

const TABLE: usize = memory.data<v128>(
  [
    i32x4.splat(0x3f800000), // 1
    i32x4.splat(0x3ecc422a), // 0.398942292 1 / sqrt(2 pi)
    i32x4.splat(0x3fcc422a), // 1.59576917 2 sqrt(2 / pi)
    i32x4.splat(0x3d922279), // 0.0713548139 2 sqrt(2 / pi) 0.044715
    i32x4.splat(0x3e5b33b6), // 0.214064449 three times that
    i32x4.splat(0xc1400000), // -12 where sigmoid(2 u) of geluTanh is 0 and that of 12 is 1
    i32x4.splat(0x41400000), // 12
    i32x4.splat(0xc2b40000), // -90 where sigmoid is 0
    i32x4.splat(0x42b40000), // 90
  ],
  16,
);

const enum At {
  One = 0,
  Density = 16,
  Linear = 32,
  Cubic = 48,
  CubicSlope = 64,
}

/** The functions with a logistic gate, by where their limits stand in the table: the lowest argument, then the greatest. */
export const enum Gate {
  GeluTanh = 80,
  Silu = 112,
}

/** `sigmoid(z) + x sigmoid'(z) slope`: the derivative of x sigmoid(z(x)) with slope = z'(x). */
// @ts-ignore: decorator
@inline
function gateSlope(x: v128, z: v128, slope: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(z)));
  const larger = sigmoidLarger(e);
  const smaller = f32x4.mul(e, larger);
  const gate = v128.bitselect(larger, smaller, f32x4.gt(z, i32x4.splat(0)));
  return f32x4.add(gate, f32x4.mul(f32x4.mul(x, slope), f32x4.mul(larger, smaller)));
}

/** 2 u = x (c + d x^2), twice the argument of tanh in geluTanh; u = sqrt(2 / pi) (x + 0.044715 x^3). */
// @ts-ignore: decorator
@inline
function geluTanhArgument(x: v128): v128 {
  const cubic = f32x4.mul(f32x4.mul(x, x), v128.load(TABLE, At.Cubic));
  return f32x4.mul(x, f32x4.add(cubic, v128.load(TABLE, At.Linear)));
}

/**
 * x sigmoid(z): silu with z = x, geluTanh with z = 2 u, for (1 + tanh(u)) / 2 = sigmoid(2 u).
 *
 * @param gate  below the argument where sigmoid is 0, x is taken as that, so that -inf gives -0
 */
export function gated(gate: Gate, y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) {
    const v = f32x4.pmax(v128.load(x), v128.load(TABLE + gate));
    const z = gate == Gate.GeluTanh ? geluTanhArgument(v) : v;
    storeUpTo4(y, f32x4.mul(v, sigmoid(z)), n);
  }
}

/** dx = dy (s + x s (1 - s) z'), s = sigmoid(z), with z as in `gated`. */
export function gatedGrad(gate: Gate, dx: usize, dy: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, dx += 16, dy += 16, x += 16) {
    const floor = f32x4.pmax(v128.load(x), v128.load(TABLE + gate));
    const v = f32x4.pmin(floor, v128.load(TABLE + gate, 16));
    let z = v;
    let slope = v128.load(TABLE, At.One);
    if (gate == Gate.GeluTanh) {
      z = geluTanhArgument(v);
      const cubic = f32x4.mul(f32x4.mul(v, v), v128.load(TABLE, At.CubicSlope));
      slope = f32x4.add(cubic, v128.load(TABLE, At.Linear));
    }
    storeUpTo4(dx, f32x4.mul(v128.load(dy), gateSlope(v, z, slope)), n);
  }
}

/**
 * x Phi(x) = max(x, 0) - |x| Q(|x|). With dy, the gradient dy (Phi(x) + x phi(x)) instead: the bracket is
 * Q(a) - a phi(a) with a = |x| for x <= 0, and 1 minus that for x > 0.
 *
 * @param dy  0: the function
 */
export function gelu(y: usize, dy: usize, x: usize, n: i32): void {
  for (let at: usize = 0; n > 0; n -= 4, at += 16) {
    const v = v128.load(x + at);
    const a = tailArgument(v);
    const e = gaussian(a);
    const tail = upperTail(a, e);
    let result: v128;
    if (dy) {
      const below = f32x4.sub(tail, f32x4.mul(a, f32x4.mul(e, v128.load(TABLE, At.Density))));
      const above = f32x4.sub(v128.load(TABLE, At.One), below);
      result = f32x4.mul(v128.load(dy + at), v128.bitselect(above, below, f32x4.gt(v, i32x4.splat(0))));
    } else {
      result = f32x4.sub(f32x4.pmax(v, i32x4.splat(0)), f32x4.mul(a, tail));
    }
    storeUpTo4(y + at, result, n);
  }
}
