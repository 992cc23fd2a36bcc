import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { copy } from "../oracle/copy.ts";
import { dense, type Four, pick, span } from "../oracle/strided.ts";
import { difference, values } from "./compare.ts";
import { type Given, runRecord } from "./harness.ts";

function run(y: Given, x: Given, divisor: number, d: Four, s: Four, rows = 1) {
  return runRecord(
    Opcode.Copy,
    {
      ...{ y, x, divisor },
      ...{ d0: d[0], d1: d[1], d2: d[2], d3: d[3], s0: s[0], s1: s[1], s2: s[2], s3: s[3] },
    },
    rows,
  );
}

const PATTERNS: readonly [name: string, strides: (d: Four) => Four][] = [
  ["a dense array", dense],
  ["one value", () => [0, 0, 0, 0]],
  ["a row", () => [0, 0, 0, 1]],
  ["a column", (d) => [d[1] * d[2], d[2], 1, 0]],
  ["a middle axis", () => [0, 1, 0, 0]],
  ["the last two axes swapped", (d) => [d[1] * d[2] * d[3], d[2] * d[3], 1, d[2]]],
  ["the middle axes swapped", (d) => [d[1] * d[2] * d[3], d[3], d[1] * d[3], 1]],
  ["all axes reversed", (d) => [1, d[0], d[0] * d[1], d[0] * d[1] * d[2]]],
  ["every third element", (d) => dense(d).map((s) => 3 * s) as unknown as Four],
];

describe("copy", () => {
  it.each(PATTERNS)("gathers %s, plain and divided, bit for bit", (_, strides) => {
    for (const last of [1, 3, 4, 5, 8, 9])
      for (const rows of [1, 3, 4, 5, 8])
        for (const divisor of [1, 3]) {
          const d: Four = [2, 3, rows, last];
          const s = strides(d);
          const x = values(span(d, s), last + rows);
          expect(difference(run("out", x, divisor, d, s).y, copy(x, divisor, d, s))).toBeUndefined();
        }
  });

  it("transposes matrices of any size", () => {
    for (const m of [1, 3, 4, 5, 7, 8, 9, 17])
      for (const n of [1, 3, 4, 5, 7, 8, 9, 17]) {
        const x = values(m * n, m + n);
        const d: Four = [1, 1, n, m];
        const { y } = run("out", x, 1, d, [0, 0, 1, n]);
        expect(difference(y, copy(x, 1, d, [0, 0, 1, n]))).toBeUndefined();
        expect(difference(run("out", y, 1, [1, 1, m, n], [0, 0, 1, m]).y, x)).toBeUndefined();
      }
  });

  it("writes nothing where a dimension is 0", () => {
    for (let zero = 0; zero < 4; zero++) {
      const d = [3, 4, 5, 6].map((size, i) => (i === zero ? 0 : size)) as unknown as Four;
      for (const s of [dense(d), [0, 0, 0, 0], [0, 0, 1, 5]] as Four[])
        expect(run("out", values(400, 1), 2, d, s).y.length).toBe(0);
    }
  });

  it("takes the divisor and dimensions as multiples of the rows", () => {
    const x = values(3, 1);
    const { y } = run("out", x, -2, [1, 1, -1, 3], [0, 0, 0, 1], 5);
    expect(difference(y, copy(x, 10, [1, 1, 5, 3], [0, 0, 0, 1]))).toBeUndefined();
  });

  it("keeps every bit with divisor 1, signalling NaNs and integers included", () => {
    const words = Int32Array.from(
      { length: 45 },
      (_, i) => [-1, 1, 0x7f800001, 0xffa00000, i, 0x80000000][i % 6],
    );
    for (const s of [
      [0, 15, 5, 1],
      [0, 15, 1, 3],
      [0, 0, 0, 0],
      [0, 1, 9, 3],
    ] as Four[]) {
      const d: Four = s[2] === 5 ? [1, 3, 3, 5] : [1, 3, 5, 3];
      const { y } = run("out", words, 1, d, s);
      expect([...new Int32Array(y.buffer)]).toEqual(pick(words, d, s));
    }
    const flat = run("out", words, 1, [1, 1, 1, 45], [0, 0, 0, 1]);
    expect([...new Int32Array(flat.y.buffer)]).toEqual([...words]);
    const blocks = run("out", words, 1, [1, 1, 9, 5], [0, 0, 1, 9]);
    expect([...new Int32Array(blocks.y.buffer)]).toEqual(pick(words, [1, 1, 9, 5], [0, 0, 1, 9]));
  });

  it("divides in place", () => {
    const x = values(11, 1);
    const { x: y } = run({ same: "x" }, x, 7, [1, 1, 1, 11], [0, 0, 0, 1]);
    expect(difference(y, copy(x, 7, [1, 1, 1, 11], [0, 0, 0, 1]))).toBeUndefined();
  });

  it("would catch a product with the reciprocal, and a transpose that is none", () => {
    const x = values(20, 1);
    const d: Four = [1, 1, 4, 5];
    const divided = run("out", x, 3, d, dense(d)).y;
    expect(
      difference(
        divided,
        x.map((v) => v * Math.fround(1 / 3)),
      ),
    ).toBeDefined();
    expect(difference(run("out", x, 1, d, [0, 0, 1, 4]).y, copy(x, 1, d, dense(d)))).toBeDefined();
  });
});
