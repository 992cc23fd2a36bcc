export function permute(index: usize, start: u32, count: i32, n: u32, seed: f64, epoch: f64): void {}
export function randomFill(
  x: usize,
  n: i32,
  distribution: i32,
  a: f32,
  b: f32,
  seed: f64,
  stream: i32,
): void {}
