import { WasmgradError } from "../errors.ts";
import { refuseMore } from "../options.ts";
import { type Certificate, certificateOf, isProof, rounded } from "./certificate.ts";
import { type Fraction, fractionOf } from "./fraction.ts";
import {
  type ExactHyperplane,
  exactly,
  marginOf,
  planeAlong,
  planeOf,
  separatesExactly,
} from "./hyperplane.ts";
import { type Label, type LabelsLike, readClasses } from "./labels.ts";
import { type MatrixLike, readMatrix } from "./matrix.ts";
import { nearestPoints } from "./nearest-points.ts";
import { findContradiction, Points } from "./points.ts";
import { findCommonPoint } from "./simplex.ts";

/** A hyperplane `w . x + b = 0` with the points of one class strictly on either side. */
export interface Separable {
  readonly separable: true;
  /** The label on the side `w . x + b < 0`. */
  readonly negative: Label;
  /** The label on the side `w . x + b > 0`. */
  readonly positive: Label;
  /** [features] */
  readonly weights: Float64Array;
  readonly bias: number;
  /**
   * The distance of the nearest point to the hyperplane, in the unit of x, computed in f64. 0 where the gap
   * between the classes is so thin that no rounding of the hyperplane to f64 was found to separate them; then
   * `exact` does, `weights` and `bias` may not.
   */
  readonly margin: number;
  /** The hyperplane that was verified, in rational numbers: equal to `weights` and `bias` unless `margin` is 0. */
  readonly exact: ExactHyperplane;
}

/** A point that both convex hulls contain. */
export interface Inseparable {
  readonly separable: false;
  /** The label of the points in `certificate.negative`. */
  readonly negative: Label;
  /** The label of the points in `certificate.positive`. */
  readonly positive: Label;
  /** The point and its two convex combinations in f64, each number within 1 ULP. */
  readonly certificate: Certificate<number>;
  /** The same in rational numbers: the proof that was verified. */
  readonly exact: Certificate<Fraction>;
}

export type Separability = Separable | Inseparable;

/**
 * Whether a hyperplane separates two labelled point sets strictly, with the hyperplane or a proof that none can.
 *
 * The answer is exact for every input: an f64 is an integer times a power of two, so that integers and
 * fractional data alike are decided in rational arithmetic (BigInt), and each answer is verified in it before
 * it is given. A hyperplane is that of the largest margin to 1e-7 of it where f64 can find it,
 * scaled so that the nearest points have `w . x + b = +1` and `-1`. Otherwise the certificate is one point written
 * as a convex combination of the points of each class; equal points with different labels are such a point.
 * Where the gap between the classes is below the rounding of f64, `margin` is 0 and the plane is in `exact`.
 *
 * Cost: a few times d passes over the points where a hyperplane exists; a certificate takes exact simplex
 * steps on d + 2 rows, whose numbers grow with d. 1,000 points of f32 take about 0.03 s at d = 10, 0.5 s at d = 50,
 * 5 s at d = 100.
 *
 * @param x [m, d] points: rows of numbers, or `{ data, shape }`; finite
 * @param labels [m] two distinct numbers, strings or booleans; the greater (by `>`) is the positive class
 * @throws ShapeError for ragged or empty x or another number of labels, DataError for NaN, infinities, and labels
 *   of one class only or more than two
 *
 * Source: Gordan's theorem of the alternative, 1873; Minsky and Papert, Perceptrons, 1969, for XOR.
 *
 * @example
 * ```ts
 * import { linearSeparability } from "wasmgrad/analysis";
 *
 * const x = [[0, 0], [0, 1], [1, 0], [1, 1]];
 * const and = linearSeparability(x, [0, 0, 0, 1]);
 * if (and.separable) {
 *   and.weights; // => Float64Array.of(2, 2)
 *   and.bias; // => -3
 * }
 * const xor = linearSeparability(x, [0, 1, 1, 0]);
 * if (!xor.separable) xor.certificate.point; // => [0.5, 0.5]
 * ```
 */
export function linearSeparability(x: MatrixLike, labels: LabelsLike): Separability {
  const who = "linearSeparability";
  refuseMore(who, arguments, 2);
  const matrix = readMatrix(who, "x", x);
  const { negative, positive, isPositive } = readClasses(who, labels, matrix.m);
  const points = new Points(matrix, isPositive);
  const classes = { negative, positive };

  const contradiction = findContradiction(points);
  if (contradiction !== undefined) {
    const [i, j] = contradiction;
    const whole = (index: number) => [{ index, coefficient: fractionOf(1) }];
    return inseparable(points, classes, {
      point: Array.from(points.row(i), fractionOf),
      positive: whole(i),
      negative: whole(j),
    });
  }

  // f64 proposes, exact arithmetic decides: the plane is verified, and where there is none the proposal's points
  // are merely the first that the simplex method tries.
  const proposal = nearestPoints(points);
  const plane = planeAlong(points, proposal.normal);
  if (plane !== undefined) {
    return { separable: true, ...classes, ...plane, margin: marginOf(points, plane), exact: exactly(plane) };
  }
  const likely = new Set(proposal.support);
  const order = [...likely, ...isPositive.keys()].filter((i, at) => at < likely.size || !likely.has(i));
  const outcome = findCommonPoint(points, order);
  if (outcome.meets) return inseparable(points, classes, certificateOf(points, outcome));

  const found = planeOf(points, outcome);
  const better = planeAlong(points, found.rounded.weights);
  if (better !== undefined) {
    return {
      separable: true,
      ...classes,
      ...better,
      margin: marginOf(points, better),
      exact: exactly(better),
    };
  }
  if (!separatesExactly(points, found.exact)) throw unverified();
  return { separable: true, ...classes, ...found.rounded, margin: 0, exact: found.exact };
}

function inseparable(
  points: Points,
  classes: { readonly negative: Label; readonly positive: Label },
  exact: Certificate<Fraction>,
): Inseparable {
  if (!isProof(points, exact)) throw unverified();
  return { separable: false, ...classes, certificate: rounded(exact), exact };
}

function unverified(): WasmgradError {
  return new WasmgradError(
    "linearSeparability: an answer must pass its verification; got one that does not, a defect",
  );
}
