import { SingularValueDecomposition } from "ml-matrix";
import { leadingExponent, maxAbs, scaleByPowerOfTwo } from "../math/float64.ts";
import { refuseMore } from "../options.ts";
import { type Matrix, type MatrixLike, readMatrix } from "./matrix.ts";

/** Singular values `values[i] * 2^exponent`, descending; the largest entry of the scaled matrix is in [1, 2). */
export interface ScaledSingularValues {
  readonly values: Float64Array;
  readonly exponent: number;
}

/**
 * Singular values of a checked matrix, [min(m, n)].
 *
 * The matrix is scaled by a power of two first, which is exact, so that no square in the decomposition
 * overflows and none that matters underflows. The decomposition is ml-matrix's: Householder bidiagonalization
 * and implicitly shifted QR, which computes each value to within a small multiple of `eps s_max`.
 */
export function scaledSingularValues({ m, n, data }: Matrix): ScaledSingularValues {
  const exponent = leadingExponent(maxAbs(data));
  const rows = Array.from({ length: m }, (_, i) =>
    Array.from(data.subarray(i * n, (i + 1) * n), (value) => scaleByPowerOfTwo(value, -exponent)),
  );
  const { diagonal } = new SingularValueDecomposition(rows, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  return { values: Float64Array.from(diagonal), exponent };
}

/**
 * The singular values of a matrix, in descending order.
 *
 * Computed in f64 whatever the input's type; each is within a few `2^-52 s_max` of the true value, so that
 * small values carry an absolute error, not a relative one. A value beyond the range of f64 is Infinity.
 *
 * @param matrix [m, n]: rows of numbers, or `{ data, shape }` such as a parameter of a trainer; finite
 * @returns [min(m, n)] f64, each >= 0, in the unit of the entries
 * @throws ShapeError for ragged rows or a matrix without entries, DataError for NaN and infinities
 *
 * Source: Golub and Reinsch, Singular value decomposition and least squares solutions, 1970.
 *
 * @example
 * ```ts
 * import { singularValues } from "wasmgrad/analysis";
 *
 * singularValues([[3, 0], [0, -4]]); // => Float64Array.of(4, 3)
 * singularValues({ data: Float32Array.of(3, 4), shape: [1, 2] }); // => Float64Array.of(5)
 * ```
 */
export function singularValues(matrix: MatrixLike): Float64Array {
  refuseMore("singularValues", arguments, 1);
  const { values, exponent } = scaledSingularValues(readMatrix("singularValues", "matrix", matrix));
  return values.map((value) => scaleByPowerOfTwo(value, exponent));
}
