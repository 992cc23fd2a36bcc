import { leadingExponent, maxAbs, scaleByPowerOfTwo } from "../math/float64.ts";
import type { Points } from "./points.ts";

/** What the search found, in f64: a proposal that says nothing until it is verified. */
export interface Proposal {
  /** [features] from the hull of the negative class towards that of the positive one; near 0 where they meet. */
  readonly normal: Float64Array;
  /** Indices of the points whose hulls hold the nearest points. */
  readonly support: readonly number[];
}

/** Done when the margin of `x` is within this part of the distance, and so of the largest margin there is. */
const RELATIVE_GAP = 1e-7;
/** A squared distance below this part of the squared extent of the data counts as 0. */
const TOUCHING = 1e-26;
/** A weight below this is 0. */
const SMALLEST_WEIGHT = 1e-12;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** The points scaled by a power of two to magnitude 1 and moved to their mean, [count][features]. */
function centred(points: Points): Float64Array[] {
  const exponent = leadingExponent(maxAbs(points.data));
  const rows = Array.from({ length: points.count }, (_, i) =>
    points.row(i).map((x) => scaleByPowerOfTwo(x, -exponent)),
  );
  const mean = new Float64Array(points.features);
  for (const row of rows) for (let k = 0; k < mean.length; k++) mean[k]! += row[k]! / points.count;
  for (const row of rows) for (let k = 0; k < mean.length; k++) row[k]! -= mean[k]!;
  const extent = leadingExponent(rows.reduce((most, row) => Math.max(most, maxAbs(row)), 0));
  for (const row of rows) for (let k = 0; k < mean.length; k++) row[k] = scaleByPowerOfTwo(row[k]!, -extent);
  return rows;
}

/** A vertex of the difference of the hulls: `z = x[i] - x[j]`, i positive, j negative. */
interface Vertex {
  readonly i: number;
  readonly j: number;
  readonly z: Float64Array;
  weight: number;
}

/** Vertices in convex combination, with the Cholesky factor of `1 1^T + Z Z^T` as far as it is known. */
interface Corral {
  vertices: Vertex[];
  lower: Float64Array[];
}

/** Appends the missing rows of the factor; false when the vertices are affinely dependent to f64. */
function factor({ vertices, lower }: Corral): boolean {
  for (let r = lower.length; r < vertices.length; r++) {
    const { z } = vertices[r]!;
    const row = new Float64Array(r + 1);
    const diagonal = 1 + dot(z, z);
    let pivot = diagonal;
    for (let c = 0; c < r; c++) {
      const other = lower[c]!;
      let value = 1 + dot(z, vertices[c]!.z);
      for (let k = 0; k < c; k++) value -= row[k]! * other[k]!;
      row[c] = value / other[c]!;
      pivot -= row[c]! * row[c]!;
    }
    if (!(pivot > 1e-14 * diagonal)) return false;
    row[r] = Math.sqrt(pivot);
    lower.push(row);
  }
  return true;
}

/** Takes vertex `at` out of the factor, whose later rows then reach one column too far: rotated back (Givens). */
function dropRow(lower: Float64Array[], at: number): void {
  lower.splice(at, 1);
  for (let c = at; c < lower.length; c++) {
    const corner = lower[c]!;
    const length = Math.sqrt(corner[c]! * corner[c]! + corner[c + 1]! * corner[c + 1]!);
    const cosine = corner[c]! / length;
    const sine = corner[c + 1]! / length;
    for (let r = c; r < lower.length; r++) {
      const row = lower[r]!;
      const left = row[c]!;
      row[c] = cosine * left + sine * row[c + 1]!;
      row[c + 1] = cosine * row[c + 1]! - sine * left;
    }
    lower[c] = corner.subarray(0, c + 1);
  }
}

