import type { Certificate, Fraction, Separable } from "../../src/analysis/index.ts";

/**
 * A checker of separability answers that shares no code with the package: every f64 is an integer times
 * 2^-1074, the least denormal, so points become BigInts by their bits alone.
 */
const LEAST = 1074n;

/** `x 2^1074`, an integer for every finite f64. */
export function scaledBits(x: number): bigint {
  const bits = new BigUint64Array(Float64Array.of(x).buffer)[0]!;
  const fraction = bits & ((1n << 52n) - 1n);
  const exponent = (bits >> 52n) & 0x7ffn;
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n ? -magnitude : magnitude;
}

function equal(a: bigint, b: bigint, c: bigint, d: bigint): boolean {
  return a * d === c * b;
}

/** Whether the sum of `coefficient * value` is `total`; values and total over one denominator. */
function sumsTo(
  terms: readonly { coefficient: Fraction; value: bigint }[],
  total: bigint,
  over: bigint,
): boolean {
  let numerator = 0n;
  let denominator = 1n;
  for (const { coefficient, value } of terms) {
    numerator = numerator * coefficient.denominator + coefficient.numerator * value * denominator;
    denominator *= coefficient.denominator;
  }
  return equal(numerator, denominator, total, over);
}

/** Whether `certificate` writes one point as a convex combination of points of both classes. */
export function provesInseparable(
  x: readonly ArrayLike<number>[],
  labels: readonly unknown[],
  positive: unknown,
  certificate: Certificate<Fraction>,
): boolean {
  const sides = [
    { terms: certificate.positive, isMember: (i: number) => labels[i] === positive },
    { terms: certificate.negative, isMember: (i: number) => labels[i] !== positive },
  ];
  return sides.every(({ terms, isMember }) => {
    if (
      !terms.every(({ index, coefficient: c }) => isMember(index) && c.numerator > 0n && c.denominator > 0n)
    )
      return false;
    const ones = terms.map(({ coefficient }) => ({ coefficient, value: 1n }));
    if (!sumsTo(ones, 1n, 1n)) return false;
    return certificate.point.every(({ numerator, denominator }, k) => {
      const values = terms.map(({ index, coefficient }) => ({
        coefficient,
        value: scaledBits(x[index]![k]!),
      }));
      return sumsTo(values, numerator << LEAST, denominator);
    });
  });
}

/** Whether a plane of fractions has every point strictly on its label's side. */
export function provesSeparable(
  x: readonly ArrayLike<number>[],
  labels: readonly unknown[],
  positive: unknown,
  plane: Separable["exact"],
): boolean {
  return x.every((row, i) => {
    let numerator = plane.bias.numerator << LEAST;
    let denominator = plane.bias.denominator;
    plane.weights.forEach((w, k) => {
      numerator = numerator * w.denominator + w.numerator * scaledBits(row[k]!) * denominator;
      denominator *= w.denominator;
    });
    return labels[i] === positive ? numerator > 0n : numerator < 0n;
  });
}

/** A plane of f64 as fractions. */
export function asFractions(weights: ArrayLike<number>, bias: number): Separable["exact"] {
  const of = (value: number): Fraction => ({ numerator: scaledBits(value), denominator: 1n << LEAST });
  return { weights: Array.from(weights, of), bias: of(bias) };
}
