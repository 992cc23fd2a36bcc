/**
 * The register-only peak of strict SIMD: the most multiplications and additions an engine can be made to do a
 * second, with no memory access. Products are reported as a share of it.
 */

/** Floating-point operations of one iteration: 12 chains, 4 lanes, one operation. */
export const FLOPS = 48;

/**
 * Runs `iterations` steps of `p = p x` in six chains and of `s = s + y` in six others: each kind covers the latency of
 * its operation on CPUs that start two of a kind in every cycle. Multiplication and addition in one chain would wait
 * for each other, and reach four fifths of this on a Zen 4. The products stay what they are, since x is 1, and the sums
 * stay finite; x depends on the argument, so that no engine can tell.
 */
export function peak(iterations: i32): f32 {
  const x = f32x4.splat(iterations < 0 ? 2 : 1);
  const y = f32x4.splat(0.25 + 0.25 * <f32>(iterations & 1));
  let p0 = y, p1 = y, p2 = y, p3 = y, p4 = y, p5 = y;
  let s0 = y, s1 = y, s2 = y, s3 = y, s4 = y, s5 = y;
  for (let i = 0; i < iterations; ++i) {
    p0 = f32x4.mul(p0, x);
    s0 = f32x4.add(s0, y);
    p1 = f32x4.mul(p1, x);
    s1 = f32x4.add(s1, y);
    p2 = f32x4.mul(p2, x);
    s2 = f32x4.add(s2, y);
    p3 = f32x4.mul(p3, x);
    s3 = f32x4.add(s3, y);
    p4 = f32x4.mul(p4, x);
    s4 = f32x4.add(s4, y);
    p5 = f32x4.mul(p5, x);
    s5 = f32x4.add(s5, y);
  }
  p0 = f32x4.add(f32x4.add(p0, p1), f32x4.add(p2, p3));
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  p4 = f32x4.add(f32x4.add(p4, p5), f32x4.add(s4, s5));
  return f32x4.extract_lane(f32x4.add(f32x4.add(p0, s0), p4), 0);
}
