/**
 * Register tiles over segments: the inner loops of convolutions. Up to four rows by eight columns,
 *
 *   c[i, j] = sum over s, l of a[i, s, l] b[s, l, j]
 *
 * where the values of a row of A stand in `segs` segments of `len` each: what a window reads of one image row stands side by
 * side in memory, and a pointer that jumps to the next image row after each segment needs no copy of the windows (im2col).
 * Every element is one accumulator that takes s, then l ascending: the bits of im2col and a product.
 *
 * The order of instructions is that of `gemm/micro.ts`: both products of a row, then both sums. Four rows, not the five of
 * `tallMicro`: they are within 4 % of five where engines keep the order, and 16 % faster where they do not. Where several
 * tiles take the same rows, the first one packs them for `tallMicro` and `micro`.
 */
import { added, multiplied } from "../../simd";

/** How a tile treats what C holds. */
const enum Start {
  /** Sums start at +0 and C is not read. */
  Zero,
  /** Sums start at C, which may be chosen when the tile runs. */
  Given,
  /** Sums start at +0 and are added to C in the end. */
  Added,
}

/**
 * @param height    rows, 1 to 4
 * @param adjacent  rows of A are 4 bytes apart, and one pointer serves them all
 * @param row       bytes from a row of A to the next, unless adjacent
 * @param step      bytes from a value of a segment to the next
 */
// @ts-ignore: decorator
@inline
function segmented(
  height: i32, adjacent: bool, start: Start, segs: i32, len: i32, a: usize, row: usize, step: usize, jump: usize,
  b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  const c3 = c2 + ldc;
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00, r30 = r00, r31 = r00;
  if (start == Start.Given && accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    if (height > 1) {
      r10 = v128.load(c1);
      r11 = v128.load(c1, 16);
    }
    if (height > 2) {
      r20 = v128.load(c2);
      r21 = v128.load(c2, 16);
    }
    if (height > 3) {
      r30 = v128.load(c3);
      r31 = v128.load(c3, 16);
    }
  }
  let a1 = a + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  let s = r00, b0 = r00, b1 = r00, t = r00, u = r00;
  const bytes = <usize>len << 5;
  do {
    const end = b + bytes;
    do {
      s = v128.load32_splat(a);
      b0 = v128.load(b);
      t = multiplied(r00, s, b0);
      b1 = v128.load(b, 16);
      u = multiplied(r01, s, b1);
      r00 = added(r00, t);
      r01 = added(r01, u);
      if (height > 1) {
        s = adjacent ? v128.load32_splat(a, 4) : v128.load32_splat(a1);
        t = multiplied(r10, s, b0);
        u = multiplied(r11, s, b1);
        r10 = added(r10, t);
        r11 = added(r11, u);
      }
      if (height > 2) {
        s = adjacent ? v128.load32_splat(a, 8) : v128.load32_splat(a2);
        t = multiplied(r20, s, b0);
        u = multiplied(r21, s, b1);
        r20 = added(r20, t);
        r21 = added(r21, u);
      }
      if (height > 3) {
        s = adjacent ? v128.load32_splat(a, 12) : v128.load32_splat(a3);
        t = multiplied(r30, s, b0);
        u = multiplied(r31, s, b1);
        r30 = added(r30, t);
        r31 = added(r31, u);
      }
      a += step;
      if (!adjacent) {
        if (height > 1) a1 += step;
        if (height > 2) a2 += step;
        if (height > 3) a3 += step;
      }
      b += 32;
    } while (b != end);
    a += jump;
    if (!adjacent) {
      if (height > 1) a1 += jump;
      if (height > 2) a2 += jump;
      if (height > 3) a3 += jump;
    }
  } while (--segs > 0);
  if (start == Start.Added && accumulate) {
    r00 = f32x4.add(v128.load(c), r00);
    r01 = f32x4.add(v128.load(c, 16), r01);
    if (height > 1) {
      r10 = f32x4.add(v128.load(c1), r10);
      r11 = f32x4.add(v128.load(c1, 16), r11);
    }
    if (height > 2) {
      r20 = f32x4.add(v128.load(c2), r20);
      r21 = f32x4.add(v128.load(c2, 16), r21);
    }
    if (height > 3) {
      r30 = f32x4.add(v128.load(c3), r30);
      r31 = f32x4.add(v128.load(c3, 16), r31);
    }
  }
  v128.store(c, r00);
  v128.store(c, r01, 16);
  if (height > 1) {
    v128.store(c1, r10);
    v128.store(c1, r11, 16);
  }
  if (height > 2) {
    v128.store(c2, r20);
    v128.store(c2, r21, 16);
  }
  if (height > 3) {
    v128.store(c3, r30);
    v128.store(c3, r31, 16);
  }
}

