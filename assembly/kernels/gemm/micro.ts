/**
 * The micro-kernels: the inner loops of the packed path. Each computes a tile of C, `rows` by eight, from a panel
 * of A and a panel of B,
 *
 *   c[i, j] = (accumulate ? c[i, j] : +0) + a[i, 0] b[0, j] + a[i, 1] b[1, j] + .. + a[i, k - 1] b[k - 1, j]
 *
 * every element in one accumulator, p ascending, multiply then add: the sum depends on nothing but the operands.
 *
 * A step multiplies and adds twice a row, and a CPU that starts two of each in a cycle has little time for
 * anything else, and none for a bad order: on Zen 4 a loop that takes product and sum by turns runs at 80 % of one
 * that takes both products of a row and then both sums, as if its cores dealt instructions out to two halves with
 * one multiplier and one adder each. In `tallMicro` and most tiles `multiplied` and `added` keep that order up to
 * the engine. V8 keeps it from version 13 on. Before, it loads all that a step needs first, and then four rows are
 * all that the 15 vector registers left to code have room for: `micro` is written for that.
 *
 * Pointers step at the top of a round, where engines need no copies of them, and once for two steps. A step stands
 * written out wherever it is taken: a function of its own would have to return all accumulators.
 */
import { added, multiplied, multiplyAdd } from "../../simd";

/**
 * Four rows, for any engine. The second step comes after an exit of its own, taken when the number of steps is
 * odd: without it engines that do not keep the order would load ahead, and run out of registers. Which exit is
 * taken is decided before the loop, so that either compares with a constant.
 *
 * @param k           steps, at least 1
 * @param a           in     panel [k, 4] with each value stored four times, 16-byte aligned
 * @param b           in     panel [k, 8], 16-byte aligned
 * @param c           inout  4 rows of 8, ldc bytes apart
 * @param accumulate  false: sums start at +0 and C is not read
 */
export function micro(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  const c3 = c2 + ldc;
  const last = b + (<usize>((k - 1) >> 1) << 6);
  let odd: usize = 0, even = last;
  if (k & 1) {
    odd = last;
    even = 0;
  }
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00, r30 = r00, r31 = r00;
  if (accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    r10 = v128.load(c1);
    r11 = v128.load(c1, 16);
    r20 = v128.load(c2);
    r21 = v128.load(c2, 16);
    r30 = v128.load(c3);
    r31 = v128.load(c3, 16);
  }
  a -= 128;
  b -= 64;
  while (true) {
    a += 128;
    b += 64;
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = v128.load(a);
    r00 = multiplyAdd(r00, s, b0);
    r01 = multiplyAdd(r01, s, b1);
    s = v128.load(a, 16);
    r10 = multiplyAdd(r10, s, b0);
    r11 = multiplyAdd(r11, s, b1);
    s = v128.load(a, 32);
    r20 = multiplyAdd(r20, s, b0);
    r21 = multiplyAdd(r21, s, b1);
    s = v128.load(a, 48);
    r30 = multiplyAdd(r30, s, b0);
    r31 = multiplyAdd(r31, s, b1);
    if (b == odd) break;
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    s = v128.load(a, 64);
    r00 = multiplyAdd(r00, s, b0);
    r01 = multiplyAdd(r01, s, b1);
    s = v128.load(a, 80);
    r10 = multiplyAdd(r10, s, b0);
    r11 = multiplyAdd(r11, s, b1);
    s = v128.load(a, 96);
    r20 = multiplyAdd(r20, s, b0);
    r21 = multiplyAdd(r21, s, b1);
    s = v128.load(a, 112);
    r30 = multiplyAdd(r30, s, b0);
    r31 = multiplyAdd(r31, s, b1);
    if (b == even) break;
  }
  v128.store(c, r00);
  v128.store(c, r01, 16);
  v128.store(c1, r10);
  v128.store(c1, r11, 16);
  v128.store(c2, r20);
  v128.store(c2, r21, 16);
  v128.store(c3, r30);
  v128.store(c3, r31, 16);
}

