import { describe, expect, it } from "vitest";
import { Fn, Form, Gemm, Opcode } from "../../assembly/abi.ts";
import { productScratchBytes } from "../../src/tape/product-scratch.ts";
import { columnSumsF32, matMulF32 } from "../oracle/mat-mul.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const FNS = [Fn.Identity, Fn.Relu, Fn.LeakyRelu, Fn.Tanh, Fn.Sigmoid] as const;
const SHAPES = [
  [4, 8, 2],
  [4, 1, 8],
  // so small that no tile is started: one column or several, whole blocks of eight or not, the most and one more
  [2, 8, 4],
  [3, 9, 2],
  [1, 17, 3],
  [3, 1, 17],
  [9, 1, 7],
  [9, 7, 1],
  [1, 1, 64],
  [1, 1, 65],
  [8, 8, 1],
  [5, 13, 1],
  [1, 10, 33],
  [5, 10, 17],
  [17, 16, 3],
  [33, 67, 19],
  [9, 530, 300],
] as const;
const ALPHA = 0.25;
const none = { alpha: 0, scratch: 0 };

const addBias = (c: Float32Array, b: Float32Array) => c.map((v, i) => v + b[i % b.length]);

const unary = (fn: Fn, x: Float32Array) =>
  runRecord(Opcode.Unary, { fn, alpha: ALPHA, y: "out", x, n: x.length }).y;

const unaryGrad = (fn: Fn, dy: Float32Array, s: Float32Array) =>
  runRecord(Opcode.UnaryGrad, { fn, alpha: ALPHA, dx: "out", dy, s, n: dy.length }).dx;

describe("dense", () => {
  it("is the product, then the bias, then the function, bit for bit", () => {
    for (const [m, n, k] of SHAPES)
      for (const fn of FNS) {
        const x = values(m * k, 1);
        const w = values(k * n, 2);
        const bias = values(n, 3);
        const { y } = runRecord(Opcode.Dense, {
          ...{ y: "out", x, w, bias, m, n, k, fn, scratch: 0 },
          alpha: ALPHA,
        });
        const sum = addBias(matMulF32(Form.NN, x, w, m, n, k), bias);
        expect(difference(y, fn === Fn.Identity ? sum : unary(fn, sum))).toBeUndefined();
      }
  });

  it("leaves out the bias where there is none", () => {
    const [m, n, k] = [5, 9, 6];
    const x = values(m * k, 1);
    const w = values(k * n, 2);
    const { y } = runRecord(Opcode.Dense, {
      ...{ ...none, y: "out", x, w, bias: null, m, n, k },
      fn: Fn.Identity,
    });
    expect(difference(y, matMulF32(Form.NN, x, w, m, n, k))).toBeUndefined();
  });

  it("takes sizes of 0", () => {
    const bias = values(8, 3);
    const fields = { ...none, y: "out", bias, n: 8, fn: Fn.Identity } as const;
    const zero = new Float32Array(0);
    const noInputs = runRecord(Opcode.Dense, { ...fields, x: zero, w: zero, m: 3, k: 0 });
    expect(difference(noInputs.y, addBias(new Float32Array(24), bias))).toBeUndefined();
    const noRows = runRecord(Opcode.Dense, { ...fields, x: zero, w: values(40, 1), m: 0, k: 5 });
    expect(noRows.y.length).toBe(0);
  });
});

