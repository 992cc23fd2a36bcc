import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { noiseDraws } from "../oracle/random.ts";
import { values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const double = (value: number) => Float64Array.of(value);

function run(
  x: Float32Array,
  uniform: number,
  spread: number,
  [stream, seed, step, micro]: readonly number[],
  parts = 1,
) {
  const counters = { seed: double(seed), step: double(step), micro: double(micro) };
  return runRecord(Opcode.Noise, { y: "out", x, n: x.length, uniform, spread, stream, ...counters }, 1, {
    parts,
  }).y;
}

const KEYS = [
  [0, 1, 0, 0],
  [7, 2 ** 53 - 1, 2 ** 40 + 3, 5],
  [65535, 0, 2 ** 53 - 1, 65535],
] as const;

describe.each([
  ["normal", 0],
  ["uniform", 1],
] as const)("%s noise", (_, uniform) => {
  it.each([0, 1, 3, 4, 5, 63, 64, 65, 129])("adds to %d elements what the plain generator draws", (n) => {
    const x = values(n, n);
    for (const key of KEYS) {
      const [stream, seed, step, micro] = key;
      const draws = noiseDraws(n, seed, step, micro, stream, uniform === 1);
      const y = run(x, uniform, 0.75, key);
      draws.forEach((draw, i) => {
        expect(Math.abs(y[i] - (x[i] + 0.75 * draw))).toBeLessThan(4e-7 * (1 + Math.abs(draw)));
      });
    }
  });

  it("draws anew for another stream, seed, step and pass", () => {
    const x = new Float32Array(64);
    const all = [
      [0, 1, 0, 0],
      [1, 1, 0, 0],
      [0, 2, 0, 0],
      [0, 1, 1, 0],
      [0, 1, 0, 1],
    ].map((key) => run(x, uniform, 1, key));
    for (const a of all) for (const b of all) if (a !== b) expect(a).not.toEqual(b);
  });

  it("keeps NaN, has the bits of one part in more, and stays in its range", () => {
    const x = values(300, 3);
    x[5] = Number.NaN;
    const whole = run(x, uniform, 0.5, KEYS[1]);
    expect(whole[5]).toBeNaN();
    expect(run(x, uniform, 0.5, KEYS[1], 7)).toEqual(whole);
    const many = run(new Float32Array(1 << 14), uniform, 1, KEYS[0]);
    const most = Math.max(...many.map(Math.abs));
    if (uniform) expect(most).toBeLessThanOrEqual(1);
    else expect(most).toBeLessThan(6.4);
  });
});
