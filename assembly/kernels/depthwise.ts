import { cut } from "../parts";
import { loadUpTo4, multiplyAdd, storeUpTo4 } from "../simd";

/**
 * Convolution of each channel by itself:
 * `y[b, i, j, q] = sum over (p, r) of x[b, i sh - top + p dh, j sw - left + r dw, q] f[p, r, q] + bias[q]`, over
 * 0 <= p < kh and 0 <= r < kw whose place is inside the image.
 *
 * @param y     out [n, oh, ow, c] f32, 4-byte aligned; overwritten, never read
 * @param x     in  [n, h, w, c] f32, 4-byte aligned
 * @param f     in  [kh, kw, c] f32, 4-byte aligned
 * @param bias  in  [c] f32, or 0 for none
 *
 * Order: (p, r) ascending from +0 in one accumulator, then the bias. Places outside are skipped, which has the bits of zeros there
 * for finite f.
 * Parts: cut between lines [ow, c] of y.
 * Aliasing: y must not overlap the others.
 * Cost: 2 n oh ow c kh kw operations; f is read once for four pixels.
 */
export function depthwise(
  y: usize, x: usize, f: usize, bias: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32,
  sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>w * pixel, taps = <usize>kw * pixel;
  const to = cut(n * oh, 1, part + 1, parts);
  let at = cut(n * oh, 1, part, parts);
  y += <usize>at * <usize>ow * pixel;
  for (; at < to; ++at, y += <usize>ow * pixel) {
    const image = at / oh, i = (at - image * oh) * sh - top;
    const p = firstTap(i, dh), rows = lastTap(i, dh, kh, h) - p;
    const start = x + <usize>(image * h) * row + <usize>(i + p * dh) * row;
    line(
      y, pixel, ow, start, <isize>dh * row, rows, f + <usize>p * taps, <isize>taps, <isize>pixel,
      sw, dw, -left, kw, w, pixel, bias,
    );
  }
}

/**
 * Gradient of `depthwise` by x: `dx[b, u, v, q] = sum of dy[b, i, j, q] f[p, r, q]` over the windows (i, j) that have the
 * place, (p, r) being where in the window it is.
 *
 * @param dx  out [n, h, w, c] f32, 4-byte aligned; overwritten, never read
 * @param dy  in  [n, oh, ow, c] f32
 * @param f   in  [kh, kw, c] f32
 *
 * Order: (i, j) ascending, which is (p, r) descending, from +0 in one accumulator.
 * Parts: cut between lines [w, c] of dx.
 * Aliasing: dx must not overlap the others.
 * Cost: that of `depthwise`.
 *
 * Of the places v with the same v mod sw the windows are found by the same steps: every `sw / gcd(sw, dw)`-th r.
 */
export function depthwiseGradInput(
  dx: usize, dy: usize, f: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32,
  sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>ow * pixel, taps = <usize>kw * pixel;
  const everyP = sh / gcd(sh, dh), everyR = sw / gcd(sw, dw);
  const stepI = everyP * dh / sh, stepJ = everyR * dw / sw;
  const to = cut(n * h, 1, part + 1, parts);
  let at = cut(n * h, 1, part, parts);
  dx += <usize>at * <usize>w * pixel;
  for (; at < to; ++at, dx += <usize>w * pixel) {
    const image = at / h, u = at - image * h + top;
    const p = greatestTap(u, kh, sh, dh);
    // Windows i, i + stepI, .. of taps p, p - everyP, ..
    const i = p < 0 ? 0 : (u - p * dh) / sh;
    const skip = p < 0 ? 0 : firstTap(i, stepI);
    const rows = p < 0 ? 0 : lastTap(i, stepI, p / everyP + 1, oh) - skip;
    const start = dy + <usize>(image * oh) * row + <isize>(i + skip * stepI) * row;
    const tap = f + <isize>(p - skip * everyP) * taps;
    for (let phase = 0; phase < min(sw, w); ++phase) {
      const r = greatestTap(phase + left, kw, sw, dw);
      const count = (w - phase + sw - 1) / sw;
      line(
        dx + <usize>phase * pixel, <usize>sw * pixel, count, start, <isize>stepI * row, r < 0 ? 0 : rows,
        tap + <isize>r * pixel, -<isize>everyP * taps, -<isize>everyR * pixel,
        1, stepJ, r < 0 ? 0 : (phase + left - r * dw) / sw, r < 0 ? 1 : r / everyR + 1, ow, pixel, 0,
      );
    }
  }
}

