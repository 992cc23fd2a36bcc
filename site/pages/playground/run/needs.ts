/** Which worker a run needs: said here, so that the page need not load the engine for it. */
import type { Config } from "./types.ts";

/** Whether a run needs the `Extras` of the engine. */
export const needsExtras = ({ data, layers, optimizer, penalty }: Config): boolean =>
  data.kind === "own" ||
  optimizer === "rmsprop" ||
  optimizer === "adagrad" ||
  penalty.kind !== "none" ||
  layers.some(({ normalization, dropout }) => normalization !== undefined || (dropout ?? 0) > 0);
