export function maxMagnitude(x: usize, n: i32): i32 {
  return 0;
}
