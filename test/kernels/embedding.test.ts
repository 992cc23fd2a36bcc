import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { noise } from "../fixtures.ts";
import { runRecord } from "./harness.ts";

const VOCABULARY = 5;

/** The table stands at the end of the memory, so that reading behind it traps. */
function lookUp(ids: readonly number[], units: number, parts = 1) {
  const table = noise(VOCABULARY * units);
  const { y, guard } = runRecord(
    Opcode.Embedding,
    { y: "out", ids: Int32Array.from(ids), table, count: ids.length, vocabulary: VOCABULARY, units },
    1,
    { last: "table", parts },
  );
  const rows = ids.map((_, i) => [...y.subarray(i * units, (i + 1) * units)]);
  return { rows, guard, of: (id: number) => [...table.subarray(id * units, (id + 1) * units)] };
}

describe("embedding", () => {
  it("looks up rows, and leaves the guard down", () => {
    for (const units of [1, 3, 4, 17]) {
      const ids = [4, 0, 0, 3];
      const { rows, guard, of } = lookUp(ids, units);
      expect(rows).toEqual(ids.map(of));
      expect(guard).toBe(0);
    }
  });

  it("raises the guard for an id outside the table, reads nothing there, and gives its row as NaN", () => {
    for (const bad of [VOCABULARY, -1, 2 ** 31 - 1, -(2 ** 31)])
      for (const units of [1, 4, 7])
        for (const parts of [1, 3]) {
          const ids = [...Array(40).fill(1), bad, 2];
          const { rows, guard, of } = lookUp(ids, units, parts);
          expect(guard).toBe(1);
          expect(rows[40]).toEqual(Array(units).fill(Number.NaN));
          expect([rows[0], rows[41]]).toEqual([of(1), of(2)]);
        }
  });
});
