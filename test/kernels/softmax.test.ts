import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { byRows, logSoftmax, logSoftmaxGrad, row, softmax, softmaxGrad } from "../oracle/softmax.ts";
import { ulpError } from "../oracle/ulp.ts";
import vectors from "../vectors/activations.json" with { type: "json" };
import { difference, values } from "./compare.ts";
import { type Given, runRecord } from "./harness.ts";

const ROWS = [0, 1, 2, 3, 5];
const COLUMNS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 33];
const GRID = ROWS.flatMap((m) => COLUMNS.map((n) => [m, n] as const));

const forward = (
  opcode: Opcode.Softmax | Opcode.LogSoftmax,
  x: Given,
  m: number,
  n: number,
  y: Given = "out",
) => runRecord(opcode, { y, x, m, n });
const backward = (
  opcode: Opcode.SoftmaxGrad | Opcode.LogSoftmaxGrad,
  dy: Given,
  y: Given,
  m: number,
  n: number,
  dx: Given = "out",
) => runRecord(opcode, { dx, dy, y, m, n });

/** The forward pass, its gradient, and the row oracles of both. */
const PAIRS = [
  ["softmax", Opcode.Softmax, Opcode.SoftmaxGrad, softmax, softmaxGrad],
  ["logSoftmax", Opcode.LogSoftmax, Opcode.LogSoftmaxGrad, logSoftmax, logSoftmaxGrad],
] as const;

/** The first element farther from the exact one than `limit` roundings of `scale`. */
function wrong(got: Float32Array, exact: readonly number[], scale: (i: number) => number, limit: number) {
  if (got.length !== exact.length) return `length ${got.length}, expected ${exact.length}`;
  for (let i = 0; i < got.length; i++)
    if (!(Math.abs(got[i] - exact[i]) <= limit * 2 ** -24 * scale(i) + 2 ** -126))
      return `[${i}] is ${got[i]}, exactly ${exact[i]}`;
  return undefined;
}

/** Sum of |dy y| of the row of element i: what a gradient's rounding is measured by. */
function rowScale(dy: ArrayLike<number>, factor: (i: number) => number, n: number) {
  return (i: number) => {
    let sum = 0;
    for (let j = i - (i % n); j < i - (i % n) + n; j++) sum += Math.abs(dy[j]) * factor(j);
    return Math.abs(dy[i]) + sum;
  };
}

