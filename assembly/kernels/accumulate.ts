import { cut, LINE } from "../parts";
import { storeUpTo4 } from "../simd";

/**
 * Sums of gradients and losses: `y[i] = a[i] + b[i]`.
 *
 * @param y  out [n] f32, 16-byte aligned; overwritten, never read
 * @param a  in  [n] f32, 16-byte aligned
 * @param b  in  [n] f32, 16-byte aligned
 * @param n  elements; 0 does nothing
 *
 * Order: elements are independent, and an element's bits depend neither on n nor on its lane.
 * Parts: cut at multiples of `LINE` elements.
 * Aliasing: y may be a or b; they must not overlap otherwise.
 * Cost: n additions, 12 n bytes.
 */
export function accumulate(y: usize, a: usize, b: usize, n: i32, part: i32, parts: i32): void {
  if (parts > 1) {
    const from = cut(n, LINE, part, parts);
    const skip = <usize>from << 2;
    return accumulate(y + skip, a + skip, b + skip, cut(n, LINE, part + 1, parts) - from, 0, 1);
  }
  for (; n > 0; n -= 4, y += 16, a += 16, b += 16) storeUpTo4(y, f32x4.add(v128.load(a), v128.load(b)), n);
}

/**
 * Gives a gradient a buffer of its own: `y[i] = x[i]`, or `y[i] = x[0]`.
 *
 * @param y      out [n] f32, 16-byte aligned; overwritten, never read
 * @param x      in  [n] or [1] f32, 16-byte aligned
 * @param n      elements; 0 does nothing
 * @param every  1: x has an element for each of y; 0: one for all
 *
 * Parts: cut at multiples of `LINE` elements.
 * Aliasing: y and x must not overlap.
 * Cost: 4 n bytes written, as many read where `every` is 1.
 */
export function place(y: usize, x: usize, n: i32, every: i32, part: i32, parts: i32): void {
  if (parts > 1) {
    const from = cut(n, LINE, part, parts);
    const skip = <usize>from << 2;
    return place(y + skip, every ? x + skip : x, cut(n, LINE, part + 1, parts) - from, every, 0, 1);
  }
  for (; n > 0; n -= 4, y += 16) {
    if (every) {
      storeUpTo4(y, v128.load(x), n);
      x += 16;
    } else {
      storeUpTo4(y, v128.load_splat<f32>(x), n);
    }
  }
}
