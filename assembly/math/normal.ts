/**
 * The normal distribution, for gelu: density and upper tail of four f32.
 *
 * Q(a) = 1 - Phi(a) = exp(-a^2 / 2) g(a). g falls smoothly from 1/2 as 0.4 / a; with t = 1 / (1 + 0.26 a) it is t P(t), P a
 * minimax fit (Remez) of degree 8 in relative error: 2^-26.4 for a < 4, eight times that at a = 7 and beyond. Working
 * with the tail instead of erf keeps gelu's relative accuracy where 1 + erf cancels.
 */
import { exponent, expm1Reduced, expScaled, remainder } from "./exp";

const TABLE: usize = memory.data<v128>(
  [
    i32x4.splat(0x3e851eb8), // 0.25999999
    i32x4.splat(0x3dd4861b), // 0.103771411
    i32x4.splat(0x3dd28d26), // 0.102808282
    i32x4.splat(0x3dd6077d), // 0.10450647
    i32x4.splat(0x3d3982ab), // 0.0452906303
    i32x4.splat(0x3e328af7), // 0.174358234
    i32x4.splat(0xbe2e63c8), // -0.17030251
    i32x4.splat(0x3e896868), // 0.268374681
    i32x4.splat(0xbe24da69), // -0.160989419
    i32x4.splat(0x3d03d180), // 0.0321822166
    i32x4.splat(0x3f800000), // 1
    i32x4.splat(0xbf000000), // -0.5
    i32x4.splat(0xfffff000), // the 12 leading bits of a mantissa: their square is exact
    i32x4.splat(0x4153851f), // 13.22 where exp(-a^2 / 2) is 0
  ],
  16,
);

const enum At {
  Slope = 0,
  C0 = 16,
  C1 = 32,
  C2 = 48,
  C3 = 64,
  C4 = 80,
  C5 = 96,
  C6 = 112,
  C7 = 128,
  C8 = 144,
  One = 160,
  MinusHalf = 176,
  Leading = 192,
  Limit = 208,
}

/** |x|, at most 13.22. */
// @ts-ignore: decorator
@inline
export function tailArgument(x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), v128.load(TABLE, At.Limit));
}

/** `exp(-a^2 / 2)` for 0 <= a <= 13.22, a^2 taken in two parts so that the error does not grow with it. */
// @ts-ignore: decorator
@inline
export function gaussian(a: v128): v128 {
  const minusHalf = v128.load(TABLE, At.MinusHalf);
  const leading = v128.and(a, v128.load(TABLE, At.Leading));
  const high = f32x4.mul(f32x4.mul(leading, leading), minusHalf);
  const low = f32x4.mul(f32x4.mul(f32x4.sub(a, leading), f32x4.add(a, leading)), minusHalf);
  const t = exponent(f32x4.add(high, low));
  return expScaled(expm1Reduced(f32x4.add(remainder(high, t), low)), t);
}

/** The upper tail Q(a) for 0 <= a <= 13.22, given gaussian(a). */
// @ts-ignore: decorator
@inline
export function upperTail(a: v128, gaussian: v128): v128 {
  const one = v128.load(TABLE, At.One);
  const t = f32x4.div(one, f32x4.add(one, f32x4.mul(a, v128.load(TABLE, At.Slope))));
  const t2 = f32x4.mul(t, t);
  const t4 = f32x4.mul(t2, t2);
  const c01 = f32x4.add(v128.load(TABLE, At.C0), f32x4.mul(t, v128.load(TABLE, At.C1)));
  const c23 = f32x4.add(v128.load(TABLE, At.C2), f32x4.mul(t, v128.load(TABLE, At.C3)));
  const c45 = f32x4.add(v128.load(TABLE, At.C4), f32x4.mul(t, v128.load(TABLE, At.C5)));
  const c67 = f32x4.add(v128.load(TABLE, At.C6), f32x4.mul(t, v128.load(TABLE, At.C7)));
  const c03 = f32x4.add(c01, f32x4.mul(t2, c23));
  const c48 = f32x4.add(f32x4.add(c45, f32x4.mul(t2, c67)), f32x4.mul(t4, v128.load(TABLE, At.C8)));
  return f32x4.mul(f32x4.mul(t, f32x4.add(c03, f32x4.mul(t4, c48))), gaussian);
}
