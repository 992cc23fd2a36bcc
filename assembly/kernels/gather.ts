export function gather(y: usize, window: usize, index: usize, rows: i32, words: i32): void {}
