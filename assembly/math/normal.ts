/**
 * The normal distribution, for gelu: density and upper tail of four f32.
 *
 * Q(a) = 1 - Phi(a) = exp(-a^2 / 2) g(a). g falls smoothly from 1/2 as 0.4 / a; with t = 1 / (1 + 17/64 a) it
 * is t P(t - 1/2), P a minimax fit (Remez) of degree 8 in relative error, rounded to f32 one coefficient at a
 * time: 2^-25.6 for a < 4, 2^-23.6 up to 13. Taking the tail instead of erf keeps gelu's relative accuracy
 * where 1 + erf cancels.
 */
import { exponent, expm1Reduced, expScaled, remainder } from "./exp";

const TABLE: usize = memory.data<v128>(
  [
    i32x4.splat(0x3e880000), // 0.265625
    i32x4.splat(0x3f000000), // 0.5
    i32x4.splat(0x3e4c2a81), // 0.19938089
    i32x4.splat(0x3ea052c1), // 0.313131362
    i32x4.splat(0x3ec1245f), // 0.377230614
    i32x4.splat(0x3ea71d70), // 0.326396465
    i32x4.splat(0x3e28c2f0), // 0.164806128
    i32x4.splat(0xbbd9c8d2), // -0.0066462541
    i32x4.splat(0xbd9238f9), // -0.0713977292
    i32x4.splat(0xbc9bcdd8), // -0.0190190524
    i32x4.splat(0x3cf6d92b), // 0.0301328506
    i32x4.splat(0x3f800000), // 1
    i32x4.splat(0xbf000000), // -0.5
    i32x4.splat(0xfffff000), // the 12 leading bits of a mantissa: their square is exact
    i32x4.splat(0x4153851f), // 13.22 where exp(-a^2 / 2) is 0
  ],
  16,
);

const enum At {
  Slope = 0,
  Half = 16,
  C0 = 32,
  C1 = 48,
  C2 = 64,
  C3 = 80,
  C4 = 96,
  C5 = 112,
  C6 = 128,
  C7 = 144,
  C8 = 160,
  One = 176,
  MinusHalf = 192,
  Leading = 208,
  Limit = 224,
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
  const scaled = f32x4.mul(a, v128.load(TABLE, At.Slope));
  const rest = f32x4.div(scaled, f32x4.add(one, scaled)); // 1 - t, precise where t is near 1
  const t = f32x4.sub(one, rest);
  const s = f32x4.sub(v128.load(TABLE, At.Half), rest);
  const s2 = f32x4.mul(s, s);
  const s4 = f32x4.mul(s2, s2);
  const c01 = f32x4.add(v128.load(TABLE, At.C0), f32x4.mul(s, v128.load(TABLE, At.C1)));
  const c23 = f32x4.add(v128.load(TABLE, At.C2), f32x4.mul(s, v128.load(TABLE, At.C3)));
  const c45 = f32x4.add(v128.load(TABLE, At.C4), f32x4.mul(s, v128.load(TABLE, At.C5)));
  const c67 = f32x4.add(v128.load(TABLE, At.C6), f32x4.mul(s, v128.load(TABLE, At.C7)));
  const c03 = f32x4.add(c01, f32x4.mul(s2, c23));
  const c48 = f32x4.add(f32x4.add(c45, f32x4.mul(s2, c67)), f32x4.mul(s4, v128.load(TABLE, At.C8)));
  return f32x4.mul(f32x4.mul(t, f32x4.add(c03, f32x4.mul(s4, c48))), gaussian);
}
