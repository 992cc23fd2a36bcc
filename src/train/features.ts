/** Options of `compile` that accompany the optimizer: clipping of gradients, an average of weights, penalties and bounds of them. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { ValueId } from "../graph/type.ts";
import { POSITIVE, readOptions, SHARE } from "../options.ts";
import { averageFeature } from "../plan/average.ts";
import { type Clip, clipFeature } from "../plan/clip.ts";
import type { Feature } from "../plan/feature.ts";
import type { Constraint, Penalty } from "./penalties.ts";

export type { Clip };

export interface AverageWeightsOptions {
  /** How much of the average stays at each update, in [0, 1). Default: 0.999. */
  readonly decay?: number;
}

/** How much of the average stays, unless told otherwise. */
export const AVERAGE_DECAY = 0.999;

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
  /**
   * Terms that the loss of training has beside, of parameters: `[l2(1e-4)]`, `[l1(1e-5, { parameters: ["dense1"] })]`. Those of activations
   * are layers: `activityPenalty`. Default: none.
   */
  readonly penalties?: readonly Penalty[];
  /** What parameters are brought back to after each update: `[maxNorm(3)]`. Default: nothing. */
  readonly constraints?: readonly Constraint[];
}

/** The elements of an option that is an array of what some functions give. */
function readArray<T>(
  name: string,
  given: readonly T[] | undefined,
  method: keyof T,
  makers: string,
): readonly T[] {
  if (given === undefined) return [];
  const isRight = Array.isArray(given) && given.every((one) => typeof one?.[method] === "function");
  if (isRight) return given;
  throw new OptionError(`compile: ${name} must be an array of what ${makers}; got ${describe(given)}`);
}

/**
 * @param loss without penalties
 * @param frozen names of variables that do not train
 */
export function readFeatures(
  { clip, averageWeights, ...others }: FeatureOptions,
  graph: Graph,
  loss: ValueId,
  frozen: ReadonlySet<string>,
): { features: Feature[]; penalties: readonly Penalty[] } {
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
  const constraints = readArray(
    "constraints",
    others.constraints,
    "feature",
    "maxNorm() gives, such as [maxNorm(3)]",
  );
  features.push(...constraints.map((constraint) => constraint.feature(graph, loss, frozen)));
  if (averageWeights !== undefined) {
    const { decay } = readOptions("compile: averageWeights", averageWeights, {
      decay: [AVERAGE_DECAY, SHARE],
    });
    features.push(averageFeature(decay));
  }
  const penalties = readArray(
    "penalties",
    others.penalties,
    "addTo",
    "l1() and l2() give, such as [l2(1e-4)]",
  );
  return { features, penalties };
}
