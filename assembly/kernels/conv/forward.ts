import { Fn, Gemm } from "../../abi";
import { partStart } from "../../parts";
import { loadUpTo4, storeUpTo4 } from "../../simd";
import { micro, tallMicro } from "../gemm/micro";
import { keepsOrder } from "../gemm/order";
import { unary } from "../unary";
import { copyWords, frame, frameBytes, isFramed } from "./frame";
import { packing4, packing5, rows1, rows2, rows3, rows4, threesOf } from "./tiles";

/** Output rows that stay in one part: four of any length are a multiple of 16 bytes. */
const ROWS = 4;
/** Bytes of a tile at the edge, `EDGE_BYTES` in `src/tape/formats/conv.ts`. */
const EDGE_BYTES = 128;
/** Filters from which tiles share a packed panel, of so many products of a sum at most; `packedSteps` in that file. */
const PACKED_FILTERS = 16;
const PACKED_STEPS = 192;

/**
 * `Y = fn(conv(X, W) + b)`, images in NHWC:
 *
 *   y[n, i, j, f] = fn(b[f] + sum over p, q, c of x[n, i sh + p dh - top, j sw + q dw - left, c] w[p, q, c, f])
 *
 * X outside of the image is 0. In groups, filters g o / groups .. read channels g c / groups .. alone.
 *
 * @param y        out [n, oh, ow, o] f32, 16-byte aligned; overwritten, never read before it is written
 * @param x        in  [n, h, w, groups k / (kh kw)] f32
 * @param panels   in  W by convPack, of kind Forward, or Flipped for the gradient of X; 16-byte aligned
 * @param bias     in  [o] f32; 0: none
 * @param k        products of a sum: kh kw channels of a group
 * @param sh sw    stride: pixels from a window to the next
 * @param dh dw    dilation: pixels from an element of a window to the next
 * @param top left padding in front; below 0: so much of the image is left out
 * @param fn       Fn, with its parameter alpha
 * @param scratch  of convScratchBytes, 16-byte aligned
 *
 * Order: each y starts at +0 and adds (p, q, c) ascending, padding counting as zeros; one addition of b[f]; then fn.
 * Parts: cut between rows of images, four at a time.
 * Aliasing: y and scratch overlap neither each other nor an input.
 * Cost: 2 n oh ow o k operations; where windows reach padding, a copy of each image.
 */
export function conv(
  y: usize, x: usize, panels: usize, bias: usize, n: i32, h: i32, w: i32, oh: i32, ow: i32, o: i32,
  kh: i32, kw: i32, k: i32, sh: i32, sw: i32, dh: i32, dw: i32, top: i32, left: i32, groups: i32,
  fn: i32, alpha: f32, scratch: usize, part: i32, parts: i32,
): void {
  const from = partStart(n * oh, ROWS, part, parts);
  const to = partStart(n * oh, ROWS, part + 1, parts);
  if (from >= to) return;
  const c = k / (kh * kw);
  const filters = o / groups;
  const rows = (oh - 1) * sh + (kh - 1) * dh + 1;
  const columns = (ow - 1) * sw + (kw - 1) * dw + 1;
  const framed = isFramed(h, w, rows, columns, top, left, groups);
  const bytes = framed ? frameBytes(rows, columns, c) : 0;
  if (framed) memory.fill(scratch, 0, bytes);
  const rowY = (<usize>ow * <usize>o) << 2;
  const biases = scratch + bytes;
  const edge = biases + (bias == 0 ? 0 : (rowY + 15) & ~15);
  if (bias != 0) for (let j = 0; j < ow; ++j) copyWords(biases + (<usize>(j * o) << 2), bias, o);

  const pixel = <usize>c << 2;
  const line = <usize>(framed ? columns : w) * pixel;
  const joined = dw == 1 || kw == 1;
  const segs = joined ? kh : kw;
  const len = joined ? kw * c : c;
  const jump = (joined ? <usize>dh * line : <usize>dw * pixel) - (<usize>len << 2);
  const calls = joined ? 1 : kh;
  const image = <usize>(h * w) * pixel * groups;
  const tiles = (filters + 7) >> 3;
  // What tiles of fewer than eight filters write past them: pixels that come later, where nothing else stands between.
  const limit = groups == 1 ? y + <usize>to * rowY : 0;
  const isRelu = fn == Fn.Relu && bias != 0;
  const packs = edge + EDGE_BYTES;
  // Sums that go on would add twice what the last two tiles have in common.
  const steps = (filters & 7) == 0 ? len : k;
  const canPack = !ASC_FEATURE_RELAXED_SIMD && calls == 1 && filters >= PACKED_FILTERS && steps <= PACKED_STEPS;
  for (let i = from; i < to; ) {
    const at = i / oh;
    const first = i - at * oh;
    const count = min(oh - first, to - i);
    for (let group = 0; group < groups; ++group) {
      let a = x + <usize>at * image;
      if (framed) {
        frame(scratch, a + <usize>group * pixel, h, w, pixel * groups, c, rows, columns, top, left);
        a = scratch;
      }
      a += <usize>(first * sh) * line;
      let target = y + <usize>i * rowY;
      for (let r = 0; r < count; ++r) {
        let panel = panels + <usize>(group * tiles) * (<usize>k << 5);
        const packed = canPack ? rowsPacked(ow) : 0;
        if (packed > 0)
          packedPixels(
            packed, tiles, segs, len, a, <usize>sw * pixel, jump, panel, target + (<usize>(group * filters) << 2),
            <usize>o << 2, filters, packs,
          );
        for (let j = 0; j < tiles && packed < ow; ++j) {
          const column = group * filters + min(j << 3, max(0, filters - 8));
          pixels(
            ow - packed, calls, segs, len, a + <usize>(packed * sw) * pixel, <usize>sw * pixel, jump,
            <usize>dh * line, panel, target + (<usize>(packed * o + column) << 2), <usize>o << 2, filters, limit, edge,
          );
          panel += <usize>k << 5;
        }
        if (bias != 0 && group == groups - 1) addBiases(target, biases, ow * o, isRelu);
        a += <usize>sh * line;
        target += rowY;
      }
    }
    i += count;
  }
  if (fn == Fn.Identity || isRelu) return;
  const start = y + <usize>from * rowY;
  unary(fn, alpha, start, start, (to - from) * ow * o, 0, 1);
}

