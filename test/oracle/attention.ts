/** Attention by heads in f64, element by element. */
import { Purpose } from "../../assembly/abi.ts";
import type { AttentionAttrs } from "../../src/graph/op.ts";
import { philox } from "./random.ts";

const EPS = 2 ** -24;

export interface Sizes {
  readonly m: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly size: number;
  readonly width: number;
}

type Values = readonly number[];
type Attrs = Omit<AttentionAttrs, "heads">;

/** Values and how far each may be off in f32. */
interface Sum {
  readonly values: number[];
  readonly errors: number[];
}

/** Elements of a row of weights: whole panels of 8. */
const stride = (keys: number) => Math.ceil(keys / 8) * 8;
const indices = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Where an element of [m, T, heads, features] stands. */
const place =
  ({ heads }: Sizes, T: number, features: number) =>
  (b: number, t: number, h: number, e: number) =>
    ((b * T + t) * heads + h) * features + e;
const weight =
  ({ heads, queries, keys }: Sizes) =>
  (b: number, h: number, i: number, j: number) =>
    ((b * heads + h) * queries + i) * stride(keys) + j;

/** What dropout makes of 1 at place `at` of the weights, with the counters of a fresh program, all 0. */
function kept(at: number, { rate, stream }: Attrs): number {
  if (rate === 0) return 1;
  const words = philox([Math.floor(at / 4), 0, Purpose.Dropout, stream], [0, 0]);
  return words[at % 4] >= rate * 2 ** 32 ? 1 / (1 - rate) : 0;
}

/** Sums of products, with the bound of their error: n products and n sums, and `off` of each factor on the left. */
function total(n: number, term: (p: number) => readonly [number, number, number?]) {
  let value = 0;
  let error = 0;
  for (let p = 0; p < n; p++) {
    const [a, b, off = 0] = term(p);
    value += a * b;
    error += (n + 1) * EPS * Math.abs(a * b) + off * Math.abs(b);
  }
  return [value, error] as const;
}

const empty = (n: number): Sum => ({ values: new Array(n).fill(0), errors: new Array(n).fill(0) });

/** Y and the weights before dropout. */
export function attention(
  sizes: Sizes,
  attrs: Attrs,
  q: Values,
  k: Values,
  v: Values,
  mask?: Values,
): { readonly y: Sum; readonly w: Sum } {
  const { m, queries, keys, heads, size, width } = sizes;
  const [atQ, atK] = [place(sizes, queries, size), place(sizes, keys, size)];
  const [atV, atY, atW] = [place(sizes, keys, width), place(sizes, queries, width), weight(sizes)];
  const y = empty(m * queries * heads * width);
  const w = empty(m * heads * queries * stride(keys));
  for (let b = 0; b < m; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const seen = indices(attrs.causal ? i + 1 : keys).filter((j) => mask?.[b * keys + j] !== 0);
        const scores = seen.map((j) => total(size, (e) => [q[atQ(b, i, h, e)], k[atK(b, j, h, e)]]));
        const scaled = scores.map(([s]) => s / Math.sqrt(size));
        const largest = Math.max(...scaled);
        const sum = scaled.reduce((all, s) => all + Math.exp(s - largest), 0);
        const off = Math.max(0, ...scores.map(([, e]) => e)) / Math.sqrt(size);
        const size0 = Math.max(0, ...scaled.map(Math.abs));
        seen.forEach((j, at) => {
          const value = Math.exp(scaled[at] - largest) / sum;
          w.values[atW(b, h, i, j)] = value;
          w.errors[atW(b, h, i, j)] = value * ((16 + 8 * size0) * EPS + 4 * off);
        });
        for (let e = 0; e < width; e++)
          [y.values[atY(b, i, h, e)], y.errors[atY(b, i, h, e)]] = total(keys, (j) => {
            const at = atW(b, h, i, j);
            const share = kept(at, attrs);
            return [w.values[at] * share, v[atV(b, j, h, e)], w.errors[at] * share];
          });
      }
  return { y, w };
}

/** dQ, dK and dV. */
export function attentionGrad(
  sizes: Sizes,
  attrs: Attrs,
  dy: Values,
  w: Values,
  q: Values,
  k: Values,
  v: Values,
): { readonly dq: Sum; readonly dk: Sum; readonly dv: Sum } {
  const { m, queries, keys, heads, size, width } = sizes;
  const [atQ, atK] = [place(sizes, queries, size), place(sizes, keys, size)];
  const [atV, atY, atW] = [place(sizes, keys, width), place(sizes, queries, width), weight(sizes)];
  const [dq, dk, dv] = [empty(q.length), empty(k.length), empty(v.length)];
  const scale = 1 / Math.sqrt(size);
  for (let b = 0; b < m; b++)
    for (let h = 0; h < heads; h++) {
      const at = (i: number, j: number) => atW(b, h, i, j);
      const ds = empty(w.length);
      for (let i = 0; i < queries; i++) {
        const dw = indices(keys).map((j) => {
          const [value, error] = total(width, (e) => [dy[atY(b, i, h, e)], v[atV(b, j, h, e)]]);
          const share = kept(at(i, j), attrs);
          return [value * share, error * share + 2 * EPS * Math.abs(value * share)];
        });
        const over = (f: (j: number) => number) => indices(keys).reduce((sum, j) => sum + f(j), 0);
        const dot = over((j) => dw[j][0] * w[at(i, j)]);
        const off = over((j) => (dw[j][1] + 2 * EPS * Math.abs(dw[j][0])) * Math.abs(w[at(i, j)]));
        for (let j = 0; j < keys; j++) {
          const p = w[at(i, j)];
          ds.values[at(i, j)] = scale * p * (dw[j][0] - dot);
          ds.errors[at(i, j)] =
            scale * Math.abs(p) * (dw[j][1] + off + 8 * EPS * (Math.abs(dw[j][0]) + Math.abs(dot)));
        }
      }
      const dS = (i: number, j: number) => [ds.values[at(i, j)], ds.errors[at(i, j)]] as const;
      for (let i = 0; i < queries; i++)
        for (let e = 0; e < size; e++)
          [dq.values[atQ(b, i, h, e)], dq.errors[atQ(b, i, h, e)]] = total(keys, (j) => {
            const [value, error] = dS(i, j);
            return [value, k[atK(b, j, h, e)], error];
          });
      for (let j = 0; j < keys; j++) {
        for (let e = 0; e < size; e++)
          [dk.values[atK(b, j, h, e)], dk.errors[atK(b, j, h, e)]] = total(queries, (i) => {
            const [value, error] = dS(i, j);
            return [value, q[atQ(b, i, h, e)], error];
          });
        for (let e = 0; e < width; e++)
          [dv.values[atV(b, j, h, e)], dv.errors[atV(b, j, h, e)]] = total(queries, (i) => {
            const value = w[at(i, j)] * kept(at(i, j), attrs);
            return [value, dy[atY(b, i, h, e)], 2 * EPS * Math.abs(value)];
          });
      }
    }
  return { dq, dk, dv };
}