describe("denseGradWeights", () => {
  it("is the product with the transposed input, and sums of rows in order, bit for bit", () => {
    for (const [k, n, m] of SHAPES) {
      const x = values(k * m, 4);
      const dy = values(k * n, 5);
      const { dw, db } = runRecord(Opcode.DenseGradWeights, {
        ...{ dw: "out", db: "out", x, dy, m, n, k },
        scratch: 0,
      });
      expect(difference(dw, matMulF32(Form.TN, x, dy, m, n, k))).toBeUndefined();
      expect(difference(db, columnSumsF32(dy, k, n))).toBeUndefined();
    }
  });

  const LONG = [
    [Gemm.RowGroup, 2, 3],
    [Gemm.RowGroup + 1, 2, 3],
    [Gemm.RowGroup + 1, 0, 3],
    [Gemm.RowGroup + 1, 1, 1],
    [2 * Gemm.RowGroup, 3, 1],
    [2 * Gemm.RowGroup + 1, 1, 9],
    [3 * Gemm.RowGroup + 700, 5, 13],
    [Gemm.RowGroup + 300, 17, 37],
  ] as const;

  it("sums more rows than a group in groups, whose sums are added in order", () => {
    for (const [k, m, n] of LONG) {
      const x = values(k * m, 4);
      const dy = values(k * n, 5);
      const expected = matMulF32(Form.TN, x, dy, m, n, k);
      const sums = columnSumsF32(dy, k, n);
      for (const parts of [1, 3]) {
        const { dw, db } = runRecord(
          Opcode.DenseGradWeights,
          { dw: "out", db: "out", x, dy, m, n, k, scratch: 0 },
          1,
          { parts },
        );
        expect(difference(dw, expected)).toBeUndefined();
        expect(difference(db, sums)).toBeUndefined();
      }
    }
  });

  it("keeps a million equal rows within the rounding of a group and of the sum of groups", () => {
    const k = 1_000_000;
    const gradients = (value: number) => {
      const x = new Float32Array(k).fill(1);
      const dy = new Float32Array(k).fill(value);
      const { dw, db } = runRecord(Opcode.DenseGradWeights, {
        ...{ dw: "out", db: "out", x, dy, m: 1, n: 1, k, scratch: 0 },
      });
      return [dw[0], db[0]];
    };
    // i additions of v err by at most 2^-24 (v + 2 v + .. + i v)
    const bound = (Gemm.RowGroup + Math.ceil(k / Gemm.RowGroup)) * 2 ** -25;
    for (const value of [1, 0.2, 0.7, 1 / 3, 1e-6]) {
      const exact = Math.fround(value) * k;
      for (const sum of gradients(value)) expect(Math.abs(sum / exact - 1)).toBeLessThan(bound);
    }
    expect(gradients(1)).toEqual([k, k]);
    // one accumulator would be 100 times as far away
    let plain = 0;
    for (let i = 0; i < k; i++) plain = Math.fround(plain + Math.fround(0.2));
    expect(Math.abs(plain / (0.2 * k) - 1)).toBeGreaterThan(50 * bound);
  });

  it("asks for room for the sums of a group where there are several, and only there", () => {
    const bytes = (k: number) => productScratchBytes(Form.TN, 20, 30, k);
    expect(bytes(Gemm.RowGroup + 1) - bytes(Gemm.RowGroup)).toBe(4 * 20 * 30);
    expect(bytes(100 * Gemm.RowGroup)).toBe(bytes(Gemm.RowGroup + 1));
    for (const form of [Form.NN, Form.NT])
      expect(productScratchBytes(form, 20, 1, 3 * Gemm.RowGroup)).toBe(Gemm.TileBytes);
  });

  it("sums every number of columns alike", () => {
    const k = 7;
    for (let n = 1; n <= 37; n++) {
      const dy = values(k * n, n);
      const { db } = runRecord(Opcode.DenseGradWeights, {
        ...{ dw: "out", db: "out", x: values(k, 1), dy, m: 1, n, k },
        scratch: 0,
      });
      expect(difference(db, columnSumsF32(dy, k, n))).toBeUndefined();
    }
  });

  it("gives zeros for no rows, and no bias gradient where none is wanted", () => {
    const empty = new Float32Array(0);
    const fields = {
      dw: "out",
      x: empty,
      dy: empty,
      m: 3,
      n: 5,
      k: 0,
      scratch: 0,
    } as const;
    const { dw, db } = runRecord(Opcode.DenseGradWeights, { ...fields, db: "out" });
    expect(difference(dw, new Float32Array(15))).toBeUndefined();
    expect(difference(db, new Float32Array(5))).toBeUndefined();
    expect(runRecord(Opcode.DenseGradWeights, { ...fields, db: null }).db).toBeUndefined();
  });
});

describe("denseGradInput", () => {
  it("is the product with the transposed weights, then the function's gradient, bit for bit", () => {
    for (const [m, k, n] of SHAPES)
      for (const fn of FNS) {
        const dy = values(m * k, 6);
        const w = values(n * k, 7);
        const s = unary(fn === Fn.Identity ? Fn.Tanh : fn, values(m * n, 8));
        const { dx } = runRecord(Opcode.DenseGradInput, {
          ...{ dx: "out", dy, w, m, n, k, fn, y: fn === Fn.Identity ? null : s, scratch: 0 },
          alpha: ALPHA,
        });
        const product = matMulF32(Form.NT, dy, w, m, n, k);
        expect(difference(dx, fn === Fn.Identity ? product : unaryGrad(fn, product, s))).toBeUndefined();
      }
  });
});

describe("comparison", () => {
  it("sees a bias that was added before the sum instead of after it", () => {
    const [m, n, k] = [4, 8, 20];
    const x = values(m * k, 1);
    const w = values(k * n, 2);
    const bias = values(n, 3);
    const { y } = runRecord(Opcode.Dense, {
      ...{ ...none, y: "out", x, w, bias, m, n, k },
      fn: Fn.Identity,
    });
    const early = new Float32Array(m * n);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = bias[j];
        for (let p = 0; p < k; p++) sum = Math.fround(sum + Math.fround(x[i * k + p] * w[p * n + j]));
        early[i * n + j] = sum;
      }
    expect(difference(y, early)).toBeDefined();
  });
});
