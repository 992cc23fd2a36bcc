import { cut } from "../../parts";
import { loadUpTo4, storeUpTo4 } from "../../simd";

/**
 * Images made larger by whole factors, with bilinear interpolation between the centres of pixels. Along each axis
 *
 *   s = max((i + 0.5) / f - 0.5, 0), i0 = floor(s), i1 = min(i0 + 1, size - 1), l = s - i0
 *   y[b, i, j, q] = (1 - lh) ((1 - lw) x[i0, j0] + lw x[i0, j1]) + lh ((1 - lw) x[i1, j0] + lw x[i1, j1])
 *
 * as PyTorch's `interpolate(mode="bilinear", align_corners=False)` and Keras' UpSampling2D do.
 *
 * @param y   out [n, h fh, w fw, c] f32, 4-byte aligned; overwritten, never read
 * @param x   in  [n, h, w, c] f32, 4-byte aligned
 * @param fh  fw  factors, 1 or more
 *
 * Order: as written, from left to right; l is a quotient of whole numbers below 2^24, rounded once.
 * Parts: cut between lines of y.
 * Aliasing: y must not overlap x.
 * Cost: 9 operations an element of y.
 */
export function bilinear(
  y: usize, x: usize, n: i32, h: i32, w: i32, c: i32, fh: i32, fw: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>w * pixel;
  const oh = h * fh, ow = w * fw;
  const to = cut(n * oh, 1, part + 1, parts);
  let line = cut(n * oh, 1, part, parts);
  y += <usize>line * <usize>ow * pixel;
  for (; line < to; ++line) {
    const image = line / oh, i = line - image * oh;
    const i0 = lower(i, fh), i1 = min(i0 + 1, h - 1), lh = share(i, fh);
    const upper = x + <usize>(image * h + i0) * row;
    const below = x + <usize>(image * h + i1) * row;
    const h0 = f32x4.splat(1 - lh), h1 = f32x4.splat(lh);
    for (let j = 0; j < ow; ++j, y += pixel) {
      const j0 = lower(j, fw), lw = share(j, fw);
      const left = <usize>j0 * pixel, right = <usize>min(j0 + 1, w - 1) * pixel;
      const w0 = f32x4.splat(1 - lw), w1 = f32x4.splat(lw);
      for (let q: usize = 0; q < pixel; q += 16) {
        const count = <i32>((pixel - q) >> 2);
        const a = between(loadUpTo4(upper + left + q, count), loadUpTo4(upper + right + q, count), w0, w1);
        const b = between(loadUpTo4(below + left + q, count), loadUpTo4(below + right + q, count), w0, w1);
        storeUpTo4(y + q, between(a, b, h0, h1), count);
      }
    }
  }
}

/**
 * Gradient of `bilinear`: each dx is the sum of the dy that it had a share in, times that share.
 *
 * @param dx  out [n, h, w, c] f32, 4-byte aligned; overwritten, never read
 * @param dy  in  [n, h fh, w fw, c] f32
 *
 * Order: of each line of dy, the terms `dy times the share along the width`, j ascending from +0; the sums times the share along the
 * height, i ascending from +0.
 * Parts: cut between lines of dx.
 * Aliasing: dx must not overlap dy.
 * Cost: 8 fh fw operations an element of dx.
 */
export function bilinearGrad(
  dx: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, fh: i32, fw: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>(w * fw) * pixel;
  const to = cut(n * h, 1, part + 1, parts);
  let line = cut(n * h, 1, part, parts);
  dx += <usize>line * <usize>w * pixel;
  for (; line < to; ++line) {
    const image = line / h, i = line - image * h;
    const plane = dy + <usize>(image * h * fh) * row;
    const end = min((i + 2) * fh, h * fh);
    for (let j = 0; j < w; ++j, dx += pixel) {
      const last = min((j + 2) * fw, w * fw);
      for (let q: usize = 0; q < pixel; q += 16) {
        const count = <i32>((pixel - q) >> 2);
        let sum = f32x4.splat(0);
        for (let a = max(i - 1, 0) * fh; a < end; ++a) {
          const high = shareOf(i, a, fh, h);
          if (high == 0) continue;
          let total = f32x4.splat(0);
          for (let b = max(j - 1, 0) * fw; b < last; ++b) {
            const wide = shareOf(j, b, fw, w);
            if (wide == 0) continue;
            const g = loadUpTo4(plane + <usize>a * row + <usize>b * pixel + q, count);
            total = f32x4.add(total, f32x4.mul(g, f32x4.splat(wide)));
          }
          sum = f32x4.add(sum, f32x4.mul(total, f32x4.splat(high)));
        }
        storeUpTo4(dx + q, sum, count);
      }
    }
  }
}

/** i0 of output i. */
// @ts-ignore: decorator
@inline
function lower(i: i32, f: i32): i32 {
  return max(2 * i + 1 - f, 0) / (2 * f);
}

/** l of output i. */
// @ts-ignore: decorator
@inline
function share(i: i32, f: i32): f32 {
  const whole = f << 1, rest = max(2 * i + 1 - f, 0) % whole;
  return <f32>rest / <f32>whole;
}

/** What input `at` gives to output i, of `size` inputs. */
function shareOf(at: i32, i: i32, f: i32, size: i32): f32 {
  const i0 = lower(i, f), l = share(i, f);
  const i1 = min(i0 + 1, size - 1);
  return (i0 == at ? 1 - l : 0) + (i1 == at ? l : 0);
}

// @ts-ignore: decorator
@inline
function between(a: v128, b: v128, p: v128, q: v128): v128 {
  return f32x4.add(f32x4.mul(a, p), f32x4.mul(b, q));
}
