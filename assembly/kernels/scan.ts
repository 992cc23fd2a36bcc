/** Looking for numbers that must not be there. */
import { raiseGuard } from "../guard";
import { LINE, partStart } from "../parts";

/** The bits of infinity. */
const INFINITY: i32 = 0x7f800000;

/**
 * `max_i (bits(x[i]) & 0x7fffffff)`: the bits of the largest magnitude, for guards. As integers, magnitudes
 * order like the numbers do, infinity is 0x7f800000 and every NaN is above it, so one comparison finds
 * whatever is not finite.
 *
 * @param x  in [n] f32, 4-byte aligned
 * @param n  elements; 0 gives 0
 *
 * Order: none, the maximum of integers is exact.
 * Cost: 4 n bytes read, at the speed of memory.
 */
export function maxMagnitude(x: usize, n: i32): i32 {
  const end = x + (<usize>n << 2);
  const vectorEnd = x + (<usize>(n & ~3) << 2);
  const blockEnd = x + (<usize>(n & ~15) << 2);
  // Doubling drops the sign bit and needs no constant; the order of what is left is unchanged.
  let largest = i32x4.splat(0);
  for (; x < blockEnd; x += 64) {
    const first = i32x4.max_u(i32x4.shl(v128.load(x), 1), i32x4.shl(v128.load(x, 16), 1));
    const second = i32x4.max_u(i32x4.shl(v128.load(x, 32), 1), i32x4.shl(v128.load(x, 48), 1));
    largest = i32x4.max_u(largest, i32x4.max_u(first, second));
  }
  for (; x < vectorEnd; x += 16) largest = i32x4.max_u(largest, i32x4.shl(v128.load(x), 1));
  for (; x < end; x += 4) largest = i32x4.max_u(largest, i32x4.shl(v128.load_zero<i32>(x), 1));
  largest = i32x4.max_u(largest, v128.shuffle<i32>(largest, largest, 2, 3, 0, 1));
  largest = i32x4.max_u(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2));
  return <i32>(<u32>i32x4.extract_lane(largest, 0) >>> 1);
}

/**
 * Raises the guard if any number is infinite or NaN: for state that kernels wrote which know no guard.
 *
 * @param x      in [n] f32, 16-byte aligned
 * @param n      elements
 * @param guard  the guard's word
 *
 * Parts: cut at multiples of `LINE` elements.
 * Cost: 4 n bytes read.
 */
export function checkFinite(x: usize, n: i32, guard: usize, part: i32, parts: i32): void {
  const from = partStart(n, LINE, part, parts);
  const to = partStart(n, LINE, part + 1, parts);
  if (maxMagnitude(x + (<usize>from << 2), to - from) >= INFINITY) raiseGuard(guard);
}

/**
 * Whether any number is below 0, or -0.
 *
 * @param x  in [n] f32, 16-byte aligned
 * @param n  elements, a multiple of 4; 0 gives no
 */
export function hasNegative(x: usize, n: i32): bool {
  let signs = i32x4.splat(0);
  for (const end = x + (<usize>n << 2); x < end; x += 16) signs = v128.or(signs, v128.load(x));
  return i32x4.bitmask(signs) != 0;
}
