/**
 * `x *= factor`: a power that grows by one with each update. One number, so part 0 does it.
 *
 * @param x       inout f64 [1]: a counter of the state
 * @param factor  in    f64 [1]
 */
export function advance(x: usize, factor: usize, part: i32, parts: i32): void {
  if (part == 0) store<f64>(x, load<f64>(x) * load<f64>(factor));
}
