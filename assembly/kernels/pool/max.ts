import { Fn } from "../../abi";
import { cut } from "../../parts";
import { loadUpTo4, storeUpTo4 } from "../../simd";

/**
 * Maximum over windows: `y[b, i, j, q] = max over (p, r) of x[b, i sh - top + p, j sw - left + r, q]`, over 0 <= p < kh and
 * 0 <= r < kw that are inside the image.
 *
 * @param y     out [n, oh, ow, c] f32, 4-byte aligned; overwritten, never read
 * @param x     in  [n, h, w, c] f32, 4-byte aligned
 * @param top   left  padding in front, less than kh and kw: every window has an element of the image
 *
 * Values: NaN where any element is, and +0 of -0 and +0. A maximum has no order that could be seen.
 * Parts: cut between lines [ow, c] of y.
 * Aliasing: y must not overlap x.
 * Cost: n oh ow c kh kw comparisons; 0.1 ns for each element of x where windows are 2 x 2 and apart.
 */
export function maxPool(
  y: usize, x: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32, sh: i32, sw: i32,
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
    if (kh == 2 && kw == 2 && sw == 2 && left == 0 && rows == 2 && c >= 4 && 2 * ow <= w) {
      maxOfFours(y, start, ow, row, pixel);
      y += <usize>ow * pixel;
      continue;
    }
    for (let j = -left, last = ow * sw - left; j < last; j += sw, y += pixel) {
      const first = max(j, 0);
      maxOfWindow(y, start + <usize>first * pixel, rows, min(j + kw, w) - first, row, pixel);
    }
  }
}

/** A line of windows of 2 x 2 side by side, of four channels or more. */
function maxOfFours(y: usize, x: usize, ow: i32, row: usize, pixel: usize): void {
  const last = pixel - 16;
  for (; ow > 0; --ow, y += pixel, x += pixel << 1) {
    for (let q: usize = 0; q < pixel; q += 16) {
      const at = min(q, last), p = x + at;
      const upper = f32x4.max(v128.load(p), v128.load(p + pixel));
      const lower = f32x4.max(v128.load(p + row), v128.load(p + row + pixel));
      v128.store(y + at, f32x4.max(upper, lower));
    }
  }
}

/** One window of `rows` by `columns` pixels, which begins at x. */
function maxOfWindow(y: usize, x: usize, rows: i32, columns: i32, row: usize, pixel: usize): void {
  const width = <usize>columns * pixel;
  for (let q: usize = 0; q < pixel; q += 16) {
    const count = <i32>((pixel - q) >> 2);
    let top = f32x4.splat(-Infinity);
    for (let i = 0, line = x + q; i < rows; ++i, line += row) {
      for (let p = line, end = line + width; p < end; p += pixel) top = f32x4.max(top, loadUpTo4(p, count));
    }
    storeUpTo4(y + q, top, count);
  }
}

/**
 * Gradient of `maxPool`: each dy goes to the first element of its window, in the order (p, r), that is its maximum, or NaN.
 * Of `maxPool(relu(z))` by z, with `fn` Relu and x = relu(z): maxima that are not above 0 give nothing. The bits are those of the two
 * gradients one after the other, because an element that wins is the maximum itself.
 *
 * @param fn  Fn.Identity or Fn.Relu
 * @param dx  out [n, h, w, c] f32, 4-byte aligned; overwritten, never read
 * @param dy  in  [n, oh, ow, c] f32
 * @param x   in  [n, h, w, c] f32, as it was for `maxPool`
 * @param y   in  [n, oh, ow, c] f32, what `maxPool` made of it
 *
 * No places are stored: the winner is found again. Where windows overlap, each dx adds those of its windows in the order
 * (i, j), from +0.
 * Parts: cut between rows of windows, or, where those overlap (sh < kh), between images.
 * Aliasing: dx must not overlap the others.
 * Cost: reads x once for each window it is in; 0.15 ns for each element of x where windows are 2 x 2 and apart.
 */
