/** Into how many blocks the sums of a record fall, in elements of the pass; the kernels cut in the same way. */
import { ColumnSum, LossBlock, LossFn, RowSum } from "../../assembly/abi.ts";

/** Blocks that `n` summed elements make; `inner` is 1 where they are contiguous. */
export const reduceBlocks = (n: number, inner: number): number =>
  Math.ceil(n / (inner === 1 ? RowSum.Block : ColumnSum.Block));

/** Blocks that a loss over m rows of n columns is summed in. Grows with m, and with n except for CrossEntropy. */
export function lossBlocks(fn: LossFn, m: number, n: number): number {
  if (fn !== LossFn.CrossEntropy) return Math.ceil((m * n) / LossBlock.Elements);
  const rows = Math.max(1, Math.min(LossBlock.Rows, Math.floor(LossBlock.Elements / n)));
  return Math.ceil(m / rows);
}
