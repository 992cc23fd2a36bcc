export function reduce(fn: i32, y: usize, x: usize, outer: i32, n: i32, inner: i32): void {}
export function maxGrad(dx: usize, dy: usize, x: usize, y: usize, outer: i32, n: i32, inner: i32): void {}
