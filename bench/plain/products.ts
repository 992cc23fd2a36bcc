/**
 * Products in plain loops over Float32Arrays: the innermost loop runs along memory, nothing is tiled or unrolled.
 * Arithmetic is in f64, as JavaScript does it; every store rounds to f32.
 */
type Values = Float32Array;

/** C [m, n] = A [m, k] B [k, n]; `a` starts at `aStart`. */
export function productNN(
  c: Values,
  a: Values,
  b: Values,
  m: number,
  n: number,
  k: number,
  aStart = 0,
): void {
  c.fill(0, 0, m * n);
  for (let i = 0; i < m; i++) {
    const row = i * n;
    for (let p = 0; p < k; p++) {
      const x = a[aStart + i * k + p];
      const from = p * n;
      for (let j = 0; j < n; j++) c[row + j] += x * b[from + j];
    }
  }
}

/** C [m, n] = A^T B with A [k, m], B [k, n]; `a` starts at `aStart`. */
export function productTN(
  c: Values,
  a: Values,
  b: Values,
  m: number,
  n: number,
  k: number,
  aStart = 0,
): void {
  c.fill(0, 0, m * n);
  for (let i = 0; i < m; i++) {
    const row = i * n;
    for (let p = 0; p < k; p++) {
      const x = a[aStart + p * m + i];
      const from = p * n;
      for (let j = 0; j < n; j++) c[row + j] += x * b[from + j];
    }
  }
}

/** C [m, n] = A B^T with A [m, k], B [n, k]. */
export function productNT(c: Values, a: Values, b: Values, m: number, n: number, k: number): void {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const row = i * k;
      const column = j * k;
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[row + p] * b[column + p];
      c[i * n + j] = sum;
    }
}
