/**
 * Exponentials of four f32: `exp`, `expm1`, and what comes straight from them, `sigmoid` and `tanh`.
 *
 * Reduction: n = nearest(x / ln 2) by adding and taking away 1.5 * 2^23, whose low mantissa bits then hold n;
 * r = x - n ln 2 in two steps (Cody and Waite, Software Manual for the Elementary Functions, 1980);
 * exp(x) = 2^n exp(r) with |r| <= ln 2 / 2. The polynomial for (exp(r) - 1 - r) / r^2 is a minimax
 * fit (Remez) to exp(r) - 1 in relative error, rounded to f32 one by one, the rest fitted again: 2^-26.1.
 *
 * Constants are splatted in memory because V8 from 13.6 on rebuilds a `v128.const` at every use.
 */
const TABLE: usize = memory.data<v128>(
  [
    i32x4.splat(0x3fb8aa3b), // 1.44269502 1 / ln 2
    i32x4.splat(0x4b400000), // 12582912   1.5 * 2^23
    i32x4.splat(0x3f317000), // 0.693115234 ln 2, the 12 leading bits: n times it is exact
    i32x4.splat(0x3805fdf4), // 3.19461833e-5 ln 2, the rest
    i32x4.splat(0x3effffff), // 0.49999997
    i32x4.splat(0x3e2aaa55), // 0.16666539
    i32x4.splat(0x3d2aabcf), // 0.0416677557
    i32x4.splat(0x3c09163d), // 0.00836711843
    i32x4.splat(0x3ab55873), // 0.0013835564
    i32x4.splat(0x3f000000), // 0.5
    i32x4.splat(0x3f800000), // 1
    i32x4.splat(0x42b20000), // 89     above: exp is +inf; n = 128
    i32x4.splat(0xc2af0000), // -87.5  below: exp is 0; n = -126
    i32x4.splat(0x41a00000), // 20     above: tanh(x / 2) rounds to 1
    i32x4.splat(0x80000000), // -0
    i32x4.splat(0x3e840000), // 0.2578125
    i32x4.splat(0xbeaaaa85), // -0.333332211
    i32x4.splat(0x3e086d91), // 0.133230463
    i32x4.splat(0xbd52018f), // -0.0512710176
  ],
  16,
);

const enum At {
  InverseLn2 = 0,
  Magic = 16,
  Ln2High = 32,
  Ln2Low = 48,
  C0 = 64,
  C1 = 80,
  C2 = 96,
  C3 = 112,
  C4 = 128,
  Half = 144,
  One = 160,
  Highest = 176,
  Lowest = 192,
  TanhOne = 208,
  Sign = 224,
  Small = 240,
  S0 = 256,
  S1 = 272,
  S2 = 288,
}

/** Four ones. */
// @ts-ignore: decorator
@inline
export function one(): v128 {
  return v128.load(TABLE, At.One);
}

/** A number whose low mantissa bits hold n = nearest(x / ln 2), for |x| < 2^21. */
// @ts-ignore: decorator
@inline
export function exponent(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, v128.load(TABLE, At.InverseLn2)), v128.load(TABLE, At.Magic));
}

/** r = x - n ln 2. */
// @ts-ignore: decorator
@inline
export function remainder(x: v128, t: v128): v128 {
  const n = f32x4.sub(t, v128.load(TABLE, At.Magic));
  const high = f32x4.sub(x, f32x4.mul(n, v128.load(TABLE, At.Ln2High)));
  return f32x4.sub(high, f32x4.mul(n, v128.load(TABLE, At.Ln2Low)));
}

/** exp(r) - 1 for |r| <= ln 2 / 2. */
// @ts-ignore: decorator
@inline
export function expm1Reduced(r: v128): v128 {
  const r2 = f32x4.mul(r, r);
  const c01 = f32x4.add(v128.load(TABLE, At.C0), f32x4.mul(r, v128.load(TABLE, At.C1)));
  const c23 = f32x4.add(v128.load(TABLE, At.C2), f32x4.mul(r, v128.load(TABLE, At.C3)));
  const c234 = f32x4.add(c23, f32x4.mul(r2, v128.load(TABLE, At.C4)));
  return f32x4.add(r, f32x4.mul(r2, f32x4.add(c01, f32x4.mul(r2, c234))));
}

