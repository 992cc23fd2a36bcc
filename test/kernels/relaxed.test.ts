/** The relaxed build: the same kernels, with fused products where the CPU has them and tiles of their own. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Form, Gemm } from "../../assembly/abi.ts";
import { magnitudes, matMul, matMulF32 } from "../oracle/mat-mul.ts";
import { enableRelaxedSimd } from "../relaxed-simd.ts";
import { difference, values } from "./compare.ts";
import { load } from "./harness.ts";
import { ENGINES, FORMS, product } from "./product.ts";

enableRelaxedSimd();
const relaxed = load("relaxed");

/** Rows of its micro-kernel. */
const MR = 6;

/** Small whole numbers: products and sums are exact, fused or not, so that every bit must agree. */
const wholes = (count: number, seed: number) => values(count, seed).map((x) => Math.trunc(8 * x));

function check(form: Form, m: number, n: number, k: number): void {
  const a = wholes(m * k, 1 + m + k);
  const b = wholes(k * n, 2 + n + k);
  // -0 and +0 are the same number; adding +0 makes them the same bits.
  const expected = matMulF32(form, a, b, m, n, k).map((x) => x + 0);
  for (const engine of ENGINES) {
    const got = product(form, { ...engine, module: relaxed }, a, b, m, n, k).map((x) => x + 0);
    const wrong = difference(got, expected);
    if (wrong) throw new Error(`form ${form} ${m}x${k}x${n}: ${wrong}`);
  }
}

const around = (t: number) => [t - 1, t, t + 1, 2 * t - 1, 2 * t, 2 * t + 1, 2 * t + 2];

describe("relaxed products", () => {
  for (const form of FORMS) {
    it(`take every element of whole numbers exactly, for tiles and their edges, form ${form}`, () => {
      for (const m of [0, 1, ...around(MR), ...around(Gemm.FewRows)])
        for (const n of [1, ...around(Gemm.NR)]) for (const k of [0, 1, 2, 3, 4, 5, 8]) check(form, m, n, k);
    });

    it(`and in packed products, for tiles and their edges, form ${form}`, () => {
      for (const m of [16, 17, 18, 19, 20, 21, 22, 24, 25, 29, 31])
        for (const n of [32, 33, 35, 36, 39, 40, 41]) for (const k of [64, 65]) check(form, m, n, k);
    });

    it(`and across blocks of steps and columns, form ${form}`, () => {
      for (const k of [Gemm.KC - 1, Gemm.KC, Gemm.KC + 1, 2 * Gemm.KC + 1])
        for (const n of [11, 43]) check(form, 4 * MR + 3, n, k);
      for (const n of [Gemm.NC - 1, Gemm.NC, Gemm.NC + 1, 2 * Gemm.NC + 1])
        for (const k of [3, 22]) check(form, 4 * MR + 1, n, k);
      check(form, 3 * MR + 5, Gemm.NC + 9, Gemm.KC + 2);
    });

    it(`stay within the rounding of their sum, form ${form}`, () => {
      for (const [m, n, k] of [
        [16, 10, 64],
        [33, 17, 300],
        [1, 40, 300],
      ]) {
        const a = values(m * k, 3);
        const b = values(k * n, 4);
        const exact = matMul(form, a, b, m, n, k);
        const size = magnitudes(form, a, b, m, n, k);
        for (const engine of ENGINES) {
          const got = product(form, { ...engine, module: relaxed }, a, b, m, n, k);
          for (let i = 0; i < got.length; i++)
            expect(Math.abs(got[i] - exact[i])).toBeLessThanOrEqual((k + 1) * 2 ** -24 * size[i]);
        }
      }
    });
  }

  it("take any sizes", () => {
    const size = fc.integer({ min: 0, max: 90 });
    fc.assert(
      fc.property(fc.constantFrom(...FORMS), size, size, size, (form, m, n, k) => check(form, m, n, k)),
      { numRuns: 100 },
    );
  });
});
