import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { dropoutWords } from "../oracle/random.ts";
import { values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const double = (value: number) => Float64Array.of(value);

function run(x: Float32Array, rate: number, stream = 0, seed = 1, step = 0, micro = 0, parts = 1) {
  const counters = { seed: double(seed), step: double(step), micro: double(micro) };
  const given = { y: "out", x, n: x.length, rate, stream, ...counters } as const;
  return runRecord(Opcode.Dropout, given, 1, { parts }).y;
}

/** Which elements the plain generator keeps. */
const kept = (n: number, rate: number, stream: number, seed: number, step: number, micro: number) =>
  dropoutWords(n, seed, step, micro, stream).map((word) => word >= Math.fround(rate) * 2 ** 32);

describe("dropout", () => {
  it.each([0, 1, 3, 4, 5, 63, 64, 65, 129])(
    "keeps and scales %d elements as the plain generator says",
    (n) => {
      const x = values(n, n).map((v) => v || 1);
      for (const [rate, stream, seed, step, micro] of [
        [0.3, 0, 1, 0, 0],
        [0.5, 7, 2 ** 53 - 1, 2 ** 40 + 3, 5],
        [0.999, 65535, 0, 2 ** 53 - 1, 65535],
      ]) {
        const scale = Math.fround(1 / (1 - Math.fround(rate)));
        const expected = kept(n, rate, stream, seed, step, micro).map((keep, i) =>
          keep ? Math.fround(x[i] * scale) : 0,
        );
        expect([...run(x, rate, stream, seed, step, micro)]).toEqual(expected);
      }
    },
  );

  it("drops the share that is asked for", () => {
    const n = 1 << 18;
    const y = run(new Float32Array(n).fill(1), 0.2);
    const dropped = y.filter((v) => v === 0).length / n;
    // Five standard deviations.
    expect(Math.abs(dropped - 0.2)).toBeLessThan(5 * Math.sqrt((0.2 * 0.8) / n));
    expect(y.find((v) => v !== 0)).toBe(1.25);
  });

  it("draws anew for another stream, seed, step and pass", () => {
    const x = new Float32Array(256).fill(1);
    const all = [
      run(x, 0.5),
      run(x, 0.5, 1),
      run(x, 0.5, 0, 2),
      run(x, 0.5, 0, 1, 1),
      run(x, 0.5, 0, 1, 0, 1),
    ];
    for (const a of all) for (const b of all) if (a !== b) expect(a).not.toEqual(b);
  });

  it("may work in place, and gives the same bits in parts", () => {
    const x = values(300, 3);
    const y = run(x, 0.4);
    for (const parts of [2, 3, 5, 7]) expect(run(x, 0.4, 0, 1, 0, 0, parts)).toEqual(y);
    const counters = { seed: double(1), step: double(0), micro: double(0) };
    const given = { y: { same: "x" }, x, n: 300, rate: 0.4, stream: 0, ...counters } as const;
    expect(runRecord(Opcode.Dropout, given).x).toEqual(y);
  });
});
