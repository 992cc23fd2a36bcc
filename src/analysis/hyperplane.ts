import { leadingExponent, maxAbs, scaleByPowerOfTwo } from "../math/float64.ts";
import {
  bitLength,
  commonDenominator,
  type Fraction,
  fraction,
  fractionOf,
  scaledNumber,
  toNumber,
} from "./fraction.ts";
import type { Points } from "./points.ts";
import type { IntegerPlane } from "./simplex.ts";

/** A hyperplane `w . x + b = 0` in f64. */
export interface Hyperplane {
  /** [features] */
  readonly weights: Float64Array;
  readonly bias: number;
}

/** The same in exact rational numbers. */
export interface ExactHyperplane {
  /** [features] */
  readonly weights: readonly Fraction[];
  readonly bias: Fraction;
}

/** 2^-52: twice the rounding unit. */
const EPSILON = 2.220446049250313e-16;
/** 2^-960: above it, products and their rounding errors stay clear of the denormals. */
const SAFE_MAGNITUDE = 1.0261342003245941e-289;

/** Bits of the weights, below the leading one of the largest, that are worth keeping. */
const KEPT_BITS = 44;

/** The same plane in fractions: no rounding. */
export function exactly({ weights, bias }: Hyperplane): ExactHyperplane {
  return { weights: Array.from(weights, fractionOf), bias: fractionOf(bias) };
}

/**
 * `w . x + b` times a positive number that is the same for every point: exact.
 *
 * Works in integers: the plane times its common denominator, against the integer coordinates of the points.
 */
function exactForm(points: Points, { weights, bias }: ExactHyperplane): (i: number) => bigint {
  const common = commonDenominator([...weights, bias]);
  const least = points.unit.reduce((a, b) => Math.min(a, b), 0);
  const normal = weights.map(
    ({ numerator, denominator }, k) =>
      (numerator * (common / denominator)) << BigInt(points.unit[k]! - least),
  );
  const offset = (bias.numerator * (common / bias.denominator)) << BigInt(-least);
  return (i) => points.integers(i).reduce((sum, x, k) => sum + normal[k]! * x, offset);
}

/** Whether a plane in rational numbers has every point of a class strictly on its side. */
export function separatesExactly(points: Points, plane: ExactHyperplane): boolean {
  const form = exactForm(points, plane);
  return points.isPositive.every((positive, i) => (positive ? form(i) > 0n : form(i) < 0n));
}

/**
 * Whether a plane in f64 has every point of a class strictly on its side, without error: a side is read off
 * the f64 value where the bound of its rounding error leaves no doubt, and is computed exactly where it does.
 */
export function separates(points: Points, plane: Hyperplane): boolean {
  let form: ((i: number) => bigint) | undefined;
  return points.isPositive.every((positive, i) => {
    const { value, magnitude } = evaluate(points, plane, i);
    const bound = (points.features + 3) * EPSILON * magnitude;
    if (magnitude > SAFE_MAGNITUDE * (points.features + 1) && Math.abs(value) > bound) {
      return positive === value > 0;
    }
    form ??= exactForm(points, exactly(plane));
    return positive ? form(i) > 0n : form(i) < 0n;
  });
}

/** `w . x + b` and the sum of the magnitudes of its terms, in f64. */
function evaluate(
  points: Points,
  { weights, bias }: Hyperplane,
  i: number,
): { value: number; magnitude: number } {
  const x = points.row(i);
  let value = 0;
  let magnitude = Math.abs(bias);
  for (let k = 0; k < x.length; k++) {
    const product = weights[k]! * x[k]!;
    value += product;
    magnitude += Math.abs(product);
  }
  return { value: value + bias, magnitude };
}

/** The least distance of a point to its side's boundary, f64, in the unit of the points; at least 0. */
export function marginOf(points: Points, plane: Hyperplane): number {
  const largest = maxAbs(plane.weights);
  if (largest === 0) return 0;
  const norm = Math.sqrt(plane.weights.reduce((sum, w) => sum + (w / largest) * (w / largest), 0));
  const least = points.isPositive.reduce((margin, positive, i) => {
    const { value } = evaluate(points, plane, i);
    return Math.min(margin, positive ? value : -value);
  }, Infinity);
  return Math.max(0, least / largest / norm);
}

/**
 * The plane of a given normal midway between the classes, scaled so that the nearest points have
 * `w . x + b = +1` and `-1`, or undefined where the normal, rounded as it is, does not separate them.
 */
export function planeAlong(points: Points, normal: Float64Array): Hyperplane | undefined {
  const along = (weights: Float64Array) => {
    const value = (i: number) => evaluate(points, { weights, bias: 0 }, i).value;
    const low = points.positive.reduce((least, i) => Math.min(least, value(i)), Infinity);
    const high = points.negative.reduce((most, i) => Math.max(most, value(i)), -Infinity);
    return { width: low - high, bias: -(low / 2 + high / 2) };
  };
  const through = (weights: Float64Array): Hyperplane | undefined => {
    const { bias } = along(weights);
    return Number.isFinite(bias) && separates(points, { weights, bias }) ? { weights, bias } : undefined;
  };
  const { width } = along(normal);
  if (!(width > 0)) return undefined;
  const scaled = normal.map((w) => (w / width) * 2);
  if (!scaled.every(Number.isFinite)) return through(normal);
  // AND has the weights 2 and 2, not 2.000000000000001: what the search leaves in the last bits is noise.
  const unit = leadingExponent(maxAbs(scaled)) - KEPT_BITS;
  const short = scaled.map((w) => scaleByPowerOfTwo(Math.floor(scaleByPowerOfTwo(w, -unit) + 0.5), unit));
  return through(short) ?? through(scaled);
}

/** An integer plane in the points' own coordinates: exactly, and rounded to f64 with weights of magnitude 1. */
export function planeOf(
  points: Points,
  { normal, bias }: IntegerPlane,
): { exact: ExactHyperplane; rounded: Hyperplane } {
  // w[k] = normal[k] 2^-unit[k], both sides times one power of two that makes the largest weight about 1.
  const top = normal.reduce(
    (most, u, k) => (u === 0n ? most : Math.max(most, bitLength(u) - points.unit[k]!)),
    -4096,
  );
  const power = (exponent: number) => (a: bigint) =>
    exponent >= 0 ? fraction(a << BigInt(exponent)) : fraction(a, 1n << BigInt(-exponent));
  const exact = {
    weights: normal.map((u, k) => power(-points.unit[k]! - top)(u)),
    bias: power(-top)(bias),
  };
  const weights = Float64Array.from(normal, (u, k) => scaledNumber(u, -points.unit[k]! - top));
  return { exact, rounded: { weights, bias: toNumber(exact.bias) } };
}
