/**
 * Scaled dot-product attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762), head by head, and its gradients.
 *
 * The heads of a row stand side by side in its features, as a dense layer makes them: nothing is split or merged. Of a head, K and V
 * are packed into panels once; four queries at a time get their scores, softmax and sums while these are in the first cache. What a
 * causal head masks is left out by blocks of four queries and eight keys.
 *
 * Weights stand in rows of `attentionStride(keys)` elements, a whole number of panels; those behind the keys are 0.
 */
import { Gemm } from "../abi";
import { exp } from "../math/exp";
import { partStart } from "../parts";
import { addWide, keepLanes, sumWide } from "../simd";
import { dropElements } from "./dropout";
import { copyTile, packB } from "./gemm/pack";
import { tile } from "./gemm/tiles";

/** Queries that are worked on at a time. */
const ROWS = 4;

const LOWEST: usize = memory.data<v128>([f32x4.splat(-Infinity)], 16);

/** Elements from one row of weights to the next. */
// @ts-ignore: decorator
@inline
function attentionStride(keys: i32): i32 {
  return (keys + 7) & ~7;
}

/** Panels of X [n, columns], rows ld bytes apart: [columns / 8, n, 8]. */
function packColumns(panels: usize, x: usize, n: i32, columns: i32, ld: usize): void {
  const bytes = <usize>n << 5;
  for (let j = 0; j < columns; j += Gemm.NR, x += 4 * Gemm.NR, panels += bytes) {
    packB(panels, false, n, min<i32>(Gemm.NR, columns - j), x, ld);
  }
}

/** Panels of the transpose of X [n, k]: [n / 8, k, 8]. */
function packTransposed(panels: usize, x: usize, n: i32, k: i32, ld: usize): void {
  const bytes = <usize>k << 5;
  for (let i = 0; i < n; i += Gemm.NR, x += Gemm.NR * ld, panels += bytes) {
    packB(panels, true, k, min<i32>(Gemm.NR, n - i), x, ld);
  }
}

/** `C = A P` for up to four rows of A and the first columns of panels P [n / 8, .., 8]; `spare` takes a tile at the edge of C. */
function rowsTimesPanels(
  rows: i32, n: i32, k: i32, a: usize, row: usize, step: usize, panels: usize, panelBytes: usize, c: usize, ldc: usize,
  spare: usize,
): void {
  for (; n >= Gemm.NR; n -= Gemm.NR, panels += panelBytes, c += 4 * Gemm.NR) {
    tile(rows, k, a, row, step, panels, 4 * Gemm.NR, c, ldc, false);
  }
  if (n == 0) return;
  tile(rows, k, a, row, step, panels, 4 * Gemm.NR, spare, 4 * Gemm.NR, false);
  copyTile(c, ldc, spare, 4 * Gemm.NR, rows, n);
}

/** All ones for each key that is there, zeros for the others and those up to the stride. */
function markKeys(kept: usize, mask: usize, keys: i32): void {
  const stride = attentionStride(keys);
  for (let j = 0; j < stride; ++j) {
    const isKept = j < keys && (!mask || load<f32>(mask + (<usize>j << 2)) != 0);
    store<i32>(kept + (<usize>j << 2), isKept ? -1 : 0);
  }
}

/** Softmax of `scale x` over those of n elements that are kept, in place; zeros for the others, and up to `stride`. */
function softmaxRow(x: usize, kept: usize, n: i32, stride: i32, scale: v128): void {
  const lowest = v128.load(LOWEST);
  let largest = lowest;
  let at: usize = 0;
  for (let left = n; left > 0; left -= 4, at += 16) {
    let keep = v128.load(kept + at);
    if (left < 4) keep = keepLanes(keep, left);
    largest = f32x4.pmax(largest, v128.bitselect(v128.load(x + at), lowest, keep));
  }
  largest = f32x4.pmax(largest, i32x4.shuffle(largest, largest, 2, 3, 0, 1));
  largest = f32x4.pmax(largest, i32x4.shuffle(largest, largest, 1, 0, 3, 2));
  let sum = f64x2.splat(0);
  at = 0;
  for (let left = n; left > 0; left -= 4, at += 16) {
    let keep = v128.load(kept + at);
    if (left < 4) keep = keepLanes(keep, left);
    const e = v128.and(exp(f32x4.mul(f32x4.sub(v128.load(x + at), largest), scale)), keep);
    v128.store(x + at, e);
    sum = addWide(sum, e);
  }
  memory.fill(x + at, 0, (<usize>stride << 2) - at);
  const total = sumWide(sum);
  const factor = f32x4.splat(total == 0 ? 0 : <f32>(1 / total));
  for (const end = at; at > 0; ) {
    at -= 16;
    v128.store(x + at, f32x4.mul(v128.load(x + at), factor));
  }
}

/** Bytes of panels of n columns, k steps each. */
// @ts-ignore: decorator
@inline
function panelBytes(n: i32, k: i32): usize {
  return (<usize>attentionStride(n) * <usize>k) << 2;
}

