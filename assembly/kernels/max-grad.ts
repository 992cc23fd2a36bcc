import { cut, LINE } from "../parts";

/**
 * Gradient of the maximum: `dx[o, j, i] = x[o, j, i] = y[o, i] ? dy[o, i] / c[o, i] : 0`, where c counts the
 * j at which x attains y. Ties share the cotangent equally; a maximum of NaN is attained nowhere and gives 0.
 *
 * @param dx     out [outer, n, inner] f32, 4-byte aligned; overwritten
 * @param dy     in  [outer, inner] f32
 * @param x      in  [outer, n, inner] f32, the operand of the maximum
 * @param y      in  [outer, inner] f32, the maximum
 * @param outer n inner  as in `reduce`
 *
 * Order: none, counts are exact up to 2^24.
 * Parts: cut between outputs of `reduce`, for inner > 1 at multiples of `LINE`; each takes all of their n elements.
 * Aliasing: dx may be x; no other overlap.
 * Cost: reads x twice, writes it once.
 */
export function maxGrad(
  dx: usize, dy: usize, x: usize, y: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32,
): void {
  if (parts > 1) return maxGradPart(dx, dy, x, y, outer, n, inner, part, parts);
  const plane = <usize>n * <usize>inner << 2;
  const step = <usize>inner << 2;
  for (let o = 0; o < outer; ++o, x += plane, dx += plane, y += step, dy += step) {
    if (inner == 1) maxGradRow(dx, dy, x, y, n);
    else maxGradColumns(dx, dy, x, y, plane, step, 0, step);
  }
}

function maxGradPart(
  dx: usize, dy: usize, x: usize, y: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32,
): void {
  const plane = <usize>n * <usize>inner << 2;
  const step = <usize>inner << 2;
  if (inner == 1) {
    const from = cut(outer, 1, part, parts);
    const count = cut(outer, 1, part + 1, parts) - from;
    const skip = plane * from, row = step * from;
    return maxGrad(dx + skip, dy + row, x + skip, y + row, count, n, 1, 0, 1);
  }
  const end = cut(outer * inner, LINE, part + 1, parts);
  for (let at = cut(outer * inner, LINE, part, parts); at < end; ) {
    const o = at / inner, column = at - o * inner;
    const count = min(inner - column, end - at);
    const skip = plane * o, row = step * o;
    const from = <usize>column << 2;
    maxGradColumns(dx + skip, dy + row, x + skip, y + row, plane, step, from, from + (<usize>count << 2));
    at += count;
  }
}

function maxGradRow(dx: usize, dy: usize, x: usize, y: usize, n: i32): void {
  const vectorBytes = <usize>(n & ~3) << 2;
  const bytes = <usize>n << 2;
  const top = v128.load_splat<f32>(y);
  let counts = i32x4.splat(0);
  for (let i: usize = 0; i < vectorBytes; i += 16) {
    counts = i32x4.sub(counts, f32x4.eq(v128.load(x + i), top));
  }
  let count = i32x4.extract_lane(counts, 0) + i32x4.extract_lane(counts, 1) + i32x4.extract_lane(counts, 2)
    + i32x4.extract_lane(counts, 3);
  for (let i = vectorBytes; i < bytes; i += 4) count += i32(load<f32>(x + i) == load<f32>(y));
  const part = load<f32>(dy) / <f32>count;
  const share = f32x4.splat(part);
  let i: usize = 0;
  for (; i < vectorBytes; i += 16) v128.store(dx + i, v128.and(f32x4.eq(v128.load(x + i), top), share));
  for (; i < bytes; i += 4) store<f32>(dx + i, load<f32>(x + i) == load<f32>(y) ? part : 0);
}

/** The columns at bytes [i, end) of the rows of one plane, four at a time, then one; every column walks its rows twice. */
// @ts-ignore: decorator
@inline
function maxGradColumns(
  dx: usize, dy: usize, x: usize, y: usize, plane: usize, step: usize, i: usize, end: usize,
): void {
  for (; i + 16 <= end; i += 16) {
    const top = v128.load(y + i);
    let count = i32x4.splat(0);
    for (let p = i; p < plane; p += step) count = i32x4.sub(count, f32x4.eq(v128.load(x + p), top));
    const share = f32x4.div(v128.load(dy + i), f32x4.convert_i32x4_s(count));
    for (let p = i; p < plane; p += step) {
      v128.store(dx + p, v128.and(f32x4.eq(v128.load(x + p), top), share));
    }
  }
  for (; i < end; i += 4) {
    const top = load<f32>(y + i);
    let count = 0;
    for (let p = i; p < plane; p += step) count += i32(load<f32>(x + p) == top);
    const share = load<f32>(dy + i) / <f32>count;
    for (let p = i; p < plane; p += step) store<f32>(dx + p, load<f32>(x + p) == top ? share : 0);
  }
}
