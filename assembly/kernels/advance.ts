/** Less than this becomes 0: 1 - x is 1 long before, and the denormals that follow take a hundred times longer. */
const LEAST: f64 = 9.332636185032189e-302; // 2^-1000

/**
 * `x *= factor`: a power that grows by one with each update. One number, so part 0 does it.
 *
 * @param x       inout f64 [1]: a counter of the state; less than 2^-1000 becomes 0
 * @param factor  in    f64 [1]
 */
export function advance(x: usize, factor: usize, part: i32, parts: i32): void {
  if (part != 0) return;
  const power = load<f64>(x) * load<f64>(factor);
  store<f64>(x, power < LEAST ? 0 : power);
}