/**
 * `Y = softmax(Q K^T / sqrt(size)) V` of each row and head, over the keys that are not masked: `w[i, j]` is the weight of key j for
 * query i.
 *
 * @param y        out [m, queries, heads, width] f32, 16-byte aligned; overwritten, never read
 * @param w        out [m, heads, queries, stride] f32, the weights before dropout, 0 for masked keys and from `keys` on; 0: not wanted
 * @param q        in  [m, queries, heads, size] f32, 16-byte aligned
 * @param k        in  [m, keys, heads, size] f32, 16-byte aligned
 * @param v        in  [m, keys, heads, width] f32, 16-byte aligned
 * @param mask     in  [m, keys] f32: 0 for a key that is not there; address 0: all are
 * @param m        rows
 * @param queries keys heads size width  all at least 1; causal: queries = keys
 * @param causal   1: query i sees the keys 0 to i only
 * @param rate     share of the weights that are dropped, in [0, 1); the others are divided by 1 - rate. Not 0: draws of `dropout` by
 *                 place in w, with its stream, seed, step and micro
 * @param scratch  private; see `ATTENTION`
 *
 * Order: scores add the features of a head in order, in one accumulator from +0; the largest is subtracted, the difference times f32(1 /
 * sqrt(size)) goes to exp; the sum of a row in f64, even and odd keys apart, its reciprocal rounded to f32; y adds the keys in order, in
 * one accumulator from +0. A row and head has the same bits whatever its neighbours are.
 * A query whose keys are all masked has weights and outputs 0. NaN in a query reaches its output, NaN in a key the outputs of the queries
 * that see it; a value that is not finite may reach queries that do not see its key.
 * Parts: cut between heads.
 * Aliasing: none.
 * Cost: 2 m heads queries keys (size + width) operations and m heads queries keys exponentials, about half of it causal.
 */
export function attention(
  y: usize, w: usize, q: usize, k: usize, v: usize, mask: usize,
  m: i32, queries: i32, keys: i32, heads: i32, size: i32, width: i32, causal: i32,
  rate: f32, stream: i32, seed: usize, step: usize, micro: usize, scratch: usize, part: i32, parts: i32,
): void {
  const ldq = <usize>(heads * size) << 2;
  const ldv = <usize>(heads * width) << 2;
  const stride = attentionStride(keys);
  const ldw = <usize>stride << 2;
  const scale = f32x4.splat(<f32>(1 / Math.sqrt(<f64>size)));
  const panelsK = scratch;
  const panelsV = panelsK + panelBytes(keys, size);
  const kept = panelsV + panelBytes(width, keys);
  const block = kept + ldw;
  const dropped = block + ROWS * ldw;
  const spare = dropped + ROWS * ldw;
  const to = partStart(m * heads, 1, part + 1, parts);
  for (let at = partStart(m * heads, 1, part, parts); at < to; ++at) {
    const row = at / heads;
    const head = at - row * heads;
    const fromQ = q + <usize>(row * queries) * ldq + (<usize>(head * size) << 2);
    const intoY = y + <usize>(row * queries) * ldv + (<usize>(head * width) << 2);
    packTransposed(panelsK, k + <usize>(row * keys) * ldq + (<usize>(head * size) << 2), keys, size, ldq);
    packColumns(panelsV, v + <usize>(row * keys) * ldv + (<usize>(head * width) << 2), keys, width, ldv);
    markKeys(kept, mask ? mask + (<usize>(row * keys) << 2) : 0, keys);
    for (let i = 0; i < queries; i += ROWS) {
      const rows = min<i32>(ROWS, queries - i);
      const seen = causal ? min<i32>(i + ROWS, keys) : keys;
      const first = at * queries + i;
      const weights = w ? w + <usize>first * ldw : block;
      rowsTimesPanels(
        rows, attentionStride(seen), size, fromQ + <usize>i * ldq, ldq, 4, panelsK, <usize>size << 5, weights, ldw, spare,
      );
      for (let r = 0; r < rows; ++r) {
        softmaxRow(weights + <usize>r * ldw, kept, causal ? i + r + 1 : keys, stride, scale);
      }
      let mixed = weights;
      if (rate > 0) {
        mixed = dropped;
        dropElements(mixed, weights, first * stride, rows * stride, rate, stream, seed, step, micro);
      }
      rowsTimesPanels(
        rows, width, seen, mixed, ldw, 4, panelsV, <usize>keys << 5, intoY + <usize>i * ldv, ldv, spare,
      );
    }
  }
}

/** `ds = scale p (dp - sum_j dp p)` over n elements, to whole vectors, in place of dp. */
function softmaxRowGrad(dp: usize, p: usize, n: i32, scale: v128): void {
  const end = <usize>((n + 3) & ~3) << 2;
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < end; at += 16) {
    sum = addWide(sum, f32x4.mul(v128.load(dp + at), v128.load(p + at)));
  }
  const dot = f32x4.splat(<f32>sumWide(sum));
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(dp + at, f32x4.mul(scale, f32x4.mul(v128.load(p + at), f32x4.sub(v128.load(dp + at), dot))));
  }
}

