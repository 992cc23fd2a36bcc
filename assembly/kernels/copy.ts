export function copy(
  y: usize,
  x: usize,
  divisor: i32,
  d0: i32,
  d1: i32,
  d2: i32,
  d3: i32,
  s0: i32,
  s1: i32,
  s2: i32,
  s3: i32,
): void {}
