/** Into how many blocks the sums of a record fall, in elements of the pass; the kernels cut in the same way. */
import { ClipBlock, ColumnSum, LossBlock, type LossFn, LossGroup, RowSum } from "../../assembly/abi.ts";

/** Blocks that `n` summed elements make; `inner` is 1 where they are contiguous. */
export const reduceBlocks = (n: number, inner: number): number =>
  Math.ceil(n / (inner === 1 ? RowSum.Block : ColumnSum.Block));

/** Whether a loss is a mean over rows; the others are over elements. */
export const isOverRows = (fn: LossFn | number): boolean =>
  fn >= LossGroup.FirstOverRows && fn <= LossGroup.LastOverRows;

/** Whether the targets of a loss may be class indices. */
export const takesLabels = (fn: LossFn | number): boolean =>
  fn >= LossGroup.FirstOverRows && fn <= LossGroup.LastWithLabels;

/** Blocks that a loss over m rows of n columns is summed in. Grows with m, and with n except for losses over rows. */
export function lossBlocks(fn: LossFn, m: number, n: number): number {
  if (!isOverRows(fn)) return Math.ceil((m * n) / LossBlock.Elements);
  const rows = Math.max(1, Math.min(LossBlock.Rows, Math.floor(LossBlock.Elements / n)));
  return Math.ceil(m / rows);
}

/** Blocks that squares of n gradients are summed in. */
export const clipBlocks = (n: number): number => Math.ceil(n / ClipBlock.Elements);