/**
 * Tiles whose rows are `row` bytes apart in A, one value of a segment after the other.
 *
 * @param segs        segments, at least 1
 * @param len         values of a segment, at least 1
 * @param a           in     the first value of the first row
 * @param row         bytes from a row to the next
 * @param jump        bytes from the end of a segment to the next segment
 * @param b           in     panel [segs len, 8]
 * @param c           inout  rows of 8, ldc bytes apart, stored in ascending order
 * @param accumulate  false: sums start at +0 and C is not read; true: sums go on from C
 */
export function rows4(
  segs: i32, len: i32, a: usize, row: usize, jump: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  segmented(4, false, Start.Given, segs, len, a, row, 4, jump, b, c, ldc, accumulate);
}
export function rows3(
  segs: i32, len: i32, a: usize, row: usize, jump: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  segmented(3, false, Start.Given, segs, len, a, row, 4, jump, b, c, ldc, accumulate);
}
export function rows2(
  segs: i32, len: i32, a: usize, row: usize, jump: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  segmented(2, false, Start.Given, segs, len, a, row, 4, jump, b, c, ldc, accumulate);
}
export function rows1(
  segs: i32, len: i32, a: usize, jump: usize, b: usize, c: usize, accumulate: bool,
): void {
  segmented(1, false, Start.Given, segs, len, a, 0, 4, jump, b, c, 0, accumulate);
}

/**
 * The first of several tiles over the same rows of A: while it computes, it packs them into the panel that the
 * micro-kernels of products take. Those read A with plain loads, which are faster than loads that splat.
 *
 * @param height  rows: 4, or 5 where engines keep the order
 * @param panel   out [segs len, height, 4] f32: each value of A four times, 16-byte aligned
 */
