import { PoolDivisor } from "../../abi";
import { cut } from "../../parts";
import { loadUpTo4, storeUpTo4 } from "../../simd";

/**
 * Sums or means over windows: `y[b, i, j, q] = (sum over (p, r) of x[b, i sh - top + p, j sw - left + r, q]) / d`, over
 * 0 <= p < kh and 0 <= r < kw that are inside the image.
 *
 * @param divisor  `PoolDivisor`: d is kh kw, or how many elements are inside the image, or 1
 * @param y        out [n, oh, ow, c] f32, 4-byte aligned; overwritten, never read
 * @param x        in  [n, h, w, c] f32, 4-byte aligned
 * @param top      left  padding in front, less than kh and kw: every window has an element of the image
 *
 * Order: each row of the window is summed from +0, r ascending; the sums of rows are added from +0, p ascending; then the
 * division. No accumulator takes more than kw or kh terms.
 * Parts: cut between lines [ow, c] of y.
 * Aliasing: y must not overlap x.
 * Cost: n oh ow c (kh kw + 1) operations.
 */
export function averagePool(
  divisor: i32, y: usize, x: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32, sh: i32, sw: i32,
  top: i32, left: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>w * pixel;
  const to = cut(n * oh, 1, part + 1, parts);
  let line = cut(n * oh, 1, part, parts);
  y += <usize>line * <usize>ow * pixel;
  for (; line < to; ++line) {
    const image = line / oh, i = (line - image * oh) * sh - top;
    const from = max(i, 0), rows = min(i + kh, h) - from;
    const start = x + <usize>(image * h + from) * row;
    for (let j = -left, last = ow * sw - left; j < last; j += sw, y += pixel) {
      const first = max(j, 0), columns = min(j + kw, w) - first;
      const d = divisor == PoolDivisor.Window ? kh * kw : divisor == PoolDivisor.Inside ? rows * columns : 1;
      const width = <usize>columns * pixel, corner = start + <usize>first * pixel;
      for (let q: usize = 0; q < pixel; q += 16) {
        const count = <i32>((pixel - q) >> 2);
        let sum = f32x4.splat(0);
        for (let k = 0, p = corner + q; k < rows; ++k, p += row) {
          let part = f32x4.splat(0);
          for (let at = p, end = p + width; at < end; at += pixel) part = f32x4.add(part, loadUpTo4(at, count));
          sum = f32x4.add(sum, part);
        }
        storeUpTo4(y + q, f32x4.div(sum, f32x4.splat(<f32>d)), count);
      }
    }
  }
}

/**
 * Gradient of `averagePool`: `dx = sum of dy / d` over the windows that have the element, d being that of each window. With d = 1
 * and windows side by side it repeats each dy over a window: images made larger.
 *
 * @param divisor  as in `averagePool`
 * @param dx       out [n, h, w, c] f32, 4-byte aligned; overwritten, never read
 * @param dy       in  [n, oh, ow, c] f32
 *
 * Order: each dx starts at +0 and adds the windows (i, j) ascending in one accumulator.
 * Parts: cut between lines [w, c] of dx.
 * Aliasing: dx must not overlap dy.
 * Cost: an addition and a division for each element of each window.
 */
export function averagePoolGrad(
  divisor: i32, dx: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32, sh: i32, sw: i32,
  top: i32, left: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>ow * pixel;
  const to = cut(n * h, 1, part + 1, parts);
  let line = cut(n * h, 1, part, parts);
  dx += <usize>line * <usize>w * pixel;
  for (; line < to; ++line) {
    const image = line / h, i = line - image * h + top;
    const from = firstWindow(i, kh, sh), end = min(i / sh + 1, oh);
    const plane = dy + <usize>(image * oh) * row;
    for (let j = left; j < w + left; ++j, dx += pixel) {
      const first = firstWindow(j, kw, sw), last = min(j / sw + 1, ow);
      for (let q: usize = 0; q < pixel; q += 16) {
        const count = <i32>((pixel - q) >> 2);
        let sum = f32x4.splat(0);
        for (let a = from; a < end; ++a) {
          const rows = divisor == PoolDivisor.Inside ? inside(a * sh - top, kh, h) : kh;
          for (let b = first; b < last; ++b) {
            const g = loadUpTo4(plane + <usize>a * row + <usize>b * pixel + q, count);
            const columns = divisor == PoolDivisor.Inside ? inside(b * sw - left, kw, w) : kw;
            const d = divisor == PoolDivisor.None ? 1 : rows * columns;
            sum = f32x4.add(sum, d == 1 ? g : f32x4.div(g, f32x4.splat(<f32>d)));
          }
        }
        storeUpTo4(dx + q, sum, count);
      }
    }
  }
}

/** The first window of k places, each s, that has place i of the padded axis. */
// @ts-ignore: decorator
@inline
function firstWindow(i: i32, k: i32, s: i32): i32 {
  return i < k ? 0 : (i - k) / s + 1;
}

/** How many of k places from i on are among n. */
// @ts-ignore: decorator
@inline
function inside(i: i32, k: i32, n: i32): i32 {
  return min(i + k, n) - max(i, 0);
}
