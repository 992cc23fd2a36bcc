import { describe, expect, it } from "vitest";
import { Distribution, Purpose } from "../../assembly/abi.ts";
import { initializationWords, normalCdf, permutation, philox, uniform } from "../oracle/random.ts";
import { difference } from "./compare.ts";
import { instantiate } from "./harness.ts";

const { kernels, memory } = instantiate(1 << 20);
const at = Math.ceil(kernels.staticEnd() / 16) * 16 + 16;
const GUARD = 0x5a5aa5a5;

/** Runs `write` on n elements that hold NaN, between guard words. */
function guarded(n: number, write: (address: number) => void): ArrayBuffer {
  const words = new Int32Array(memory.buffer, at - 16, n + 8).fill(GUARD);
  new Float32Array(memory.buffer, at, n).fill(Number.NaN);
  write(at);
  for (const i of [0, 1, 2, 3, n + 4, n + 5, n + 6, n + 7])
    if (words[i] !== GUARD) throw new Error(`wrote outside its ${n} elements, at word ${i - 4}`);
  return memory.buffer.slice(at, at + 4 * n);
}

const fill = (n: number, distribution: Distribution, a: number, b: number, seed: number, stream = 0) =>
  new Float32Array(guarded(n, (x) => kernels.randomFill(x, n, distribution, a, b, seed, stream)));

const slice = (n: number, seed: number, epoch: number, start = 0, count = n) => [
  ...new Int32Array(guarded(count, (index) => kernels.permute(index, start, count, n, seed, epoch))),
];

const SEEDS = [0, 1, 42, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 123456789012345, Number.MAX_SAFE_INTEGER];
const STREAMS = [0, 1, 7, 2 ** 31 - 1, -1];

const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, v) => sum + v, 0) / x.length;

/** Pearson's statistic against equal expectations, in standard deviations of its distribution. */
function chiSquare(observed: readonly number[], freedom = observed.length - 1): number {
  const expected = mean(observed);
  const statistic = observed.reduce((sum, o) => sum + (o - expected) ** 2 / expected, 0);
  return (statistic - freedom) / Math.sqrt(2 * freedom);
}

/** Deviations above this have a chance below 1e-4 for a uniform source, and the draws here are fixed. */
const UNEVEN = 5;

