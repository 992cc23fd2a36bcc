/** A moving average of weights, kept beside them. */
import { draft } from "../graph/op.ts";
import { ADVANCE, AVERAGE_WEIGHTS } from "../tape/formats/train.ts";
import { blockOf, type Feature } from "./feature.ts";

/** The block of averages, and the counter of decay to the number of updates in it. */
export const AVERAGE = "average";
export const AVERAGE_POWER = "averagePower";

/** See `assembly/kernels/average-weights.ts`. */
export const averageFeature = (decay: number): Feature => ({
  counters: [{ name: AVERAGE_POWER, kind: "share", initial: 1 }],
  blocks: [AVERAGE],
  constants: [decay],
  commit: ({ trained: n, constants }) => {
    const power = { counter: AVERAGE_POWER };
    return [
      draft(ADVANCE, { x: power, factor: constants }),
      draft(AVERAGE_WEIGHTS, {
        average: { region: blockOf(AVERAGE) },
        w: { region: "trained" },
        ...{ n, power, decay: constants },
      }),
    ];
  },
});