/** `y[i] += b[i]`, with relu after it if wanted; b is as long as y. */
function addBiases(y: usize, b: usize, n: i32, isRelu: bool): void {
  const zero = f32x4.splat(0);
  const end = y + (<usize>(n & ~3) << 2);
  if (isRelu)
    for (; y != end; y += 16, b += 16)
      v128.store(y, f32x4.pmax(f32x4.add(v128.load(y), v128.load(b)), zero));
  else for (; y != end; y += 16, b += 16) v128.store(y, f32x4.add(v128.load(y), v128.load(b)));
  const rest = n & 3;
  if (rest == 0) return;
  const v = f32x4.add(loadUpTo4(y, rest), v128.load(b));
  storeUpTo4(y, isRelu ? f32x4.pmax(v, zero) : v, rest);
}

/** Pixels of a row that run in tiles of four and five through a packed panel; the others, fewer than four, do not. */
function rowsPacked(count: i32): i32 {
  const inFours = rowsInFours(count);
  return inFours <= count ? count : count & ~3;
}

/** How many of `count` pixels tiles of four take, where tiles of five take the others; more than `count` if that does not come out. */
function rowsInFours(count: i32): i32 {
  if (!keepsOrder) return count & 3 ? count + 4 : count;
  return Gemm.MR * ((Gemm.TallMR - (count % Gemm.TallMR)) % Gemm.TallMR);
}

/**
 * All filters of a row of output pixels. The sums take as many segments at a time as a panel has room for, so that panel
 * and weights stay in the first cache.
 *
 * @param count  pixels, as many as `rowsPacked` says
 * @param tiles  of eight filters, at least two; the last one may have some in common with the one before
 * @param packs  out the panel, 80 bytes for each product of a sum
 */
function packedPixels(
  count: i32, tiles: i32, segs: i32, len: i32, a: usize, row: usize, jump: usize, panel: usize,
  c: usize, ldc: usize, filters: i32, packs: usize,
): void {
  const stride = <usize>(segs * len) << 5;
  const fours = rowsInFours(count);
  const most = max(1, PACKED_STEPS / len);
  for (let seg = 0; seg < segs; seg += most) {
    const some = min(most, segs - seg);
    const k = some * len;
    let from = a;
    let to = c;
    for (let left = count; left > 0; ) {
      const height = left <= fours ? Gemm.MR : Gemm.TallMR;
      if (height == Gemm.MR) packing4(some, len, from, row, jump, packs, panel, to, ldc, seg > 0);
      else packing5(some, len, from, row, jump, packs, panel, to, ldc, seg > 0);
      for (let j = 1; j < tiles; ++j) {
        const at = to + (<usize>min(j << 3, filters - 8) << 2);
        if (height == Gemm.MR) micro(k, packs, panel + <usize>j * stride, at, ldc, seg > 0);
        else tallMicro(1, k, packs, panel + <usize>j * stride, at, ldc, seg > 0);
      }
      from += <usize>height * row;
      to += <usize>height * ldc;
      left -= height;
    }
    a += <usize>some * ((<usize>len << 2) + jump);
    panel += <usize>k << 5;
  }
}

/**
 * Eight filters of a row of output pixels.
 *
 * @param count  pixels
 * @param calls  rows of a dilated window, `next` bytes apart, of `segs` segments each: sums go on from one to the next
 * @param limit  tiles of fewer than eight filters must not write beyond; those go through `edge`
 */
function pixels(
  count: i32, calls: i32, segs: i32, len: i32, a: usize, row: usize, jump: usize, next: usize, panel: usize,
  c: usize, ldc: usize, filters: i32, limit: usize, edge: usize,
): void {
  const threes = threesOf(count);
  let fours = (count - 3 * threes) >> 2;
  while (count > 0) {
    const height = fours > 0 ? 4 : min(count, 3);
    --fours;
    const isInside = filters >= 8 || c + <usize>(height - 1) * ldc + 32 <= limit;
    const to = isInside ? c : edge;
    const ld = isInside ? ldc : 32;
    let at = a;
    let b = panel;
    for (let call = 0; call < calls; ++call) {
      if (height == 4) rows4(segs, len, at, row, jump, b, to, ld, call > 0);
      else if (height == 3) rows3(segs, len, at, row, jump, b, to, ld, call > 0);
      else if (height == 2) rows2(segs, len, at, row, jump, b, to, ld, call > 0);
      else rows1(segs, len, at, jump, b, to, call > 0);
      at += next;
      b += <usize>(segs * len) << 5;
    }
    if (!isInside) for (let i = 0; i < height; ++i) copyWords(c + <usize>i * ldc, edge + (<usize>i << 5), filters);
    a += <usize>height * row;
    c += <usize>height * ldc;
    count -= height;
  }
}
