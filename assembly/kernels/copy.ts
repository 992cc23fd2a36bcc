import { LINE, partStart } from "../parts";

/**
 * Strided gather into a dense array: `y[i] = x[i . s] / divisor` over i in [d0, d1, d2, d3]. Broadcasts,
 * transposes, and the gradients of sums (divisor 1) and of means (divisor: the number of elements averaged).
 *
 * @param y        out [d0, d1, d2, d3] f32, row-major, 4-byte aligned; overwritten, never read
 * @param x        in  f32, 4-byte aligned; the element of index i is `x[i0 s0 + i1 s1 + i2 s2 + i3 s3]`
 * @param divisor  1: bits are copied as they are, NaN payloads and integers included; else each value is
 *                 divided by f32(divisor)
 * @param d0 d1 d2 d3  dimensions, outermost first; a dimension of 0 writes nothing
 * @param s0 s1 s2 s3  strides in elements; 0 repeats
 *
 * Order: no sums.
 * Parts: cut at multiples of `LINE` elements of y, inside rows too; of transposes, each [d2, d3] is cut along the
 * longer side, at multiples of 4 rows or of `LINE` columns.
 * Aliasing: y may be x where x is dense (its strides are those of y); no other overlap.
 * Cost: 4 elements an instruction where s3 is 0 or 1, and by 4x4 blocks where s2 is 1 (a transpose of the
 * last two dimensions); one at a time elsewhere.
 */
export function copy(
  y: usize, x: usize, divisor: i32,
  d0: i32, d1: i32, d2: i32, d3: i32,
  s0: i32, s1: i32, s2: i32, s3: i32,
  part: i32, parts: i32,
): void {
  if (s2 == 1 && s3 > 1 && d2 >= 4 && d3 >= 4) return transpose(y, x, divisor, d0, d1, d2, d3, s0, s1, s3, part, parts);
  let left = d0 * d1 * d2 * d3;
  let i1 = 0, i2 = 0, n = d3;
  let x1 = x, x2 = x;
  let step = <usize>s2 << 2;
  if (parts > 1) {
    const from = partStart(left, LINE, part, parts);
    left = partStart(left, LINE, part + 1, parts) - from;
    if (left > 0) {
      const row = from / d3, plane = row / d2, i0 = plane / d1, i3 = from - row * d3;
      i1 = plane - i0 * d1;
      i2 = row - plane * d2;
      n = d3 - i3;
      y += <usize>from << 2;
      x += <usize>(i0 * s0) << 2;
      x1 = x + (<usize>(i1 * s1) << 2);
      // The first row may begin inside; the step to the next one then goes back as far.
      const skip = <usize>(i3 * s3) << 2;
      x2 = x1 + (<usize>(i2 * s2) << 2) + skip;
      step -= skip;
    }
  }
  if (left <= 0) return;
  while (true) {
    for (; i1 < d1; ++i1) {
      for (; i2 < d2; ++i2) {
        n = min(n, left);
        row(y, x2, divisor, n, s3);
        left -= n;
        if (left == 0) return;
        y += <usize>n << 2;
        n = d3;
        x2 += step;
        step = <usize>s2 << 2;
      }
      i2 = 0;
      x2 = x1 += <usize>s1 << 2;
    }
    i1 = 0;
    x2 = x1 = x += <usize>s0 << 2;
  }
}

/** `copy` where s2 is 1: d0 d1 planes of [d2, d3], each cut into slices of 4 rows or of `LINE` columns. */
function transpose(
  y: usize, x: usize, divisor: i32,
  d0: i32, d1: i32, d2: i32, d3: i32,
  s0: i32, s1: i32, s3: i32,
  part: i32, parts: i32,
): void {
  const tall = d2 >= d3;
  const length = tall ? d2 : d3;
  const slices = parts == 1 ? 1 : tall ? (d2 + 3) >> 2 : (d3 + LINE - 1) / LINE;
  const units = d0 * d1 * slices;
  const from = partStart(units, 1, part, parts);
  const to = partStart(units, 1, part + 1, parts);
  if (from >= to) return;
  let slice = 0, i0 = 0, i1 = 0;
  if (parts > 1) {
    const plane = from / slices;
    slice = from - plane * slices;
    i0 = plane / d1;
    i1 = plane - i0 * d1;
    y += <usize>plane * <usize>(d2 * d3) << 2;
  }
  const grain = parts == 1 ? length : tall ? 4 : LINE;
  for (let left = to - from; left > 0; ) {
    const count = min(slices - slice, left);
    const start = slice * grain;
    const end = min(length, (slice + count) * grain);
    const plane = x + (<usize>(i0 * s0 + i1 * s1) << 2);
    if (tall) block(y, plane, divisor, start, end, 0, d3, d3, s3);
    else block(y, plane, divisor, 0, d2, start, end, d3, s3);
    y += <usize>(d2 * d3) << 2;
    left -= count;
    slice = 0;
    if (++i1 == d1) {
      i1 = 0;
      ++i0;
    }
  }
}

