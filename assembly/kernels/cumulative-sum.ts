import { LINE, partStart } from "../parts";

/**
 * Running sums along the middle axis: `y[o, j, i] = sum of x[o, 0..j, i]`, or of `x[o, j..n-1, i]`.
 *
 * @param reverse  1: from the end
 * @param y        out [outer, n, inner] f32, 4-byte aligned; overwritten
 * @param x        in  [outer, n, inner] f32, row-major, 4-byte aligned
 *
 * Order: each column has one f64 accumulator, rounded to f32 at each place. So an element's
 * bits depend on its own column alone.
 * Parts: cut between columns, at multiples of `LINE` for inner > 1.
 * Aliasing: y must not overlap x.
 * Cost: outer n inner additions, 8 bytes of traffic each.
 */
export function cumulativeSum(
  reverse: i32, y: usize, x: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32,
): void {
  const grain = inner == 1 ? 1 : LINE;
  const end = partStart(outer * inner, grain, part + 1, parts);
  const row = <usize>inner << 2;
  const step = reverse ? 0 - row : row;
  for (let at = partStart(outer * inner, grain, part, parts); at < end; ++at) {
    const o = at / inner, i = at - o * inner;
    let offset = (<usize>o * <usize>n * <usize>inner + <usize>i) << 2;
    if (reverse) offset += row * <usize>(n - 1);
    let sum: f64 = 0;
    for (let j = 0; j < n; ++j, offset += step) {
      sum += <f64>load<f32>(x + offset);
      store<f32>(y + offset, <f32>sum);
    }
  }
}
