/**
 * The register-only peak of strict SIMD: the most multiplications and additions an engine can be made to do a
 * second, with no memory access. Products are reported as a share of it.
 */

/** Floating-point operations of one iteration: 12 chains, 4 lanes, multiply and add. */
export const FLOPS = 96;

/**
 * Runs `iterations` steps of `r = r x + y` in twelve independent chains: enough to hide the latency of both
 * operations, few enough to stay in the registers together with x and y. The chains start from x and y,
 * because some engines would otherwise move the making of a constant into the loop; they converge to 1/2 or
 * 1, so that no value becomes infinite or denormal. Compile with -O3 and SIMD.
 */
export function peak(iterations: i32): f32 {
  const x = f32x4.splat(0.5 + 0.25 * <f32>(iterations & 1));
  const y = f32x4.splat(0.25 + 0.25 * <f32>(iterations & 1));
  let r0 = x, r1 = y, r2 = x, r3 = y, r4 = x, r5 = y, r6 = x, r7 = y, r8 = x, r9 = y, r10 = x, r11 = y;
  for (let i = 0; i < iterations; ++i) {
    r0 = f32x4.relaxed_madd(r0, x, y);
    r1 = f32x4.relaxed_madd(r1, x, y);
    r2 = f32x4.relaxed_madd(r2, x, y);
    r3 = f32x4.relaxed_madd(r3, x, y);
    r4 = f32x4.relaxed_madd(r4, x, y);
    r5 = f32x4.relaxed_madd(r5, x, y);
    r6 = f32x4.relaxed_madd(r6, x, y);
    r7 = f32x4.relaxed_madd(r7, x, y);
    r8 = f32x4.relaxed_madd(r8, x, y);
    r9 = f32x4.relaxed_madd(r9, x, y);
    r10 = f32x4.relaxed_madd(r10, x, y);
    r11 = f32x4.relaxed_madd(r11, x, y);
  }
  r0 = f32x4.add(f32x4.add(r0, r1), f32x4.add(r2, r3));
  r4 = f32x4.add(f32x4.add(r4, r5), f32x4.add(r6, r7));
  r8 = f32x4.add(f32x4.add(r8, r9), f32x4.add(r10, r11));
  return f32x4.extract_lane(f32x4.add(f32x4.add(r0, r4), r8), 0);
}
