import { describe, expect, it } from "vitest";
import { Guard, Opcode } from "../../assembly/abi.ts";
import { values } from "./compare.ts";
import { instantiate, runRecord } from "./harness.ts";

const { kernels, memory } = instantiate(65536);
const at = Math.ceil(kernels.staticEnd() / 16) * 16;

/** Runs over x with infinities on both sides, which must not be seen. */
function scan(x: Float32Array, shift = 0): number {
  const place = new Float32Array(memory.buffer, at + 16 + 4 * shift - 4, x.length + 2);
  place.fill(Infinity);
  place.set(x, 1);
  return kernels.maxMagnitude(at + 16 + 4 * shift, x.length);
}

const bits = (value: number) => new Int32Array(Float32Array.of(value).buffer)[0];
const largest = (x: Float32Array) => x.reduce((top, v) => Math.max(top, bits(Math.abs(v))), 0);

describe("maxMagnitude", () => {
  it("finds the bits of the largest magnitude for any length and alignment", () => {
    for (let n = 0; n <= 40; n++)
      for (const shift of [0, 1, 3]) {
        const x = values(n, n + 1);
        expect(scan(x, shift)).toBe(largest(x));
      }
  });

  it("sees an extreme of either sign in every position", () => {
    for (const n of [1, 4, 7, 16, 19])
      for (let i = 0; i < n; i++)
        for (const extreme of [100, -100, 2 ** 60, -(2 ** 100), 3.4028234663852886e38, Infinity, -Infinity]) {
          const x = values(n, 2);
          x[i] = extreme;
          expect(scan(x)).toBe(bits(Math.abs(extreme)));
        }
  });

  it("puts every NaN above infinity", () => {
    for (const pattern of [0x7fc00000, 0xffc00000 | 0, 0x7f800001, 0xff800001 | 0, -1])
      for (const n of [1, 6, 9]) {
        const x = values(n, 2);
        new Int32Array(x.buffer)[n - 1] = pattern;
        expect(scan(x)).toBe(pattern & 0x7fffffff);
        expect(scan(x)).toBeGreaterThan(Guard.NonFinite);
      }
  });

  it("gives 0 for nothing and for zeros of either sign, and sees denormals", () => {
    expect(scan(new Float32Array(0))).toBe(0);
    expect(scan(Float32Array.of(0, -0, 0, -0, -0))).toBe(0);
    expect(scan(Float32Array.of(0, -1e-45, 0))).toBe(1);
  });

  it("would catch a scan that forgets the sign or the tail", () => {
    const x = Float32Array.of(1, 2, 3, 4, -9);
    expect(scan(x)).not.toBe(largest(x.subarray(0, 4)));
    expect(scan(x)).not.toBe(bits(Math.max(...x)));
  });
});

describe("checkFinite", () => {
  it("raises the guard for a number that is not finite, wherever it is and in whatever parts", () => {
    for (const n of [1, 4, 15, 16, 17, 64, 67])
      for (const parts of [1, 2, 3])
        for (let i = 0; i < n; i++)
          for (const bad of [Infinity, -Infinity, NaN]) {
            const x = values(n, n);
            x[i] = bad;
            expect(runRecord(Opcode.CheckFinite, { x, n }, 1, { parts }).guard).toBe(1);
          }
  });

  it("leaves it alone for finite numbers, and for what stands around them", () => {
    for (const extreme of [0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45]) {
      const x = values(33, 3).fill(extreme, 0, 33);
      expect(runRecord(Opcode.CheckFinite, { x, n: 33 }, 1, { parts: 2 }).guard).toBe(0);
    }
  });
});
