import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Form, Gemm, Opcode } from "../../assembly/abi.ts";
import { productScratchBytes } from "../../src/tape/product-scratch.ts";
import { magnitudes, matMul, matMulF32 } from "../oracle/mat-mul.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";
import { ENGINES, FORMS, product } from "./product.ts";

const name = (form: Form) => ["NN", "TN", "NT"][form];

/** Compares both kinds of engines with the f32 loop, bit by bit. */
function check(form: Form, m: number, n: number, k: number): void {
  const a = values(m * k, 1 + m + k);
  const b = values(k * n, 2 + n + k);
  const expected = matMulF32(form, a, b, m, n, k);
  for (const engine of ENGINES) {
    const wrong = difference(product(form, engine, a, b, m, n, k), expected);
    if (wrong) throw new Error(`${name(form)} ${JSON.stringify(engine)} ${m}x${k}x${n}: ${wrong}`);
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

    it(`keeps them in packed products, for tiles and their edges, ${name(form)}`, () => {
      for (const m of [16, 17, 18, 19, 20, 21, 24, 25])
        for (const n of [32, 33, 36, 39, 40, 41]) for (const k of [64, 65]) check(form, m, n, k);
      // few steps, and few elements of A
      check(form, 512, 32, 2);
      check(form, 513, 33, 1);
      check(form, 1100, 32, 1);
      check(form, 16, 1100, 2);
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
        for (const m of [5, Gemm.FewRows + 3]) for (const n of [11, 43]) check(form, m, n, k);
      for (const n of [Gemm.NC - 1, Gemm.NC, Gemm.NC + 1, 2 * Gemm.NC + 1])
        for (const m of [6, Gemm.FewRows + 2]) for (const k of [3, 29]) check(form, m, n, k);
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
        for (const engine of ENGINES) {
          const left = product(form, engine, identity, x, size, size, size);
          expect(difference(left, form === Form.NT ? transposed : x)).toBeUndefined();
          const right = product(form, engine, x, identity, size, size, size);
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
        for (const engine of ENGINES) {
          const got = product(form, engine, a, b, m, n, k);
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

  it("sums more rows than a group in groups in form TN, and in one accumulator elsewhere", () => {
    for (const [m, n, k] of [
      [3, 5, Gemm.RowGroup],
      [3, 5, Gemm.RowGroup + 1],
      [1, 9, 2 * Gemm.RowGroup],
      [9, 1, 2 * Gemm.RowGroup + 1],
      [2, 2, 3 * Gemm.RowGroup - 1],
      [17, 33, Gemm.RowGroup + 5],
      [2, 16, 2 * Gemm.RowGroup + 300],
    ])
      for (const form of FORMS) check(form, m, n, k);
  });

  it("does so in blocks where C has more elements than scratch", () => {
    const [m, n, k] = [129, Gemm.NC + 9, Gemm.RowGroup + 1];
    expect(m * n).toBeGreaterThan(Gemm.PartialElements);
    const a = values(m * k, 5);
    const b = values(k * n, 6);
    const got = product(Form.TN, {}, a, b, m, n, k);
    for (const i of [0, 1, 126, 127, 128])
      for (const j of [0, 7, 8, 510, 511, 512, 520]) {
        const column = (x: Float32Array, width: number, at: number) =>
          Float32Array.from({ length: k }, (_, p) => x[p * width + at]);
        const [expected] = matMulF32(Form.TN, column(a, m, i), column(b, n, j), 1, 1, k);
        expect(got[i * n + j]).toBe(expected);
      }
    expect(difference(product(Form.TN, { parts: 7 }, a, b, m, n, k), got)).toBeUndefined();
  });

  it("gives a row the same bits whatever rows stand beside it, packed or not", () => {
    const [m, n, k] = [19, 40, 64];
    const a = values(m * k, 5);
    const b = values(k * n, 6);
    const whole = product(Form.NN, {}, a, b, m, n, k);
    for (let rows = 1; rows < m; rows++)
      for (const engine of ENGINES)
        expect(
          difference(product(Form.NN, engine, a.slice(0, rows * k), b, rows, n, k), whole.slice(0, rows * n)),
        ).toBeUndefined();
  });

  /** Bytes of scratch that a product touches; it fails if these are more than it was given. */
  const scratchUsed = (
    form: Form,
    dims: { m: number; n: number; k: number },
    rows = 1,
    batch = 1,
    parts = 1,
  ) => {
    const of = (d: number) => (d < 0 ? -d * rows : d);
    const [m, n, k] = [of(dims.m), of(dims.n), of(dims.k)];
    const record = { form, c: "out", a: values(m * k, 1), b: values(k * n, 2), ...dims, scratch: 0 } as const;
    return runRecord(Opcode.MatMul, record, rows, { batch, parts, keepsOrder: rows % 2 === 0 }).scratchUsed;
  };

  it("never leaves the scratch of the full batch, whichever dimension the rows are, in any parts", () => {
    const batch = 24;
    for (const form of FORMS)
      for (const [p, q] of [
        [3, 5],
        [9, 300],
        [36, 33],
        [40, 130],
      ])
        for (const dims of [
          { m: -1, n: p, k: q },
          { m: q, n: -1, k: p },
          { m: p, n: q, k: -1 },
          { m: -2, n: -1, k: q },
        ])
          for (let rows = 1; rows <= batch; rows++) scratchUsed(form, dims, rows, batch, 1 + (rows % 3));
  });

  it("never leaves it where rows are more than a group, or one more, or one less", () => {
    for (const batch of [Gemm.RowGroup + 1, 2 * Gemm.RowGroup + 3])
      for (const [m, n] of [
        [1, 6],
        [5, 1],
        [3, 9],
        [18, 34],
      ])
        for (const rows of [1, 2, 40, Gemm.RowGroup - 1, Gemm.RowGroup, Gemm.RowGroup + 1, batch])
          for (const parts of [1, 3])
            if (rows <= batch) scratchUsed(Form.TN, { m, n, k: -1 }, rows, batch, parts);
  });

  it("needs no more scratch for less, whichever dimension a short batch makes less", () => {
    for (const form of FORMS)
      for (const n of [9, 16, 24, 33, 300])
        for (const k of [300, Gemm.RowGroup + 2]) {
          const full = { m: 300, n, k };
          const bytes = (d: typeof full) => productScratchBytes(form, d.m, d.n, d.k);
          for (const dimension of ["m", "n", "k"] as const)
            for (let short = 0; short < full[dimension]; short++)
              expect(bytes({ ...full, [dimension]: short })).toBeLessThanOrEqual(bytes(full));
        }
  });

  it("asks for no more scratch than some product of the shape uses", () => {
    for (const [form, m, n, k] of [
      [Form.NT, 5, 10, 300],
      [Form.NN, 21, 44, 300],
      [Form.TN, 21, 44, 300],
      [Form.NT, 21, 44, 100],
    ] as const) {
      const used = ENGINES.map((engine) => {
        const record = {
          form,
          c: "out",
          a: values(m * k, 1),
          b: values(k * n, 2),
          m,
          n,
          k,
          scratch: 0,
        } as const;
        return runRecord(Opcode.MatMul, record, 1, engine).scratchUsed;
      });
      // the last panel of a block may have columns that are not written
      expect(Math.max(...used)).toBeGreaterThan(productScratchBytes(form, m, n, k) - 32);
    }
  });

  it("passes NaN and infinity on to the elements they belong to, and to no other", () => {
    const [m, n, k] = [5, 9, 6];
    for (const form of FORMS)
      for (const engine of ENGINES) {
        const a = values(m * k, 7);
        const b = values(k * n, 8);
        a[form === Form.TN ? 2 * m + 3 : 3 * k + 2] = Number.NaN;
        const c = product(form, engine, a, b, m, n, k);
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) expect(Number.isNaN(c[i * n + j])).toBe(i === 3);
      }
  });

  it("packs large products, from the sizes on that are stated, and no others", () => {
    const packs = (m: number, n: number, k: number) => scratchUsed(Form.NN, { m, n, k }) > Gemm.TileBytes;
    for (const [m, n, k] of [
      [32, 32, 32],
      [Gemm.FewRows, Gemm.Narrow, 64],
      [512, 64, 1],
    ]) {
      expect(packs(m, n, k)).toBe(true);
      for (const [dm, dn, dk] of [
        [1, 0, 0],
        [0, 0, 1],
      ])
        if (k > dk) expect(packs(m - dm, n - dn, k - dk)).toBe(false);
    }
    expect(packs(4, 8, 2)).toBe(false);
    expect(packs(512, 512, 64)).toBe(true);
  });

  it("is compared closely enough to catch another order of summation", () => {
    const [m, n, k] = [4, 8, 40];
    const a = values(m * k, 9);
    const b = values(k * n, 10);
    const got = product(Form.NN, {}, a, b, m, n, k);
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
