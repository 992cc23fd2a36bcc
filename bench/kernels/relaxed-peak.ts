/**
 * The register-only peak of relaxed SIMD: the most fused multiply-adds an engine can be made to do a second, with no
 * memory access. Relaxed products are reported as a share of it.
 */

/** Floating-point operations of one iteration: 12 chains, 4 lanes, a fused multiply-add counting as two. */
export const FLOPS = 96;

/**
 * Runs `iterations` steps of `r = x y + r` in twelve independent chains, as in `peak.ts`. The chain runs through the
 * addend, as in a product: some engines copy registers where it runs through a factor. Sums stay below 2^18.
 */
export function peak(iterations: i32): f32 {
  const x = f32x4.splat(0.5 + 0.25 * <f32>(iterations & 1));
  const y = f32x4.splat(0.25 + 0.25 * <f32>(iterations & 1));
  let r0 = x, r1 = y, r2 = x, r3 = y, r4 = x, r5 = y, r6 = x, r7 = y, r8 = x, r9 = y, r10 = x, r11 = y;
  for (let i = 0; i < iterations; ++i) {
    r0 = f32x4.relaxed_madd(x, y, r0);
    r1 = f32x4.relaxed_madd(x, y, r1);
    r2 = f32x4.relaxed_madd(x, y, r2);
    r3 = f32x4.relaxed_madd(x, y, r3);
    r4 = f32x4.relaxed_madd(x, y, r4);
    r5 = f32x4.relaxed_madd(x, y, r5);
    r6 = f32x4.relaxed_madd(x, y, r6);
    r7 = f32x4.relaxed_madd(x, y, r7);
    r8 = f32x4.relaxed_madd(x, y, r8);
    r9 = f32x4.relaxed_madd(x, y, r9);
    r10 = f32x4.relaxed_madd(x, y, r10);
    r11 = f32x4.relaxed_madd(x, y, r11);
  }
  r0 = f32x4.add(f32x4.add(r0, r1), f32x4.add(r2, r3));
  r4 = f32x4.add(f32x4.add(r4, r5), f32x4.add(r6, r7));
  r8 = f32x4.add(f32x4.add(r8, r9), f32x4.add(r10, r11));
  return f32x4.extract_lane(f32x4.add(f32x4.add(r0, r4), r8), 0);
}