function gcd(a: i32, b: i32): i32 {
  while (b != 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** The greatest tap p < k with (u - p d) a multiple of s; -1 if none. */
function greatestTap(u: i32, k: i32, s: i32, d: i32): i32 {
  for (let p = k - 1, least = max(k - s, 0); p >= least; --p) if ((u - p * d) % s == 0) return p;
  return -1;
}

/** The first tap u with i + u d >= 0. */
// @ts-ignore: decorator
@inline
function firstTap(i: i32, d: i32): i32 {
  return i >= 0 ? 0 : (d - 1 - i) / d;
}

/** The end of the taps u < k with i + u d < n. */
// @ts-ignore: decorator
@inline
function lastTap(i: i32, d: i32, k: i32, n: i32): i32 {
  return i >= n ? 0 : min(k, (n - 1 - i) / d + 1);
}

/**
 * One line of outputs: `y[t] = sum over (p, u) of x[p][a t + b u + e] f[p][u] + bias`, over 0 <= p < rows and 0 <= u < k whose place is
 * among n. Both directions of a convolution are such lines.
 *
 * @param step    bytes between outputs
 * @param count   outputs
 * @param x       the first row of inputs; the next is `row` bytes on
 * @param f       the tap (0, 0); the next row of taps is `taps` bytes on, the next tap `tap`
 * @param pixel   bytes of the channels of a place
 */
function line(
  y: usize, step: usize, count: i32, x: usize, row: isize, rows: i32, f: usize, taps: isize, tap: isize,
  a: i32, b: i32, e: i32, k: i32, n: i32, pixel: usize, bias: usize,
): void {
  // Outputs whose taps are all inside: from `first` to `last`.
  const first = min(e >= 0 ? 0 : (a - 1 - e) / a, count);
  const room = n - 1 - e - b * (k - 1);
  const last = max(first, room < 0 ? 0 : min(count, room / a + 1));
  const across = <usize>a * pixel, between = <isize>b * pixel;
  for (let t = 0; t < count; ) {
    const i = a * t + e;
    if (t >= first && t + 4 <= last && pixel >= 16) {
      four(y, step, x + <isize>i * pixel, across, row, rows, f, taps, tap, between, k, pixel, bias);
      y += step << 2;
      t += 4;
      continue;
    }
    const u = firstTap(i, b), end = lastTap(i, b, k, n);
    one(y, x + <isize>(i + u * b) * pixel, row, rows, f + <isize>u * tap, taps, tap, between, end - u, pixel, bias);
    y += step;
    t += 1;
  }
}

function one(
  y: usize, x: usize, row: isize, rows: i32, f: usize, taps: isize, tap: isize, between: isize, k: i32,
  pixel: usize, bias: usize,
): void {
  for (let q: usize = 0; q < pixel; q += 16) {
    const count = <i32>((pixel - q) >> 2);
    let sum = f32x4.splat(0);
    for (let p = 0; p < rows; ++p) {
      let from = x + q + <isize>p * row, g = f + q + <isize>p * taps;
      for (let u = 0; u < k; ++u, from += between, g += tap) {
        sum = multiplyAdd(sum, loadUpTo4(from, count), loadUpTo4(g, count));
      }
    }
    if (bias) sum = f32x4.add(sum, loadUpTo4(bias + q, count));
    storeUpTo4(y + q, sum, count);
  }
}

/** Four outputs `step` bytes apart, of inputs `across` bytes apart; four channels or more. The last vector may meet the one before. */
function four(
  y: usize, step: usize, x: usize, across: usize, row: isize, rows: i32, f: usize, taps: isize, tap: isize,
  between: isize, k: i32, pixel: usize, bias: usize,
): void {
  for (let q: usize = 0; q < pixel; q += 16) {
    const at = min(q, pixel - 16);
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let p = 0; p < rows; ++p) {
      let x0 = x + at + <isize>p * row, g = f + at + <isize>p * taps;
      for (let u = 0; u < k; ++u, x0 += between, g += tap) {
        const v = v128.load(g);
        const x2 = x0 + (across << 1);
        s0 = multiplyAdd(s0, v128.load(x0), v);
        s1 = multiplyAdd(s1, v128.load(x0 + across), v);
        s2 = multiplyAdd(s2, v128.load(x2), v);
        s3 = multiplyAdd(s3, v128.load(x2 + across), v);
      }
    }
    if (bias) {
      const v = v128.load(bias + at);
      s0 = f32x4.add(s0, v);
      s1 = f32x4.add(s1, v);
      s2 = f32x4.add(s2, v);
      s3 = f32x4.add(s3, v);
    }
    const to = y + at;
    v128.store(to, s0);
    v128.store(to + step, s1);
    v128.store(to + (step << 1), s2);
    v128.store(to + (step << 1) + step, s3);
  }
}

/**
 * Gradients of `depthwise` by f and bias: `df[p, r, q] = sum over (b, i, j) of x[b, i sh - top + p dh, j sw - left + r dw, q] dy[b, i, j, q]`
 * over the places inside the image, `db[q] = sum over (b, i, j) of dy[b, i, j, q]`.
 *
 * @param df  out [kh, kw, c] f32, 4-byte aligned; overwritten
 * @param db  out [c] f32, or 0 for none; overwritten
 * @param x   in  [n, h, w, c] f32
 * @param dy  in  [n, oh, ow, c] f32
 *
 * Order: of each image from +0, (i, j) ascending, in one accumulator; the sums of images from +0, b ascending.
 * Parts: cut between taps (p, r), db being one more behind the last.
 * Aliasing: df and db must not overlap the others.
 * Cost: 2 n oh ow c kh kw operations.
 */
export function depthwiseGradWeights(
  df: usize, db: usize, x: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, kh: i32, kw: i32,
  sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, part: i32, parts: i32,
): void {
  const pixel = <usize>c << 2, row = <usize>w * pixel, rowY = <usize>ow * pixel;
  const all = kh * kw, units = db ? all + 1 : all;
  const from = cut(units, 1, part, parts), to = cut(units, 1, part + 1, parts);
  for (let unit = from; unit < to; ++unit) memory.fill(unit < all ? df + <usize>unit * pixel : db, 0, pixel);
  // An image stays in a near cache while the taps go over it.
  for (; n > 0; --n, x += <usize>h * row, dy += <usize>oh * rowY) {
    for (let unit = from; unit < to; ++unit) {
      if (unit == all) {
        addSums(db, dy, oh * ow, pixel);
        continue;
      }
      const p = unit / kw, r = unit - p * kw;
      const down = p * dh - top, across = r * dw - left;
      // Windows i0 to i1 and j0 to j1 have this tap inside the image.
      const i0 = firstTap(down, sh), i1 = lastTap(down, sh, oh, h);
      const j0 = firstTap(across, sw), j1 = lastTap(across, sw, ow, w);
      if (i0 >= i1 || j0 >= j1) continue;
      const first = x + <usize>(i0 * sh + down) * row + <usize>(j0 * sw + across) * pixel;
      const g = dy + <usize>i0 * rowY + <usize>j0 * pixel;
      addProducts(
        df + <usize>unit * pixel, first, g, i1 - i0, j1 - j0, <usize>sh * row, <usize>sw * pixel, rowY, pixel,
      );
    }
  }
}

/** Adds the sums over `rows` by `columns` places of x dy to df: four vectors of channels at a time, then one. */
function addProducts(
  df: usize, x: usize, dy: usize, rows: i32, columns: i32, row: usize, step: usize, rowY: usize, pixel: usize,
): void {
  const width = <usize>columns * step;
  let q: usize = 0;
  for (; q + 64 <= pixel; q += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let i = 0, p = x + q, g = dy + q; i < rows; ++i, p += row, g += rowY) {
      for (let a = p, b = g, end = p + width; a < end; a += step, b += pixel) {
        s0 = multiplyAdd(s0, v128.load(a), v128.load(b));
        s1 = multiplyAdd(s1, v128.load(a, 16), v128.load(b, 16));
        s2 = multiplyAdd(s2, v128.load(a, 32), v128.load(b, 32));
        s3 = multiplyAdd(s3, v128.load(a, 48), v128.load(b, 48));
      }
    }
    const to = df + q;
    v128.store(to, f32x4.add(v128.load(to), s0));
    v128.store(to, f32x4.add(v128.load(to, 16), s1), 16);
    v128.store(to, f32x4.add(v128.load(to, 32), s2), 32);
    v128.store(to, f32x4.add(v128.load(to, 48), s3), 48);
  }
  for (; q < pixel; q += 16) {
    const count = <i32>((pixel - q) >> 2);
    let sum = f32x4.splat(0);
    for (let i = 0, p = x + q, g = dy + q; i < rows; ++i, p += row, g += rowY) {
      for (let a = p, b = g, end = p + width; a < end; a += step, b += pixel) {
        sum = multiplyAdd(sum, loadUpTo4(a, count), loadUpTo4(b, count));
      }
    }
    storeUpTo4(df + q, f32x4.add(loadUpTo4(df + q, count), sum), count);
  }
}

/** Adds the sums over `places` of dy to db. */
function addSums(db: usize, dy: usize, places: i32, pixel: usize): void {
  const size = <usize>places * pixel;
  for (let q: usize = 0; q < pixel; q += 16) {
    const count = <i32>((pixel - q) >> 2);
    let sum = f32x4.splat(0);
    for (let g = dy + q, end = g + size; g < end; g += pixel) sum = f32x4.add(sum, loadUpTo4(g, count));
    storeUpTo4(db + q, f32x4.add(loadUpTo4(db + q, count), sum), count);
  }
}
