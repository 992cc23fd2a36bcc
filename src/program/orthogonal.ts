/**
 * Makes the columns of a matrix orthonormal, or its rows where it has fewer, and multiplies by a gain: Gram and Schmidt, done twice, in
 * f64. Of normal numbers it is the QR decomposition whose R has a positive diagonal, so all directions are equally likely.
 *
 * @param x       in, out [rows, columns], row-major; axes in front count as rows
 * @param columns length of the last axis
 *
 * Order: vectors from the first to the last; each less its part along those before it, in their order, each sum over places in order.
 */
export function orthogonalize(x: Float32Array, columns: number, gain: number): void {
  const rows = x.length / columns;
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const at = (v: number, i: number) => (rows < columns ? v * columns + i : i * columns + v);
  const made: Float64Array[] = [];
  for (let v = 0; v < count; v++) {
    const vector = Float64Array.from({ length }, (_, i) => x[at(v, i)]);
    const product = (other: Float64Array) => vector.reduce((sum, value, i) => sum + value * other[i], 0);
    for (let pass = 0; pass < 2; pass++)
      for (const other of made) {
        const share = product(other);
        for (let i = 0; i < length; i++) vector[i] -= share * other[i];
      }
    const norm = Math.sqrt(product(vector));
    for (let i = 0; i < length; i++) {
      vector[i] /= norm;
      x[at(v, i)] = vector[i] * gain;
    }
    made.push(vector);
  }
}
