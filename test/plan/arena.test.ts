import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adam, compile, crossEntropy, dense, type Layer, sequential } from "../../src/index.ts";
import { type LiveRange, packArena } from "../../src/plan/arena.ts";

const ALIGNMENT = 16;

/** The first two buffers that live together and share bytes. */
function clash(ranges: readonly LiveRange[], offsets: readonly number[]): string | undefined {
  for (let i = 0; i < ranges.length; i++)
    for (let j = 0; j < i; j++) {
      const [p, q] = [ranges[i], ranges[j]];
      const together = p.from <= q.to && q.from <= p.to;
      const overlap = offsets[i] < offsets[j] + q.bytes && offsets[j] < offsets[i] + p.bytes;
      if (together && overlap) return `${i} and ${j}`;
    }
  return undefined;
}

const range: fc.Arbitrary<LiveRange> = fc
  .tuple(fc.integer({ min: 0, max: 5000 }), fc.nat(60), fc.nat(30))
  .map(([bytes, from, length]) => ({ bytes, from, to: from + length }));

describe("the arena", () => {
  it("keeps buffers that live together apart, aligned and inside", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 60 }), (ranges) => {
        const { offsets, bytes, lowerBoundBytes } = packArena(ranges, ALIGNMENT);
        expect(clash(ranges, offsets)).toBeUndefined();
        expect(bytes).toBeGreaterThanOrEqual(lowerBoundBytes);
        ranges.forEach((r, i) => {
          expect(offsets[i] % ALIGNMENT).toBe(0);
          expect(offsets[i] + r.bytes).toBeLessThanOrEqual(bytes);
        });
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it("is told from one that forgets who lives when", () => {
    const ranges = [
      { bytes: 16, from: 0, to: 2 },
      { bytes: 16, from: 2, to: 3 },
    ];
    expect(clash(ranges, packArena(ranges, ALIGNMENT).offsets)).toBeUndefined();
    expect(clash(ranges, [0, 0])).toBe("1 and 0");
  });

  it("gives the bytes of a buffer to the next one", () => {
    const ranges = [
      { bytes: 64, from: 0, to: 1 },
      { bytes: 60, from: 2, to: 3 },
      { bytes: 64, from: 4, to: 5 },
    ];
    expect(packArena(ranges, ALIGNMENT)).toMatchObject({
      offsets: [0, 0, 0],
      bytes: 64,
      lowerBoundBytes: 64,
    });
  });

  it("counts the least that any packing needs, in aligned bytes", () => {
    const ranges = [
      { bytes: 4, from: 0, to: 4 },
      { bytes: 20, from: 1, to: 2 },
      { bytes: 100, from: 3, to: 3 },
    ];
    expect(packArena(ranges, ALIGNMENT).lowerBoundBytes).toBe(16 + 112);
  });

  it("turns back where the first way down leaves a gap", () => {
    // The first and the last of 48 go to 0 and the other onto the first: 16, which lives with those two, would end at 112.
    const ranges = [
      { bytes: 48, from: 4, to: 5 },
      { bytes: 16, from: 2, to: 3 },
      { bytes: 48, from: 3, to: 4 },
      { bytes: 48, from: 1, to: 2 },
    ];
    expect(packArena(ranges, ALIGNMENT)).toMatchObject({ bytes: 96, lowerBoundBytes: 96 });
  });

  it("reaches the least there is where few buffers live together", () => {
    const few = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(7), fc.nat(7));
    fc.assert(
      fc.property(fc.array(few, { maxLength: 8 }), (list) => {
        const ranges = list.map(([units, from, length]) => ({ bytes: 16 * units, from, to: from + length }));
        const { bytes, lowerBoundBytes } = packArena(ranges, ALIGNMENT);
        expect(bytes).toBe(lowerBoundBytes);
      }),
      { seed: 4, numRuns: 1000 },
    );
  });

  it("gives up on the least there is after a while, and takes a little more", () => {
    const many = fc.array(range, { minLength: 60, maxLength: 60 });
    let above = 0;
    fc.assert(
      fc.property(many, (ranges) => {
        const { bytes, lowerBoundBytes } = packArena(ranges, ALIGNMENT);
        expect(bytes).toBeLessThan(1.1 * lowerBoundBytes);
        if (bytes > lowerBoundBytes) above++;
      }),
      { seed: 6, numRuns: 100 },
    );
    expect(above).toBeGreaterThan(0);
    expect(above).toBeLessThan(30);
  });

  it("packs thousands of buffers, that live together by the hundred and all at once", () => {
    const ranges = Array.from({ length: 5000 }, (_, i) => ({
      bytes: 16 + 16 * (i % 7),
      from: i,
      to: i + 100,
    }));
    const { bytes, lowerBoundBytes } = packArena(ranges, ALIGNMENT);
    expect(bytes).toBeLessThan(1.1 * lowerBoundBytes);
    const together = ranges.map((r) => ({ ...r, from: 0, to: 1 }));
    const sum = ranges.reduce((all, r) => all + r.bytes, 0);
    expect(packArena(together, ALIGNMENT)).toMatchObject({ bytes: sum, lowerBoundBytes: sum });
  });

  it("is empty for nobody", () => {
    expect(packArena([], ALIGNMENT)).toMatchObject({ offsets: [], bytes: 0, lowerBoundBytes: 0 });
  });

  it("reaches the least there is for layered networks, whatever their widths", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
        fc.constantFrom("tanh" as const, "relu" as const, "gelu" as const, "silu" as const),
        fc.constantFrom(1, 7, 32),
        (widths, activation, batch) => {
          const layers: Layer[] = widths.map((units) => dense(units, { activation }));
          const model = sequential({ input: [20] }, [...layers, dense(10, { activation: "softmax" })]);
          using trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), batchSize: batch });
          const { layout, arenaLowerBound } = trainer.program.plan;
          const arena = layout.regions.find(({ name }) => name === "arena");
          expect(arena?.bytes).toBe(arenaLowerBound);
        },
      ),
      { seed: 5, numRuns: 100 },
    );
  });
});
