/** One lowered tape written for several places: the records do not change, only where they point. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Header, Run } from "../../assembly/abi.ts";
import { type Addresses, encodeRecords } from "../../src/plan/encode.ts";
import { adamPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import { isBuffer } from "../../src/tape/operands.ts";
import { formatOf, lengthOf, wordsOf } from "../../src/tape/records.ts";
import { checkRequest } from "./check.ts";
import { randomRequest, type Step } from "./random-graph.ts";
import { ADAM, smallRequest } from "./requests.ts";

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(15), fc.nat(999), fc.nat(999), fc.nat(999));
const steps = fc.array(step, { minLength: 1, maxLength: 20, size: "max" });

/** Every address of a stretch of tape moved by `away`, the rest as it is. */
function moved(words: Int32Array, away: number): Int32Array {
  const result = words.slice();
  for (let at = 0; at < words.length; at += lengthOf(words[at])) {
    const format = formatOf(words[at] & 0xff);
    if (!format) throw new Error(`no record at ${at}`);
    wordsOf(format).forEach(([, operand], i) => {
      const word = words[at + 1 + i];
      if ((isBuffer(operand) || operand.kind === "scratch") && word !== 0) result[at + 1 + i] = word + away;
    });
  }
  return result;
}

describe("a lowered tape", () => {
  it("encoded with another map of addresses is the same records elsewhere", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), (list, batch) => {
        const request = randomRequest(list, batch);
        const { records } = planProgram(request).predict.lowered;
        const away = 65536;
        const encode = (by: number) => {
          const map: Addresses = {
            value: (id) => 4096 + id * 16 + by,
            region: () => 64 + by,
            counter: () => 32 + by,
            setting: () => Run.Settings + 1,
            scratch: { shared: 16 + by, private: 48 + by },
            mirror: 128,
          };
          const words = new Int32Array(records.length * 24);
          return words.subarray(0, encodeRecords(words, 0, records, map));
        };
        expect(encode(away)).toEqual(moved(encode(0), away));
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("of a program is that of one elsewhere in memory, moved", () => {
    const groups = [{ ...ADAM, match: /bias$/ }, ADAM];
    const plan = (base: number) =>
      planProgram(smallRequest({ base, accumulate: 2, optimizer: adamPlan(groups) }));
    const [near, far] = [plan(16384), plan(16384 + (1 << 20))];
    const tape = ({ words, layout, base, predict }: typeof near) =>
      words.subarray((layout.at("tapes") - base) / 4, (predict.to - base) / 4);
    expect(tape(far)).toEqual(moved(tape(near), 1 << 20));
    expect(far.words[Header.Mirror]).toBe(near.words[Header.Mirror]);
    expect(far.end - far.base).toBe(near.end - near.base);
  });

  it("computes the same wherever its program starts", () => {
    const list: Step[] = [
      [0, 3, 9, 2],
      [9, 0, 10, 1],
      [7, 0, 1, 3],
    ];
    for (const base of [4096, 65536 + 4096, 1 << 20]) checkRequest({ ...randomRequest(list, 4), base }, 3);
  });
});
