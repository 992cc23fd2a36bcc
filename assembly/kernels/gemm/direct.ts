/** The product of small matrices: tiles straight from the operands. */
import { Gemm } from "../../abi";
import { keepsOrder } from "./order";
import { copyPadded, copyTile, copyTransposed, packB, packWideTransposed } from "./pack";
import { tile, wideTile } from "./tiles";

/** Elements of B that stay in the first cache while rows of A and C pass by. */
const RESIDENT = 4096;

/** Eight columns of C, all rows. */
function strip(
  m: i32, k: i32, a: usize, row: usize, step: usize, b: usize, ldb: usize, c: usize, ldc: usize,
): void {
  for (; m > 0; m -= 4) {
    tile(m, k, a, row, step, b, ldb, c, ldc, false);
    a += row << 2;
    c += ldc << 2;
  }
}

/**
 * Fewer than eight columns, all rows. Tiles are eight columns wide all the same. Where rows of C have no gap between
 * them, what a tile writes past the end of a row is where the next rows go, written later; the last rows, and all
 * rows of a C with gaps, go through the edge tile.
 */
function narrowStrip(
  m: i32, n: i32, k: i32, a: usize, row: usize, step: usize,
  b: usize, ldb: usize, c: usize, ldc: usize, edge: usize,
): void {
  const gapless = ldc == <usize>n << 2;
  for (; m > 0; m -= 4) {
    const inside = gapless && (m - 3) * n >= 8;
    tile(m, k, a, row, step, b, ldb, inside ? c : edge, inside ? ldc : <usize>32, false);
    if (!inside) copyTile(c, ldc, edge, 32, min(m, 4), n);
    a += row << 2;
    c += ldc << 2;
  }
}

/** Up to four rows of C, all columns; B as it is stored. */
function bar(
  m: i32, n: i32, k: i32, a: usize, row: usize, step: usize, b: usize, ldb: usize, c: usize, ldc: usize,
): void {
  let j = 0;
  while (true) {
    const at = <usize>j << 2;
    tile(m, k, a, row, step, b + at, ldb, c + at, ldc, false);
    j += 8;
    if (j >= n) return;
    j = min(j, n - 8);
  }
}

/**
 * Up to four columns of C, all rows, as rows of C^T: eight rows of A side by side are what a tile takes for B,
 * and columns of B what it takes for A. Tiles of columns would leave most of their width unused.
 *
 * @param m        at least eight; the last tile overlaps the one before
 * @param columnB  bytes from a column of op(B) to the next; stepB: from a step to the next; one of them is 4
 */
function narrowColumns(
  m: i32, n: i32, k: i32, a: usize, row: usize, step: usize,
  b: usize, columnB: usize, stepB: usize, c: usize, ldc: usize, edge: usize,
): void {
  const panel = edge + Gemm.TileBytes;
  let i = 0;
  while (true) {
    const rows = a + <usize>i * row;
    if (step == 4) {
      packB(panel, true, k, 8, rows, row);
      tile(n, k, b, columnB, stepB, panel, 32, edge, 32, false);
    } else tile(n, k, b, columnB, stepB, rows, step, edge, 32, false);
    copyTransposed(c + <usize>i * ldc, ldc, edge, n);
    i += 8;
    if (i >= m) return;
    i = min(i, m - 8);
  }
}

/** Columns of C that a wide tile takes, all rows, of which there are at least two. */
function wideStrip(
  m: i32, n: i32, k: i32, a: usize, row: usize, step: usize, b: usize, ldb: usize, c: usize, ldc: usize,
): void {
  while (m > 0) {
    const rows = m == 2 || m == 4 ? 2 : 3;
    if (rows == 2) wideTile(2, n, k, a, row, step, b, ldb, c, ldc);
    else wideTile(3, n, k, a, row, step, b, ldb, c, ldc);
    a += row * rows;
    c += ldc * rows;
    m -= rows;
  }
}

/**
 * `C = op(A) op(B)` from the operands as they are stored; see `product` for the parameters. Where n is no multiple of
 * eight the last tiles overlap the ones before and write the same values again, unless few columns are left over: those
 * run in wide tiles with the eight before them, or by themselves (narrowColumns). Nothing outside the m rows and n
 * columns of C is written.
 *
 * @param transposed  whether B is stored transposed
 * @param scratch     an edge tile and one panel: up to twelve columns of B where it is stored transposed or n < 8,
 *                    eight rows of A for few columns
 */
export function direct(
  transposed: bool, c: usize, ldc: usize, a: usize, row: usize, step: usize, b: usize, ldb: usize,
  m: i32, n: i32, k: i32, scratch: usize,
): void {
  // one row and one column are stored alike
  if (k == 1 && ldb == 4) transposed = false;
  const panel = scratch + Gemm.TileBytes;
  const rest = n & 7;
  const few = rest > 0 && rest <= Gemm.WideNR - Gemm.NR;
  // where A is stored by columns, long sums of eight rows at a time are 10 % faster as narrowColumns
  const wide = keepsOrder && n > Gemm.NR && (step == 4 || m & 7 || k <= 32);
  if (few && wide) {
    const columns = Gemm.NR + rest;
    n -= columns;
    const to = c + (<usize>n << 2);
    if (transposed) {
      packWideTransposed(panel, k, columns, b + <usize>n * ldb, ldb);
      wideStrip(m, columns, k, a, row, step, panel, 4 * Gemm.WideNR, to, ldc);
    } else wideStrip(m, columns, k, a, row, step, b + (<usize>n << 2), ldb, to, ldc);
    if (n == 0) return;
  } else if (few && m >= 8 && k >= 16 && n < Gemm.Narrow) {
    n -= rest;
    const columnB = transposed ? ldb : <usize>4;
    const stepB = transposed ? <usize>4 : ldb;
    const to = c + (<usize>n << 2);
    narrowColumns(m, rest, k, a, row, step, b + <usize>n * columnB, columnB, stepB, to, ldc, scratch);
    if (n == 0) return;
  }
  if (n < 8) {
    if (transposed) packB(panel, true, k, n, b, ldb);
    else if (ldb == <usize>n << 2) {
      copyPadded(panel, k, b, ldb);
      narrowStrip(m, n, k, a, row, step, panel, ldb, c, ldc, scratch);
      return;
    } else packB(panel, false, k, n, b, ldb);
    narrowStrip(m, n, k, a, row, step, panel, 32, c, ldc, scratch);
    return;
  }
  if (!transposed && n > 8 && k * n <= RESIDENT) {
    for (; m > 0; m -= 4) {
      bar(m, n, k, a, row, step, b, ldb, c, ldc);
      a += row << 2;
      c += ldc << 2;
    }
    return;
  }
  let j = 0;
  while (true) {
    const to = c + (<usize>j << 2);
    if (transposed) {
      packB(panel, true, k, 8, b + <usize>j * ldb, ldb);
      strip(m, k, a, row, step, panel, 32, to, ldc);
    } else {
      strip(m, k, a, row, step, b + (<usize>j << 2), ldb, to, ldc);
    }
    j += 8;
    if (j >= n) return;
    j = min(j, n - 8);
  }
}
