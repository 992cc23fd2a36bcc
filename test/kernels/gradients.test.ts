import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

/** Blocks of gradients are padded to whole vectors. */
const SIZES = [0, 4, 12, 16, 20, 36];
const { fround } = Math;

describe("addGradients", () => {
  it("adds the gradient of a pass times its rows, rounded after each, and keeps the old sums", () => {
    for (const n of SIZES)
      for (const rows of [1, 3, 64]) {
        const [sums, g] = [values(n, 1), values(n, 2)];
        const after = runRecord(Opcode.AddGradients, { sums, g, n, rows });
        const expected = sums.map((sum, i) => sum + fround(rows * g[i]));
        expect(difference(after.sums, expected)).toBeUndefined();
        expect(difference(after["sums.mirror"], sums)).toBeUndefined();
        expect(after.guard).toBe(0);
      }
  });

  it("takes the rows of the pass", () => {
    const given = { sums: new Float32Array(4), g: Float32Array.of(1, 2, 3, 4), n: 4, rows: -1 };
    expect([...runRecord(Opcode.AddGradients, given, 5).sums]).toEqual([5, 10, 15, 20]);
  });

  it("raises the guard where a sum is not finite", () => {
    for (const bad of [Number.NaN, Infinity, -Infinity, 3e38])
      for (let at = 0; at < 20; at++) {
        const g = new Float32Array(20);
        g[at] = bad;
        expect(runRecord(Opcode.AddGradients, { sums: values(20, 1), g, n: 20, rows: 2 }).guard).not.toBe(0);
      }
  });
});

describe("averageGradients", () => {
  const average = (sums: Float32Array, rows: number, groupRows: number, passRows = 1) => {
    const given = { g: "out", sums, n: sums.length, rows, groupRows: Float64Array.of(groupRows) } as const;
    return runRecord(Opcode.AverageGradients, given, passRows).g;
  };

  it("divides by the rows of all passes of the group", () => {
    for (const n of SIZES) {
      const sums = values(n, 3);
      expect(
        difference(
          average(sums, 3, 8),
          sums.map((sum) => sum / 11),
        ),
      ).toBeUndefined();
      expect(
        difference(
          average(sums, 7, 0),
          sums.map((sum) => sum / 7),
        ),
      ).toBeUndefined();
      expect(
        difference(
          average(sums, -1, 8, 5),
          sums.map((sum) => sum / 13),
        ),
      ).toBeUndefined();
    }
  });

  it("undoes the weights: the mean of passes of unequal length is that of their rows", () => {
    let sums: Float32Array = new Float32Array(4);
    for (const [rows, g] of [
      [4, 2],
      [2, 8],
    ])
      sums = runRecord(Opcode.AddGradients, { sums, g: new Float32Array(4).fill(g), n: 4, rows }).sums;
    // Six rows, of which four have 2 and two have 8; the mean of the passes would be 5.
    expect([...average(sums, 2, 4)]).toEqual([4, 4, 4, 4]);
  });
});
