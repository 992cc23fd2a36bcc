/**
 * The packed product. Three loops cut it into blocks that stay in a cache each; the fourth runs tiles.
 *
 *   jc by NC over columns    a block of B, KC by NC, is packed once and stays in the second cache
 *   pc by KC over steps      long enough that starting a tile costs little, short enough for the first cache
 *   i  by MR or TallMR       rows: a panel of A, splatted, is packed into the first cache by the first tile
 *   j  by NR over columns    panels of B stream past it
 *
 * Splatted, each value of A is stored four times: the tile then multiplies by a plain load, which every
 * engine does at full speed, unlike a load that splats. The relaxed build has larger tiles, of six rows, and
 * leaves what remains of rows and columns to the others.
 */
import { Gemm } from "../../abi";
import { micro, RELAXED_MR, relaxedMicro, tallMicro } from "./micro";
import { keepsOrder } from "./order";
import { copyTile, packB, packWide, WIDE } from "./pack";
import { packingTile, tallPackingTile, tile } from "./tiles";

/** Packs a block of B, kc by nc, into panels of eight columns. */
function packBlock(panels: usize, transposed: bool, kc: i32, nc: i32, b: usize, ldb: usize): void {
  const stride = <usize>kc << 5;
  if (!transposed) {
    for (; nc >= WIDE * Gemm.NR; nc -= WIDE * Gemm.NR) {
      packWide(panels, stride, kc, b, ldb);
      panels += <usize>WIDE * stride;
      b += WIDE * 32;
    }
  }
  const next = transposed ? ldb << 3 : <usize>32;
  for (; nc > 0; nc -= Gemm.NR) {
    packB(panels, transposed, kc, min<i32>(nc, Gemm.NR), b, ldb);
    panels += stride;
    b += next;
  }
}

/** One tile of up to four rows, or Gemm.TallMR, from A as it is stored; of at least four, packs the panel of A. */
function firstTile(
  rows: i32, kc: i32, a: usize, row: usize, step: usize, panelA: usize,
  panelB: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  if (!ASC_FEATURE_RELAXED_SIMD && rows == Gemm.TallMR)
    tallPackingTile(kc, a, row, step, panelA, panelB, c, ldc, accumulate);
  else if (rows == Gemm.MR) packingTile(kc, a, row, step, panelA, panelB, c, ldc, accumulate);
  else tile(rows, kc, a, row, step, panelB, 32, c, ldc, accumulate);
}

/** More of them, side by side: `tiles`, at least one. */
function furtherTiles(
  tiles: i32, rows: i32, kc: i32, a: usize, row: usize, step: usize, panelA: usize,
  panelB: usize, c: usize, ldc: usize, accumulate: bool,
): void {
  if (!ASC_FEATURE_RELAXED_SIMD && rows == Gemm.TallMR) {
    tallMicro(tiles, kc, panelA, panelB, c, ldc, accumulate);
    return;
  }
  for (const bytes = <usize>kc << 5; tiles > 0; --tiles) {
    if (rows == Gemm.MR) micro(kc, panelA, panelB, c, ldc, accumulate);
    else tile(rows, kc, a, row, step, panelB, 32, c, ldc, accumulate);
    panelB += bytes;
    c += 32;
  }
}

/** Rows of a block of C, up to four or Gemm.TallMR: A as it is stored, panels of B. */
function blockRows(
  rows: i32, kc: i32, nc: i32, a: usize, row: usize, step: usize, panelA: usize,
  panelB: usize, c: usize, ldc: usize, accumulate: bool, edge: usize,
): void {
  const tiles = nc / Gemm.NR;
  const rest = nc % Gemm.NR;
  if (tiles > 0) {
    firstTile(rows, kc, a, row, step, panelA, panelB, c, ldc, accumulate);
    const next = panelB + (<usize>kc << 5);
    if (tiles > 1) furtherTiles(tiles - 1, rows, kc, a, row, step, panelA, next, c + 32, ldc, accumulate);
  }
  if (rest > 0) {
    panelB += <usize>tiles * (<usize>kc << 5);
    c += <usize>tiles << 5;
    if (accumulate) copyTile(edge, 32, c, ldc, rows, rest);
    if (tiles > 0) furtherTiles(1, rows, kc, a, row, step, panelA, panelB, edge, 32, accumulate);
    else firstTile(rows, kc, a, row, step, panelA, panelB, edge, 32, accumulate);
    copyTile(c, ldc, edge, 32, rows, rest);
  }
}