/** Rows [i, rowEnd) and columns [j, columnEnd) of a plane of n columns: `y[i, j] = x[i + j s] / divisor`. */
// @ts-ignore: decorator
@inline
function block(
  y: usize, x: usize, divisor: i32, i: i32, rowEnd: i32, j: i32, columnEnd: i32, n: i32, s: i32,
): void {
  y += <usize>(i * n + j) << 2;
  x += <usize>(i + j * s) << 2;
  const columns = columnEnd - j;
  for (; i + 4 <= rowEnd; i += 4, y += <usize>n << 4, x += 16) fourRows(y, x, divisor, columns, n, s);
  for (; i < rowEnd; ++i, y += <usize>n << 2, x += 4) row(y, x, divisor, columns, s);
}

/** `y[i] = x[i s] / divisor` for i < n. */
function row(y: usize, x: usize, divisor: i32, n: i32, s: i32): void {
  const end = y + (<usize>n << 2);
  const vectorEnd = y + (<usize>(n & ~3) << 2);
  const scale = f32x4.splat(<f32>divisor);
  const step = <usize>s << 2;
  if (s == 0) {
    if (n <= 0) return;
    let value = v128.load_splat<f32>(x);
    if (divisor != 1) value = f32x4.div(value, scale);
    for (; y < vectorEnd; y += 16) v128.store(y, value);
    for (; y < end; y += 4) v128.store_lane<f32>(y, value, 0);
  } else if (divisor == 1) {
    if (s == 1) for (; y < vectorEnd; y += 16, x += 16) v128.store(y, v128.load(x));
    for (; y < end; y += 4, x += step) store<i32>(y, load<i32>(x));
  } else {
    if (s == 1) for (; y < vectorEnd; y += 16, x += 16) v128.store(y, f32x4.div(v128.load(x), scale));
    for (; y < end; y += 4, x += step) {
      v128.store_lane<f32>(y, f32x4.div(v128.load_zero<f32>(x), scale), 0);
    }
  }
}

/** `y[r, i] = x[r + i s] / divisor` for r < 4, i < n, of rows of `width`: 4x4 blocks, then columns of 4. */
function fourRows(y: usize, x: usize, divisor: i32, n: i32, width: i32, s: i32): void {
  const rowBytes = <usize>width << 2;
  const step = <usize>s << 2;
  const end = y + (<usize>n << 2);
  const vectorEnd = y + (<usize>(n & ~3) << 2);
  const scale = f32x4.splat(<f32>divisor);
  for (; y < vectorEnd; y += 16) {
    let a = v128.load(x);
    x += step;
    let b = v128.load(x);
    x += step;
    let c = v128.load(x);
    x += step;
    let d = v128.load(x);
    x += step;
    if (divisor != 1) {
      a = f32x4.div(a, scale);
      b = f32x4.div(b, scale);
      c = f32x4.div(c, scale);
      d = f32x4.div(d, scale);
    }
    const ab01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const ab23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd01 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const cd23 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(y, v128.shuffle<i64>(ab01, cd01, 0, 2));
    v128.store(y + rowBytes, v128.shuffle<i64>(ab01, cd01, 1, 3));
    v128.store(y + (rowBytes << 1), v128.shuffle<i64>(ab23, cd23, 0, 2));
    v128.store(y + rowBytes * 3, v128.shuffle<i64>(ab23, cd23, 1, 3));
  }
  for (; y < end; y += 4, x += step) {
    let a = v128.load(x);
    if (divisor != 1) a = f32x4.div(a, scale);
    v128.store_lane<f32>(y, a, 0);
    v128.store_lane<f32>(y + rowBytes, a, 1);
    v128.store_lane<f32>(y + (rowBytes << 1), a, 2);
    v128.store_lane<f32>(y + rowBytes * 3, a, 3);
  }
}
