/**
 * Functions of one number computed in f64 and rounded to f32 once: within 0.51 ULP of the exact value unless stated. All
 * constants stand in the code, because tables of the memory would be in every page.
 */

const LN2_HIGH: f64 = 6.93147180369123816490e-1; // 0x3fe62e42fee00000: the 33 leading bits, so n times it is exact
const LN2_LOW: f64 = 1.90821492927058770002e-10;
const INVERSE_LN2: f64 = 1.4426950408889634;

/** exp(r) - 1 for |r| <= ln 2 / 2: Taylor's polynomial of degree 11, to 2^-45 of the result. */
function expm1Near(r: f64): f64 {
  let p: f64 = 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  return r + r * r * p;
}

/** 2^n for -1022 <= n <= 1023. */
// @ts-ignore: decorator
@inline
function powerOf2(n: i64): f64 {
  return reinterpret<f64>((n + 1023) << 52);
}

/** `exp(x)`; 0 below -150 and infinite above 200, where f32 is long so; NaN gives NaN. */
export function expWide(x: f64): f64 {
  if (x != x) return x;
  if (x < -150) return 0;
  if (x > 200) return Infinity;
  const n = nearest(x * INVERSE_LN2);
  return (1 + expm1Near(x - n * LN2_HIGH - n * LN2_LOW)) * powerOf2(<i64>n);
}

/** `exp(x) - 1`; keeps -0 and NaN. */
export function expm1Wide(x: f64): f64 {
  if (x == 0 || x != x) return x;
  if (x < -150) return -1;
  if (x > 200) return Infinity;
  const n = nearest(x * INVERSE_LN2);
  const scale = powerOf2(<i64>n);
  return scale * expm1Near(x - n * LN2_HIGH - n * LN2_LOW) + (scale - 1);
}

/** log(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2): 2 atanh(s) with s = f / (2 + f), its series up to s^21, to 2^-52. */
function logNear(f: f64): f64 {
  const s = f / (2 + f);
  const z = s * s;
  let p: f64 = 1.0 / 21.0;
  p = p * z + 1.0 / 19.0;
  p = p * z + 1.0 / 17.0;
  p = p * z + 1.0 / 15.0;
  p = p * z + 1.0 / 13.0;
  p = p * z + 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z + 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z + 1.0 / 3.0;
  return 2 * s + 2 * s * z * p;
}