/** Weights, of sum 1 and any sign, of the affine combination nearest to 0: `u / sum u`, `(1 1^T + Z Z^T) u = 1`. */
function nearestAffine({ lower }: Corral): Float64Array {
  const u = new Float64Array(lower.length);
  lower.forEach((row, r) => {
    let right = 1;
    for (let c = 0; c < r; c++) right -= row[c]! * u[c]!;
    u[r] = right / row[r]!;
  });
  for (let r = u.length - 1; r >= 0; r--) {
    const row = lower[r]!;
    u[r]! /= row[r]!;
    for (let c = 0; c < r; c++) u[c]! -= row[c]! * u[r]!;
  }
  const sum = u.reduce((a, b) => a + b, 0);
  return u.map((value) => value / sum);
}

/**
 * Moves the weights to the convex combination nearest to 0, dropping vertices on the way; false when rounding
 * leaves nothing to do.
 */
function shrink(corral: Corral): boolean {
  for (;;) {
    if (!factor(corral)) return false;
    const target = nearestAffine(corral);
    let step = 1;
    corral.vertices.forEach(({ weight }, at) => {
      if (target[at]! < SMALLEST_WEIGHT && target[at]! < weight)
        step = Math.min(step, weight / (weight - target[at]!));
    });
    const moved = corral.vertices.map((vertex, at) => ({
      ...vertex,
      weight: vertex.weight + step * (target[at]! - vertex.weight),
    }));
    corral.vertices = moved.filter(({ weight }) => weight > SMALLEST_WEIGHT);
    for (let at = moved.length - 1; at >= 0; at--) {
      if (moved[at]!.weight <= SMALLEST_WEIGHT) dropRow(corral.lower, at);
    }
    if (corral.vertices.length === 0) return false;
    if (step === 1) return true;
    if (corral.vertices.length === moved.length) return false;
  }
}

function combine(corral: readonly Vertex[], features: number): Float64Array {
  const x = new Float64Array(features);
  for (const { z, weight } of corral) for (let k = 0; k < features; k++) x[k]! += weight * z[k]!;
  return x;
}

/**
 * The nearest points of the convex hulls of the two classes, in f64: their difference is the normal of the
 * hyperplane of largest margin, or about 0 where the hulls meet.
 *
 * Wolfe's algorithm on the difference of the hulls: add the vertex furthest against `x`, move `x` to the
 * nearest point of the simplex spanned so far, repeat. Cost: a few times `features` passes over the points.
 *
 * Source: Wolfe, Finding the nearest point in a polytope, Mathematical Programming 11, 1976.
 */
export function nearestPoints(points: Points): Proposal {
  const rows = centred(points);
  const extreme = (indices: readonly number[], x: Float64Array, sign: number): number => {
    let best = indices[0]!;
    let least = Infinity;
    for (const i of indices) {
      const value = sign * dot(rows[i]!, x);
      if (value < least) {
        least = value;
        best = i;
      }
    }
    return best;
  };
  const vertex = (i: number, j: number, weight: number): Vertex => ({
    i,
    j,
    z: rows[i]!.map((value, k) => value - rows[j]![k]!),
    weight,
  });

  let corral: Corral = { vertices: [vertex(points.positive[0]!, points.negative[0]!, 1)], lower: [] };
  let x = corral.vertices[0]!.z;
  for (let passes = 100 + 20 * points.features; passes > 0; passes--) {
    const next = vertex(extreme(points.positive, x, 1), extreme(points.negative, x, -1), 0);
    const distance = dot(x, x);
    const gap = distance - dot(x, next.z);
    const seen = corral.vertices.some(({ i, j }) => i === next.i && j === next.j);
    if (seen || distance <= TOUCHING || gap <= RELATIVE_GAP * distance) break;
    const grown = { vertices: [...corral.vertices, next], lower: [...corral.lower] };
    if (!shrink(grown)) break;
    const candidate = combine(grown.vertices, points.features);
    if (!(dot(candidate, candidate) < distance)) break;
    corral = grown;
    x = candidate;
  }
  return { normal: x, support: [...new Set(corral.vertices.flatMap(({ i, j }) => [i, j]))] };
}
