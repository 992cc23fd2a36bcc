/** Stretches of an axis: taken out of a tensor, laid into a longer one, or one behind the other. Elements are copied bit for bit. */
import { cut } from "../parts";

/** Copies `words` 32-bit words; the two must not overlap. */
// @ts-ignore: decorator
@inline
function copyWords(to: usize, from: usize, words: i32): void {
  if (words == 1) store<i32>(to, load<i32>(from));
  else memory.copy(to, from, <usize>words << 2);
}

/**
 * `y[o, j, :] = x[o, start + j step, :]`.
 *
 * @param y     out [outer, count, inner], 4-byte aligned; overwritten
 * @param x     in  [outer, n, inner], 4-byte aligned
 * @param step  1 or more; start + (count - 1) step < n
 *
 * Parts: cut between rows [inner] of y.
 * Aliasing: y must not overlap x.
 */
export function takeStretch(
  y: usize, x: usize, outer: i32, n: i32, inner: i32, start: i32, step: i32, count: i32, part: i32, parts: i32,
): void {
  const to = cut(outer * count, 1, part + 1, parts);
  for (let at = cut(outer * count, 1, part, parts); at < to; ) {
    const o = at / count, j = at - o * count;
    const run = step == 1 ? min(count - j, to - at) : 1;
    const from = <usize>(o * n + start + j * step) * <usize>inner;
    copyWords(y + ((<usize>at * <usize>inner) << 2), x + (from << 2), run * inner);
    at += run;
  }
}

/**
 * `y[o, before + j step, :] = x[o, j, :]`, and `value` in all other places.
 *
 * @param y      out [outer, total, inner], 4-byte aligned; overwritten
 * @param x      in  [outer, n, inner], 4-byte aligned
 * @param step   1 or more; before + (n - 1) step < total
 *
 * Parts: cut between rows [inner] of y.
 * Aliasing: y must not overlap x.
 */
export function padStretch(
  y: usize, x: usize, outer: i32, n: i32, inner: i32, before: i32, step: i32, total: i32, value: f32,
  part: i32, parts: i32,
): void {
  const to = cut(outer * total, 1, part + 1, parts);
  for (let at = cut(outer * total, 1, part, parts); at < to; ) {
    const o = at / total, place = at - o * total;
    const offset = place - before;
    const j = offset / step;
    const into = y + ((<usize>at * <usize>inner) << 2);
    if (offset >= 0 && j < n && j * step == offset) {
      const run = step == 1 ? min(n - j, to - at) : 1;
      copyWords(into, x + ((<usize>(o * n + j) * <usize>inner) << 2), run * inner);
      at += run;
    } else {
      for (let i: usize = 0; i < <usize>inner << 2; i += 4) store<f32>(into + i, value);
      at += 1;
    }
  }
}

/**
 * `y[o, before + j, :] = x[o, j, :]`; other places of y stay as they are: one record for each of the tensors that are joined.
 *
 * @param y  out [outer, total, inner], 4-byte aligned
 * @param x  in  [outer, n, inner], 4-byte aligned
 *
 * Parts: cut between rows [inner] of x.
 * Aliasing: y must not overlap x.
 */
export function joinStretch(
  y: usize, x: usize, outer: i32, n: i32, inner: i32, before: i32, total: i32, part: i32, parts: i32,
): void {
  const to = cut(outer * n, 1, part + 1, parts);
  for (let at = cut(outer * n, 1, part, parts); at < to; ) {
    const o = at / n, j = at - o * n;
    const run = min(n - j, to - at);
    const into = <usize>(o * total + before + j) * <usize>inner;
    copyWords(y + (into << 2), x + ((<usize>at * <usize>inner) << 2), run * inner);
    at += run;
  }
}
