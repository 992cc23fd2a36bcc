import { bitLength, scaledNumber } from "./fraction.ts";
import type { Points } from "./points.ts";

/** One point in both hulls: point `index[r]` of either class has the coefficient `numerator[r] / denominator`. */
export interface CommonPoint {
  readonly meets: true;
  readonly index: readonly number[];
  readonly numerator: readonly bigint[];
  readonly denominator: bigint;
}

/** A hyperplane in integer coordinates: `sum_k normal[k] x[k] 2^-unit[k] + bias`, > 0 on the positive class. */
export interface IntegerPlane {
  readonly meets: false;
  readonly normal: readonly bigint[];
  readonly bias: bigint;
}

/** 2^-52: twice the rounding unit, so that sums of products are bounded with room for second-order terms. */
const EPSILON = 2.220446049250313e-16;

/**
 * Decides exactly whether the convex hulls of two point sets meet: phase 1 of the simplex method on
 *
 *   sum_i a_i x_i - sum_j b_j x_j = 0,  sum_i a_i = 1,  sum_j b_j = 1,  a, b >= 0
 *
 * whose solutions are the common points, and whose multipliers, if there is none, are a separating hyperplane.
 *
 * Own code, because no LP library for JavaScript decides this: they work in f64 with absolute tolerances
 * (YALPS 0.6 and javascript-lp-solver 1.0 answer more than half of a set of 2,000 small problems wrongly once the
 * points are scaled by 1e-9), and none hands out multipliers or an exact solution.
 *
 * The revised method in integers: `inverse` is `d B^-1` for the basis B and `d = |det B| > 0`, every entry a
 * minor of the data, so that each division is exact and numbers stay as short as they can (Edmonds 1967;
 * Bareiss, Sylvester's identity and multistep integer-preserving Gaussian elimination, 1968).
 * Bland's rule (1977) makes it finite. `order` lists the points in the order they are tried, likely ones first;
 * it changes the time, never the decision.
 */
export function findCommonPoint(points: Points, order: readonly number[]): CommonPoint | IntegerPlane {
  const { features } = points;
  const size = features + 2;
  // Row r: size columns of d B^-1, then d B^-1 (0, .., 0, 1, 1). The basis starts with artificial variables.
  const inverse: bigint[][] = Array.from({ length: size }, (_, r) => [
    ...Array.from({ length: size }, (_, c) => (r === c ? 1n : 0n)),
    r >= features ? 1n : 0n,
  ]);
  // -1 - r: the artificial variable of row r; otherwise a position in `order`.
  const basis: number[] = Array.from({ length: size }, (_, r) => -1 - r);
  // Multipliers of the sum of the artificial variables, times d; last, that sum times d.
  let multipliers: bigint[] = [...Array.from({ length: size }, () => 1n), 2n];
  let d = 1n;

  while (multipliers[size] !== 0n) {
    const price = pricer(points, multipliers);
    const entering = order.findIndex((index) => price(index) > 0n);
    if (entering < 0) {
      return {
        meets: false,
        normal: multipliers.slice(0, features).map((u) => -2n * u),
        bias: multipliers[features + 1]! - multipliers[features]!,
      };
    }
    const column = inverse.map((row) => weigh(points, order[entering]!, row));
    let leaving = -1;
    for (let r = 0; r < size; r++) {
      if (column[r]! <= 0n) continue;
      // The sign of this row's ratio less the least so far; ties leave in the order of the variables (Bland).
      const ratio =
        leaving < 0 ? -1n : inverse[r]![size]! * column[leaving]! - inverse[leaving]![size]! * column[r]!;
      if (ratio < 0n || (ratio === 0n && basis[r]! < basis[leaving]!)) leaving = r;
    }
    // The sum of the artificial variables is bounded below by 0, so a row always limits the entering one.
    const pivotRow = inverse[leaving]!;
    const pivot = column[leaving]!;
    const eliminate = (row: bigint[], factor: bigint) =>
      row.map((value, c) => (pivot * value - factor * pivotRow[c]!) / d);
    multipliers = eliminate(multipliers, price(order[entering]!));
    for (let r = 0; r < size; r++) if (r !== leaving) inverse[r] = eliminate(inverse[r]!, column[r]!);
    basis[leaving] = entering;
    d = pivot;
  }

  const used = basis.flatMap((at, r) => (at >= 0 && inverse[r]![size] !== 0n ? [r] : []));
  return {
    meets: true,
    index: used.map((r) => order[basis[r]!]!),
    numerator: used.map((r) => inverse[r]![size]!),
    denominator: d,
  };
}

/** `row` times the column of point `i`: `(x_i, 1, 0)` in the positive class, `(-x_i, 0, 1)` in the negative. */
function weigh(points: Points, i: number, row: readonly bigint[]): bigint {
  const x = points.integers(i);
  let sum = 0n;
  for (let k = 0; k < x.length; k++) if (x[k] !== 0n && row[k] !== 0n) sum += row[k]! * x[k]!;
  return points.isPositive[i] ? row[x.length]! + sum : row[x.length + 1]! - sum;
}

/**
 * The multipliers times the column of a point: exactly, or -1 where rounding in f64 leaves no doubt that the
 * product is negative.
 */
function pricer(points: Points, multipliers: readonly bigint[]): (i: number) => bigint {
  const { features } = points;
  const bits = multipliers.reduce((most, u) => Math.max(most, bitLength(u)), 0);
  // The largest below 2^512, any other at least 1: NaN, which decides nothing, for one that does not fit. Then
  // a product with a point is at least 1 as well and cannot lose bits to underflow; an overflow decides nothing.
  const rounded = Float64Array.from(multipliers, (u) => {
    const value = scaledNumber(u, Math.min(0, 512 - bits));
    return u !== 0n && Math.abs(value) < 1 ? NaN : value;
  });
  const normal = points.normalOf(rounded.subarray(0, features));
  return (i) => {
    const x = points.row(i);
    const offset = rounded[points.isPositive[i] ? features : features + 1]!;
    let sum = 0;
    let magnitude = Math.abs(offset);
    for (let k = 0; k < features; k++) {
      const product = normal[k]! * x[k]!;
      sum += product;
      magnitude += Math.abs(product);
    }
    const value = points.isPositive[i] ? offset + sum : offset - sum;
    return value < -(features + 4) * EPSILON * magnitude ? -1n : weigh(points, i, multipliers);
  };
}
