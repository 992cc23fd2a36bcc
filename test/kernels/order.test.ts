import { describe, expect, it } from "vitest";
import { Opcode, Run, Window } from "../../assembly/abi.ts";
import { permutation } from "../oracle/random.ts";
import { runRecord } from "./harness.ts";

const SEED = 7;
const EPOCH = 3;

interface Pass {
  kind: Window;
  rows: number;
  total: number;
  cursor: number;
  windowStart?: number;
}

function order({ kind, rows, total, cursor, windowStart = 0 }: Pass): number[] {
  const run = { [Run.WindowKind]: kind, [Run.Total]: total, [Run.WindowStart]: windowStart };
  const counters = {
    seed: Float64Array.of(SEED),
    epoch: Float64Array.of(EPOCH),
    cursor: Float64Array.of(cursor),
  };
  const { index } = runRecord(Opcode.Order, { index: "out", rows, ...counters }, 1, { run });
  return [...new Int32Array(index.buffer)];
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

describe("order", () => {
  it("gives the positions of a shuffled epoch the rows of its permutation, whatever the batches", () => {
    for (const total of [5, 16, 17, 130, 300]) {
      const expected = permutation(total, SEED, EPOCH);
      for (const batch of [1, 3, 64, 65, total - 1].filter((size) => size < total)) {
        const rows: number[] = [];
        for (let cursor = 0; cursor < total; cursor += batch) {
          const count = Math.min(batch, total - cursor);
          rows.push(...order({ kind: Window.Shuffled, rows: count, total, cursor }));
        }
        expect(rows).toEqual(expected);
      }
    }
  });

  it("leaves a batch that is the whole epoch as it was given", () => {
    expect(order({ kind: Window.Shuffled, rows: 20, total: 20, cursor: 0 })).toEqual(range(0, 20));
    // The rest of an epoch that smaller batches began is not whole.
    const rest = order({ kind: Window.Shuffled, rows: 15, total: 20, cursor: 5 });
    expect(rest).toEqual(permutation(20, SEED, EPOCH).slice(5));
  });

  it("takes rows in order where they are not shuffled, from where the window starts", () => {
    const pass = { rows: 70, total: 1000, cursor: 130 };
    expect(order({ kind: Window.Sequential, ...pass })).toEqual(range(130, 70));
    expect(order({ kind: Window.Streamed, ...pass, windowStart: 100 })).toEqual(range(30, 70));
  });

  it("gives nothing for no rows", () => {
    expect(order({ kind: Window.Shuffled, rows: 0, total: 20, cursor: 3 })).toEqual([]);
  });
});
