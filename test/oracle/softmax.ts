/** Softmax and log-softmax of one row, and their vector-Jacobian products, in f64. */

type Row = ArrayLike<number>;

const sum = (row: Iterable<number>) => {
  let total = 0;
  for (const v of row) total += v;
  return total;
};

export function softmax(x: Row): number[] {
  const shifted = Array.from(x, (v) => Math.exp(v - Math.max(...Array.from(x))));
  return shifted.map((e) => e / sum(shifted));
}

/** dx = y (dy - sum dy y) */
export function softmaxGrad(dy: Row, y: Row): number[] {
  const dot = sum(Array.from(y, (v, j) => dy[j] * v));
  return Array.from(y, (v, j) => v * (dy[j] - dot));
}

export function logSoftmax(x: Row): number[] {
  const largest = Math.max(...Array.from(x));
  const others = sum(Array.from(x, (v) => Math.exp(v - largest))) - 1;
  return Array.from(x, (v) => v - largest - Math.log1p(others));
}

/** dx = dy - exp(y) sum dy */
export function logSoftmaxGrad(dy: Row, y: Row): number[] {
  const total = sum(Array.from(dy));
  return Array.from(dy, (d, j) => d - Math.exp(y[j]) * total);
}

/** `f` of every row of x [m, n], joined. */
export function byRows(m: number, n: number, f: (i: number) => number[]): number[] {
  return Array.from({ length: m }, (_, i) => f(i))
    .flat()
    .slice(0, m * n);
}

/** Row i of x [m, n]. */
export function row<T extends { slice(from: number, to: number): T }>(x: T, i: number, n: number): T {
  return x.slice(i * n, i * n + n);
}
