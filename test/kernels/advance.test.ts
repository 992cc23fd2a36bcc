import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { runRecord } from "./harness.ts";

describe("advance", () => {
  it("makes of beta^t the next power, in double precision", () => {
    const { doubles } = runRecord(Opcode.Advance, { x: Float64Array.of(0.9), factor: Float64Array.of(0.9) });
    expect(doubles.x).toEqual(Float64Array.of(0.9 * 0.9));
  });
});
