/** The generator and what is drawn from it, written plainly. */
import { Permutation, Purpose } from "../../assembly/abi.ts";

type Words = [number, number, number, number];

const WORD = 0xffffffffn;

/** Philox4x32-10 on 32-bit words, after the paper's figure; fewer rounds only to show that tests see them. */
export function philox(counter: Words, key: readonly [number, number], rounds = 10): Words {
  let [c0, c1, c2, c3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  for (let round = 0; round < rounds; round++) {
    const p0 = c0 * 0xd2511f53n;
    const p1 = c2 * 0xcd9e8d57n;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & WORD, (p0 >> 32n) ^ c3 ^ k1, p0 & WORD];
    k0 = (k0 + 0x9e3779b9n) & WORD;
    k1 = (k1 + 0xbb67ae85n) & WORD;
  }
  return [c0, c1, c2, c3].map(Number) as Words;
}

const split = (integer: number): [number, number] => [integer % 2 ** 32, Math.floor(integer / 2 ** 32)];

/** The random words of an initializer: word i of a seed's stream. */
export const initializationWords = (n: number, seed: number, stream: number): number[] =>
  Array.from({ length: Math.ceil(n / 4) }, (_, block) =>
    philox([block, stream >>> 0, Purpose.Initialization, 0], split(seed)),
  )
    .flat()
    .slice(0, n);

/** The random words of a dropout, or of noise: word i of its stream, in a pass of a step. */
export const dropoutWords = (
  n: number,
  seed: number,
  step: number,
  micro: number,
  stream: number,
  purpose = Purpose.Dropout,
): number[] =>
  Array.from({ length: Math.ceil(n / 4) }, (_, block) => {
    const [low, high] = split(step);
    return philox([block, low, purpose + high * 256, stream + micro * 65536], split(seed));
  })
    .flat()
    .slice(0, n);

const shuffleWords = (blocks: number, seed: number, epoch: number): number[] =>
  Array.from({ length: blocks }, (_, block) =>
    philox([...split(epoch), Purpose.Shuffle, block], split(seed)),
  ).flat();

/** Uniform on [a, b) in f32: 24 bits scaled, and never b. */
export function uniform(word: number, a: number, b: number): number {
  const f = Math.fround;
  const drawn = f(a + f((word >>> 8) * f(f(b - a) * 2 ** -24)));
  return drawn < b ? drawn : below(b);
}

function below(b: number): number {
  let step = 2 ** -149;
  while (Math.fround(b - step) === Math.fround(b)) step *= 2;
  return Math.fround(b - step);
}

/** Distribution function of the standard normal in f64: a series near 0, a continued fraction in the tails. */
export function normalCdf(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(z) < 3) {
    let term = z;
    let total = z;
    for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(total); k++) {
      term *= (z * z) / (2 * k + 1);
      total += term;
    }
    return 0.5 + density * total;
  }
  const x = Math.abs(z);
  let fraction = x;
  for (let k = 200; k > 0; k--) fraction = x + k / fraction;
  return z < 0 ? density / fraction : 1 - density / fraction;
}

/** The whole permutation of [0, n), as `permute` documents it; fewer blocks only to show that tests see them. */
export function permutation(
  n: number,
  seed: number,
  epoch: number,
  blocks: number = n < Permutation.LargeRows ? Permutation.Blocks : Permutation.LargeBlocks,
): number[] {
  if (n <= Permutation.SortedRows) {
    const words = shuffleWords(Math.ceil(n / 4), seed, epoch).slice(0, n);
    const keys = words.map((word, i) => word - (word % 16) + i);
    return keys.map((key) => keys.filter((other) => other < key).length);
  }
  const keys = shuffleWords(blocks, seed, epoch);
  const a = Math.ceil(Math.sqrt(n));
  const b = Math.ceil(n / a);
  return Array.from({ length: n }, (_, position) => {
    let p = position;
    do p = feistel(p, a, b, keys);
    while (p >= n);
    return p;
  });
}

function feistel(p: number, a: number, b: number, keys: readonly number[]): number {
  let l = p % a;
  let r = Math.floor(p / a);
  keys.forEach((key, round) => {
    if (round % 2 === 0) r = (r + roundFunction(l, key, b)) % b;
    else l = (l + roundFunction(r, key, a)) % a;
  });
  return r * a + l;
}

function roundFunction(x: number, key: number, size: number): number {
  let h = Math.imul(x ^ key, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return Math.floor(((h >>> 16) * size) / 2 ** 16);
}

/** The z whose share below is p, in (0, 1): by halving. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  let [low, high] = [-8, 0];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Draws of noise in f64: standard normal ones, or uniform ones on [-1, 1). */
export const noiseDraws = (
  n: number,
  seed: number,
  step: number,
  micro: number,
  stream: number,
  uniform: boolean,
): number[] =>
  dropoutWords(n, seed, step, micro, stream, Purpose.Noise).map((word) =>
    uniform ? (word >>> 8) / 2 ** 23 - 1 : normalQuantile((word + 0.5) / 2 ** 32),
  );
