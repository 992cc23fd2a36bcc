/** A small seeded generator for benchmark data: mulberry32, uniform on [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** `n` numbers, uniform on [-1, 1). */
export function numbers(n: number, seed: number): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length: n }, () => 2 * next() - 1);
}
