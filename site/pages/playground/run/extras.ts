/** The parts of the engine that only some runs need. */
import { adagrad, batchNorm, dropout, inputColumns, l1, l2, layerNorm, rmsprop } from "wasmgrad";
import type { Extras } from "./network.ts";
import { ownRows } from "./own-rows.ts";

export const EXTRAS: Extras = {
  adagrad,
  batchNorm,
  dropout,
  inputColumns,
  l1,
  l2,
  layerNorm,
  ownRows,
  rmsprop,
};
