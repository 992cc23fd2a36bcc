/** Options of `compile` that accompany the optimizer: clipping of gradients, and an average of weights. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { POSITIVE, readOptions, SHARE } from "../options.ts";
import { averageFeature } from "../plan/average.ts";
import { type Clip, clipFeature } from "../plan/clip.ts";
import type { Feature } from "../plan/feature.ts";

export type { Clip };

export interface AverageWeightsOptions {
  /** How much of the average stays at each update, in [0, 1). Default: 0.999. */
  readonly decay?: number;
}

export interface FeatureOptions {
  /**
   * Makes large gradients smaller before the optimizer sees them: `{ globalNorm: 1 }` multiplies all of them by
   * `1 / (norm + 1e-6)` where their norm, all together, is above; `{ norm }` does so for the gradient of each parameter by itself;
   * `{ value }` cuts each number off. With `accumulate`, gradients of the whole group. Pascanu et al. 2013,
   * https://arxiv.org/abs/1211.5063. Default: none.
   */
  readonly clip?: Clip;
  /**
   * Keeps an average of the weights after each update, `a += (1 - decay) / (1 - decay^t) (w - a)`, which `predict(x, { weights:
   * "average" })`, `evaluate` and `save` use: smoother than the last weights, and often better. Polyak and Juditsky 1992. Default: none.
   */
  readonly averageWeights?: AverageWeightsOptions;
}

export function readFeatures({ clip, averageWeights }: FeatureOptions): Feature[] {
  const features: Feature[] = [];
  if (clip !== undefined) {
    const most = [undefined, POSITIVE] as const;
    const read = readOptions("compile: clip", clip, { globalNorm: most, norm: most, value: most });
    const count = Object.values(read).filter((value) => value !== undefined).length;
    if (count !== 1)
      throw new OptionError(
        `compile: clip must be one of { globalNorm }, { norm } and { value }; got ${describe(clip)} with ${count} of them`,
      );
    features.push(clipFeature(read));
  }
  if (averageWeights !== undefined) {
    const { decay } = readOptions("compile: averageWeights", averageWeights, { decay: [0.999, SHARE] });
    features.push(averageFeature(decay));
  }
  return features;
}
