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
 * Parts: cut between columns of eight filters and, within, rows p of the window, or elements (p, q) of a dilated one; db between
 * columns of four.
 * Aliasing: dweights, db and scratch overlap neither each other nor an input.
 * Cost: 2 n oh ow o kh kw c / groups operations; each part frames every image and packs the columns of dy that it needs.
 */
export function convGradWeights(
  dweights: usize, db: usize, x: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, o: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, groups: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  if (db != 0) {
    const end = partStart(o, 4, part + 1, parts);
    for (let f = partStart(o, 4, part, parts); f < end; f += 4)
      biases(db + (<usize>f << 2), dy + (<usize>f << 2), n, oh * ow, o, min(4, o - f));
  }
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
        pack(panel, dy + <usize>i * imageY + (<usize>f << 2), oh * ow, o, width);
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

/** Up to eight columns of dY side by side, zeros in those past them. */
function pack(to: usize, dy: usize, pixels: i32, o: i32, width: i32): void {
  const row = <usize>o << 2;
  if (width == 8)
    for (; pixels > 0; --pixels, to += 32, dy += row) {
      v128.store(to, v128.load(dy));
      v128.store(to, v128.load(dy, 16), 16);
    }
  else
    for (; pixels > 0; --pixels, to += 32, dy += row) {
      v128.store(to, loadUpTo4(dy, width));
      v128.store(to, width > 4 ? loadUpTo4(dy + 16, width - 4) : f32x4.splat(0), 16);
    }
}

/** Up to four columns of db. Four images at once: their sums do not wait for each other. */
function biases(db: usize, dy: usize, n: i32, pixels: i32, o: i32, width: i32): void {
  const row = <usize>o << 2;
  const image = <usize>pixels * row;
  let total = f32x4.splat(0);
  for (; n > 0; n -= 4, dy += 4 * image) {
    const second = n > 1 ? image : 0;
    const third = n > 2 ? 2 * image : 0;
    const fourth = n > 3 ? 3 * image : 0;
    let s0 = f32x4.splat(0);
    let s1 = s0, s2 = s0, s3 = s0;
    let at = dy;
    for (let i = 0; i < pixels; ++i, at += row) {
      s0 = f32x4.add(s0, loadUpTo4(at, width));
      s1 = f32x4.add(s1, loadUpTo4(at + second, width));
      s2 = f32x4.add(s2, loadUpTo4(at + third, width));
      s3 = f32x4.add(s3, loadUpTo4(at + fourth, width));
    }
    total = f32x4.add(total, s0);
    if (n > 1) total = f32x4.add(total, s1);
    if (n > 2) total = f32x4.add(total, s2);
    if (n > 3) total = f32x4.add(total, s3);
  }
  storeUpTo4(db, total, width);
}
