import { describe, expect, it } from "vitest";
import { Fn, Form, Opcode, Path } from "../../assembly/abi.ts";
import { columnSumsF32, matMulF32 } from "../oracle/mat-mul.ts";
import { difference, values } from "./compare.ts";
import { runRecord } from "./harness.ts";

const PATHS = [Path.Direct, Path.Packed] as const;
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
      for (const fn of FNS)
        for (const path of PATHS) {
          const x = values(m * k, 1);
          const w = values(k * n, 2);
          const bias = values(n, 3);
          const { y } = runRecord(Opcode.Dense, {
            ...{ path, y: "out", x, w, bias, m, n, k, fn, scratch: 0 },
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
      ...{ ...none, path: Path.Direct, y: "out", x, w, bias: null, m, n, k },
      fn: Fn.Identity,
    });
    expect(difference(y, matMulF32(Form.NN, x, w, m, n, k))).toBeUndefined();
  });

  it("takes sizes of 0", () => {
    const bias = values(8, 3);
    for (const path of PATHS) {
      const fields = { ...none, path, y: "out", bias, n: 8, fn: Fn.Identity } as const;
      const zero = new Float32Array(0);
      const noInputs = runRecord(Opcode.Dense, { ...fields, x: zero, w: zero, m: 3, k: 0 });
      expect(difference(noInputs.y, addBias(new Float32Array(24), bias))).toBeUndefined();
      const noRows = runRecord(Opcode.Dense, { ...fields, x: zero, w: values(40, 1), m: 0, k: 5 });
      expect(noRows.y.length).toBe(0);
    }
  });
});

describe("denseGradWeights", () => {
  it("is the product with the transposed input, and sums of rows in order, bit for bit", () => {
    for (const [k, n, m] of SHAPES)
      for (const path of PATHS) {
        const x = values(k * m, 4);
        const dy = values(k * n, 5);
        const { dw, db } = runRecord(Opcode.DenseGradWeights, {
          ...{ path, dw: "out", db: "out", x, dy, m, n, k },
          scratch: 0,
        });
        expect(difference(dw, matMulF32(Form.TN, x, dy, m, n, k))).toBeUndefined();
        expect(difference(db, columnSumsF32(dy, k, n))).toBeUndefined();
      }
  });

  it("sums every number of columns alike", () => {
    const k = 7;
    for (let n = 1; n <= 37; n++) {
      const dy = values(k * n, n);
      const { db } = runRecord(Opcode.DenseGradWeights, {
        ...{ path: Path.Direct, dw: "out", db: "out", x: values(k, 1), dy, m: 1, n, k },
        scratch: 0,
      });
      expect(difference(db, columnSumsF32(dy, k, n))).toBeUndefined();
    }
  });

  it("gives zeros for no rows, and no bias gradient where none is wanted", () => {
    const empty = new Float32Array(0);
    const fields = {
      path: Path.Direct,
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
      for (const fn of FNS)
        for (const path of PATHS) {
          const dy = values(m * k, 6);
          const w = values(n * k, 7);
          const s = unary(fn === Fn.Identity ? Fn.Tanh : fn, values(m * n, 8));
          const { dx } = runRecord(Opcode.DenseGradInput, {
            ...{ path, dx: "out", dy, w, m, n, k, fn, y: fn === Fn.Identity ? null : s, scratch: 0 },
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
      ...{ ...none, path: Path.Direct, y: "out", x, w, bias, m, n, k },
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
