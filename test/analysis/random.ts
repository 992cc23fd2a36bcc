/** mulberry32: a seeded stream of numbers in [0, 1), so that every run draws the same cases. */
export function seededRandom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A whole number in [low, high]. */
export function between(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** An [m, n] matrix of numbers in [-1, 1). */
export function randomMatrix(random: () => number, m: number, n: number): number[][] {
  return Array.from({ length: m }, () => Array.from({ length: n }, () => 2 * random() - 1));
}

/** The product of [m, k] and [k, n]. */
export function multiply(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
}
