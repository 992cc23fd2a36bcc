import { commonDenominator, type Fraction, fraction, toNumber } from "./fraction.ts";
import type { Points } from "./points.ts";
import type { CommonPoint } from "./simplex.ts";

/** A point's part in a convex combination. */
export interface Term<Value> {
  /** The row of x. */
  readonly index: number;
  /** In (0, 1]; those of a class sum to 1. */
  readonly coefficient: Value;
}

/** One point as a convex combination of the points of each class: proof that no hyperplane separates them. */
export interface Certificate<Value> {
  /** [features] */
  readonly point: readonly Value[];
  /** Ascending by index. */
  readonly positive: readonly Term<Value>[];
  /** Ascending by index. */
  readonly negative: readonly Term<Value>[];
}

/** Writes a solution of the simplex method as a certificate. */
export function certificateOf(
  points: Points,
  { index, numerator, denominator }: CommonPoint,
): Certificate<Fraction> {
  const terms = index
    .map((i, r) => ({ index: i, numerator: numerator[r]! }))
    .sort((a, b) => a.index - b.index);
  const ofClass = (positive: boolean) => terms.filter((term) => points.isPositive[term.index] === positive);
  const reduced = (positive: boolean) =>
    ofClass(positive).map((term) => ({
      index: term.index,
      coefficient: fraction(term.numerator, denominator),
    }));
  const point = Array.from(points.unit, (unit, k) => {
    const sum = ofClass(true).reduce((s, term) => s + term.numerator * points.integers(term.index)[k]!, 0n);
    return unit >= 0
      ? fraction(sum << BigInt(unit), denominator)
      : fraction(sum, denominator << BigInt(-unit));
  });
  return { point, positive: reduced(true), negative: reduced(false) };
}

/** Whether a certificate proves what it claims, from its own numbers alone, in exact arithmetic. */
export function isProof(points: Points, { point, positive, negative }: Certificate<Fraction>): boolean {
  const combines = (terms: readonly Term<Fraction>[], side: boolean): boolean => {
    const common = commonDenominator(terms.map(({ coefficient }) => coefficient));
    const parts = terms.map(({ coefficient }) => coefficient.numerator * (common / coefficient.denominator));
    const distinct = new Set(terms.map(({ index }) => index)).size === terms.length;
    const inClass = terms.every(({ index }) => points.isPositive[index] === side);
    if (!distinct || !inClass || parts.some((part) => part <= 0n)) return false;
    if (parts.reduce((sum, part) => sum + part, 0n) !== common) return false;
    return point.every(({ numerator, denominator }, k) => {
      const sum = parts.reduce((s, part, t) => s + part * points.integers(terms[t]!.index)[k]!, 0n);
      // sum 2^unit / common = numerator / denominator
      const unit = points.unit[k]!;
      const up = BigInt(Math.max(0, unit));
      const down = BigInt(Math.max(0, -unit));
      return (sum * denominator) << up === (numerator * common) << down;
    });
  };
  return combines(positive, true) && combines(negative, false);
}

/** The certificate rounded to f64, each number within 1 ULP. */
export function rounded({ point, positive, negative }: Certificate<Fraction>): Certificate<number> {
  const round = (terms: readonly Term<Fraction>[]) =>
    terms.map(({ index, coefficient }) => ({ index, coefficient: toNumber(coefficient) }));
  return { point: point.map(toNumber), positive: round(positive), negative: round(negative) };
}
