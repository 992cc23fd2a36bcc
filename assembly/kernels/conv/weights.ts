import { partStart } from "../../parts";
import { loadUpTo4, storeUpTo4 } from "../../simd";
import { copyWords, frame, frameBytes, isFramed } from "./frame";
import { columns1, columns2, columns3, columns4, threesOf } from "./tiles";

/**
 * `dW` and `db` of a convolution:
 *
 *   dw[p, q, c, f] = sum over n, i, j of x[n, i sh + p dh - top, j sw + q dw - left, c] dy[n, i, j, f]
 *   db[f]          = sum over n, i, j of dy[n, i, j, f]
 *
 * @param dweights out [kh, kw, c / groups, o] f32, 16-byte aligned; overwritten, never read before it is written
 * @param db       out [o] f32, 16-byte aligned; 0: not wanted
 * @param x        in  [n, h, w, c] f32
 * @param dy       in  [n, oh, ow, o] f32
 * @param top left padding in front, at least 0
 * @param scratch  of convWeightsScratchBytes, 16-byte aligned
 *
 * Order: each image's sum starts at +0 and adds pixels (i, j) ascending; the sums of images are added n ascending.
 * Parts: cut between columns of eight filters and, within, rows p of the window, or elements (p, q) of a dilated one. The part that
 * has the first of them computes db of the columns, too.
 * Aliasing: dweights, db and scratch overlap neither each other nor an input.
 * Cost: 2 n oh ow o kh kw c / groups operations; each part frames every image and packs the columns of dy that it needs.
 */
export function convGradWeights(
  dweights: usize, db: usize, x: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, o: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, groups: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  const channels = c / groups;
  const filters = o / groups;
  const joined = dw == 1 || kw == 1;
  const runs = joined ? kh : kh * kw;
  const len = joined ? kw * channels : channels;
  const tiles = (filters + 7) >> 3;
  const units = groups * tiles * runs;
  const from = partStart(units, 1, part, parts);
  const to = partStart(units, 1, part + 1, parts);
  if (from >= to) return;

  const rows = (oh - 1) * sh + (kh - 1) * dh + 1;
  const columns = (ow - 1) * sw + (kw - 1) * dw + 1;
  const framed = isFramed(h, w, rows, columns, top, left, groups);
  const bytes = framed ? frameBytes(rows, columns, channels) : 0;
  if (framed) memory.fill(scratch, 0, bytes);
  const pixel = <usize>channels << 2;
  const line = <usize>(framed ? columns : w) * pixel;
  const panel = scratch + bytes;
  const narrow = panel + (<usize>(oh * ow) << 5);
  const image = <usize>(h * w * c) << 2;
  const imageY = <usize>(oh * ow * o) << 2;
  const step = <usize>sw * pixel;
  const jump = <usize>sh * line - <usize>ow * step;
  const ldw = <usize>o << 2;
  const limit = dy + <usize>n * imageY - 32;
  for (let unit = from; unit < to; ) {
    const group = unit / (tiles * runs);
    const last = min(to, (group + 1) * tiles * runs);
    for (let i = 0; i < n; ++i) {
      let a = x + <usize>i * image;
      if (framed) {
        frame(scratch, a + <usize>group * pixel, h, w, pixel * groups, channels, rows, columns, top, left);
        a = scratch;
      }
      for (let u = unit; u < last; ) {
        const tile = u / runs - group * tiles;
        const run = u - (group * tiles + tile) * runs;
        const count = min(runs - run, last - u);
        const f = group * filters + (tile << 3);
        const width = min(8, filters - (tile << 3));
        const sums = run == 0 && db != 0 ? db + (<usize>f << 2) : 0;
        pack(panel, dy + <usize>i * imageY + (<usize>f << 2), oh * ow, o, width, limit, sums, i > 0);
        // Sums of fewer than eight filters wait in panels of eight.
        const target = width == 8 ? dweights + (<usize>f << 2) : narrow;
        const ld = width == 8 ? ldw : 32;
        for (let r = run; r < run + count; ++r) {
          const p = joined ? r : r / kw;
          const q = joined ? 0 : r - p * kw;
          const start = a + <usize>(p * dh) * line + <usize>(q * dw) * pixel;
          taps(len, oh, ow, start, step, jump, panel, target + <usize>(r * len) * ld, ld, i > 0);
        }
        u += count;
      }
    }
    const rest = filters & 7;
    if (rest > 0)
      for (let u = max(unit, (group * tiles + tiles - 1) * runs); u < last; ++u) {
        const first = (u - (group * tiles + tiles - 1) * runs) * len;
        let target = dweights + <usize>first * ldw + (<usize>((group + 1) * filters - rest) << 2);
        for (let i = first; i < first + len; ++i, target += ldw)
          copyWords(target, narrow + (<usize>i << 5), rest);
      }
    unit = last;
  }
}

/** Weights of eight filters for `count` neighbours of a window: one image's part of their sums. */
function taps(
  count: i32, oh: i32, ow: i32, a: usize, step: usize, jump: usize, b: usize, c: usize, ldc: usize, add: bool,
): void {
  const threes = threesOf(count);
  let fours = (count - 3 * threes) >> 2;
  for (; fours > 0; --fours, a += 16, c += 4 * ldc, count -= 4)
    columns4(oh, ow, a, step, jump, b, c, ldc, add);
  for (; count >= 3; count -= 3, a += 12, c += 3 * ldc) columns3(oh, ow, a, step, jump, b, c, ldc, add);
  if (count == 2) columns2(oh, ow, a, step, jump, b, c, ldc, add);
  else if (count == 1) columns1(oh, ow, a, step, jump, b, c, add);
}

/**
 * Eight columns of dY side by side. Where fewer are wanted, the others hold what comes after them: nobody reads their sums.
 *
 * @param limit  the last address that a panel row may be read from
 * @param db     sums of the wanted columns, over the pixels; 0: not wanted
 * @param add    whether these are added to what db holds
 */
function pack(
  to: usize, dy: usize, pixels: i32, o: i32, width: i32, limit: usize, db: usize, add: bool,
): void {
  const row = <usize>o << 2;
  let s0 = f32x4.splat(0);
  let s1 = s0;
  if (db == 0)
    for (; pixels > 0 && dy <= limit; --pixels, to += 32, dy += row) {
      v128.store(to, v128.load(dy));
      v128.store(to, v128.load(dy, 16), 16);
    }
  else
    for (; pixels > 0 && dy <= limit; --pixels, to += 32, dy += row) {
      const low = v128.load(dy);
      const high = v128.load(dy, 16);
      v128.store(to, low);
      v128.store(to, high, 16);
      s0 = f32x4.add(s0, low);
      s1 = f32x4.add(s1, high);
    }
  for (; pixels > 0; --pixels, to += 32, dy += row) {
    const low = loadUpTo4(dy, width);
    const high = width > 4 ? loadUpTo4(dy + 16, width - 4) : f32x4.splat(0);
    v128.store(to, low);
    v128.store(to, high, 16);
    s0 = f32x4.add(s0, low);
    s1 = f32x4.add(s1, high);
  }
  if (db == 0) return;
  storeUpTo4(db, add ? f32x4.add(loadUpTo4(db, width), s0) : s0, width);
  if (width <= 4) return;
  storeUpTo4(db + 16, add ? f32x4.add(loadUpTo4(db + 16, width - 4), s1) : s1, width - 4);
}
