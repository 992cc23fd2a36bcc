import { LINE, partStart } from "../parts";

/**
 * Where the maximum of the middle axis stands: `y[o, i] = the least j with x[o, j, i] = max`, or the first NaN if there is one.
 *
 * @param asFloat  1: y is f32; 0: i32
 * @param y        out [outer, inner] of i32 or f32; overwritten
 * @param x        in  [outer, n, inner] f32, row-major; n >= 1
 *
 * Parts: cut between outputs, at multiples of `LINE`.
 * Aliasing: y must not overlap x.
 * Cost: outer n inner comparisons.
 */
export function argMax(asFloat: i32, y: usize, x: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32): void {
  const end = partStart(outer * inner, LINE, part + 1, parts);
  for (let at = partStart(outer * inner, LINE, part, parts); at < end; ++at) {
    const o = at / inner, i = at - o * inner;
    let from = x + ((<usize>o * <usize>n * <usize>inner + <usize>i) << 2);
    let largest = load<f32>(from);
    let place = 0;
    for (let j = 1; j < n && largest == largest; ++j) {
      from += <usize>inner << 2;
      const v = load<f32>(from);
      if (v > largest || v != v) {
        largest = v;
        place = j;
      }
    }
    if (asFloat) store<f32>(y + (<usize>at << 2), <f32>place);
    else store<i32>(y + (<usize>at << 2), place);
  }
}
