/** Clipping of gradients: by their norm in two records, of which the first gives sums of blocks; by value in one. */
import { ClipBlock } from "../abi";
import { LINE, partStart } from "../parts";
import { sumWide } from "../simd";

/**
 * The sum of squares of each block of gradients: the first half of `scaleGradients`.
 *
 * @param partials  out [ceil(n / ClipBlock.Elements)] f64; overwritten, never read: scratch of all parts
 * @param g         in  [n] f32, 16-byte aligned
 * @param n         elements, a multiple of 4
 *
 * Order: squares are exact in f64; in a block all even and all odd elements are added in two sums, then both.
 * Parts: cut between blocks.
 * Aliasing: none.
 * Cost: 4 n bytes read.
 */
export function gradientSquares(partials: usize, g: usize, n: i32, part: i32, parts: i32): void {
  const size: i32 = ClipBlock.Elements;
  const end = partStart(n, size, part + 1, parts);
  for (let at = partStart(n, size, part, parts); at < end; at += size) {
    let sum = f64x2.splat(0);
    const last = g + (<usize>min(at + size, n) << 2);
    for (let p = g + (<usize>at << 2); p < last; p += 16) {
      const v = v128.load(p);
      const low = f64x2.promote_low_f32x4(v);
      const high = f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0));
      sum = f64x2.add(f64x2.add(sum, f64x2.mul(low, low)), f64x2.mul(high, high));
    }
    store<f64>(partials + (<usize>(at / size) << 3), sumWide(sum));
  }
}

/**
 * `g *= most / (norm + 1e-6)` where that is below 1: PyTorch's `clip_grad_norm_`. The norm is the root of the sum that
 * `gradientSquares` began. A norm that is NaN or infinite makes NaN of what is not finite, which the guard of the update finds.
 *
 * @param g         inout [n] f32, 16-byte aligned
 * @param partials  in  [ceil(n / ClipBlock.Elements)] f64
 * @param n         elements, a multiple of 4
 * @param most      the largest norm, > 0
 *
 * Order: blocks are added in order in f64; the factor is computed in f64 and rounded to f32, then one product an element.
 * Parts: cut at multiples of `LINE` elements; each part adds all blocks.
 * Aliasing: none.
 * Cost: 8 n bytes of traffic where the norm is too large, none elsewhere.
 */
export function scaleGradients(g: usize, partials: usize, n: i32, most: f32, part: i32, parts: i32): void {
  let total: f64 = 0;
  for (let at = 0; at < n; at += ClipBlock.Elements, partials += 8) total += load<f64>(partials);
  const factor = <f64>most / (sqrt(total) + 1e-6);
  if (factor >= 1) return;
  const by = f32x4.splat(<f32>factor);
  const end = g + (<usize>partStart(n, LINE, part + 1, parts) << 2);
  for (let p = g + (<usize>partStart(n, LINE, part, parts) << 2); p < end; p += 16)
    v128.store(p, f32x4.mul(v128.load(p), by));
}

/**
 * `g = min(max(g, -most), most)`: PyTorch's `clip_grad_value_`. NaN stays.
 *
 * @param g     inout [n] f32, 16-byte aligned
 * @param n     elements, a multiple of 4
 * @param most  the largest magnitude, > 0
 *
 * Order: elements are independent.
 * Parts: cut at multiples of `LINE` elements.
 * Aliasing: none.
 * Cost: 8 n bytes of traffic.
 */
export function clampGradients(g: usize, n: i32, most: f32, part: i32, parts: i32): void {
  const upper = f32x4.splat(most);
  const lower = f32x4.neg(upper);
  const end = g + (<usize>partStart(n, LINE, part + 1, parts) << 2);
  for (let p = g + (<usize>partStart(n, LINE, part, parts) << 2); p < end; p += 16)
    v128.store(p, f32x4.pmax(f32x4.pmin(v128.load(p), upper), lower));
}
