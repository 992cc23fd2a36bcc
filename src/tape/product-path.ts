import { Path } from "../../assembly/abi.ts";

/** Which path a product of these sizes takes; every path gives the same bits. */
export const productPath = (m: number, n: number, k: number): Path =>
  m * n * k <= 64 * 64 * 64 ? Path.Direct : Path.Packed;
