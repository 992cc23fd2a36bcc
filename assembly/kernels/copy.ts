import { cut, LINE } from "../parts";

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
  const transposes = s2 == 1 && s3 > 1 && d2 >= 4 && d3 >= 4;
  if (parts > 1) {
    if (transposes) return transposePart(y, x, divisor, d0, d1, d2, d3, s0, s1, s3, part, parts);
    return copyPart(y, x, divisor, d0, d1, d2, d3, s0, s1, s2, s3, part, parts);
  }
  for (let i0 = 0; i0 < d0; ++i0) {
    let x1 = x;
    for (let i1 = 0; i1 < d1; ++i1) {
      let x2 = x1, i2 = 0;
      if (transposes) {
        for (; i2 + 4 <= d2; i2 += 4) {
          fourRows(y, x2, divisor, d3, d3, s3);
          y += <usize>d3 << 4;
          x2 += 16;
        }
      }
      for (; i2 < d2; ++i2) {
        row(y, x2, divisor, d3, s3);
        y += <usize>d3 << 2;
        x2 += <usize>s2 << 2;
      }
      x1 += <usize>s1 << 2;
    }
    x += <usize>s0 << 2;
  }
}

/** A part is a stretch of y: at most seven boxes, each as large as fits where the one before ended. */
function copyPart(
  y: usize, x: usize, divisor: i32,
  d0: i32, d1: i32, d2: i32, d3: i32,
  s0: i32, s1: i32, s2: i32, s3: i32,
  part: i32, parts: i32,
): void {
  const all = d0 * d1 * d2 * d3;
  const end = cut(all, LINE, part + 1, parts);
  for (let at = cut(all, LINE, part, parts); at < end; ) {
    const row = at / d3, plane = row / d2, i0 = plane / d1;
    const i1 = plane - i0 * d1, i2 = row - plane * d2, i3 = at - row * d3;
    let n0 = 1, n1 = 1, n2 = 1, n3 = min(d3 - i3, end - at);
    if (n3 == d3) {
      const rows = (end - at) / d3;
      n2 = min(d2 - i2, rows);
      if (n2 == d2) {
        const planes = rows / d2;
        n1 = min(d1 - i1, planes);
        if (n1 == d1) n0 = planes / d1;
      }
    }
    const from = x + (<usize>(i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3) << 2);
    copy(y + (<usize>at << 2), from, divisor, n0, n1, n2, n3, s0, s1, s2, s3, 0, 1);
    at += n0 * n1 * n2 * n3;
  }
}

/**
 * A part of a transpose: of d0 d1 planes [d2, d3], each cut into slices of 4 rows or of `LINE` columns, a stretch of slices.
 */
function transposePart(
  y: usize, x: usize, divisor: i32,
  d0: i32, d1: i32, d2: i32, d3: i32,
  s0: i32, s1: i32, s3: i32,
  part: i32, parts: i32,
): void {
  const tall = d2 >= d3;
  const length = tall ? d2 : d3;
  const grain = tall ? 4 : LINE;
  const slices = (length + grain - 1) / grain;
  const end = cut(d0 * d1 * slices, 1, part + 1, parts);
  for (let at = cut(d0 * d1 * slices, 1, part, parts); at < end; ) {
    const plane = at / slices, i0 = plane / d1, i1 = plane - i0 * d1;
    const slice = at - plane * slices;
    const count = min(slices - slice, end - at);
    const from = slice * grain;
    const to = min(length, from + count * grain);
    const yPlane = y + (<usize>plane * (d2 * d3) << 2);
    const xPlane = x + (<usize>(i0 * s0 + i1 * s1) << 2);
    if (tall) {
      const rows = yPlane + (<usize>(from * d3) << 2);
      copy(rows, xPlane + (<usize>from << 2), divisor, 1, 1, to - from, d3, 0, 0, 1, s3, 0, 1);
    } else {
      let row = yPlane + (<usize>from << 2), column = xPlane + (<usize>(from * s3) << 2);
      let i = 0;
      for (; i + 4 <= d2; i += 4, row += <usize>d3 << 4, column += 16) {
        fourRows(row, column, divisor, to - from, d3, s3);
      }
      for (; i < d2; ++i, row += <usize>d3 << 2, column += 4) {
        copy(row, column, divisor, 1, 1, 1, to - from, 0, 0, 0, s3, 0, 1);
      }
    }
    at += count;
  }
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
// @ts-ignore: decorator
@inline
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
