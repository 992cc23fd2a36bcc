/** A moving average of weights. */
import { LINE, partStart } from "../parts";
import { narrow } from "../simd";

/**
 * `average += a (w - average)` with `a = (1 - decay) / (1 - power)`: the exponential average of the weights after each update,
 * without the bias towards its start: the first update makes it w. Runs after an update was found finite, so nothing is kept or
 * checked: a mean of finite numbers is finite.
 *
 * @param average  inout [n] f32, 16-byte aligned
 * @param w        in    [n] f32, 16-byte aligned
 * @param n        elements, a multiple of 4
 * @param power    in    f64 [1]: decay to the number of updates, this one included
 * @param decay    in    f64 [1], in [0, 1)
 *
 * Order: elements are independent; computed in f64, rounded to f32 once.
 * Parts: cut at multiples of `LINE` elements.
 * Aliasing: average and w must not overlap.
 * Cost: 12 n bytes of traffic.
 */
export function averageWeights(
  average: usize, w: usize, n: i32, power: usize, decay: usize, part: i32, parts: i32,
): void {
  const share = f64x2.splat((1 - load<f64>(decay)) / (1 - load<f64>(power)));
  const end = <usize>partStart(n, LINE, part + 1, parts) << 2;
  for (let i = <usize>partStart(n, LINE, part, parts) << 2; i < end; i += 16)
    v128.store(average + i, narrow(nearer(average + i, w + i, share), nearer(average + i + 8, w + i + 8, share)));
}

/** Two elements of the average, in f64. */
// @ts-ignore: decorator
@inline
function nearer(average: usize, w: usize, share: v128): v128 {
  const from = f64x2.promote_low_f32x4(v128.load64_zero(average));
  const to = f64x2.promote_low_f32x4(v128.load64_zero(w));
  return f64x2.add(from, f64x2.mul(share, f64x2.sub(to, from)));
}
