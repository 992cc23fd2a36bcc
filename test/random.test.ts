/** The generator of `src/random.ts` against the kernels', and what is drawn from it. */
import { describe, expect, it } from "vitest";
import { Distribution } from "../assembly/abi.ts";
import { philox, Random } from "../src/random.ts";
import { instantiate } from "./kernels/harness.ts";
import * as oracle from "./oracle/random.ts";

const SEEDS = [0, 1, 42, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 123456789012345, Number.MAX_SAFE_INTEGER];
const COUNTERS: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 0, 0],
  [1, 2, 3, 4],
  [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
  [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
];

describe("philox", () => {
  it("is the generator of the oracle, which passes the known answers of Random123", () => {
    const words = new Uint32Array(4);
    for (const seed of SEEDS)
      for (const counter of COUNTERS) {
        philox(seed, ...counter, words);
        expect([...words]).toEqual(oracle.philox([...counter], [seed % 2 ** 32, Math.floor(seed / 2 ** 32)]));
      }
  });

  it("gives the bits that the kernels draw initial values from", () => {
    const { kernels, memory } = instantiate(1 << 20);
    const at = Math.ceil(kernels.staticEnd() / 16) * 16;
    for (const seed of SEEDS)
      for (const stream of [0, 7, 2 ** 31 - 1]) {
        kernels.randomFill(at, 21, Distribution.Uniform, 0, 1, seed, stream);
        const random = new Random(seed, "initialization", stream);
        const drawn = Array.from({ length: 21 }, () => (random.word() >>> 8) * 2 ** -24);
        expect(drawn).toEqual([...new Float32Array(memory.buffer, at, 21)]);
      }
  });
});

describe("a sequence", () => {
  it("is another one for each seed, purpose and index", () => {
    const starts = new Set<string>();
    for (const seed of SEEDS)
      for (const purpose of ["split", "folds", "stream"] as const)
        for (const index of [0, 1, 2 ** 32 - 1])
          for (const epoch of [0, 1, 2 ** 32 - 1]) {
            const random = new Random(seed, purpose, index, epoch);
            starts.add(`${random.word()} ${random.word()}`);
          }
    expect(starts.size).toBe(SEEDS.length * 27);
  });

  it("has uniforms of 53 bits in [0, 1), evenly spread", () => {
    const random = new Random(5, "toy");
    const bins = new Array(16).fill(0);
    let fine = 0;
    for (let i = 0; i < 16000; i++) {
      const u = random.uniform();
      expect(u >= 0 && u < 1).toBe(true);
      bins[Math.floor(u * 16)]++;
      if ((u * 2 ** 32) % 1 !== 0) fine++;
    }
    for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(160);
    expect(fine).toBeGreaterThan(15000);
  });

  it("gives every integer below n equally often, also where 2^32 is no multiple of n", () => {
    const random = new Random(1, "split");
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 7000; i++) counts[random.below(7)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(160);
    // Without rejection two thirds of the draws below 3 * 2^30 would be in its first third.
    const n = 3 * 2 ** 30;
    let first = 0;
    for (let i = 0; i < 3000; i++) if (random.below(n) < n / 3) first++;
    expect(Math.abs(first - 1000)).toBeLessThan(160);
    expect(random.below(1)).toBe(0);
  });

  it("gives all orders of four equally often", () => {
    const random = new Random(3, "folds");
    const counts = new Map<string, number>();
    for (let i = 0; i < 24000; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160);
  });

  it("shuffles typed arrays in place, the same way every time", () => {
    const shuffled = () => new Random(9, "stream", 4).shuffle(Int32Array.from({ length: 100 }, (_, i) => i));
    expect(shuffled()).toEqual(shuffled());
    expect([...shuffled()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...shuffled()]).not.toEqual([...shuffled()].sort((a, b) => a - b));
  });
});
