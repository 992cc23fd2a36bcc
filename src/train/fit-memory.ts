/** What judges epochs knows between two of them, early stopping above all: whoever keeps it with the state can go on with both. */
import type { Evaluation } from "./evaluate.ts";

/** Plain data but for `state`, so that it can be stored beside a checkpoint. */
export interface FitMemory {
  /** The column that early stopping watches, "" without; a fit that watches another one starts anew. */
  readonly monitor: string;
  /** How many rows train: values of other data cannot be compared, so a fit with another number starts anew. */
  readonly rows: number;
  /** How many rows are held back; 0 where there are none. */
  readonly validationRows: number;
  /**
   * Epochs over the life of the trainer when it was last written: it belongs to states within the epoch that follows, and a
   * fit from another one starts anew.
   */
  epoch: number;
  /** The best value; undefined before the first epoch whose value is finite. */
  best: number | undefined;
  /** Its epoch over the life of the trainer. */
  bestEpoch: number;
  /** Epochs since then. */
  waited: number;
  /** Mean loss of its training rows. */
  loss: number;
  /** What was measured after it. */
  measured: Evaluation | undefined;
  /** Mean loss of an epoch that is complete and was not judged yet: an abort came while it was measured. */
  pending: number | undefined;
  /** The whole state after the best epoch; empty before there is one. */
  state: Uint8Array;
}

/** What is known before the first epoch. */
export const emptyMemory = (
  of: Pick<FitMemory, "monitor" | "rows" | "validationRows" | "epoch">,
): FitMemory => ({
  ...of,
  best: undefined,
  bestEpoch: 0,
  waited: 0,
  loss: Number.NaN,
  measured: undefined,
  pending: undefined,
  state: new Uint8Array(0),
});
