import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const LENGTHS = [0, 4, 8, 12, 16, 20, 32, 36, 60];
const { fround } = Math;

const add = (sums: Float32Array, g: Float32Array, rows: number, groupRows: number) =>
  runRecord(
    Opcode.AddGradients,
    { sums, g, n: g.length, rows: -1, groupRows: Float64Array.of(groupRows) },
    rows,
  );

const average = (sums: Float32Array, rows: number, groupRows: number) =>
  runRecord(
    Opcode.AverageGradients,
    { g: "out", sums, n: sums.length, rows: -1, groupRows: Float64Array.of(groupRows) },
    rows,
  );

describe("addGradients", () => {
  it.each(LENGTHS)("adds rows times %d gradients and keeps what the sums held", (n) => {
    const [sums, g] = [values(n, 1), values(n, 2)];
    const result = add(sums, g, 3, 5);
    expect(
      difference(
        result.sums,
        sums.map((s, i) => s + fround(3 * g[i])),
      ),
    ).toBeUndefined();
    expect(difference(result["sums.mirror"], sums)).toBeUndefined();
    expect(result.guard).toBe(0);
  });

  it("starts from 0 in the first pass, whatever the sums held, and keeps that", () => {
    const g = values(8, 3);
    for (const left of [7, Number.POSITIVE_INFINITY, Number.NaN]) {
      const result = add(new Float32Array(8).fill(left), g, 3, 0);
      expect(
        difference(
          result.sums,
          g.map((v) => 3 * v),
        ),
      ).toBeUndefined();
      expect(result["sums.mirror"]).toEqual(new Float32Array(8).fill(left));
      expect(result.guard).toBe(0);
    }
  });

  it("raises the guard for sums that are not finite, wherever they are", () => {
    for (let at = 0; at < 20; at++)
      for (const [sum, gradient] of [
        [3e38, 1e38],
        [-3e38, -1e38],
        [0, 2e38],
        [0, Number.NaN],
      ]) {
        const [sums, g] = [new Float32Array(20), new Float32Array(20)];
        sums[at] = sum;
        g[at] = gradient;
        expect(add(sums, g, 2, 1).guard).toBe(1);
      }
    expect(add(Float32Array.of(3e38, 0, 0, 0), Float32Array.of(-1e38, 0, 0, 0), 2, 1).guard).toBe(0);
  });
});

describe("averageGradients", () => {
  it.each(LENGTHS)("divides %d sums by the rows of the group, those of the last pass among them", (n) => {
    const sums = values(n, 6);
    expect(
      difference(
        average(sums, 3, 8).g,
        sums.map((s) => s / 11),
      ),
    ).toBeUndefined();
  });
});
