import { Purpose } from "../abi";
import { philox } from "../math/philox";
import { partStart } from "../parts";
import { storeUpTo4, loadUpTo4 } from "../simd";

/** Elements that stay in one part. */
const GRAIN = 64;

/**
 * `y[i] = keep[i] ? x[i] / (1 - rate) : 0`, each element being kept with probability 1 - rate (Srivastava et al. 2014,
 * https://jmlr.org/papers/v15/srivastava14a.html, scaled while training). The gradient is the same function of dy.
 *
 * @param y       out [n] f32, 16-byte aligned; overwritten, never read
 * @param x       in  [n] f32, 16-byte aligned
 * @param n       elements
 * @param rate    in [0, 1)
 * @param stream  which of the draws of a step, below 2^16
 * @param seed    in f64 [1]
 * @param step    in f64 [1]: updates so far
 * @param micro   in f64 [1]: passes of the update so far, below 2^16
 *
 * Element i depends on seed, step, micro, stream and i alone: word i mod 4 of block i / 4 of the generator, kept where it is
 * at least rate 2^32. Whoever runs a pass again gets the same draws.
 * Aliasing: y may be x.
 * Cost: about 3 ns an element.
 */
export function dropout(
  y: usize, x: usize, n: i32, rate: f32, stream: i32, seed: usize, step: usize, micro: usize, part: i32, parts: i32,
): void {
  const from = partStart(n, GRAIN, part, parts);
  const skip = <usize>from << 2;
  dropElements(y + skip, x + skip, from, partStart(n, GRAIN, part + 1, parts) - from, rate, stream, seed, step, micro);
}

/** The same for elements `first`, a multiple of 4, to `first + n - 1`, which stand at x. */
export function dropElements(
  y: usize, x: usize, first: i32, n: i32, rate: f32, stream: i32, seed: usize, step: usize, micro: usize,
): void {
  const steps = <u64>load<f64>(step);
  const purpose = Purpose.Dropout | (<u32>(steps >> 32) << 8);
  const key = <u32>stream | (<u32>load<f64>(micro) << 16);
  const threshold = i32x4.splat(<u32>(<f64>rate * 4294967296.0));
  const scale = f32x4.splat(<f32>(1.0 / (1.0 - <f64>rate)));
  for (let block = first >>> 2; n > 0; ++block, n -= 4, x += 16, y += 16) {
    const words = philox(load<f64>(seed), block, <u32>steps, purpose, key);
    const kept = i32x4.ge_u(words, threshold);
    storeUpTo4(y, v128.and(f32x4.mul(loadUpTo4(x, n), scale), kept), n);
  }
}
