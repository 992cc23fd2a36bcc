import { describe, expect, it } from "vitest";
import { ColumnSum, Opcode, ReduceFn, RowSum } from "../../assembly/abi.ts";
import { magnitudes, reduce, sumInOrder } from "../oracle/reduce.ts";
import { difference, differenceUpToNaN, values } from "./compare.ts";
import { runRecord, runRecords, step } from "./harness.ts";

const run = (fn: ReduceFn, x: Float32Array, outer: number, n: number, inner: number, rows = 1) =>
  runRecord(Opcode.Reduce, { fn, y: "out", x, outer, n, inner }, rows).y;

const { Block, Lanes } = RowSum;
const INNER = [2, 3, 4, 5, 8, 15, 16, 17, 21, 33];
const LENGTHS = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, Lanes - 1, Lanes, Lanes + 1, Lanes + 7, 2 * Lanes, 2 * Lanes + 1, 100],
  ...[Block - 1, Block, Block + 1, 2 * Block, 2 * Block + 1, 5 * Block + 37],
];

describe("reduce", () => {
  it("sums and averages columns row by row, bit for bit", () => {
    for (const inner of INNER)
      for (const [outer, n] of [
        [1, 1],
        [1, 2],
        [3, 7],
        [2, 33],
        [1, ColumnSum.Block - 1],
        [2, ColumnSum.Block],
        [2, ColumnSum.Block + 1],
        [1, 5 * ColumnSum.Block + 3],
      ]) {
        const x = values(outer * n * inner, n + inner);
        const sums = run(ReduceFn.Sum, x, outer, n, inner);
        expect(difference(sums, sumInOrder(x, outer, n, inner))).toBeUndefined();
        const means = run(ReduceFn.Mean, x, outer, n, inner);
        expect(difference(means, sumInOrder(x, outer, n, inner, true))).toBeUndefined();
      }
  });

  it("sums and averages rows in lanes and blocks, bit for bit", () => {
    for (const n of LENGTHS)
      for (const outer of [1, 3]) {
        const x = values(outer * n, n);
        expect(difference(run(ReduceFn.Sum, x, outer, n, 1), sumInOrder(x, outer, n, 1))).toBeUndefined();
        const means = run(ReduceFn.Mean, x, outer, n, 1);
        expect(difference(means, sumInOrder(x, outer, n, 1, true))).toBeUndefined();
      }
  });

  it("is within its error bound of the sum in f64", () => {
    for (const [outer, n, inner] of [
      [2, 5000, 1],
      [1, 3000, 6],
      [2, 40, 19],
    ]) {
      const x = values(outer * n * inner, 9);
      const exact = reduce(ReduceFn.Sum, x, outer, n, inner);
      const size = magnitudes(x, outer, n, inner);
      const additions = inner === 1 ? Block / Lanes + 6 : ColumnSum.Block;
      run(ReduceFn.Sum, x, outer, n, inner).forEach((y, p) => {
        expect(Math.abs(y - exact[p])).toBeLessThanOrEqual(additions * 2 ** -24 * size[p]);
      });
    }
  });

  it("gives a column the same bits wherever it stands", () => {
    const n = 50;
    const one = values(n, 3);
    for (const inner of [2, 5, 19, 37]) {
      const x = Float32Array.from({ length: n * inner }, (_, p) => one[Math.floor(p / inner)]);
      const y = run(ReduceFn.Sum, x, 1, n, inner);
      expect(difference(y, new Float32Array(inner).fill(sumInOrder(x, 1, n, inner)[0]))).toBeUndefined();
    }
  });

  it("finds maxima over rows and columns, bit for bit", () => {
    for (const inner of [1, ...INNER])
      for (const [outer, n] of [
        [1, 1],
        [2, 3],
        [3, 5],
        [2, 33],
        [1, 130],
      ]) {
        const x = values(outer * n * inner, n * inner);
        const expected = Float32Array.from(reduce(ReduceFn.Max, x, outer, n, inner));
        expect(difference(run(ReduceFn.Max, x, outer, n, inner), expected)).toBeUndefined();
      }
  });

  it("keeps NaN in every position, and orders infinities and signed zeros", () => {
    for (const inner of [1, 3, 4, 18])
      for (const n of [3, 21]) {
        for (let at = 0; at < n * inner; at++) {
          const x = values(n * inner, 1);
          x[at] = Number.NaN;
          for (const fn of [ReduceFn.Sum, ReduceFn.Mean, ReduceFn.Max]) {
            const y = run(fn, x, 1, n, inner);
            const nan = [...y].map(Number.isNaN);
            expect(nan).toEqual(Array.from({ length: inner }, (_, i) => i === at % inner));
          }
        }
        const low = new Float32Array(n * inner).fill(-Infinity);
        expect([...run(ReduceFn.Max, low, 1, n, inner)]).toEqual(Array(inner).fill(-Infinity));
        const zeros = new Float32Array(n * inner).fill(-0);
        expect([...run(ReduceFn.Max, zeros, 1, n, inner)]).toEqual(Array(inner).fill(-0));
        expect([...run(ReduceFn.Sum, zeros, 1, n, inner)]).toEqual(Array(inner).fill(0));
        zeros.fill(0, inner, 2 * inner);
        expect([...run(ReduceFn.Max, zeros, 1, n, inner)]).toEqual(Array(inner).fill(0));
      }
  });

  it("gives 0, NaN and -Infinity over nothing, and nothing where there is no result", () => {
    for (const inner of [1, 5, 20]) {
      const empty = new Float32Array(0);
      expect([...run(ReduceFn.Sum, empty, 2, 0, inner)]).toEqual(Array(2 * inner).fill(0));
      expect([...run(ReduceFn.Mean, empty, 2, 0, inner)]).toEqual(Array(2 * inner).fill(Number.NaN));
      expect([...run(ReduceFn.Max, empty, 2, 0, inner)]).toEqual(Array(2 * inner).fill(-Infinity));
      expect(run(ReduceFn.Sum, empty, 0, 3, inner).length).toBe(0);
    }
    expect(run(ReduceFn.Sum, new Float32Array(0), 3, 4, 0).length).toBe(0);
  });

  it("sums a million equal rows to within 1e-6", () => {
    const n = 1_000_000;
    // The last one is the worst of 400,000 tried for an accumulator of 64 additions.
    for (const value of [0.1, 1, 1.9394416809082031].map(Math.fround)) {
      const x = new Float32Array(2 * n).fill(value);
      for (const [count, y] of [
        [n, run(ReduceFn.Sum, x, 1, n, 2)],
        [2 * n, run(ReduceFn.Sum, x, 1, 2 * n, 1)],
        [1, run(ReduceFn.Mean, x, 1, n, 2)],
      ] as const)
        for (const sum of y) expect(Math.abs(sum / (count * value) - 1)).toBeLessThanOrEqual(1e-6);
    }
  });

  it("adds blocks in order, by themselves and in total", () => {
    for (const [block, inner] of [
      [Block, 1],
      [ColumnSum.Block, 3],
    ]) {
      // Of four blocks; from the other end, 1 is lost.
      const x = new Float32Array(4 * block * inner);
      [2 ** 80, -(2 ** 80), 1, 0].forEach((value, i) => {
        x.fill(value, i * block * inner, i * block * inner + inner);
      });
      const sizes = { outer: 1, n: 4 * block, inner };
      const given = { fn: ReduceFn.Sum, ...sizes };
      const { y } = runRecords([
        step(Opcode.ReduceBlocks, { ...given, x }),
        step(Opcode.ReduceTotal, { ...given, y: "out" }),
      ]);
      expect([...y]).toEqual(Array(inner).fill(1));
      expect([...run(ReduceFn.Sum, x, 1, 4 * block, inner)]).toEqual(Array(inner).fill(1));
    }
  });

  it("gives the same bits by blocks and then in total", () => {
    for (const [outer, n, inner] of [
      [1, 0, 3],
      [2, ColumnSum.Block, 5],
      [3, ColumnSum.Block + 1, 1],
      [1, 7 * ColumnSum.Block + 9, 21],
      [2, 3 * Block + 1, 1],
    ])
      for (const fn of [ReduceFn.Sum, ReduceFn.Mean, ReduceFn.Max]) {
        const x = values(outer * n * inner, n);
        const sizes = { outer, n, inner };
        const { y } = runRecords([
          step(Opcode.ReduceBlocks, { fn, x, ...sizes }),
          step(Opcode.ReduceTotal, { fn, y: "out", ...sizes }),
        ]);
        expect(differenceUpToNaN(y, run(fn, x, outer, n, inner))).toBeUndefined();
      }
  });

  it("divides a mean by the rows of the pass", () => {
    const x = values(6 * 5, 1);
    const y = run(ReduceFn.Mean, x, 1, -2, 5, 3);
    expect(difference(y, sumInOrder(x, 1, 6, 5, true))).toBeUndefined();
  });

  it("would catch another order of summation, and a maximum that loses NaN", () => {
    const n = 2 * Block + 5;
    const x = values(n, 4);
    const naive = Float32Array.of(x.reduce((total, value) => Math.fround(total + value), 0));
    expect(difference(run(ReduceFn.Sum, x, 1, n, 1), naive)).toBeDefined();
    x[7] = Number.NaN;
    const loses = Float32Array.of(
      x.reduce((top, v) => (Number.isNaN(v) ? top : Math.max(top, v)), -Infinity),
    );
    expect(differenceUpToNaN(run(ReduceFn.Max, x, 1, n, 1), loses)).toBeDefined();
  });
});
