export function softmax(y: usize, x: usize, m: i32, n: i32): void {}
export function softmaxGrad(dx: usize, dy: usize, y: usize, m: i32, n: i32): void {}
export function logSoftmax(y: usize, x: usize, m: i32, n: i32): void {}
export function logSoftmaxGrad(dx: usize, dy: usize, y: usize, m: i32, n: i32): void {}
