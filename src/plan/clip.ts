/** Clipping of gradients, between their computation and the optimizer. */
import { draft } from "../graph/op.ts";
import { CLAMP_GRADIENTS, GRADIENT_SQUARES, SCALE_GRADIENTS } from "../tape/formats/train.ts";
import type { Stretch } from "./blocks.ts";
import type { Feature } from "./feature.ts";

/** How gradients are made smaller where they are large; one of them. */
export interface Clip {
  /** The largest norm of all gradients together, > 0. */
  readonly globalNorm?: number;
  /** The largest norm of the gradient of each parameter, > 0. */
  readonly norm?: number;
  /** The largest magnitude of each number, > 0. */
  readonly value?: number;
}

/** See `assembly/kernels/clip.ts`. */
export function clipFeature({ globalNorm, norm, value }: Clip): Feature {
  const scaled = (most: number, { bytes, elements: n }: Stretch) => {
    const g = { region: "gradients", bytes };
    const partials = { scratch: true } as const;
    return [draft(GRADIENT_SQUARES, { partials, g, n }), draft(SCALE_GRADIENTS, { g, partials, n, most })];
  };
  return {
    beforeUpdate: ({ trained, variables }) => {
      if (value !== undefined)
        return [draft(CLAMP_GRADIENTS, { g: { region: "gradients" }, n: trained, most: value })];
      if (globalNorm !== undefined) return scaled(globalNorm, { bytes: 0, elements: trained });
      // In blocks of the variables with their padding, which is 0.
      return [...variables.values()].flatMap((stretch) => scaled(norm as number, stretch));
    },
  };
}
