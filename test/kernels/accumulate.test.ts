import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const LENGTHS = [0, 1, 3, 4, 5, 8, 9, 31];

describe("accumulate", () => {
  it.each(LENGTHS)("adds %d elements, each rounded once", (n) => {
    const [a, b] = [values(n, 1), values(n, 2)];
    const { y } = runRecord(Opcode.Accumulate, { y: "out", a, b, n });
    expect(y).toEqual(a.map((v, i) => v + b[i]));
  });

  it("keeps the sign of zero, NaN and infinity", () => {
    const a = Float32Array.of(-0, -0, Number.NaN, Infinity, Infinity);
    const b = Float32Array.of(-0, 0, 1, -Infinity, 1);
    const { y } = runRecord(Opcode.Accumulate, { y: "out", a, b, n: 5 });
    expect(y).toEqual(Float32Array.of(-0, 0, Number.NaN, Number.NaN, Infinity));
  });

  it.each(["a", "b"])("may write over %s", (same) => {
    const [a, b] = [values(7, 3), values(7, 4)];
    const result = runRecord(Opcode.Accumulate, { y: { same }, a, b, n: 7 });
    expect(result[same]).toEqual(a.map((v, i) => v + b[i]));
  });

  it("takes its length from the rows of the pass", () => {
    const [a, b] = [values(6, 5), values(6, 6)];
    const { y } = runRecord(Opcode.Accumulate, { y: "out", a, b, n: -2 }, 3);
    expect(y).toEqual(a.map((v, i) => v + b[i]));
  });
});

describe("place", () => {
  it.each(LENGTHS)("copies %d elements", (n) => {
    const x = values(n, 7);
    expect(runRecord(Opcode.Place, { y: "out", x, n, every: 1 }).y).toEqual(x);
  });

  it.each(LENGTHS)("repeats one element %d times", (n) => {
    const x = Float32Array.of(-0.1);
    expect(runRecord(Opcode.Place, { y: "out", x, n, every: 0 }).y).toEqual(new Float32Array(n).fill(-0.1));
  });
});
