import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { runRecord } from "./harness.ts";

const WORDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 100];

/** Row after row by index, in words. */
const gather = (window: Int32Array, index: Int32Array, words: number) =>
  [...index].flatMap((row) => [...window.subarray(row * words, (row + 1) * words)]);

function run(window: Int32Array, index: Int32Array, words: number): number[] {
  const { y } = runRecord(Opcode.Gather, { y: "out", window, index, rows: index.length, words });
  return [...new Int32Array(y.buffer)];
}

/** Bits of every kind, NaN patterns among them. */
const windowOf = (rows: number, words: number) =>
  Int32Array.from(
    { length: rows * words },
    (_, i) => Math.imul(i + 1, 0x9e3779b1) | (i % 5 ? 0 : 0x7f800000),
  );

describe("gather", () => {
  it("copies rows of any width by index, repeated and out of order, bit for bit", () => {
    for (const words of WORDS) {
      const window = windowOf(11, words);
      for (const index of [[], [10], [3, 0, 3, 9], [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]) {
        const rows = Int32Array.from(index);
        expect(run(window, rows, words)).toEqual(gather(window, rows, words));
      }
    }
  });

  it("takes the rows of the pass", () => {
    const window = windowOf(5, 3);
    const given = { y: "out", window, index: Int32Array.of(4, 2), rows: -1, words: 3 } as const;
    const { y } = runRecord(Opcode.Gather, given, 2);
    expect([...new Int32Array(y.buffer)]).toEqual(gather(window, Int32Array.of(4, 2), 3));
  });

  it("leaves the rows alone where there are none to load", () => {
    const given = {
      y: "out",
      window: Int32Array.of(7),
      index: Int32Array.of(3, 1),
      rows: 2,
      words: 0,
    } as const;
    expect(runRecord(Opcode.Gather, given).y).toHaveLength(0);
  });

  it("would catch rows taken in order", () => {
    const window = windowOf(4, 6);
    expect(run(window, Int32Array.of(2, 1), 6)).not.toEqual(gather(window, Int32Array.of(0, 1), 6));
  });
});
