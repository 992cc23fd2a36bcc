/** Products in plain loops. */
import { Form, Gemm } from "../../assembly/abi.ts";

type Values = ArrayLike<number>;

/** Where op(A)[i, p] and op(B)[p, j] stand. */
const indexA = (form: Form, m: number, k: number) => (i: number, p: number) =>
  form === Form.TN ? p * m + i : i * k + p;
const indexB = (form: Form, n: number, k: number) => (p: number, j: number) =>
  form === Form.NT ? j * k + p : p * n + j;

/** C = op(A) op(B) in f64. */
export function matMul(form: Form, a: Values, b: Values, m: number, n: number, k: number): Float64Array {
  const c = new Float64Array(m * n);
  const atA = indexA(form, m, k);
  const atB = indexB(form, n, k);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let p = 0; p < k; p++) c[i * n + j] += a[atA(i, p)] * b[atB(p, j)];
  return c;
}

/**
 * The same in f32 as the kernels promise it: one accumulator an element, p ascending, multiply, then add; where p runs over
 * rows of data, one for each group of them, and their sums added in order.
 */
export function matMulF32(form: Form, a: Values, b: Values, m: number, n: number, k: number): Float32Array {
  const c = new Float32Array(m * n);
  const atA = indexA(form, m, k);
  const atB = indexB(form, n, k);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const group = form === Form.TN ? Gemm.RowGroup : k;
      let total = 0;
      for (let from = 0; from < k; from += group) {
        let sum = 0;
        for (let p = from; p < Math.min(k, from + group); p++)
          sum = Math.fround(sum + Math.fround(a[atA(i, p)] * b[atB(p, j)]));
        total = from === 0 ? sum : Math.fround(total + sum);
      }
      c[i * n + j] = total;
    }
  return c;
}

/** sum_p |op(A)[i, p] op(B)[p, j]|: what the rounding error of c[i, j] is measured in. */
export function magnitudes(form: Form, a: Values, b: Values, m: number, n: number, k: number): Float64Array {
  return matMul(form, Float64Array.from(a, Math.abs), Float64Array.from(b, Math.abs), m, n, k);
}

/** db[j] = sum_i dY[i, j] in f64; dY [m, n]. */
export function columnSums(dy: Values, m: number, n: number): Float64Array {
  const db = new Float64Array(n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) db[j] += dy[i * n + j];
  return db;
}

/** The same in f32, rows ascending, in groups: the product of a row of ones with dY. */
export const columnSumsF32 = (dy: Values, m: number, n: number): Float32Array =>
  matMulF32(Form.TN, new Float32Array(m).fill(1), dy, 1, n, m);