// @ts-ignore: decorator
@inline
function packing(
  height: i32, segs: i32, len: i32, a: usize, row: usize, jump: usize, panel: usize, b: usize, c: usize, ldc: usize,
  accumulate: bool,
): void {
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  const c3 = c2 + ldc;
  const c4 = c3 + ldc;
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00, r30 = r00, r31 = r00, r40 = r00, r41 = r00;
  if (accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    r10 = v128.load(c1);
    r11 = v128.load(c1, 16);
    r20 = v128.load(c2);
    r21 = v128.load(c2, 16);
    r30 = v128.load(c3);
    r31 = v128.load(c3, 16);
    if (height > 4) {
      r40 = v128.load(c4);
      r41 = v128.load(c4, 16);
    }
  }
  let a1 = a + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  let a4 = a3 + row;
  let s = r00, b0 = r00, b1 = r00, t = r00, u = r00;
  const bytes = <usize>len << 5;
  do {
    const end = b + bytes;
    do {
      s = v128.load32_splat(a);
      b0 = v128.load(b);
      v128.store(panel, s);
      t = multiplied(r00, s, b0);
      b1 = v128.load(b, 16);
      u = multiplied(r01, s, b1);
      r00 = added(r00, t);
      r01 = added(r01, u);
      s = v128.load32_splat(a1);
      v128.store(panel, s, 16);
      t = multiplied(r10, s, b0);
      u = multiplied(r11, s, b1);
      r10 = added(r10, t);
      r11 = added(r11, u);
      s = v128.load32_splat(a2);
      v128.store(panel, s, 32);
      t = multiplied(r20, s, b0);
      u = multiplied(r21, s, b1);
      r20 = added(r20, t);
      r21 = added(r21, u);
      s = v128.load32_splat(a3);
      v128.store(panel, s, 48);
      t = multiplied(r30, s, b0);
      u = multiplied(r31, s, b1);
      r30 = added(r30, t);
      r31 = added(r31, u);
      if (height > 4) {
        s = v128.load32_splat(a4);
        v128.store(panel, s, 64);
        t = multiplied(r40, s, b0);
        u = multiplied(r41, s, b1);
        r40 = added(r40, t);
        r41 = added(r41, u);
        a4 += 4;
      }
      a += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      b += 32;
      panel += <usize>height << 4;
    } while (b != end);
    a += jump;
    a1 += jump;
    a2 += jump;
    a3 += jump;
    if (height > 4) a4 += jump;
  } while (--segs > 0);
  v128.store(c, r00);
  v128.store(c, r01, 16);
  v128.store(c1, r10);
  v128.store(c1, r11, 16);
  v128.store(c2, r20);
  v128.store(c2, r21, 16);
  v128.store(c3, r30);
  v128.store(c3, r31, 16);
  if (height > 4) {
    v128.store(c4, r40);
    v128.store(c4, r41, 16);
  }
}

export function packing4(
  segs: i32, len: i32, a: usize, row: usize, jump: usize, panel: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  packing(4, segs, len, a, row, jump, panel, b, c, ldc, accumulate);
}
export function packing5(
  segs: i32, len: i32, a: usize, row: usize, jump: usize, panel: usize, b: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  packing(5, segs, len, a, row, jump, panel, b, c, ldc, accumulate);
}

/**
 * Tiles whose rows are neighbours in A: those of a product with A transposed.
 *
 * @param segs  segments, at least 1
 * @param len   values of a segment, at least 1
 * @param a     in     the first value of the first row
 * @param step  bytes from a value of a segment to the next
 * @param jump  bytes from the end of a segment to the next segment
 * @param b     in     panel [segs len, 8]
 * @param c     inout  rows of 8, ldc bytes apart
 * @param add   false: C is not read; true: the sums, which start at +0, are added to C
 */
export function columns4(
  segs: i32, len: i32, a: usize, step: usize, jump: usize, b: usize, c: usize, ldc: usize, add: bool,
): void {
  segmented(4, true, Start.Added, segs, len, a, 0, step, jump, b, c, ldc, add);
}
export function columns3(
  segs: i32, len: i32, a: usize, step: usize, jump: usize, b: usize, c: usize, ldc: usize, add: bool,
): void {
  segmented(3, true, Start.Added, segs, len, a, 0, step, jump, b, c, ldc, add);
}
export function columns2(
  segs: i32, len: i32, a: usize, step: usize, jump: usize, b: usize, c: usize, ldc: usize, add: bool,
): void {
  segmented(2, true, Start.Added, segs, len, a, 0, step, jump, b, c, ldc, add);
}
export function columns1(
  segs: i32, len: i32, a: usize, step: usize, jump: usize, b: usize, c: usize, add: bool,
): void {
  segmented(1, true, Start.Added, segs, len, a, 0, step, jump, b, c, 0, add);
}

/**
 * Tiles of three rows among those of `count` rows: the others are of four, so that none is lower, which would leave adders
 * waiting. Counts of 1, 2 and 5 end with what is left.
 */
// @ts-ignore: decorator
@inline
export function threesOf(count: i32): i32 {
  const threes = -count & 3;
  return 3 * threes <= count ? threes : count >= 3 ? 1 : 0;
}
