export function sgd(w: usize, g: usize, v: usize, n: i32, hyper: usize, counters: usize): void {}
export function adam(w: usize, g: usize, m: usize, v: usize, n: i32, hyper: usize, counters: usize): void {}