/** `log(x)` of 0, infinity, NaN and normal f64 numbers; NaN below 0. */
export function logWide(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  const bits = reinterpret<i64>(x);
  const above = bits - 0x3fe6a09e667f3bcd; // sqrt(1/2)
  const e = <f64>(above >> 52);
  const m = reinterpret<f64>((above & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);
  return e * LN2_HIGH + (logNear(m - 1) + e * LN2_LOW);
}

/** `log(1 + x)`; keeps -0; -infinity at -1, NaN below. */
export function log1pWide(x: f64): f64 {
  if (abs(x) < 0.25) return x == 0 ? x : logNear(x);
  return logWide(1 + x);
}

// ---------------------------------------------------------------- sine and cosine

/** 64 bits of 2 / pi, a binary fraction, from bit `at` on, 0 being the first behind the point. */
function inversePi(at: i32): u64 {
  const word = at >> 6;
  const shift = <u64>(at & 63);
  const high = inversePiWord(word);
  return shift == 0 ? high : (high << shift) | (inversePiWord(word + 1) >> (64 - shift));
}

function inversePiWord(word: i32): u64 {
  switch (word) {
    case 0: return 0xa2f9836e4e441529;
    case 1: return 0xfc2757d1f534ddc0;
    case 2: return 0xdb6295993c439041;
    default: return 0xfe5163abdebbc561;
  }
}

/** n mod 4 of the last angle that was reduced. */
let quadrant: i32 = 0;

/**
 * r = x - n pi / 2 with |r| <= pi / 4 or little more, for a finite f32 x; sets `quadrant`. Below 2^25 in three steps (Cody and
 * Waite). Above, x = m 2^e, and of the product with 2 / pi only the bits of weight 2 and less are computed, 62 of them behind
 * the point (Payne and Hanek, Radian Reduction for Trigonometric Functions, 1983).
 */
function reduceAngle(x: f64): f64 {
  const magnitude = abs(x);
  if (magnitude < 33554432) {
    const n = nearest(x * 0.6366197723675814);
    quadrant = <i32>n & 3;
    // pi / 2 in two parts of 28 bits, which n times is exact, and the rest.
    return x - n * 1.570796325802803 - n * 9.920935739593517e-10 - n * 5.721188726109832e-18;
  }
  const bits = reinterpret<i32>(<f32>magnitude);
  const e = (bits >> 23) - 150;
  const m = <u64>((bits & 0x7fffff) | 0x800000);
  const product = m * inversePi(e - 2) + ((m * (inversePi(e + 62) >> 32)) >> 32);
  const n = (product + (<u64>1 << 61)) >> 62;
  const r = <f64><i64>(product - (n << 62)) * 3.4061215800865545e-19; // pi / 2 times 2^-62
  quadrant = (x < 0 ? -<i32>n : <i32>n) & 3;
  return x < 0 ? -r : r;
}

/** sin(r) for |r| <= 0.8: Taylor's polynomial of degree 15, to 2^-54. */
function sinNear(r: f64): f64 {
  const z = r * r;
  let p: f64 = -1.0 / 1307674368000.0;
  p = p * z + 1.0 / 6227020800.0;
  p = p * z - 1.0 / 39916800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z - 1.0 / 5040.0;
  p = p * z + 1.0 / 120.0;
  p = p * z - 1.0 / 6.0;
  return r + r * z * p;
}

/** cos(r) for |r| <= 0.8: Taylor's polynomial of degree 16, to 2^-53. */
function cosNear(r: f64): f64 {
  const z = r * r;
  let p: f64 = 1.0 / 20922789888000.0;
  p = p * z - 1.0 / 87178291200.0;
  p = p * z + 1.0 / 479001600.0;
  p = p * z - 1.0 / 3628800.0;
  p = p * z + 1.0 / 40320.0;
  p = p * z - 1.0 / 720.0;
  p = p * z + 1.0 / 24.0;
  p = p * z - 0.5;
  return 1 + z * p;
}

function turned(x: f64, by: i32): f64 {
  if (x - x != 0) return NaN;
  const r = reduceAngle(x);
  const at = (quadrant + by) & 3;
  const y = at & 1 ? cosNear(r) : sinNear(r);
  return at & 2 ? -y : y;
}

/** `sin(x)` of an f32, whatever its size; keeps -0; NaN at infinity. */
export function sinWide(x: f64): f64 {
  return x == 0 ? x : turned(x, 0);
}

/** `cos(x)` of an f32, whatever its size; NaN at infinity. */
export function cosWide(x: f64): f64 {
  return turned(x, 1);
}

// ---------------------------------------------------------------- error function

/**
 * `erf(x)`, odd; 1 from 4 on. Polynomials of erf(x) / x in x^2 up to 1 and of erf(x) up to 2.5 and 4, through Chebyshev's points: to
 * 2^-35 of the result.
 */
export function erfWide(x: f64): f64 {
  const a = abs(x);
  if (!(a < 4)) return a >= 4 ? (x < 0 ? -1 : 1) : NaN;
  if (a <= 1) return x * erfRatio(x * x - 0.5);
  const y = a <= 2.5 ? erfMiddle(a - 1.75) : erfHigh(a - 3.25);
  return x < 0 ? -y : y;
}

/** erf(x) / x with t = x^2 - 1/2. */
function erfRatio(t: f64): f64 {
  let p: f64 = 1.0589403727235517e-06;
  p = p * t - 9.67358731563984e-06;
  p = p * t + 7.829550104846987e-05;
  p = p * t - 0.0005611783914915635;
  p = p * t + 0.003480274565799571;
  p = p * t - 0.018283885255452288;
  p = p * t + 0.07940998675463451;
  p = p * t - 0.2810721780310642;
  p = p * t + 0.9654687386698676;
  return p;
}

/** erf(1.75 + t) for |t| <= 0.75. */
function erfMiddle(t: f64): f64 {
  let p: f64 = -1.2001972828256009e-05;
  p = p * t + 5.931286345293287e-05;
  p = p * t - 9.69013483269041e-06;
  p = p * t - 0.0004354670500977164;
  p = p * t + 0.0008957774184647509;
  p = p * t + 0.0007272514946899828;
  p = p * t - 0.006059062144115169;
  p = p * t + 0.008963596874072447;
  p = p * t + 0.006624390410037454;
  p = p * t - 0.04810226158795465;
  p = p * t + 0.0901572836997472;
  p = p * t - 0.09235624105778029;
  p = p * t + 0.05277499593596915;
  p = p * t + 0.9866716712087354;
  return p;
}

/** erf(3.25 + t) for |t| <= 0.75. */
function erfHigh(t: f64): f64 {
  let p: f64 = 1.8576517444470831e-06;
  p = p * t - 3.7254598890455994e-06;
  p = p * t - 2.284309451242163e-06;
  p = p * t + 2.6486687512212874e-05;
  p = p * t - 8.166451007748132e-05;
  p = p * t + 0.00016980334391125082;
  p = p * t - 0.00026352557335031045;
  p = p * t + 0.00031382761243294716;
  p = p * t - 0.00028656954988957303;
  p = p * t + 0.00019580759304414926;
  p = p * t - 9.486432818483332e-05;
  p = p * t + 2.918906780850676e-05;
  p = p * t + 0.9999956972205364;
  return p;
}

// ---------------------------------------------------------------- powers

/**
 * `a^b` as IEEE 754 has it: 1 for b = 0 or a = 1, NaN for a < 0 with b not whole, the sign of a^b for odd b; to 2^-44 of the result,
 * whose f32 is within 0.51 ULP.
 */
export function powerWide(a: f64, b: f64): f64 {
  if (b == 0 || a == 1) return 1;
  if (a != a || b != b) return NaN;
  const magnitude = abs(a);
  let negative = false;
  // -0 has odd powers, too.
  if (reinterpret<i64>(a) < 0) {
    const isWhole = floor(b) == b;
    if (a < 0 && a != -Infinity && !isWhole) return NaN;
    negative = isWhole && floor(b * 0.5) != b * 0.5;
  }
  const y = magnitude == 1 ? 1 : magnitude == 0 ? (b > 0 ? 0 : Infinity) : expWide(b * logWide(magnitude));
  return negative ? -y : y;
}
