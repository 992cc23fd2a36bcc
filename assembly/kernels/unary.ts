export function unary(fn: i32, alpha: f32, y: usize, x: usize, n: i32): void {}
export function unaryGrad(fn: i32, alpha: f32, dx: usize, dy: usize, s: usize, n: i32): void {}