/** 2^(n - 1) for -126 <= n <= 128, 0 at n = -126: half the scale, so that n = 128 needs no second step. */
// @ts-ignore: decorator
@inline
export function halfScale(t: v128): v128 {
  return i32x4.add(i32x4.shl(t, 23), v128.load(TABLE, At.Half));
}

/** `exp(x)` from its reduced parts: (2 (1 + q)) 2^(n - 1). */
// @ts-ignore: decorator
@inline
export function expScaled(q: v128, t: v128): v128 {
  const e = f32x4.add(q, v128.load(TABLE, At.One));
  return f32x4.mul(f32x4.add(e, e), halfScale(t));
}

/**
 * `exp(x)` to 1 ULP. Above 88.7228 it is +inf, below -86.99 (results under 2^-125.5) 0; NaN gives NaN.
 */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const inside = f32x4.pmax(f32x4.pmin(x, v128.load(TABLE, At.Highest)), v128.load(TABLE, At.Lowest));
  const t = exponent(inside);
  return expScaled(expm1Reduced(remainder(inside, t)), t);
}

/** (exp(x) - 1) / 2 for -87.5 <= x <= 89. */
// @ts-ignore: decorator
@inline
function halfExpm1(x: v128): v128 {
  const t = exponent(x);
  const q = expm1Reduced(remainder(x, t));
  const scale = halfScale(t);
  return f32x4.add(f32x4.mul(scale, q), f32x4.sub(scale, v128.load(TABLE, At.Half)));
}

/**
 * `exp(x) - 1` to 1.1 ULP for x <= 0; -1 below -17.4, +inf above 88.7228, NaN for NaN. -0 gives +0.
 */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  const inside = f32x4.pmax(f32x4.pmin(x, v128.load(TABLE, At.Highest)), v128.load(TABLE, At.Lowest));
  const half = halfExpm1(inside);
  return f32x4.add(half, half);
}

/** `1 / (1 + exp(-x))` to 2.5 ULP; 0 below -88.7228, 1 above 17.4. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const one = v128.load(TABLE, At.One);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** `1 / (1 + e)`, the larger of sigmoid(x) and sigmoid(-x) for e = exp(-|x|); the smaller is e times it. */
// @ts-ignore: decorator
@inline
export function sigmoidLarger(e: v128): v128 {
  const one = v128.load(TABLE, At.One);
  return f32x4.div(one, f32x4.add(one, e));
}

/**
 * `tanh(x)` to 1.5 ULP; +-0 and +-1 are exact. With u = (exp(2 |x|) - 1) / 2 it is u / (u + 1), with the sign
 * of x. Below 0.2578, where the rounding of u + 1 weighs most, it is x + x^3 S(x^2), a minimax fit to 2^-28.
 */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const a = f32x4.abs(x);
  const u = halfExpm1(f32x4.pmin(f32x4.add(a, a), v128.load(TABLE, At.TanhOne)));
  const far = f32x4.div(u, f32x4.add(u, v128.load(TABLE, At.One)));
  const x2 = f32x4.mul(x, x);
  const s12 = f32x4.add(v128.load(TABLE, At.S1), f32x4.mul(x2, v128.load(TABLE, At.S2)));
  const cubic = f32x4.mul(x2, f32x4.add(v128.load(TABLE, At.S0), f32x4.mul(x2, s12)));
  const near = f32x4.add(x, f32x4.mul(x, cubic));
  const y = v128.bitselect(near, far, f32x4.lt(a, v128.load(TABLE, At.Small)));
  return v128.or(y, v128.and(x, v128.load(TABLE, At.Sign)));
}
