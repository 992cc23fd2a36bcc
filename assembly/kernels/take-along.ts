/** Elements of an axis by number, and the gradient of what they are taken from. */
import { raiseGuard } from "../guard";
import { LINE, partStart } from "../parts";

/**
 * `y[o, j, i] = x[o, index[o, j, i], i]`.
 *
 * @param y      out [outer, count, inner] f32; overwritten
 * @param index  in  [outer, count, inner] i32; one outside 0 .. n - 1 gives NaN and raises the guard, and nothing outside x is read
 * @param x      in  [outer, n, inner] f32
 * @param guard  word raised for an index outside the axis
 *
 * Parts: cut at multiples of `LINE` elements of y.
 * Aliasing: y overlaps neither.
 */
export function takeAlong(
  y: usize, index: usize, x: usize, outer: i32, n: i32, inner: i32, count: i32, guard: usize, part: i32, parts: i32,
): void {
  const plane = count * inner;
  const to = partStart(outer * plane, LINE, part + 1, parts);
  for (let at = partStart(outer * plane, LINE, part, parts); at < to; ++at) {
    const o = at / plane, i = (at - o * plane) % inner;
    const j = load<u32>(index + (<usize>at << 2));
    const into = y + (<usize>at << 2);
    if (j < <u32>n) {
      store<f32>(into, load<f32>(x + (((<usize>o * <usize>n + <usize>j) * <usize>inner + <usize>i) << 2)));
    } else {
      store<f32>(into, NaN);
      raiseGuard(guard);
    }
  }
}

/**
 * `dx[o, v, i] = sum of dy[o, j, i] over the j with index[o, j, i] = v`: 0 where there is none.
 *
 * @param dx     out [outer, n, inner] f32; overwritten
 * @param index  in  [outer, count, inner] i32; those outside 0 .. n - 1 are left out
 * @param dy     in  [outer, count, inner] f32
 *
 * Order: each sum starts at +0 and adds j = 0, 1, .. in one f32 accumulator.
 * Parts: cut between columns (o, i).
 * Aliasing: dx overlaps neither.
 */
export function takeAlongGrad(
  dx: usize, index: usize, dy: usize, outer: i32, n: i32, inner: i32, count: i32, part: i32, parts: i32,
): void {
  const to = partStart(outer * inner, 1, part + 1, parts);
  const row = <usize>inner << 2;
  for (let at = partStart(outer * inner, 1, part, parts); at < to; ++at) {
    const o = at / inner, i = at - o * inner;
    const column = dx + ((<usize>(o * n) * <usize>inner + <usize>i) << 2);
    for (let v = 0; v < n; ++v) store<f32>(column + <usize>v * row, 0);
    let from = (<usize>(o * count) * <usize>inner + <usize>i) << 2;
    for (let j = 0; j < count; ++j, from += row) {
      const v = load<u32>(index + from);
      if (v >= <u32>n) continue;
      const into = column + <usize>v * row;
      store<f32>(into, load<f32>(into) + load<f32>(dy + from));
    }
  }
}