describe.each(PAIRS)("%s", (name, opcode, gradient, oracle, oracleGrad) => {
  it("follows its formula for every number of rows and columns and writes nothing else", () => {
    for (const [m, n] of GRID) {
      const x = values(m * n, m + n).map((v) => 4 * v);
      const { y } = forward(opcode, x, m, n);
      const exact = byRows(m, n, (i) => oracle(row(x, i, n)));
      // the rounding of x - max is what exp sees
      const scale = (i: number) =>
        name === "softmax" ? exact[i] * (1 - Math.log(exact[i])) : Math.max(1, Math.abs(exact[i]));
      expect(wrong(y, exact, scale, 8), `${m} x ${n}`).toBeUndefined();
    }
  });

  it("gives a row the same bits whatever rows accompany it, and in place", () => {
    for (const n of COLUMNS.filter((c) => c > 0)) {
      const x = values(5 * n, n);
      const { y } = forward(opcode, x, 5, n);
      for (let i = 0; i < 5; i++)
        expect(difference(forward(opcode, row(x, i, n), 1, n).y, row(y, i, n))).toBeUndefined();
      expect(difference(forward(opcode, x, 5, n, { same: "x" }).x, y)).toBeUndefined();
    }
  });

  it("the rule is the derivative: central differences of every output by every input", () => {
    const h = 2 ** -17;
    for (const n of [1, 2, 5]) {
      const x = Array.from(values(n, n + 3));
      const y = oracle(x);
      for (let k = 0; k < n; k++) {
        const dy = x.map((_, j) => (j === k ? 1 : 0));
        const dx = oracleGrad(dy, y);
        for (let j = 0; j < n; j++) {
          const moved = (by: number) => oracle(x.map((v, i) => (i === j ? v + by : v)))[k];
          expect(Math.abs(dx[j] - (moved(h) - moved(-h)) / (2 * h))).toBeLessThan(1e-7);
        }
      }
    }
  });

  it("its gradient follows the rule for every number of rows and columns", () => {
    for (const [m, n] of GRID) {
      const { y } = forward(opcode, values(m * n, n + 1), m, n);
      const dy = values(m * n, n + 2);
      const { dx } = backward(gradient, dy, y, m, n);
      const exact = byRows(m, n, (i) => oracleGrad(row(dy, i, n), row(y, i, n)));
      const factor = (j: number) => (name === "softmax" ? y[j] : 1);
      expect(wrong(dx, exact, rowScale(dy, factor, n), 6), `${m} x ${n}`).toBeUndefined();
    }
  });

  it("a rule with the sum forgotten is caught", () => {
    const { y } = forward(opcode, values(8, 1), 2, 4);
    const dy = values(8, 2);
    const { dx } = backward(gradient, dy, y, 2, 4);
    const broken = byRows(2, 4, (i) => oracleGrad([...row(dy, i, 4).slice(0, 3), 0], row(y, i, 4)));
    expect(
      wrong(
        dx,
        broken,
        rowScale(dy, () => 1, 4),
        6,
      ),
    ).toMatch(/is .* exactly/);
  });

  it("its gradient in place of either operand has the same bits", () => {
    for (const n of [1, 3, 4, 10, 17]) {
      const { y } = forward(opcode, values(3 * n, n + 1), 3, n);
      const dy = values(3 * n, n + 2);
      const { dx } = backward(gradient, dy, y, 3, n);
      expect(difference(backward(gradient, dy, y, 3, n, { same: "dy" }).dy, dx)).toBeUndefined();
      expect(difference(backward(gradient, dy, y, 3, n, { same: "y" }).y, dx)).toBeUndefined();
    }
  });

  it("a row with NaN or +Infinity, or of -Infinity only, is NaN; its neighbours are not", () => {
    for (const n of [1, 3, 4, 5, 9])
      for (const [bad, all] of [
        [Number.NaN, false],
        [Infinity, false],
        [-Infinity, true],
      ] as const)
        for (let at = 0; at < n; at++) {
          const x = values(3 * n, n);
          for (let j = 0; j < n; j++) if (all || j === at) x[n + j] = bad;
          const { y } = forward(opcode, x, 3, n);
          expect(Array.from(row(y, 1, n)).every(Number.isNaN)).toBe(true);
          expect([...row(y, 0, n), ...row(y, 2, n)].every(Number.isFinite)).toBe(true);
        }
  });

  it("agrees with the recorded rows and products", () => {
    const vjp = `${name}Vjp` as const;
    for (const recorded of vectors.rows) {
      const n = recorded.x.length;
      const { y } = forward(opcode, Float32Array.from(recorded.x), 1, n);
      const scale = (i: number) => Math.max(2 ** -6, Math.abs(recorded[name][i]));
      expect(wrong(y, recorded[name], scale, 8)).toBeUndefined();
      const dy = Float32Array.from(recorded.cotangent);
      const { dx } = backward(gradient, dy, y, 1, n);
      expect(
        wrong(
          dx,
          recorded[vjp],
          rowScale(dy, () => 1, n),
          16,
        ),
      ).toBeUndefined();
    }
  });
});

describe("softmax", () => {
  it("gives -Infinity exactly 0", () => {
    const { y } = forward(Opcode.Softmax, Float32Array.of(0, -Infinity, 0, 1, -Infinity), 1, 5);
    expect([y[1], y[4]]).toEqual([0, 0]);
  });

  it("of equal logits is uniform, and sums to 1", () => {
    for (const n of [1, 2, 4, 8]) {
      const { y } = forward(Opcode.Softmax, new Float32Array(n).fill(1e30), 1, n);
      expect([...y]).toEqual(Array(n).fill(1 / n));
    }
    const { y } = forward(Opcode.Softmax, values(1000, 1), 1, 1000);
    expect(y.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  });
});

describe("logSoftmax", () => {
  it("keeps what is left of a probability near 1", () => {
    const { y } = forward(Opcode.LogSoftmax, Float32Array.of(0, -12, -14), 1, 3);
    expect(ulpError(y[0], -Math.log1p(Math.exp(-12) + Math.exp(-14)))).toBeLessThanOrEqual(2);
  });
});
