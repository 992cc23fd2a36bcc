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
  if (part != 0) return;
  const transpose = s2 == 1 && s3 > 1 && d2 >= 4 && d3 >= 4;
  for (let i0 = 0; i0 < d0; ++i0) {
    let x1 = x;
    for (let i1 = 0; i1 < d1; ++i1) {
      let x2 = x1, i2 = 0;
      if (transpose) {
        for (; i2 + 4 <= d2; i2 += 4) {
          fourRows(y, x2, divisor, d3, s3);
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

/** `y[r, i] = x[r + i s] / divisor` for r < 4, i < n: 4x4 blocks, then columns of 4. */
function fourRows(y: usize, x: usize, divisor: i32, n: i32, s: i32): void {
  const rowBytes = <usize>n << 2;
  const step = <usize>s << 2;
  const end = y + rowBytes;
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
