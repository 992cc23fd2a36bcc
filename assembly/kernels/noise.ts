import { Purpose } from "../abi";
import { philox } from "../math/philox";
import { partStart } from "../parts";
import { loadUpTo4, storeUpTo4 } from "../simd";
import { normal } from "./random";

/** Elements that stay in one part. */
const GRAIN = 64;

/**
 * `y[i] = x[i] + spread d[i]` with draws d: standard normal ones, or uniform ones on [-1, 1). Their gradient is dy.
 *
 * @param y       out [n] f32, 16-byte aligned; overwritten, never read
 * @param x       in  [n] f32, 16-byte aligned
 * @param n       elements
 * @param uniform 1: uniform draws; 0: normal ones
 * @param spread  a finite number
 * @param stream  which of the draws of a step, below 2^16
 * @param seed    in f64 [1]
 * @param step    in f64 [1]: updates so far
 * @param micro   in f64 [1]: passes of the update so far, below 2^16
 *
 * Draw i depends on seed, step, micro, stream and i alone: word i mod 4 of block i / 4 of the generator. Normal ones are
 * spread times the quantile of (word + 1/2) 2^-32 as in `randomFill`, rounded once; uniform ones spread times
 * ((word >>> 8) 2^-23 - 1), rounded once. Whoever runs a pass again gets the same draws.
 * NaN in x stays.
 * Aliasing: y may be x.
 * Cost: about 3 ns an element uniform, 12 ns normal.
 */
export function noise(
  y: usize, x: usize, n: i32, uniform: i32, spread: f32, stream: i32, seed: usize, step: usize, micro: usize,
  part: i32, parts: i32,
): void {
  const steps = <u64>load<f64>(step);
  const purpose = Purpose.Noise | (<u32>(steps >> 32) << 8);
  const key = <u32>stream | (<u32>load<f64>(micro) << 16);
  const scale = f32x4.splat(spread);
  const end = partStart(n, GRAIN, part + 1, parts);
  for (let i = partStart(n, GRAIN, part, parts); i < end; i += 4) {
    const words = philox(load<f64>(seed), i >>> 2, <u32>steps, purpose, key);
    let draws: v128;
    if (uniform) {
      // 24 bits less 2^23: whole numbers, exact in f32.
      const whole = i32x4.sub(i32x4.shr_u(words, 8), i32x4.splat(0x800000));
      draws = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(whole), f32x4.splat(<f32>(1.0 / 8388608.0))), scale);
    } else {
      draws = f32x4.splat(normal(i32x4.extract_lane(words, 0), 0, spread));
      draws = f32x4.replace_lane(draws, 1, normal(i32x4.extract_lane(words, 1), 0, spread));
      draws = f32x4.replace_lane(draws, 2, normal(i32x4.extract_lane(words, 2), 0, spread));
      draws = f32x4.replace_lane(draws, 3, normal(i32x4.extract_lane(words, 3), 0, spread));
    }
    const at = <usize>i << 2;
    storeUpTo4(y + at, f32x4.add(loadUpTo4(x + at, n - i), draws), n - i);
  }
}
