import { describe, expect, it } from "vitest";
import { Opcode, Run, Window } from "../../assembly/abi.ts";
import { permutation } from "../oracle/random.ts";
import { runRecord } from "./harness.ts";

/** The rows of the window that a pass of `rows` rows takes from `cursor` on, of an epoch of 200. */
function order(rows: number, cursor: number, kind: Window, windowStart = 0, total = 200): number[] {
  const counters = {
    ...{ seed: Float64Array.of(3), epoch: Float64Array.of(2) },
    cursor: Float64Array.of(cursor),
  };
  const run = { [Run.WindowKind]: kind, [Run.Total]: total, [Run.WindowStart]: windowStart };
  const { index } = runRecord(Opcode.Order, { index: "out", rows: -1, ...counters }, rows, { run });
  return [...new Int32Array(index.buffer)];
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const shuffled = permutation(200, 3, 2);

describe("order", () => {
  it("of a shuffled window is that of the epoch's permutation, from the cursor on", () => {
    for (const [rows, cursor] of [
      [0, 0],
      [1, 0],
      [65, 1],
      [130, 70],
      [199, 0],
    ])
      expect(order(rows, cursor, Window.Shuffled)).toEqual(shuffled.slice(cursor, cursor + rows));
  });

  it("of a window in the order given counts from the cursor", () => {
    expect(order(130, 70, Window.Sequential)).toEqual(range(70, 130));
  });

  it("of a streamed window counts from the window's first row", () => {
    expect(order(130, 70, Window.Streamed, 40)).toEqual(range(30, 130));
  });

  it("of a pass that is the whole epoch is the order given", () => {
    expect(order(200, 0, Window.Shuffled)).toEqual(range(0, 200));
    expect(order(1, 0, Window.Shuffled, 0, 1)).toEqual([0]);
  });

  it("of the last rows of an epoch, as many as there would be in a whole one, is that of the permutation", () => {
    expect(order(100, 100, Window.Shuffled)).toEqual(shuffled.slice(100));
  });
});