export function maxPoolGrad(
  fn: i32, dx: usize, dy: usize, x: usize, y: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, top: i32, left: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>w * pixel;
  // No maximum is <= NaN.
  const limit: f32 = fn == Fn.Relu ? 0 : NaN;
  const overlaps = kh > sh || kw > sw;
  const tiles = kh == sh && kw == sw && h == oh * sh && w == ow * sw && (top | left) == 0;
  const lines = kh > sh ? oh : 1;
  const to = cut(n * oh / lines, 1, part + 1, parts) * lines;
  for (let line = cut(n * oh / lines, 1, part, parts) * lines; line < to; ++line) {
    const image = line / oh, index = line - image * oh;
    const i = index * sh - top;
    // The rows from this row of windows to the next: those that no window has get zeros.
    const begin = index == 0 ? 0 : i, end = index == oh - 1 ? h : i + sh;
    const plane = <usize>(image * h) * row;
    if (kh > sh) {
      if (index == 0) memory.fill(dx + plane, 0, <usize>h * row);
    } else if (!tiles) memory.fill(dx + plane + <usize>begin * row, 0, <usize>(end - begin) * row);
    const from = max(i, 0), rows = min(i + kh, h) - from;
    const at = plane + <usize>from * row, out = <usize>line * <usize>ow * pixel;
    if (kh == 2 && kw == 2 && sw == 2 && sh > 1 && left == 0 && rows == 2 && c >= 4 && 2 * ow <= w) {
      gradOfFours(dx + at, dy + out, x + at, y + out, ow, row, pixel, limit);
      continue;
    }
    for (let j = 0; j < ow; ++j) {
      const column = j * sw - left, first = max(column, 0);
      const skip = at + <usize>first * pixel, own = out + <usize>j * pixel;
      const columns = min(column + kw, w) - first;
      gradOfWindow(dx + skip, dy + own, x + skip, y + own, rows, columns, row, pixel, limit, overlaps);
    }
  }
}

/** A line of windows of 2 x 2 side by side, of four channels or more. */
function gradOfFours(
  dx: usize, dy: usize, x: usize, y: usize, ow: i32, row: usize, pixel: usize, limit: f32,
): void {
  const last = pixel - 16, least = f32x4.splat(limit);
  for (; ow > 0; --ow, y += pixel, dy += pixel, x += pixel << 1, dx += pixel << 1) {
    for (let q: usize = 0; q < pixel; q += 16) {
      const at = min(q, last);
      const p = x + at, d = dx + at;
      const top = v128.load(y + at);
      let g = v128.andnot(v128.load(dy + at), f32x4.le(top, least));
      g = give(d, v128.load(p), top, g);
      g = give(d + pixel, v128.load(p + pixel), top, g);
      g = give(d + row, v128.load(p + row), top, g);
      give(d + row + pixel, v128.load(p + row + pixel), top, g);
    }
  }
}

/** Gives g to where x is the maximum or NaN, 0 to other lanes; returns what is left of g. */
// @ts-ignore: decorator
@inline
function give(dx: usize, x: v128, top: v128, g: v128): v128 {
  const wins = v128.or(f32x4.eq(x, top), f32x4.ne(x, x));
  v128.store(dx, v128.and(g, wins));
  return v128.andnot(g, wins);
}

/** One window of `rows` by `columns` pixels. @param adds to what is there: windows overlap */
function gradOfWindow(
  dx: usize, dy: usize, x: usize, y: usize, rows: i32, columns: i32, row: usize, pixel: usize,
  limit: f32, adds: bool,
): void {
  const width = <usize>columns * pixel, least = f32x4.splat(limit);
  for (let q: usize = 0; q < pixel; q += 16) {
    const count = <i32>((pixel - q) >> 2);
    const top = loadUpTo4(y + q, count);
    let g = v128.andnot(loadUpTo4(dy + q, count), f32x4.le(top, least));
    for (let i = 0, line = q; i < rows; ++i, line += row) {
      for (let at = line, end = line + width; at < end; at += pixel) {
        const v = loadUpTo4(x + at, count);
        const wins = v128.or(f32x4.eq(v, top), f32x4.ne(v, v));
        const won = v128.and(g, wins);
        storeUpTo4(dx + at, adds ? f32x4.add(loadUpTo4(dx + at, count), won) : won, count);
        g = v128.andnot(g, wins);
      }
    }
  }
}
