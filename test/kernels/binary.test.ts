import { describe, expect, it } from "vitest";
import { BinaryFn, Opcode } from "../../assembly/abi.ts";
import { BINARY, binary } from "../oracle/binary.ts";
import { dense, type Four, span } from "../oracle/strided.ts";
import { differenceUpToNaN, values } from "./compare.ts";
import { type Given, runRecord } from "./harness.ts";

const FNS = Object.keys(BINARY).map(Number) as BinaryFn[];
const SIZES = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33];
const FLAT: Four = [0, 0, 0, 1];

function run(fn: BinaryFn, y: Given, a: Given, b: Given, d: Four, as: Four, bs: Four, rows = 1) {
  return runRecord(
    Opcode.Binary,
    {
      ...{ fn, y, a, b },
      ...{ d0: d[0], d1: d[1], d2: d[2], d3: d[3] },
      ...{ as0: as[0], as1: as[1], as2: as[2], as3: as[3] },
      ...{ bs0: bs[0], bs1: bs[1], bs2: bs[2], bs3: bs[3] },
    },
    rows,
  );
}

/** How the operands of a [2, 3, 5, n] result are laid out, beside dense ones. */
const LAYOUTS: readonly [name: string, strides: (n: number) => Four][] = [
  ["one value", () => [0, 0, 0, 0]],
  ["a row", () => [0, 0, 0, 1]],
  ["a column", () => [15, 5, 1, 0]],
  ["a middle axis", () => [0, 1, 0, 0]],
  ["middle axes broadcast", (n) => [n, 0, 0, 1]],
  ["the first axis broadcast", (n) => [0, 5 * n, n, 1]],
  ["the last two axes swapped", (n) => [15 * n, 5 * n, 1, 5]],
  ["every second element", (n) => [30 * n, 10 * n, 2 * n, 2]],
];

describe("binary", () => {
  it("computes every function over dense operands of any length, bit for bit", () => {
    for (const fn of FNS)
      for (const n of SIZES) {
        const a = values(n, 1);
        const b = values(n, 2);
        const d: Four = [1, 1, 1, n];
        const { y } = run(fn, "out", a, b, d, FLAT, FLAT);
        expect(differenceUpToNaN(y, binary(BINARY[fn], a, b, d, FLAT, FLAT))).toBeUndefined();
      }
  });

  it.each(LAYOUTS)("broadcasts %s against a dense operand, on either side", (_, strides) => {
    for (const fn of FNS)
      for (const n of [1, 4, 7, 9]) {
        const d: Four = [2, 3, 5, n];
        const s = strides(n);
        const a = values(span(d, dense(d)), 3);
        const b = values(span(d, s), 4);
        const left = run(fn, "out", a, b, d, dense(d), s);
        expect(differenceUpToNaN(left.y, binary(BINARY[fn], a, b, d, dense(d), s))).toBeUndefined();
        const right = run(fn, "out", b, a, d, s, dense(d));
        expect(differenceUpToNaN(right.y, binary(BINARY[fn], b, a, d, s, dense(d)))).toBeUndefined();
      }
  });

  it("broadcasts both operands against each other", () => {
    for (const n of [1, 3, 4, 6, 9]) {
      const d: Four = [1, 1, 6, n];
      const column: Four = [0, 0, 1, 0];
      const a = values(6, 5);
      const b = values(n, 6);
      for (const fn of FNS) {
        const { y } = run(fn, "out", a, b, d, column, FLAT);
        expect(differenceUpToNaN(y, binary(BINARY[fn], a, b, d, column, FLAT))).toBeUndefined();
        const ones = run(fn, "out", a, a, d, column, column);
        expect(differenceUpToNaN(ones.y, binary(BINARY[fn], a, a, d, column, column))).toBeUndefined();
      }
    }
  });

  it("writes nothing where a dimension is 0", () => {
    const a = values(60, 1);
    for (let zero = 0; zero < 4; zero++) {
      const d = [3, 4, 5, 1].map((size, i) => (i === zero ? 0 : size)) as unknown as Four;
      expect(run(BinaryFn.Add, "out", a, a, d, dense(d), dense(d)).y.length).toBe(0);
    }
  });

  it("takes dimensions and strides as multiples of the rows", () => {
    const a = values(21, 1);
    const b = values(7, 2);
    const { y } = run(BinaryFn.Multiply, "out", a, b, [1, 1, 3, -1], [0, 0, -1, 1], FLAT, 7);
    const d: Four = [1, 1, 3, 7];
    expect(
      differenceUpToNaN(
        y,
        binary((p, q) => p * q, a, b, d, [0, 0, 7, 1], FLAT),
      ),
    ).toBeUndefined();
  });

  it("works in place on the left, on the right, and on both", () => {
    for (const fn of FNS)
      for (const n of [3, 8, 13]) {
        const d: Four = [1, 2, 3, n];
        const s = dense(d);
        const whole = values(6 * n, 7);
        const row = values(n, 8);
        const left = run(fn, { same: "a" }, whole, row, d, s, FLAT);
        expect(differenceUpToNaN(left.a, binary(BINARY[fn], whole, row, d, s, FLAT))).toBeUndefined();
        const right = run(fn, { same: "b" }, row, whole, d, FLAT, s);
        expect(differenceUpToNaN(right.b, binary(BINARY[fn], row, whole, d, FLAT, s))).toBeUndefined();
        const both = run(fn, { same: "a" }, whole, { same: "a" }, d, s, s);
        expect(differenceUpToNaN(both.a, binary(BINARY[fn], whole, whole, d, s, s))).toBeUndefined();
      }
  });

  const SPECIAL = [
    Number.NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1,
    -1,
    1e-45,
    -1e-45,
    3.4028234663852886e38,
    2 ** -126,
  ];
  const pairs = SPECIAL.flatMap((p) => SPECIAL.map((q) => [p, q] as const));
  const specialA = Float32Array.from(pairs, ([p]) => p);
  const specialB = Float32Array.from(pairs, ([, q]) => q);
  /** Compares all pairs of special values, in the body and in the tail, with a rule. */
  const specials = (fn: BinaryFn, rule: (a: number, b: number) => number) => {
    const n = pairs.length;
    const d: Four = [1, 1, n, 1];
    const whole = run(fn, "out", specialA, specialB, [1, 1, 1, n], FLAT, FLAT).y;
    const single = run(fn, "out", specialA, specialB, d, [0, 0, 1, 1], [0, 0, 1, 1]).y;
    const expected = binary(rule, specialA, specialB, d, [0, 0, 1, 1], [0, 0, 1, 1]);
    return differenceUpToNaN(whole, expected) ?? differenceUpToNaN(single, expected);
  };

  it("treats NaN, infinities, signed zeros and denormals as the formulas say", () => {
    for (const fn of FNS) expect(specials(fn, BINARY[fn])).toBeUndefined();
  });

  it("would catch a maximum that loses NaN, and a tie that goes to one side", () => {
    expect(specials(BinaryFn.Maximum, (a, b) => (Number.isNaN(b) ? a : Math.max(a, b)))).toBeDefined();
    expect(specials(BinaryFn.Minimum, (a, b) => (Number.isNaN(a) ? b : Math.min(a, b)))).toBeDefined();
    expect(specials(BinaryFn.Above, (a, b) => (a >= b ? 1 : 0))).toBeDefined();
  });
});
