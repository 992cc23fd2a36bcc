/**
 * The package's random numbers on this side of the border: Philox4x32-10, bit for bit as `assembly/math/philox.ts` has it. The
 * key is the seed, the counter names what is drawn, so a draw depends on nothing that was drawn before for another purpose.
 *
 *   counter = (block of 4 words, index of the sequence, purpose, epoch)
 */

/** What is drawn: each purpose has sequences of its own under one seed. The kernels have 1 to 4 (`Purpose` of the ABI). */
export type RandomPurpose = keyof typeof PURPOSES;

const PURPOSES = {
  /** Words of an initializer, as the kernels draw them: tests compare. */
  initialization: 1,
  /** Rows kept apart for validation by `fit`. */
  validation: 16,
  /** Rows kept apart by `split` of a table. */
  split: 17,
  /** Folds of a cross-validation. */
  folds: 18,
  /** Orders of a permuted column. */
  importance: 19,
  /** Draws from the buffer of a stream of rows. */
  stream: 20,
  /** Changes to training images. */
  augment: 21,
  /** Generated sets of data. */
  toy: 22,
  /** Seeds of restarts. */
  restarts: 23,
} as const;

const TWO_32 = 4294967296;

/** High 32 bits of the product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 65536);
  const carried = aLow * bHigh + (middle % 65536);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carried / 65536)) >>> 0;
}

/**
 * Four random words: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3",
 * https://doi.org/10.1145/2063384.2063405).
 *
 * @param seed integer in [0, 2^53)
 * @param into out [4]: unsigned 32-bit words; overwritten
 */
export function philox(
  seed: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  into: Uint32Array,
): void {
  let k0 = (seed % TWO_32) | 0;
  let k1 = Math.floor(seed / TWO_32) | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(c0 >>> 0, 0xd2511f53);
    const low0 = Math.imul(c0, 0xd2511f53);
    const high2 = multiplyHigh(c2 >>> 0, 0xcd9e8d57);
    const low2 = Math.imul(c2, 0xcd9e8d57);
    c0 = high2 ^ c1 ^ k0;
    c1 = low2;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  into[0] = c0;
  into[1] = c1;
  into[2] = c2;
  into[3] = c3;
}

/** One sequence of draws; the same seed, purpose and index always give the same. */
export class Random {
  readonly #seed: number;
  readonly #purpose: number;
  readonly #index: number;
  readonly #epoch: number;
  readonly #words = new Uint32Array(4);
  #drawn = 0;

  /**
   * @param seed integer in [0, 2^53)
   * @param index which of the purpose's sequences: a fold, a row, a column; below 2^32
   * @param epoch where the same is drawn again and again; below 2^32
   */
  constructor(seed: number, purpose: RandomPurpose, index = 0, epoch = 0) {
    this.#seed = seed;
    this.#purpose = PURPOSES[purpose];
    this.#index = index;
    this.#epoch = epoch;
  }

  /** The next 32 bits, as an unsigned integer. */
  word(): number {
    const lane = this.#drawn % 4;
    if (lane === 0) philox(this.#seed, this.#drawn / 4, this.#index, this.#purpose, this.#epoch, this.#words);
    this.#drawn++;
    return this.#words[lane];
  }

  /** The next integer in [0, n), all equally likely; n in [1, 2^32]. */
  below(n: number): number {
    // Words from the last, incomplete multiple of n on would favour small results.
    const end = TWO_32 - (TWO_32 % n);
    for (;;) {
      const word = this.word();
      if (word < end) return word % n;
    }
  }

  /** The next f64 in [0, 1): 53 random bits. */
  uniform(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Puts a list in a random order, in place (Fisher and Yates); all orders are equally likely. */
  shuffle<T extends { length: number; [i: number]: unknown }>(list: T): T {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
    return list;
  }
}
