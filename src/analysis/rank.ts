import { scaleByPowerOfTwo } from "../math/float64.ts";
import { check, refuseMore } from "../options.ts";
import { type MatrixLike, readMatrix } from "./matrix.ts";
import { scaledSingularValues } from "./svd.ts";

const EPSILON_F32 = 1.1920928955078125e-7; // 2^-23
const EPSILON_F64 = 2.220446049250313e-16; // 2^-52

/**
 * The numerical rank of a matrix: how many of its singular values exceed a tolerance.
 *
 * The default tolerance is `max(m, n) eps s_max`, with eps = 2^-23 for data held in Float32Arrays (a product
 * of f32 factors is known no better) and 2^-52 otherwise. The zero matrix has rank 0.
 *
 * @param matrix [m, n]: rows of numbers, or `{ data, shape }` such as a parameter of a trainer; finite
 * @param tolerance absolute, in the unit of the entries, >= 0; a singular value equal to it does not count
 * @returns an integer in [0, min(m, n)]
 * @throws ShapeError for ragged rows or a matrix without entries, DataError for NaN and infinities,
 *   OptionError for a tolerance that is negative or not finite
 *
 * Source: Golub and Van Loan, Matrix Computations, 4th ed. 2013, section 5.4.1; the default is that of
 * MATLAB and NumPy.
 *
 * @example
 * ```ts
 * import { rank } from "wasmgrad/analysis";
 *
 * rank([[1, 2], [2, 4]]); // => 1
 * rank([[1, 0], [0, 1e-3]], 0.01); // => 1
 * ```
 */
export function rank(matrix: MatrixLike, tolerance?: number): number {
  refuseMore("rank", arguments, 2);
  if (tolerance !== undefined)
    check("rank", "tolerance", tolerance, ["a finite number >= 0", (n) => n >= 0 && Number.isFinite(n)]);
  const checked = readMatrix("rank", "matrix", matrix);
  const { values, exponent } = scaledSingularValues(checked);
  if (tolerance !== undefined) {
    return values.filter((value) => scaleByPowerOfTwo(value, exponent) > tolerance).length;
  }
  const epsilon = checked.single ? EPSILON_F32 : EPSILON_F64;
  const scaledTolerance = Math.max(checked.m, checked.n) * epsilon * values[0]!;
  return values.filter((value) => value > scaledTolerance).length;
}