/**
 * Six rows of a block of C in the relaxed build. The panel of A is packed apart, and not splatted: twelve
 * accumulators leave a tile no register to do it on the way, and hide the cost of loads that splat.
 *
 * @param m  rows of A from here on, at least six
 */
function relaxedRows(
  m: i32, kc: i32, nc: i32, a: usize, row: usize, step: usize, panelA: usize,
  panelB: usize, c: usize, ldc: usize, accumulate: bool, edge: usize,
): void {
  // stored by rows, six are transposed; by columns, eight where there are as many copy faster
  if (step == 4) packB(panelA, true, kc, RELAXED_MR, a, row);
  else packB(panelA, false, kc, m >= 8 ? 8 : RELAXED_MR, a, step);
  for (; nc >= Gemm.NR; nc -= Gemm.NR) {
    relaxedMicro(kc, panelA, panelB, c, ldc, accumulate);
    panelB += <usize>kc << 5;
    c += 32;
  }
  if (nc == 0) return;
  blockRows(4, kc, nc, a, row, step, panelA, panelB, c, ldc, accumulate, edge);
  const a4 = a + (row << 2);
  blockRows(2, kc, nc, a4, row, step, panelA, panelB, c + (ldc << 2), ldc, accumulate, edge);
}

/** Rows that tiles of four take: the smallest multiple of 4 that leaves a multiple of 5; all rows if it exceeds m. */
function rowsInFours(m: i32): i32 {
  if (ASC_FEATURE_RELAXED_SIMD || !keepsOrder) return m;
  return Gemm.MR * ((Gemm.TallMR - (m % Gemm.TallMR)) % Gemm.TallMR);
}

/**
 * `C = op(A) op(B)` through packed panels; see `product` for the parameters. Nothing outside the m rows and n columns of C
 * is read or written.
 *
 * @param transposedB  whether B is stored transposed
 * @param scratch      an edge tile, a panel of A and a block of B, in this order
 */
export function blocked(
  transposedB: bool, c: usize, ldc: usize, a: usize, rowA: usize, stepA: usize, b: usize, ldb: usize,
  m: i32, n: i32, k: i32, scratch: usize,
): void {
  const stepB = transposedB ? <usize>4 : ldb;
  const columnB = transposedB ? ldb : <usize>4;
  const panelA = scratch + Gemm.TileBytes;
  const panelsB = panelA + <usize>min<i32>(k, Gemm.KC) * (16 * Gemm.TallMR);
  const shortRows = rowsInFours(m);
  for (let jc = 0; jc < n; jc += Gemm.NC) {
    const nc = min<i32>(n - jc, Gemm.NC);
    for (let pc = 0; pc < k; pc += Gemm.KC) {
      const kc = min<i32>(k - pc, Gemm.KC);
      packBlock(panelsB, transposedB, kc, nc, b + <usize>jc * columnB + <usize>pc * stepB, ldb);
      let rowsA = a + <usize>pc * stepA;
      let rowsC = c + (<usize>jc << 2);
      let i = m;
      if (ASC_FEATURE_RELAXED_SIMD) {
        // the last eight are two tiles of four: six would leave two, which take as long as four
        for (; i >= RELAXED_MR && i != 2 * Gemm.MR; i -= RELAXED_MR) {
          relaxedRows(i, kc, nc, rowsA, rowA, stepA, panelA, panelsB, rowsC, ldc, pc > 0, scratch);
          rowsA += rowA * RELAXED_MR;
          rowsC += ldc * RELAXED_MR;
        }
      }
      while (i > 0) {
        const rows = i > shortRows ? Gemm.TallMR : min<i32>(i, Gemm.MR);
        blockRows(rows, kc, nc, rowsA, rowA, stepA, panelA, panelsB, rowsC, ldc, pc > 0, scratch);
        rowsA += rowA * rows;
        rowsC += ldc * rows;
        i -= rows;
      }
    }
  }
}
