/** The kernels of attention beside f64, at sizes around their tiles and panels. */
import { describe, expect, it } from "vitest";
import { Opcode } from "../../assembly/abi.ts";
import { attention, attentionGrad, type Sizes } from "../oracle/attention.ts";
import { values } from "./compare.ts";
import { runRecords, step } from "./harness.ts";

const plain = { rate: 0, stream: 0, seed: null, step: null, micro: null } as const;
const stride = (keys: number) => Math.ceil(keys / 8) * 8;

interface Given {
  readonly sizes: Sizes;
  readonly causal: boolean;
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
  readonly dy: Float32Array;
  readonly mask: Float32Array | null;
}

function given(sizes: Sizes, causal: boolean, masked = false): Given {
  const { m, queries, keys, heads, size, width } = sizes;
  const counts = [queries * size, keys * size, keys * width, queries * width];
  const [q, k, v, dy] = counts.map((n, i) => values(m * heads * n, i + 1));
  const mask = masked ? Float32Array.from({ length: m * keys }, (_, i) => Number((i * 5) % 7 < 4)) : null;
  return { sizes, causal, q, k, v, dy, mask };
}

const forward = ({ sizes, causal, q, k, v, mask }: Given, keep = true) =>
  runRecords([
    step(Opcode.Attention, {
      ...{ y: "out", w: keep ? "out" : null, q, k, v, mask, ...sizes, causal: Number(causal) },
      ...plain,
      scratch: 0,
    }),
  ]) as unknown as { readonly y: Float32Array; readonly w: Float32Array };

const backward = ({ sizes, causal, q, k, v, dy }: Given, w: Float32Array) =>
  runRecords([
    step(Opcode.AttentionGrad, {
      ...{ dq: "out", dk: "out", dv: "out", dy, w, q, k, v, ...sizes, causal: Number(causal) },
      ...plain,
      scratch: 0,
    }),
  ]) as unknown as Record<"dq" | "dk" | "dv", Float32Array>;

const within = (got: Float32Array, { values: wanted, errors }: { values: number[]; errors: number[] }) => {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    const off = Math.abs(got[i] - value);
    if (!(off <= 2 * errors[i] + 1e-30))
      expect.fail(`element ${i}: ${got[i]} for ${value}, off by ${off} of ${errors[i]}`);
  });
};

const LENGTHS = [1, 3, 4, 5, 8, 9, 17];
const FEATURES = [1, 3, 8, 9, 16];
const GRID: readonly (readonly [Sizes, boolean])[] = [
  ...LENGTHS.flatMap((n) => [
    [{ m: 2, queries: n, keys: n, heads: 2, size: 3, width: 5 }, true] as const,
    [{ m: 1, queries: n, keys: 7, heads: 3, size: 4, width: 8 }, false] as const,
    [{ m: 1, queries: 6, keys: n, heads: 1, size: 8, width: 4 }, false] as const,
  ]),
  ...FEATURES.flatMap((n) => [
    [{ m: 1, queries: 6, keys: 6, heads: 2, size: n, width: 16 }, true] as const,
    [{ m: 2, queries: 5, keys: 11, heads: 2, size: 12, width: n }, false] as const,
  ]),
];

describe("attention", () => {
  it.each(GRID)("is what f64 gives: %j, causal %s", (sizes, causal) => {
    for (const masked of [false, true]) {
      const all = given(sizes, causal, masked);
      const [q, k, v, dy] = [all.q, all.k, all.v, all.dy].map((x) => Array.from(x));
      const wanted = attention(
        ...([sizes, { causal, rate: 0, stream: 0 }, q, k, v] as const),
        all.mask ? Array.from(all.mask) : undefined,
      );
      const { y, w } = forward(all);
      within(y, wanted.y);
      within(w, wanted.w);
      const grads = attentionGrad(sizes, { causal, rate: 0, stream: 0 }, dy, Array.from(w), q, k, v);
      const { dq, dk, dv } = backward(all, w);
      within(dq, grads.dq);
      within(dk, grads.dk);
      within(dv, grads.dv);
    }
  });

  it("gives the same bits where the weights are not kept", () => {
    for (const [sizes, causal] of GRID) {
      const all = given(sizes, causal, true);
      expect(forward(all, false).y).toEqual(forward(all).y);
    }
  });

  it("gives the same bits whatever heads and rows stand beside", () => {
    const sizes = { m: 3, queries: 6, keys: 6, heads: 4, size: 5, width: 5 };
    const all = given(sizes, true);
    const { y } = forward(all);
    const [b, h] = [1, 2];
    const own = (x: Float32Array) =>
      Float32Array.from({ length: 30 }, (_, i) => x[((b * 6 + Math.floor(i / 5)) * 4 + h) * 5 + (i % 5)]);
    const alone = {
      ...all,
      sizes: { ...sizes, m: 1, heads: 1 },
      q: own(all.q),
      k: own(all.k),
      v: own(all.v),
    };
    expect(forward(alone).y).toEqual(own(y));
  });

  it("lets NaN through: of a query to its output, of a key to all who see it, of a value to all who see it", () => {
    const sizes = { m: 1, queries: 9, keys: 9, heads: 1, size: 4, width: 4 };
    const spoil = (name: "q" | "k" | "v", row: number) => {
      const all = given(sizes, true);
      all[name][4 * row + 1] = Number.NaN;
      const { y } = forward(all);
      return Array.from({ length: 9 }, (_, i) => y.subarray(4 * i, 4 * i + 4).some(Number.isNaN));
    };
    expect(spoil("q", 5)).toEqual(Array.from({ length: 9 }, (_, i) => i === 5));
    expect(spoil("k", 5)).toEqual(Array.from({ length: 9 }, (_, i) => i >= 5));
    expect(spoil("v", 5).slice(5)).toEqual([true, true, true, true]);
  });

  it("gives NaN to gradients of a cotangent that is NaN", () => {
    const all = given({ m: 1, queries: 4, keys: 4, heads: 1, size: 2, width: 2 }, false);
    const { w } = forward(all);
    all.dy[3] = Number.NaN;
    const { dq, dk, dv } = backward(all, w);
    expect([dq[2], dk[0], dv[1]].every(Number.isNaN)).toBe(true);
  });

  it("large scores do not overflow", () => {
    const all = given({ m: 1, queries: 4, keys: 5, heads: 1, size: 2, width: 3 }, false);
    const wide = { ...all, q: all.q.map((x) => x * 1e6), k: all.k.map((x) => x * 1e6) };
    const { w } = forward(wide);
    for (let i = 0; i < 4; i++)
      expect(w.subarray(stride(5) * i, stride(5) * (i + 1)).reduce((p, q) => p + q, 0)).toBeCloseTo(1, 6);
  });
});
