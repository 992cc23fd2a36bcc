/** A bound of weights. */
import { LINE, partStart } from "../parts";
import { loadUpTo4, narrow, storeUpTo4 } from "../simd";

/**
 * Columns whose Euclidean norm is above `most` are scaled down to it: `w[:, j] *= most / norm_j`. Runs behind an optimizer's record,
 * which has kept what w held and noted what is not finite: a column with NaN or infinite numbers stays so.
 *
 * @param w     inout [k, n] f32, row-major, 16-byte aligned
 * @param k     rows: inputs
 * @param n     columns: units
 * @param most  the largest norm, > 0
 *
 * Order: norm_j adds squares of rows 0, 1, .., k - 1 in one f64; the factor is computed in f64 and rounded to f32. Columns
 * within the bound keep their bits.
 * Parts: cut at multiples of `LINE` columns.
 * Aliasing: none.
 * Cost: 4 k n bytes read, twice where a column of four is above.
 */
export function maxNorm(w: usize, k: i32, n: i32, most: f32, part: i32, parts: i32): void {
  const end = partStart(n, LINE, part + 1, parts);
  const stride = <usize>n << 2;
  const bound = f64x2.splat(<f64>most);
  for (let j = partStart(n, LINE, part, parts); j < end; j += 4) {
    const left = end - j;
    const column = w + (<usize>j << 2);
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let i = 0, p = column; i < k; ++i, p += stride) {
      const v = loadUpTo4(p, left);
      const a = f64x2.promote_low_f32x4(v);
      const b = f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0));
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
    }
    low = f64x2.sqrt(low);
    high = f64x2.sqrt(high);
    const isAbove = narrow(f64x2.sub(low, bound), f64x2.sub(high, bound));
    const above = f32x4.gt(isAbove, f32x4.splat(0));
    if (!v128.any_true(above)) continue;
    const factors = narrow(f64x2.div(bound, low), f64x2.div(bound, high));
    const scale = v128.bitselect(factors, f32x4.splat(1), above);
    for (let i = 0, p = column; i < k; ++i, p += stride)
      storeUpTo4(p, f32x4.mul(loadUpTo4(p, left), scale), left);
  }
}
