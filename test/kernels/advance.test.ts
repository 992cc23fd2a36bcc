import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { runRecord } from "./harness.ts";

describe("advance", () => {
  it("makes of beta^t the next power, in double precision", () => {
    const { doubles } = runRecord(Opcode.Advance, { x: Float64Array.of(0.9), factor: Float64Array.of(0.9) });
    expect(doubles.x).toEqual(Float64Array.of(0.9 * 0.9));
  });

  it("makes 0 of what is so small that 1 - x is 1, before it is a denormal", () => {
    const next = (x: number) =>
      runRecord(Opcode.Advance, { x: Float64Array.of(x), factor: Float64Array.of(0.5) }).doubles.x[0];
    expect(next(2 ** -998)).toBe(2 ** -999);
    expect(next(2 ** -999)).toBe(2 ** -1000);
    expect(next(2 ** -1000)).toBe(0);
    expect(next(5e-324)).toBe(0);
    expect(next(0)).toBe(0);
  });
});
