/** The product of small matrices: tiles straight from the operands, by strips of eight columns. */
import { Form, Gemm } from "../../abi";
import { copyTile, packB } from "./pack";
import { plainTile } from "./tiles";

/** Eight columns of C, all rows. */
function strip(
  transposed: bool, m: i32, k: i32, a: usize, lda: usize, b: usize, ldb: usize, c: usize, ldc: usize,
): void {
  const next = transposed ? <usize>16 : lda << 2;
  for (; m > 0; m -= 4) {
    plainTile(transposed, min(m, 4), k, a, lda, b, ldb, c, ldc, false);
    a += next;
    c += ldc << 2;
  }
}

/** Fewer than eight columns: tiles go through the edge tile. */
function narrowStrip(
  transposed: bool, m: i32, columns: i32, k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, edge: usize,
): void {
  const next = transposed ? <usize>16 : lda << 2;
  for (; m > 0; m -= 4) {
    const rows = min(m, 4);
    plainTile(transposed, rows, k, a, lda, b, 32, edge, 32, false);
    copyTile(c, ldc, edge, 32, rows, columns);
    a += next;
    c += ldc << 2;
  }
}

/**
 * See matMul; m, n, k >= 1. Scratch holds an edge tile and one panel of B; it is used where B is stored transposed
 * or n < 8. Where n is no multiple of 8 the last strip overlaps the one before and writes the same values again.
 */
export function direct(form: i32, c: usize, a: usize, b: usize, m: i32, n: i32, k: i32, scratch: usize): void {
  const transposedA = form == Form.TN;
  const transposedB = form == Form.NT && k > 1;
  const lda = <usize>(transposedA ? m : k) << 2;
  const ldb = <usize>(transposedB ? k : n) << 2;
  const ldc = <usize>n << 2;
  const panel = scratch + Gemm.TileBytes;
  if (n < 8) {
    packB(panel, transposedB, k, n, b, ldb);
    narrowStrip(transposedA, m, n, k, a, lda, panel, c, ldc, scratch);
    return;
  }
  let j = 0;
  while (true) {
    if (transposedB) {
      packB(panel, true, k, 8, b + <usize>j * ldb, ldb);
      strip(transposedA, m, k, a, lda, panel, 32, c + (<usize>j << 2), ldc);
    } else {
      strip(transposedA, m, k, a, lda, b + (<usize>j << 2), ldb, c + (<usize>j << 2), ldc);
    }
    j += 8;
    if (j >= n) return;
    j = min(j, n - 8);
  }
}
