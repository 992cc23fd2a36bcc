/**
 * Logarithms of four f32: `log` and, on [0, 1], `log1p`.
 *
 * x = 2^e (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2); s = f / (2 + f); log(1 + f) = 2 atanh(s) =
 * 2 s + s R(s^2), written as f - (f^2 / 2 - s (f^2 / 2 + R)) so that the leading term is exact
 * (FreeBSD's e_logf.c). R is a minimax fit (Remez) in relative error of the result: 2^-30.2 for `log`,
 * 2^-27.7 for `log1pUnit`.
 */
const TABLE: usize = memory.data<v128>(
  [
    i32x4.splat(0x3f3504f3), // 0.707106769 sqrt(1/2)
    i32x4.splat(0x007fffff), // mantissa
    i32x4.splat(0x00800000), // 1.17549435e-38 2^-126, the least normal number
    i32x4.splat(0x7f000000), // patterns from 2^-126 up to +inf: normal and positive
    i32x4.splat(0x3f800000), // 1
    i32x4.splat(0x40000000), // 2
    i32x4.splat(0x3f000000), // 0.5
    i32x4.splat(0x3f2aaabd), // 0.666667759
    i32x4.splat(0x3eccaf69), // 0.399775773
    i32x4.splat(0x3e98f099), // 0.298710614
    i32x4.splat(0x3f317180), // 0.693138123 ln 2, the 17 leading bits: e times it is exact
    i32x4.splat(0x3717f7d1), // 9.05800061e-6 ln 2, the rest
    i32x4.splat(0x3f2aaa80), // 0.666664124
    i32x4.splat(0x3ecce94f), // 0.400217503
    i32x4.splat(0x3e8f59d1), // 0.27998212
    i32x4.splat(0x3e8f82bc), // 0.280294299
  ],
  16,
);

const enum At {
  RootHalf = 0,
  Mantissa = 16,
  LeastNormal = 32,
  Normals = 48,
  One = 64,
  Two = 80,
  Half = 96,
  C0 = 112,
  C1 = 128,
  C2 = 144,
  Ln2High = 160,
  Ln2Low = 176,
  D0 = 192,
  D1 = 208,
  D2 = 224,
  D3 = 240,
}

/** `log` of positive normal numbers times 2^-shift. */
// @ts-ignore: decorator
@inline
function logNormal(x: v128, shift: v128): v128 {
  const above = i32x4.sub(x, v128.load(TABLE, At.RootHalf));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(above, 23), shift));
  const mantissa = i32x4.add(v128.and(above, v128.load(TABLE, At.Mantissa)), v128.load(TABLE, At.RootHalf));
  const f = f32x4.sub(mantissa, v128.load(TABLE, At.One));
  const s = f32x4.div(f, f32x4.add(f, v128.load(TABLE, At.Two)));
  const z = f32x4.mul(s, s);
  const c12 = f32x4.add(v128.load(TABLE, At.C1), f32x4.mul(z, v128.load(TABLE, At.C2)));
  const rest = f32x4.mul(z, f32x4.add(v128.load(TABLE, At.C0), f32x4.mul(z, c12)));
  const square = f32x4.mul(f32x4.mul(f, f), v128.load(TABLE, At.Half));
  const low = f32x4.add(f32x4.mul(s, f32x4.add(square, rest)), f32x4.mul(e, v128.load(TABLE, At.Ln2Low)));
  return f32x4.add(f32x4.add(f32x4.sub(low, square), f), f32x4.mul(e, v128.load(TABLE, At.Ln2High)));
}

/** `log` of four numbers some of which are not positive normal ones. */
function logAny(x: v128): v128 {
  const zero = i32x4.splat(0);
  const denormal = f32x4.lt(x, v128.load(TABLE, At.LeastNormal));
  const scaled = v128.bitselect(f32x4.mul(x, f32x4.splat(33554432)), x, denormal); // 2^25
  const y = logNormal(scaled, v128.and(denormal, i32x4.splat(25)));
  // what is not positive and finite: 0 gives -inf, negative gives NaN, +inf and NaN stay
  const atZero = v128.bitselect(f32x4.splat(-Infinity), x, f32x4.eq(x, zero));
  const special = v128.bitselect(f32x4.splat(NaN), atZero, f32x4.lt(x, zero));
  const usual = v128.and(f32x4.gt(x, zero), f32x4.lt(x, f32x4.splat(Infinity)));
  return v128.bitselect(y, special, usual);
}

/**
 * `log(x)` to 1 ULP, denormals included. log(+-0) = -inf, log(x < 0) = NaN, log(+inf) = +inf, log(1) = +0. A
 * lane's bits do not depend on the other lanes, though vectors of positive normal numbers take a shorter way.
 */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  const fromLeast = i32x4.sub(x, v128.load(TABLE, At.LeastNormal));
  if (v128.any_true(i32x4.ge_u(fromLeast, v128.load(TABLE, At.Normals)))) return logAny(x);
  return logNormal(x, i32x4.splat(0));
}

/** `log(1 + x)` for 0 <= x <= 1, to 2 ULP; NaN for NaN. f - s (f - R) needs no reduction there: s <= 1/3. */
// @ts-ignore: decorator
@inline
export function log1pUnit(x: v128): v128 {
  const s = f32x4.div(x, f32x4.add(x, v128.load(TABLE, At.Two)));
  const z = f32x4.mul(s, s);
  const d01 = f32x4.add(v128.load(TABLE, At.D0), f32x4.mul(z, v128.load(TABLE, At.D1)));
  const d23 = f32x4.add(v128.load(TABLE, At.D2), f32x4.mul(z, v128.load(TABLE, At.D3)));
  const rest = f32x4.mul(z, f32x4.add(d01, f32x4.mul(f32x4.mul(z, z), d23)));
  return f32x4.sub(x, f32x4.mul(s, f32x4.sub(x, rest)));
}

/** `log` of one positive normal number, with the bits of the vector form. */
export function logScalar(x: f32): f32 {
  return f32x4.extract_lane(logNormal(f32x4.splat(x), i32x4.splat(0)), 0);
}

/**
 * `log(sum)` of exponentials the largest of which is 1; near 1 it keeps what rounding to f32 would lose. NaN gives
 * NaN.
 */
export function logSum(sum: f64): f32 {
  if (sum <= 2) return f32x4.extract_lane(log1pUnit(f32x4.splat(<f32>(sum - 1))), 0);
  return sum > 2 ? logScalar(<f32>sum) : NaN;
}