describe("the generator", () => {
  // Random123 1.14, tests/kat_vectors, lines "philox4x32 10"
  it("is Philox4x32-10: the oracle passes the known answers of Random123", () => {
    const ones = 0xffffffff;
    expect(philox([0, 0, 0, 0], [0, 0])).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
    expect(philox([ones, ones, ones, ones], [ones, ones])).toEqual([
      ...[0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ]);
    expect(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).toEqual([
      ...[0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ]);
  });

  it("is what the kernel draws from, for every seed and stream", () => {
    for (const seed of SEEDS)
      for (const stream of STREAMS) {
        const words = initializationWords(40, seed, stream);
        const drawn = fill(40, Distribution.Uniform, 0, 1, seed, stream);
        expect([...drawn]).toEqual(words.map((word) => (word >>> 8) * 2 ** -24));
      }
  });
});

describe("randomFill", () => {
  it("gives element i the same bits whatever the count", () => {
    for (const distribution of [Distribution.Uniform, Distribution.Normal]) {
      const whole = fill(40, distribution, -1, 2, 5);
      for (let n = 0; n <= 20; n++)
        expect(difference(fill(n, distribution, -1, 2, 5), whole.slice(0, n))).toBeUndefined();
    }
  });

  it("draws uniformly from [a, b), as the oracle does", () => {
    for (const [a, b] of [
      [-0.5, 0.5],
      [1, 2],
      [-3, -1],
      [0, 1e-40],
      [100, 100.001],
      [-1e30, 1e30],
      [5, 5],
      [-7, 0],
    ]) {
      const [low, high] = [Math.fround(a), Math.fround(b)];
      const drawn = fill(1000, Distribution.Uniform, a, b, 3);
      const expected = initializationWords(1000, 3, 0).map((word) =>
        low === high ? low : uniform(word, low, high),
      );
      expect(difference(drawn, Float32Array.from(expected))).toBeUndefined();
      for (const value of drawn) expect(value >= low && (value < high || low === high)).toBe(true);
    }
  });

  it("never draws the upper end, though rounding reaches it", () => {
    const top = 1 + 2 ** -22;
    const drawn = fill(1000, Distribution.Uniform, 1, top, 1);
    expect(new Set(drawn)).toEqual(new Set([1, 1 + 2 ** -23]));
    const rounded = initializationWords(1000, 1, 0).map((word) =>
      Math.fround(1 + (word >>> 8) * 2 ** -24 * (top - 1)),
    );
    expect(rounded).toContain(top);
  });

  it("spreads uniform draws evenly", () => {
    for (const seed of [0, 1]) {
      const bins = Array(64).fill(0);
      for (const value of fill(64000, Distribution.Uniform, 0, 64, seed)) bins[Math.floor(value)]++;
      expect(chiSquare(bins)).toBeLessThan(UNEVEN);
    }
  });

  it("draws normals that are the quantiles of the words", () => {
    const n = 50000;
    const words = initializationWords(n, 11, 2);
    const drawn = fill(n, Distribution.Normal, 0, 1, 11, 2);
    let worst = 0;
    drawn.forEach((z, i) => {
      const p = (words[i] + 0.5) / 2 ** 32;
      const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
      // the side on which the probability is small, where it has all its digits
      const miss = p < 0.5 ? normalCdf(z) - p : normalCdf(-z) - (2 ** 32 - 0.5 - words[i]) / 2 ** 32;
      worst = Math.max(worst, Math.abs(miss / density) / Math.max(Math.abs(z), 1e-3));
    });
    expect(worst).toBeLessThan(3e-7);
  });

  it("gives normals their mean and deviation", () => {
    const n = 100000;
    const z = fill(n, Distribution.Normal, 3, 0.5, 0);
    expect(Math.abs(mean(z) - 3)).toBeLessThan(0.5 * (4 / Math.sqrt(n)));
    expect(Math.abs(Math.sqrt(mean(z.map((v) => (v - 3) ** 2))) - 0.5)).toBeLessThan(
      0.5 * (4 / Math.sqrt(2 * n)),
    );
    const standard = fill(12, Distribution.Normal, 0, 1, 9);
    const scaled = fill(12, Distribution.Normal, -2, 4, 9);
    for (const i of standard.keys()) expect(Math.abs(scaled[i] - (4 * standard[i] - 2))).toBeLessThan(1e-5);
    expect([...fill(5, Distribution.Normal, 7, 0, 1)]).toEqual([7, 7, 7, 7, 7]);
  });

  it("differs between seeds and between streams", () => {
    const starts = new Set<string>();
    for (const seed of SEEDS) for (const stream of STREAMS) starts.add(fill(4, 0, 0, 1, seed, stream).join());
    expect(starts.size).toBe(SEEDS.length * STREAMS.length);
  });

  it("would catch a generator with a round too few", () => {
    const words = philox([0, 0, Purpose.Initialization, 0], [0, 0], 9);
    expect([...fill(4, Distribution.Uniform, 0, 1, 0)]).not.toEqual(
      words.map((word) => (word >>> 8) * 2 ** -24),
    );
  });
});

describe("permute", () => {
  const sizes = [...Array.from({ length: 301 }, (_, n) => n), 1000, 1023, 1024, 1025, 65537];

  it("is a permutation for every number of rows", () => {
    for (const n of sizes)
      for (const [seed, epoch] of [
        [0, 0],
        [7, 3],
      ]) {
        const seen = new Uint8Array(n);
        for (const row of slice(n, seed, epoch)) seen[row]++;
        expect(seen.every((count) => count === 1)).toBe(true);
      }
  });

  it("is the permutation of the oracle", () => {
    for (const n of [1, 2, 3, 4, 5, 8, 9, 13, 16, 17, 18, 20, 25, 26, 100, 255, 256, 257, 5000])
      for (const seed of SEEDS)
        for (const epoch of [0, 1, 2 ** 32 + 5])
          expect(slice(n, seed, epoch)).toEqual(permutation(n, seed, epoch));
  });

  it("gives the same order however it is sliced", () => {
    for (const n of [1, 2, 5, 11, 16, 17, 23, 40]) {
      const whole = slice(n, 3, 8);
      for (let start = 0; start < n; start++)
        for (let count = 0; start + count <= n; count++)
          expect(slice(n, 3, 8, start, count)).toEqual(whole.slice(start, start + count));
    }
    const whole = slice(65537, 3, 8);
    for (const [start, count] of [
      [0, 32],
      [255, 9],
      [256, 300],
      [65530, 7],
      [65536, 1],
    ])
      expect(slice(65537, 3, 8, start, count)).toEqual(whole.slice(start, start + count));
  });

  it("differs between seeds and between epochs", () => {
    const orders = new Set<string>();
    for (const seed of SEEDS)
      for (const epoch of [0, 1, 2, 2 ** 32, 2 ** 40]) orders.add(slice(20, seed, epoch).join());
    expect(orders.size).toBe(SEEDS.length * 5);
  });

  it("gives all orders of 3 and of 4 rows equally often", () => {
    for (const [n, orders] of [
      [3, 6],
      [4, 24],
    ])
      for (const keys of [(t: number) => [0, t], (t: number) => [t, 0]] as const) {
        const counts = new Map<string, number>();
        for (let t = 0; t < 24000; t++) {
          const [seed, epoch] = keys(t);
          const order = slice(n, seed, epoch).join();
          counts.set(order, (counts.get(order) ?? 0) + 1);
        }
        expect(counts.size).toBe(orders);
        expect(chiSquare([...counts.values()])).toBeLessThan(UNEVEN);
      }
  });

  /** How uneven many orders of n rows are, in several ways. */
  function unevenness(n: number, orders: Iterable<readonly number[]>) {
    const table = () => new Array<number>(n * n).fill(0);
    const [cells, places, rows, distances, successions] = [table(), table(), table(), table(), table()];
    let before: readonly number[] | undefined;
    for (const order of orders) {
      for (let i = 0; i < n; i++) {
        cells[i * n + order[i]]++;
        if (i > 0) distances[(order[i] - order[i - 1] + n) % n]++;
        if (before) successions[before[i] * n + order[i]]++;
      }
      places[order[0] * n + order[1]]++;
      rows[order.indexOf(0) * n + order.indexOf(1)]++;
      before = order;
    }
    const offDiagonal = (counts: number[]) => counts.filter((_, i) => Math.floor(i / n) !== i % n);
    return {
      rowInPlace: chiSquare(cells, (n - 1) ** 2),
      firstTwoPlaces: chiSquare(offDiagonal(places)),
      placesOfTwoRows: chiSquare(offDiagonal(rows)),
      distanceOfNeighbours: chiSquare(distances.slice(1, n)),
      thisOrderToTheNext: chiSquare(successions, (n - 1) ** 2),
    };
  }

  /** How uneven the differences between rows at neighbouring positions are. */
  function neighbours(n: number, all: Iterable<readonly number[]>): number {
    const distances = new Array<number>(n).fill(0);
    for (const order of all) for (let i = 1; i < n; i++) distances[(order[i] - order[i - 1] + n) % n]++;
    return chiSquare(distances.slice(1));
  }

  function* orders(n: number, count: number, keys: (t: number) => readonly [seed: number, epoch: number]) {
    for (let t = 0; t < count; t++) yield slice(n, ...keys(t));
  }

  it.each([4, 5, 10, 16, 17, 20, 25, 50])("orders %i rows evenly over epochs and over seeds", (n) => {
    for (const keys of [(t: number) => [1, t] as const, (t: number) => [t, 5] as const])
      for (const [name, deviation] of Object.entries(unevenness(n, orders(n, 30000, keys))))
        expect(deviation, name).toBeLessThan(UNEVEN);
  });

  /** So many that four rounds are told from eight: the deviation grows with their number. */
  const EPOCHS = 1000;

  it.each([256, 257, 300, 511, 1000])("orders %i rows evenly, so many that fewer rounds do", (n) => {
    for (const keys of [(t: number) => [1, t] as const, (t: number) => [t, 5] as const])
      expect(neighbours(n, orders(n, EPOCHS, keys))).toBeLessThan(UNEVEN);
  });

  it("would catch four rounds for many rows", () => {
    for (const n of [256, 300, 1000]) {
      const weak = Array.from({ length: EPOCHS }, (_, epoch) => permutation(n, 1, epoch, 1));
      expect(neighbours(n, weak)).toBeGreaterThan(2 * UNEVEN);
    }
  });

  it("would catch a network of four rounds, and a rotation", () => {
    const weak = Array.from({ length: 5000 }, (_, epoch) => permutation(20, 1, epoch, 1));
    expect(unevenness(20, weak).distanceOfNeighbours).toBeGreaterThan(UNEVEN);
    const rotations = Array.from({ length: 2000 }, (_, t) =>
      slice(10, 1, t).map((_, i, p) => (p[0] + i) % 10),
    );
    expect(unevenness(10, rotations).rowInPlace).toBeLessThan(UNEVEN);
    expect(unevenness(10, rotations).firstTwoPlaces).toBeGreaterThan(UNEVEN);
  });
});
