export function loss(
  fn: i32,
  loss: usize,
  dx: usize,
  scale: usize,
  p: usize,
  t: usize,
  m: i32,
  n: i32,
  targets: i32,
  parameter: f32,
): void {}