/**
 * Gemm.TallMR rows, for engines that keep the order: fewer loads for each product, and more sums under way while
 * one waits for its turn. An odd step comes first. Computes tiles side by side.
 *
 * @param tiles       at least 1
 * @param k           steps, at least 1
 * @param panelA      in     [k, 5] with each value stored four times, 16-byte aligned
 * @param panelB      in     [tiles, k, 8], 16-byte aligned
 * @param c           inout  5 rows of 8 tiles, ldc bytes apart
 * @param accumulate  false: sums start at +0 and C is not read
 */
export function tallMicro(
  tiles: i32, k: i32, panelA: usize, panelB: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  const bytes = <usize>k << 5;
  do {
    let a = panelA, b = panelB;
    const c1 = c + ldc;
    const c2 = c1 + ldc;
    const c3 = c2 + ldc;
    const c4 = c3 + ldc;
    const last = b + bytes - 64;
    let r00 = f32x4.splat(0);
    let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00;
    let r30 = r00, r31 = r00, r40 = r00, r41 = r00;
    if (accumulate) {
      r00 = v128.load(c);
      r01 = v128.load(c, 16);
      r10 = v128.load(c1);
      r11 = v128.load(c1, 16);
      r20 = v128.load(c2);
      r21 = v128.load(c2, 16);
      r30 = v128.load(c3);
      r31 = v128.load(c3, 16);
      r40 = v128.load(c4);
      r41 = v128.load(c4, 16);
    }
    let s = r00, b0 = r00, b1 = r00, t = r00, u = r00;
    if (k & 1) {
      s = v128.load(a);
      b0 = v128.load(b);
      t = multiplied(r00, s, b0);
      b1 = v128.load(b, 16);
      u = multiplied(r01, s, b1);
      r00 = added(r00, t);
      r01 = added(r01, u);
      s = v128.load(a, 16);
      t = multiplied(r10, s, b0);
      u = multiplied(r11, s, b1);
      r10 = added(r10, t);
      r11 = added(r11, u);
      s = v128.load(a, 32);
      t = multiplied(r20, s, b0);
      u = multiplied(r21, s, b1);
      r20 = added(r20, t);
      r21 = added(r21, u);
      s = v128.load(a, 48);
      t = multiplied(r30, s, b0);
      u = multiplied(r31, s, b1);
      r30 = added(r30, t);
      r31 = added(r31, u);
      s = v128.load(a, 64);
      t = multiplied(r40, s, b0);
      u = multiplied(r41, s, b1);
      r40 = added(r40, t);
      r41 = added(r41, u);
      a += 80;
      b += 32;
    }
    if (k > 1) {
      a -= 160;
      b -= 64;
      do {
        a += 160;
        b += 64;
        s = v128.load(a);
        b0 = v128.load(b);
        t = multiplied(r00, s, b0);
        b1 = v128.load(b, 16);
        u = multiplied(r01, s, b1);
        r00 = added(r00, t);
        r01 = added(r01, u);
        s = v128.load(a, 16);
        t = multiplied(r10, s, b0);
        u = multiplied(r11, s, b1);
        r10 = added(r10, t);
        r11 = added(r11, u);
        s = v128.load(a, 32);
        t = multiplied(r20, s, b0);
        u = multiplied(r21, s, b1);
        r20 = added(r20, t);
        r21 = added(r21, u);
        s = v128.load(a, 48);
        t = multiplied(r30, s, b0);
        u = multiplied(r31, s, b1);
        r30 = added(r30, t);
        r31 = added(r31, u);
        s = v128.load(a, 64);
        t = multiplied(r40, s, b0);
        u = multiplied(r41, s, b1);
        r40 = added(r40, t);
        r41 = added(r41, u);
        s = v128.load(a, 80);
        b0 = v128.load(b, 32);
        t = multiplied(r00, s, b0);
        b1 = v128.load(b, 48);
        u = multiplied(r01, s, b1);
        r00 = added(r00, t);
        r01 = added(r01, u);
        s = v128.load(a, 96);
        t = multiplied(r10, s, b0);
        u = multiplied(r11, s, b1);
        r10 = added(r10, t);
        r11 = added(r11, u);
        s = v128.load(a, 112);
        t = multiplied(r20, s, b0);
        u = multiplied(r21, s, b1);
        r20 = added(r20, t);
        r21 = added(r21, u);
        s = v128.load(a, 128);
        t = multiplied(r30, s, b0);
        u = multiplied(r31, s, b1);
        r30 = added(r30, t);
        r31 = added(r31, u);
        s = v128.load(a, 144);
        t = multiplied(r40, s, b0);
        u = multiplied(r41, s, b1);
        r40 = added(r40, t);
        r41 = added(r41, u);
      } while (b != last);
    }
    v128.store(c, r00);
    v128.store(c, r01, 16);
    v128.store(c1, r10);
    v128.store(c1, r11, 16);
    v128.store(c2, r20);
    v128.store(c2, r21, 16);
    v128.store(c3, r30);
    v128.store(c3, r31, 16);
    v128.store(c4, r40);
    v128.store(c4, r41, 16);
    c += 32;
    panelB += bytes;
  } while (--tiles > 0);
}