/**
 * `C = X^T P` for X [queries, keys] and panels P [n / 8, queries, 8]. Causal: the queries before key j have 0 for it, and their terms would
 * leave the sums as they are.
 */
function sumOverQueries(
  c: usize, ldc: usize, x: usize, ldx: usize, panels: usize, queries: i32, keys: i32, n: i32, causal: i32, spare: usize,
): void {
  for (let j = 0; j < keys; j += ROWS, c += ROWS * ldc) {
    const first = causal ? j : 0;
    rowsTimesPanels(
      min<i32>(ROWS, keys - j), n, queries - first, x + <usize>first * ldx + (<usize>j << 2), 4, ldx,
      panels + (<usize>first << 5), <usize>queries << 5, c, ldc, spare,
    );
  }
}

/**
 * The gradients of `attention`.
 *
 * @param dq dk dv  out like q, k, v; overwritten, never read; 0: not wanted
 * @param dy        in  like y
 * @param w         in  the weights that `attention` gave
 * @param scratch   private; see `ATTENTION_GRAD`
 * others as in `attention`
 *
 *   dV = W^T dY;  dW = dY V^T;  dS = W (dW - rowsum(dW W)) / sqrt(size);  dQ = dS K;  dK = dS^T Q
 *
 * Order: dW adds the features of a value in order; the sum of a row in f64 of f32 products, even and odd keys apart, rounded to f32; dQ
 * adds the keys in order, dK and dV the queries, each in one accumulator from +0. With dropout dV takes the dropped weights, and dW
 * is dropped as they were.
 * Parts: cut between heads.
 * Aliasing: none.
 * Cost: 2 m heads queries keys (3 size + 2 width) operations, about half of it causal.
 */
export function attentionGrad(
  dq: usize, dk: usize, dv: usize, dy: usize, w: usize, q: usize, k: usize, v: usize,
  m: i32, queries: i32, keys: i32, heads: i32, size: i32, width: i32, causal: i32,
  rate: f32, stream: i32, seed: usize, step: usize, micro: usize, scratch: usize, part: i32, parts: i32,
): void {
  const ldq = <usize>(heads * size) << 2;
  const ldv = <usize>(heads * width) << 2;
  const stride = attentionStride(keys);
  const ldw = <usize>stride << 2;
  const scale = f32x4.splat(<f32>(1 / Math.sqrt(<f64>size)));
  const panelsV = scratch;
  const panelsK = panelsV + panelBytes(keys, width);
  const panelsY = panelsK + panelBytes(size, keys);
  const panelsQ = panelsY + panelBytes(width, queries);
  const square = panelsQ + panelBytes(size, queries);
  const spare = square + <usize>queries * ldw;
  const to = partStart(m * heads, 1, part + 1, parts);
  for (let at = partStart(m * heads, 1, part, parts); at < to; ++at) {
    const row = at / heads;
    const head = at - row * heads;
    const ofQueries = <usize>(row * queries) * ldq + (<usize>(head * size) << 2);
    const ofKeys = <usize>(row * keys) * ldq + (<usize>(head * size) << 2);
    const ofValues = <usize>(row * keys) * ldv + (<usize>(head * width) << 2);
    const fromY = dy + <usize>(row * queries) * ldv + (<usize>(head * width) << 2);
    const weights = w + <usize>(at * queries) * ldw;
    if (dv) {
      packColumns(panelsY, fromY, queries, width, ldv);
      let mixed = weights;
      if (rate > 0) {
        mixed = square;
        dropElements(mixed, weights, at * queries * stride, queries * stride, rate, stream, seed, step, micro);
      }
      sumOverQueries(dv + ofValues, ldv, mixed, ldw, panelsY, queries, keys, width, causal, spare);
    }
    if (!dq && !dk) continue;
    packTransposed(panelsV, v + ofValues, keys, width, ldv);
    if (dq) packColumns(panelsK, k + ofKeys, keys, size, ldq);
    for (let i = 0; i < queries; i += ROWS) {
      const rows = min<i32>(ROWS, queries - i);
      const seen = causal ? min<i32>(i + ROWS, keys) : keys;
      const block = square + <usize>i * ldw;
      rowsTimesPanels(
        rows, attentionStride(seen), width, fromY + <usize>i * ldv, ldv, 4, panelsV, <usize>width << 5, block, ldw, spare,
      );
      for (let r = 0; r < rows; ++r) {
        const x = block + <usize>r * ldw;
        if (rate > 0) dropElements(x, x, (at * queries + i + r) * stride, seen, rate, stream, seed, step, micro);
        softmaxRowGrad(x, weights + <usize>(i + r) * ldw, causal ? i + r + 1 : keys, scale);
      }
      if (dq) {
        rowsTimesPanels(
          rows, size, seen, block, ldw, 4, panelsK, <usize>keys << 5, dq + ofQueries + <usize>i * ldq, ldq, spare,
        );
      }
    }
    if (dk) {
      packColumns(panelsQ, q + ofQueries, queries, size, ldq);
      sumOverQueries(dk + ofKeys, ldq, square, ldw, panelsQ, queries, keys, size, causal, spare);
    }
  }
}
