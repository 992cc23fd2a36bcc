import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { runRecord } from "./harness.ts";

const advance = (x: number, factor: number) =>
  runRecord(Opcode.Advance, { x: Float64Array.of(x), factor: Float64Array.of(factor) }).doubles.x[0];

describe("advance", () => {
  it("multiplies a counter in f64", () => {
    let [power, expected] = [1, 1];
    for (let t = 0; t < 100; t++) {
      power = advance(power, 0.9);
      expected *= 0.9;
      expect(power).toBe(expected);
    }
  });

  it("reaches 0 and stays there", () => {
    expect(advance(0.5, 0)).toBe(0);
    expect(advance(0, 0.9)).toBe(0);
  });
});
