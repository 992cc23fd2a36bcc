/** The product of a few numbers, for which starting a tile takes longer than the arithmetic. */
import { multiplyAdd, storeUpTo4 } from "../../simd";

/**
 * `c[i, j] = sum_p a[i, p] b[p, j] + bias[j]`.
 *
 * @param c     out [m, n] f32, row-major; overwritten, never read
 * @param a     in  a[i, p] at a + i row + p step
 * @param b     in  [k, n] f32, row-major
 * @param bias  in  [n]    f32; 0: none
 * @param m     rows
 * @param n     columns: 1, or 8 and more
 * @param k     0 gives the bias, or +0
 *
 * Order: each c[i, j] starts at +0 and adds p = 0, 1, .., k - 1 in one accumulator, multiply then add; the bias comes
 * last.
 * Aliasing: c must not overlap an input.
 * Cost: 2 m n k operations.
 */
export function small(
  c: usize, a: usize, row: usize, step: usize, b: usize, bias: usize, m: i32, n: i32, k: i32,
): void {
  if (n == 1) return smallColumn(c, a, row, step, b, 4, bias, m, k);
  const ldb = <usize>n << 2;
  for (; m > 0; --m) {
    let j: usize = 0;
    while (true) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let at = a;
      let from = b + j;
      for (let p = k; p > 0; --p) {
        const s = v128.load32_splat(at);
        s0 = multiplyAdd(s0, s, v128.load(from));
        s1 = multiplyAdd(s1, s, v128.load(from, 16));
        at += step;
        from += ldb;
      }
      if (bias != 0) {
        s0 = f32x4.add(s0, v128.load(bias + j));
        s1 = f32x4.add(s1, v128.load(bias + j, 16));
      }
      v128.store(c + j, s0);
      v128.store(c + j, s1, 16);
      j += 32;
      if (j >= ldb) break;
      // what remains is less than eight columns: the last eight, some of them again
      j = min(j, ldb - 32);
    }
    a += row;
    c += ldb;
  }
}

/** As `small` for one column, four rows at a time; the values of B are `stepB` bytes apart. */
export function smallColumn(
  c: usize, a: usize, row: usize, step: usize, b: usize, stepB: usize, bias: usize, m: i32, k: i32,
): void {
  for (; m > 0; m -= 4) {
    let a0 = a;
    let a1 = a0 + (m > 1 ? row : 0);
    let a2 = a1 + (m > 2 ? row : 0);
    let a3 = a2 + (m > 3 ? row : 0);
    let from = b;
    let sum = f32x4.splat(0);
    for (let p = k; p > 0; --p) {
      let v = v128.load32_zero(a0);
      v = v128.load_lane<f32>(a1, v, 1);
      v = v128.load_lane<f32>(a2, v, 2);
      v = v128.load_lane<f32>(a3, v, 3);
      sum = multiplyAdd(sum, v128.load32_splat(from), v);
      a0 += step;
      a1 += step;
      a2 += step;
      a3 += step;
      from += stepB;
    }
    if (bias != 0) sum = f32x4.add(sum, v128.load32_splat(bias));
    storeUpTo4(c, sum, m);
    a += row << 2;
    c += 16;
  }
}