/** Rows of the relaxed micro-kernel: without a product to hold, twelve accumulators fit the registers. */
export const RELAXED_MR = 6;

/**
 * The micro-kernel of the relaxed build: six rows of eight columns of C. A fused multiply-add takes four
 * cycles and two start in each: eight accumulators would just cover that, twelve do with room to spare.
 *
 * @param k           steps, at least 1
 * @param a           in     panel [k, 8] of which six columns are read
 * @param b           in     panel [k, 8], 16-byte aligned
 * @param c           inout  6 rows of 8, ldc bytes apart
 * @param accumulate  false: sums start at +0 and C is not read
 */
export function relaxedMicro(k: i32, a: usize, b: usize, c: usize, ldc: usize, accumulate: bool): void {
  const c1 = c + ldc;
  const c2 = c1 + ldc;
  const c3 = c2 + ldc;
  const c4 = c3 + ldc;
  const c5 = c4 + ldc;
  const last = b + (<usize>k << 5) - 32;
  let r00 = f32x4.splat(0);
  let r01 = r00, r10 = r00, r11 = r00, r20 = r00, r21 = r00;
  let r30 = r00, r31 = r00, r40 = r00, r41 = r00, r50 = r00, r51 = r00;
  if (accumulate) {
    r00 = v128.load(c);
    r01 = v128.load(c, 16);
    r10 = v128.load(c1);
    r11 = v128.load(c1, 16);
    r20 = v128.load(c2);
    r21 = v128.load(c2, 16);
    r30 = v128.load(c3);
    r31 = v128.load(c3, 16);
    r40 = v128.load(c4);
    r41 = v128.load(c4, 16);
    r50 = v128.load(c5);
    r51 = v128.load(c5, 16);
  }
  while (true) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const s0 = v128.load32_splat(a);
    r00 = multiplyAdd(r00, s0, b0);
    r01 = multiplyAdd(r01, s0, b1);
    const s1 = v128.load32_splat(a, 4);
    r10 = multiplyAdd(r10, s1, b0);
    r11 = multiplyAdd(r11, s1, b1);
    const s2 = v128.load32_splat(a, 8);
    r20 = multiplyAdd(r20, s2, b0);
    r21 = multiplyAdd(r21, s2, b1);
    const s3 = v128.load32_splat(a, 12);
    r30 = multiplyAdd(r30, s3, b0);
    r31 = multiplyAdd(r31, s3, b1);
    const s4 = v128.load32_splat(a, 16);
    r40 = multiplyAdd(r40, s4, b0);
    r41 = multiplyAdd(r41, s4, b1);
    const s5 = v128.load32_splat(a, 20);
    r50 = multiplyAdd(r50, s5, b0);
    r51 = multiplyAdd(r51, s5, b1);
    if (b == last) break;
    a += 32;
    b += 32;
  }
  v128.store(c, r00);
  v128.store(c, r01, 16);
  v128.store(c1, r10);
  v128.store(c1, r11, 16);
  v128.store(c2, r20);
  v128.store(c2, r21, 16);
  v128.store(c3, r30);
  v128.store(c3, r31, 16);
  v128.store(c4, r40);
  v128.store(c4, r41, 16);
  v128.store(c5, r50);
  v128.store(c5, r51, 16);
}
