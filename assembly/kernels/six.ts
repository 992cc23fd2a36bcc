/** The strided kernels over six dimensions: the four inner ones at a time. */
import { cut } from "../parts";
import { binary } from "./binary";
import { copy } from "./copy";

/**
 * `copy` over [e0, e1, d0, d1, d2, d3], with strides t0, t1 of the two dimensions in front.
 *
 * Parts: cut between blocks [d0, d1, d2, d3].
 */
export function copySix(
  y: usize, x: usize, divisor: i32,
  e0: i32, e1: i32, d0: i32, d1: i32, d2: i32, d3: i32,
  t0: i32, t1: i32, s0: i32, s1: i32, s2: i32, s3: i32,
  part: i32, parts: i32,
): void {
  const block = <usize>(d0 * d1 * d2 * d3) << 2;
  const to = cut(e0 * e1, 1, part + 1, parts);
  for (let at = cut(e0 * e1, 1, part, parts); at < to; ++at) {
    const i0 = at / e1, i1 = at - i0 * e1;
    const from = x + (<usize>(i0 * t0 + i1 * t1) << 2);
    copy(y + <usize>at * block, from, divisor, d0, d1, d2, d3, s0, s1, s2, s3, 0, 1);
  }
}

/**
 * `binary` over [e0, e1, d0, d1, d2, d3], with strides at0, at1 and bt0, bt1 of the two dimensions in front.
 *
 * Parts: cut between blocks [d0, d1, d2, d3].
 */
export function binarySix(
  fn: i32, y: usize, a: usize, b: usize,
  e0: i32, e1: i32, d0: i32, d1: i32, d2: i32, d3: i32,
  at0: i32, at1: i32, as0: i32, as1: i32, as2: i32, as3: i32,
  bt0: i32, bt1: i32, bs0: i32, bs1: i32, bs2: i32, bs3: i32,
  part: i32, parts: i32,
): void {
  const block = <usize>(d0 * d1 * d2 * d3) << 2;
  const to = cut(e0 * e1, 1, part + 1, parts);
  for (let at = cut(e0 * e1, 1, part, parts); at < to; ++at) {
    const i0 = at / e1, i1 = at - i0 * e1;
    const fromA = a + (<usize>(i0 * at0 + i1 * at1) << 2);
    const fromB = b + (<usize>(i0 * bt0 + i1 * bt1) << 2);
    binary(
      fn, y + <usize>at * block, fromA, fromB, d0, d1, d2, d3,
      as0, as1, as2, as3, bs0, bs1, bs2, bs3, 0, 1,
    );
  }
}
