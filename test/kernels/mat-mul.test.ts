import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Form, Gemm, Path } from "../../assembly/abi.ts";
import { productPath, productScratchBytes } from "../../src/tape/product-path.ts";
import { magnitudes, matMul, matMulF32 } from "../oracle/mat-mul.ts";
import { difference, values } from "./compare.ts";
import { FORMS, product, WAYS } from "./product.ts";

const name = (form: Form) => ["NN", "TN", "NT"][form];

/** Compares every path with the f32 loop, bit by bit. */
function check(form: Form, m: number, n: number, k: number): void {
  const a = values(m * k, 1 + m + k);
  const b = values(k * n, 2 + n + k);
  const expected = matMulF32(form, a, b, m, n, k);
  for (const way of WAYS) {
    const wrong = difference(product(form, way, a, b, m, n, k), expected);
    if (wrong) throw new Error(`${name(form)} way ${way} ${m}x${k}x${n}: ${wrong}`);
  }
}

const around = (t: number) => [0, 1, t - 1, t, t + 1, 2 * t, 2 * t + 1];
const MS = [
  ...new Set([
    ...around(Gemm.MR),
    ...around(Gemm.TallMR),
    2,
    7,
    ...[-1, 0, 1, 2, 3].map((i) => Gemm.FewRows + i),
  ]),
];
const NS = [...new Set([...around(Gemm.NR), 2, 3, 4, 10, 12])];
const KS = [0, 1, 2, 3, 4, 5, 8, 9];

