import { Gemm, Path } from "../../assembly/abi.ts";

/**
 * Which path a product of m by n with sums of k takes, in elements at full batch; every path gives the same bits.
 *
 * Packing moves m k and k n elements to make the tiles of 2 m n k operations faster: it pays where both operands are
 * used often enough. With fewer than 16 rows, 32 columns or 512 elements of A, and below 32 x 32 x 32, products run
 * at least as fast straight from their operands.
 */
export const productPath = (m: number, n: number, k: number): Path =>
  m >= Gemm.FewRows && n >= Gemm.Narrow && m * k >= 512 && m * n * k >= 32 * 32 * 32
    ? Path.Packed
    : Path.Direct;

/**
 * Bytes of scratch a product needs, whichever form it has and however few rows a pass brings: an edge tile, and
 * one panel, of B or of eight rows of A (direct), or a panel of A with each value stored four times and a block of B (packed).
 */
export function productScratchBytes(r: Readonly<Record<string, number>>): number {
  const { path, n: columns, k } = r;
  // By no more than whether n exceeds a tile: n may depend on the rows of a pass, and less must do for less.
  if (path !== Path.Packed) return Gemm.TileBytes + 4 * k * (columns > Gemm.NR ? Gemm.WideNR : Gemm.NR);
  const kc = Math.min(k, Gemm.KC);
  const nc = Math.min(roundUp(columns, Gemm.NR), Gemm.NC);
  return Gemm.TileBytes + 4 * kc * (4 * Gemm.TallMR + nc);
}

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;
