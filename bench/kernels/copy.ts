/** The speed of memory: what a loop that only moves bytes reaches. Optimizer updates are reported as a share of it. */

/** Copies `bytes` from `from` to `to`, 16 at a time. Both are 16-byte aligned and do not overlap; 64 divides `bytes`. */
export function copy(to: usize, from: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 64) {
    v128.store(to + at, v128.load(from + at));
    v128.store(to + at, v128.load(from + at, 16), 16);
    v128.store(to + at, v128.load(from + at, 32), 32);
    v128.store(to + at, v128.load(from + at, 48), 48);
  }
}