describe("matMul", () => {
  for (const form of FORMS) {
    it(`has the bits of the loop in k order for tiles and their edges, ${name(form)}`, () => {
      for (const m of MS) for (const n of NS) for (const k of KS) check(form, m, n, k);
    });

    it(`keeps them where few columns are left and where rounds take two steps, ${name(form)}`, () => {
      for (const m of [4, 7, 8, 9, 15, 16, 17])
        for (const n of [1, 2, 3, 4, 5, 9, 10, 12, 13, 17, 20, Gemm.Narrow - 4, Gemm.Narrow + 1])
          for (const k of [11, 12, 13, 15, 16, 17, 35]) check(form, m, n, k);
      // more steps than the scratch of the packed path has room for in one panel
      check(form, Gemm.FewRows - 1, 10, 5 * Gemm.KC);
      check(form, Gemm.FewRows - 1, Gemm.Narrow + 2, 5 * Gemm.KC);
    });

    it(`keeps them across blocks of steps and columns, ${name(form)}`, () => {
      for (const k of [Gemm.KC - 1, Gemm.KC, Gemm.KC + 1, 2 * Gemm.KC + 1])
        for (const m of [5, Gemm.FewRows + 3]) check(form, m, 11, k);
      for (const n of [Gemm.NC - 1, Gemm.NC, Gemm.NC + 1, 2 * Gemm.NC + 1])
        for (const m of [6, Gemm.FewRows + 2]) check(form, m, n, 3);
      check(form, Gemm.FewRows + 3, Gemm.NC + 9, Gemm.KC + 2);
      check(form, Gemm.NC + 1, 1, 67);
      check(form, 1, Gemm.NC + 1, 67);
      check(form, 250, 63, 61);
    });

    it(`keeps them in products with a vector, whatever is left of sixteen columns and eight rows, ${name(form)}`, () => {
      for (const n of [14, 15, 16, 17, 19, 20, 21, 31, 32, 33, 47, 63])
        for (const k of [7, 8, 9, 15, 16, 17, 25]) {
          check(form, 1, n, k);
          check(form, n, 1, k);
        }
    });

    it(`multiplies by the identity exactly, ${name(form)}`, () => {
      for (const size of [1, 4, 5, 8, 13, Gemm.KC + 3]) {
        const identity = new Float32Array(size * size);
        for (let i = 0; i < size; i++) identity[i * size + i] = 1;
        const x = values(size * size, size);
        const transposed = new Float32Array(size * size);
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) transposed[j * size + i] = x[i * size + j];
        for (const way of WAYS) {
          const left = product(form, way, identity, x, size, size, size);
          expect(difference(left, form === Form.NT ? transposed : x)).toBeUndefined();
          const right = product(form, way, x, identity, size, size, size);
          expect(difference(right, form === Form.TN ? transposed : x)).toBeUndefined();
        }
      }
    });

    it(`stays within the rounding of its sum, ${name(form)}`, () => {
      for (const [m, n, k] of [
        [3, 5, 7],
        [16, 10, 64],
        [33, 17, 300],
      ]) {
        const a = values(m * k, 3);
        const b = values(k * n, 4);
        const exact = matMul(form, a, b, m, n, k);
        const size = magnitudes(form, a, b, m, n, k);
        for (const way of WAYS) {
          const got = product(form, way, a, b, m, n, k);
          for (let i = 0; i < got.length; i++)
            expect(Math.abs(got[i] - exact[i])).toBeLessThanOrEqual((k + 1) * 2 ** -24 * size[i]);
        }
      }
    });
  }

  it("has those bits for any sizes", () => {
    const size = fc.integer({ min: 0, max: 90 });
    fc.assert(
      fc.property(fc.constantFrom(...FORMS), size, size, size, (form, m, n, k) => check(form, m, n, k)),
      { numRuns: 150 },
    );
  });

  it("gives a row the same bits whatever rows stand beside it", () => {
    const [m, n, k] = [9, 24, 33];
    const a = values(m * k, 5);
    const b = values(k * n, 6);
    const whole = product(Form.NN, [Path.Packed], a, b, m, n, k);
    for (let rows = 1; rows < m; rows++)
      for (const way of WAYS)
        expect(
          difference(product(Form.NN, way, a.slice(0, rows * k), b, rows, n, k), whole.slice(0, rows * n)),
        ).toBeUndefined();
  });

  it("needs no more scratch for less, whichever dimension a short batch makes less", () => {
    // the record, and with it path and scratch, are those of the full batch
    for (const path of [Path.Direct, Path.Packed])
      for (const n of [9, 16, 24, 33, 300]) {
        const full = { path, m: 300, n, k: 300 };
        for (const dimension of ["m", "n", "k"] as const)
          for (let short = 0; short < full[dimension]; short++)
            expect(productScratchBytes({ ...full, [dimension]: short })).toBeLessThanOrEqual(
              productScratchBytes(full),
            );
      }
  });

  it("passes NaN and infinity on to the elements they belong to, and to no other", () => {
    const [m, n, k] = [5, 9, 6];
    for (const form of FORMS)
      for (const way of WAYS) {
        const a = values(m * k, 7);
        const b = values(k * n, 8);
        a[form === Form.TN ? 2 * m + 3 : 3 * k + 2] = Number.NaN;
        const c = product(form, way, a, b, m, n, k);
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) expect(Number.isNaN(c[i * n + j])).toBe(i === 3);
      }
  });

  it("chooses the direct path for small products and the packed one for large", () => {
    expect(productPath(4, 8, 2)).toBe(Path.Direct);
    expect(productPath(32, 32, 31)).toBe(Path.Direct);
    expect(productPath(32, 32, 32)).toBe(Path.Packed);
    expect(productPath(512, 512, 512)).toBe(Path.Packed);
  });

  it("is compared closely enough to catch another order of summation", () => {
    const [m, n, k] = [4, 8, 40];
    const a = values(m * k, 9);
    const b = values(k * n, 10);
    const got = product(Form.NN, [Path.Direct], a, b, m, n, k);
    const reversed = new Float32Array(m * n);
    const fused = new Float32Array(m * n);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        for (let p = k - 1; p >= 0; p--) reversed[i * n + j] += Math.fround(a[i * k + p] * b[p * n + j]);
        for (let p = 0; p < k; p++) fused[i * n + j] += a[i * k + p] * b[p * n + j];
      }
    expect(difference(got, reversed)).toBeDefined();
    expect(difference(got, fused)).toBeDefined();
    expect(() => check(Form.NN, m, n, k)).not.toThrow();
  });
});
