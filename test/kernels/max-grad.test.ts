import { describe, expect, it } from "vitest";
import { Opcode, ReduceFn } from "../../assembly/abi.ts";
import { maxGrad } from "../oracle/reduce.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const maximum = (x: Float32Array, outer: number, n: number, inner: number) =>
  runRecord(Opcode.Reduce, { fn: ReduceFn.Max, y: "out", x, outer, n, inner }).y;

const runGrad = (
  dy: Float32Array,
  x: Float32Array,
  y: Float32Array,
  outer: number,
  n: number,
  inner: number,
) => runRecord(Opcode.MaxGrad, { dx: "out", dy, x, y, outer, n, inner }).dx;

const INNER = [2, 3, 4, 5, 8, 15, 16, 17, 21, 33];

describe("maxGrad", () => {
  /** Few distinct values, so that there are ties. */
  const tied = (count: number, seed: number) => values(count, seed).map((v) => Math.round(2 * v));

  it("shares the cotangent between the positions of the maximum, bit for bit", () => {
    for (const inner of [1, ...INNER])
      for (const [outer, n] of [
        [1, 1],
        [2, 3],
        [3, 5],
        [2, 33],
      ]) {
        const x = tied(outer * n * inner, n + inner);
        const dy = values(outer * inner, 5);
        const y = maximum(x, outer, n, inner);
        const expected = Float32Array.from(maxGrad(dy, x, outer, n, inner));
        expect(difference(runGrad(dy, x, y, outer, n, inner), expected)).toBeUndefined();
      }
  });

  it("may overwrite its operand", () => {
    for (const inner of [1, 7]) {
      const x = tied(2 * 9 * inner, 3);
      const dy = values(2 * inner, 5);
      const y = maximum(x, 2, 9, inner);
      const given = { dx: { same: "x" }, dy, x, y, outer: 2, n: 9, inner };
      const expected = Float32Array.from(maxGrad(dy, x, 2, 9, inner));
      expect(difference(runRecord(Opcode.MaxGrad, given).x, expected)).toBeUndefined();
    }
  });

  it("gives 0 where the maximum is NaN, and shares between infinities", () => {
    for (const inner of [1, 6]) {
      const x = new Float32Array(5 * inner).fill(-Infinity);
      x[2 * inner] = Number.NaN;
      const y = maximum(x, 1, 5, inner);
      const dx = runGrad(new Float32Array(inner).fill(5), x, y, 1, 5, inner);
      expect([...dx]).toEqual(Array.from({ length: 5 * inner }, (_, p) => (p % inner === 0 ? 0 : 1)));
    }
  });

  it("would catch a cotangent given to one position only", () => {
    const x = Float32Array.of(1, 3, 3, 2);
    const dx = runGrad(Float32Array.of(1), x, Float32Array.of(3), 1, 4, 1);
    expect([...dx]).toEqual([0, 0.5, 0.5, 0]);
    expect([...dx]).not.toEqual([0, 1, 0, 0]);
  });
});
