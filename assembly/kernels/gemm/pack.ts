/**
 * Packing: copies blocks of the operands into the order in which the tiles read them, transposing on the way.
 * The products of every form differ in nothing else.
 */
import { Gemm } from "../../abi";

/** The transpose of four vectors, stored `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function storeTransposed(to: usize, stride: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
  v128.store(to + stride, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7));
  v128.store(to + 2 * stride, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5));
  v128.store(to + 3 * stride, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7));
}

/** `panel[p, 0..4] = b[0..4, p]`, `stride` bytes apart, for four rows of B; those from `columns` on repeat the last. */
function packFourTransposed(
  panel: usize, stride: usize, k: i32, columns: i32, b: usize, ldb: usize,
): void {
  const b1 = b + (columns > 1 ? ldb : <usize>0);
  const b2 = b1 + (columns > 2 ? ldb : <usize>0);
  const b3 = b2 + (columns > 3 ? ldb : <usize>0);
  const whole = <usize>(k & ~3) << 2;
  const all = <usize>k << 2;
  let p: usize = 0;
  for (; p < whole; p += 16) {
    storeTransposed(panel, stride, v128.load(b + p), v128.load(b1 + p), v128.load(b2 + p), v128.load(b3 + p));
    panel += 4 * stride;
  }
  for (; p < all; p += 4) {
    store<f32>(panel, load<f32>(b + p));
    store<f32>(panel, load<f32>(b1 + p), 4);
    store<f32>(panel, load<f32>(b2 + p), 8);
    store<f32>(panel, load<f32>(b3 + p), 12);
    panel += stride;
  }
}

/** A panel of B, stored transposed, for wide tiles: `panel[p, 0..columns] = b[0..columns, p]`, Gemm.WideNR apart. */
export function packWideTransposed(panel: usize, k: i32, columns: i32, b: usize, ldb: usize): void {
  for (; columns > 0; columns -= 4) {
    packFourTransposed(panel, 4 * Gemm.WideNR, k, columns, b, ldb);
    panel += 16;
    b += 4 * ldb;
  }
}

/**
 * A panel of B: `panel[p, j] = op(B)[p, j]`, eight columns.
 *
 * @param panel       out  [k, 8] f32, 16-byte aligned; columns from `columns` on mean nothing
 * @param transposed  0: b[p, j] at b + p ldb + 4 j; 1: at b + j ldb + 4 p
 * @param k           steps
 * @param columns     1 to 8; nothing of B outside them is read
 *
 * Cost: 8 k values copied.
 */
export function packB(panel: usize, transposed: bool, k: i32, columns: i32, b: usize, ldb: usize): void {
  if (transposed) {
    packFourTransposed(panel, 32, k, columns, b, ldb);
    if (columns > 4) packFourTransposed(panel + 16, 32, k, columns - 4, b + 4 * ldb, ldb);
    else packFourTransposed(panel + 16, 32, k, 1, b, ldb);
    return;
  }
  const end = panel + (<usize>k << 5);
  if (columns == 8) {
    for (; panel < end; panel += 32) {
      v128.store(panel, v128.load(b));
      v128.store(panel, v128.load(b, 16), 16);
      b += ldb;
    }
    return;
  }
  const zero = f32x4.splat(0);
  for (; panel < end; panel += 32) {
    v128.store(panel, zero);
    v128.store(panel, zero, 16);
    for (let j = 0; j < columns; ++j) store<f32>(panel + (<usize>j << 2), load<f32>(b + (<usize>j << 2)));
    b += ldb;
  }
}

/** Panels that packWide fills at once: a row of them is two cache lines, read in one go. */
export const WIDE = 4;

/** As packB for four whole panels, `stride` bytes apart, of a B that is not transposed. */
export function packWide(panel: usize, stride: usize, k: i32, b: usize, ldb: usize): void {
  let panel1 = panel + stride;
  let panel2 = panel1 + stride;
  let panel3 = panel2 + stride;
  for (; k > 0; --k) {
    v128.store(panel, v128.load(b));
    v128.store(panel, v128.load(b, 16), 16);
    v128.store(panel1, v128.load(b, 32));
    v128.store(panel1, v128.load(b, 48), 16);
    v128.store(panel2, v128.load(b, 64));
    v128.store(panel2, v128.load(b, 80), 16);
    v128.store(panel3, v128.load(b, 96));
    v128.store(panel3, v128.load(b, 112), 16);
    panel += 32;
    panel1 += 32;
    panel2 += 32;
    panel3 += 32;
    b += ldb;
  }
}

/** Copies k rows of `row` bytes, fewer than eight columns, and zeros: eight may be read from each row. */
export function copyPadded(to: usize, k: i32, from: usize, row: usize): void {
  const bytes = <usize>k * row;
  const whole = bytes & ~15;
  let at: usize = 0;
  for (; at < whole; at += 16) v128.store(to + at, v128.load(from + at));
  for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at));
  for (const end = bytes + 32 - row; at < end; at += 4) store<f32>(to + at, 0);
}

/** Copies up to five rows of up to eight columns; strides in bytes. */
export function copyTile(to: usize, ldt: usize, from: usize, ldf: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
    to += ldt;
    from += ldf;
  }
}

/** Up to four columns of eight rows, from a tile that holds them as rows; stride in bytes. */
export function copyTransposed(to: usize, ldt: usize, tile: usize, columns: i32): void {
  for (let i: usize = 0; i < 32; i += 4) {
    for (let j = 0; j < columns; ++j) store<f32>(to + (<usize>j << 2), load<f32>(tile + i + (<usize>j << 5)));
    to += ldt;
  }
}
