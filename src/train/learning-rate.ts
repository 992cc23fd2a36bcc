/** The option `learningRate` of optimizers: a number, a schedule, or a function of the step. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { check, NOT_NEGATIVE, POSITIVE, type Rule } from "../options.ts";
import type { Plateau, RateOfStep } from "../plan/optimizer.ts";

/** A rate that is not 0, but 0 in single precision, would silently train nothing. */
export const RATE: Rule = [
  "0, or a finite number > 0 in single precision",
  (n: number) => n === 0 || POSITIVE[1](n),
];

export function checkLearningRate(who: string, rate: number): void {
  check(who, "learningRate", rate, RATE);
}

/** A learning rate that changes while training goes on, as `cosineDecay({ .. })` and the others give it. */
export interface Schedule {
  readonly kind: string;
  /** The settings as given, with defaults filled in. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the rate is derived from; `setLearningRate` changes it. */
  readonly initial: number;
  /** @internal None: it stays until something else changes it. */
  readonly rateOf?: RateOfStep;
  /** @internal What changes it between epochs. */
  readonly plateau?: Plateau;
}

/**
 * A number, a schedule, or a function that gives the rate of a step. Steps are counted from 0 over the life of the trainer. The
 * function must be pure: it is asked for up to 256 steps ahead, and again for the same step. Files do not keep it.
 */
export type LearningRate = number | Schedule | ((step: number) => number);

/** What an optimizer makes of the option. */
export interface ReadRate {
  readonly learningRate: number;
  readonly rateOf?: RateOfStep;
  readonly plateau?: Plateau;
  /** For `manifest()` and files. */
  readonly described: unknown;
}

/** @throws OptionError for what is no rate, or for a function that gives none at step 0 */
export function readRate(who: string, given: LearningRate): ReadRate {
  if (typeof given === "function") {
    const rateOf: RateOfStep = (_, step) => given(step);
    return { learningRate: checkRateAt(who, given(0), 0), rateOf, described: { schedule: "function" } };
  }
  if (typeof given === "object" && given !== null && "initial" in given) {
    const { kind, settings, initial, rateOf, plateau } = given;
    return { learningRate: initial, rateOf, plateau, described: { schedule: kind, ...settings } };
  }
  checkLearningRate(who, given as number);
  return { learningRate: given as number, described: given };
}

/** Whether it can be the rate of a step: a decay may become 0 in single precision. */
export const isRate = (rate: unknown): boolean => typeof rate === "number" && Boolean(NOT_NEGATIVE[1](rate));

/** @throws OptionError for what a function gave that is no rate */
export function checkRateAt(who: string, rate: number, step: number): number {
  if (isRate(rate)) return rate;
  throw new OptionError(
    `${who}: learningRate of a step must be ${NOT_NEGATIVE[0]}; got ${describe(rate)} at step ${step}`,
  );
}
