import { Path } from "../../assembly/abi.ts";

/**
 * Which path a product of m by n with sums of k takes, in elements at full batch; every path gives the same bits.
 *
 * Packing moves m k and k n elements to make the tiles of 2 m n k operations faster: it pays where both operands are
 * used often enough. With fewer than 64 rows or 32 columns, and up to 64 x 64 x 64, products run at least as fast
 * straight from their operands.
 */
export const productPath = (m: number, n: number, k: number): Path =>
  m >= 64 && n >= 32 && m * n * k > 64 * 64 * 64 ? Path.Packed : Path.Direct;
