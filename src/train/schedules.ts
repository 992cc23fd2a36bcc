/** Learning rates that change with the step: pure functions of its number, with the same bits on every engine. */
import { OptionError } from "../errors.ts";
import { exp } from "../math/exp.ts";
import { log } from "../math/log.ts";
import { cos, PI } from "../math/trigonometric.ts";
import {
  BOOLEAN,
  COUNT,
  check,
  NOT_NEGATIVE,
  oneOf,
  POSITIVE,
  type Rule,
  readOptions,
  refuseMore,
} from "../options.ts";
import type { RateOfStep } from "../plan/optimizer.ts";
import { type Kind, withKind } from "./kinds.ts";
import type { Schedule } from "./learning-rate.ts";

const WHOLE: Rule = ["a whole number >= 0", (n: number) => Number.isSafeInteger(n) && n >= 0];
const FACTOR: Rule = ["in (0, 1]", (n: number) => n > 0 && n <= 1];
const BETWEEN: Rule = ["in (0, 1)", (n: number) => n > 0 && n < 1];

const schedule = (
  kind: string,
  settings: Readonly<Record<string, unknown>>,
  initial: number,
  rateOf: RateOfStep,
): Schedule => ({ kind, settings, initial, rateOf });

/** `x^y` for x >= 0. */
function power(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  return y === 1 ? x : exp(y * log(x));
}

/** From `from` to `to` along half a wave of the cosine, at a share in [0, 1] of the way. */
const alongCosine = (from: number, to: number, share: number) =>
  to + ((from - to) * (1 + cos(PI * share))) / 2;

const alongLine = (from: number, to: number, share: number) => from + (to - from) * share;

export interface CosineDecayOptions {
  /** The rate that the decay starts from, > 0. */
  readonly initial: number;
  /** Steps of the decay, >= 1, after those of the warmup. */
  readonly steps: number;
  /** Steps before it, in which the rate rises in a line: `initial (t + 1) / (warmup + 1)`. Default: 0. */
  readonly warmup?: number;
  /** The rate after the decay, >= 0. Default: 0. */
  readonly final?: number;
}

/**
 * A rate that falls along half a cosine: `final + (initial - final) (1 + cos(pi t / steps)) / 2`, t counted after the warmup; then
 * `final`. Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = adam({ learningRate: cosineDecay({ initial: 0.01, steps: 1000, warmup: 50 }) });
 */
export const cosineDecay: Kind<(options: CosineDecayOptions) => Schedule> = /* @__PURE__ */ withKind(
  function cosineDecay(options: CosineDecayOptions): Schedule {
    refuseMore("cosineDecay", arguments, 1);
    const settings = readOptions("cosineDecay", options, {
      initial: [],
      steps: [],
      warmup: [0, WHOLE],
      final: [0, NOT_NEGATIVE],
    });
    const { initial, steps, warmup, final } = settings;
    check("cosineDecay", "initial", initial, POSITIVE);
    check("cosineDecay", "steps", steps, COUNT);
    return schedule("cosineDecay", settings, initial, (base, step) => {
      if (step < warmup) return (base * (step + 1)) / (warmup + 1);
      const t = step - warmup;
      return t < steps ? alongCosine(base, final, t / steps) : final;
    });
  },
  "cosineDecay",
);

export interface CosineRestartsOptions {
  /** The rate that each cycle starts from, > 0. */
  readonly initial: number;
  /** Steps of the first cycle, >= 1. */
  readonly steps: number;
  /** How many times longer each cycle is than the one before: a whole number >= 1. Default: 1. */
  readonly growth?: number;
  /** What the start of each cycle is of that before, in (0, 1]. Default: 1. */
  readonly decay?: number;
  /** The rate that each cycle falls towards, >= 0. Default: 0. */
  readonly final?: number;
}

/**
 * Cosine decays one after the other, each from the top: SGDR. Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = sgd({ learningRate: cosineRestarts({ initial: 0.1, steps: 100, growth: 2 }) });
 */
export const cosineRestarts: Kind<(options: CosineRestartsOptions) => Schedule> = /* @__PURE__ */ withKind(
  function cosineRestarts(options: CosineRestartsOptions): Schedule {
    refuseMore("cosineRestarts", arguments, 1);
    const settings = readOptions("cosineRestarts", options, {
      initial: [],
      steps: [],
      growth: [1, COUNT],
      decay: [1, FACTOR],
      final: [0, NOT_NEGATIVE],
    });
    const { initial, steps, growth, decay, final } = settings;
    check("cosineRestarts", "initial", initial, POSITIVE);
    check("cosineRestarts", "steps", steps, COUNT);
    return schedule("cosineRestarts", settings, initial, (base, step) => {
      let cycle = 0;
      let length = steps;
      let t = step;
      if (growth === 1) {
        cycle = Math.floor(step / steps);
        t = step - cycle * steps;
      } else
        for (; t >= length; cycle++) {
          t -= length;
          length *= growth;
        }
      return alongCosine(base * power(decay, cycle), final, t / length);
    });
  },
  "cosineRestarts",
);

export interface StepDecayOptions {
  /** The rate at the start, > 0. */
  readonly initial: number;
  /** Steps after which it falls, again and again. Give this or `at`. */
  readonly every?: number;
  /** The steps at which it falls, in rising order. */
  readonly at?: readonly number[];
  /** What it is multiplied by, in (0, 1]. Default: 0.1. */
  readonly factor?: number;
}

/**
 * A rate that falls in steps: `initial factor^k`, k being `floor(t / every)`, or how many of `at` are <= t.
 *
 * @throws OptionError for a setting out of range, or for both or none of `every` and `at`
 * @example
 * const optimizer = sgd({ learningRate: stepDecay({ initial: 0.1, at: [1000, 1500], factor: 0.1 }) });
 */
export const stepDecay: Kind<(options: StepDecayOptions) => Schedule> = /* @__PURE__ */ withKind(
  function stepDecay(options: StepDecayOptions): Schedule {
    refuseMore("stepDecay", arguments, 1);
    const settings = readOptions("stepDecay", options, {
      initial: [],
      every: [undefined, COUNT],
      at: [undefined, RISING],
      factor: [0.1, FACTOR],
    });
    const { initial, every, factor } = settings;
    check("stepDecay", "initial", initial, POSITIVE);
    if ((every === undefined) === (settings.at === undefined))
      throw new OptionError(
        `stepDecay: needs every or at, one of them; got ${every === undefined ? "none" : "both"}`,
      );
    const at = settings.at?.slice() ?? [];
    return schedule("stepDecay", settings, initial, (base, step) => {
      const falls = every === undefined ? at.filter((s) => s <= step).length : Math.floor(step / every);
      return base * power(factor, falls);
    });
  },
  "stepDecay",
);

const RISING: Rule = [
  "an array of whole numbers >= 1 in rising order",
  (at: readonly number[]) =>
    Array.isArray(at) &&
    at.length > 0 &&
    at.every((step, i) => COUNT[1](step) && (i === 0 || step > at[i - 1])),
  "object",
];

export interface ExponentialDecayOptions {
  /** The rate at the start, > 0. */
  readonly initial: number;
  /** What it is multiplied by in `steps` steps, in (0, 1]. */
  readonly factor: number;
  /** Default: 1. */
  readonly steps?: number;
  /** Whether it falls only once in `steps` steps. Default: false. */
  readonly staircase?: boolean;
}

/**
 * A rate that falls by the same factor all the time: `initial factor^(t / steps)`, with `staircase` `initial factor^floor(t / steps)`.
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = adam({ learningRate: exponentialDecay({ initial: 0.01, factor: 0.5, steps: 1000 }) });
 */
export const exponentialDecay: Kind<(options: ExponentialDecayOptions) => Schedule> =
  /* @__PURE__ */ withKind(function exponentialDecay(options: ExponentialDecayOptions): Schedule {
    refuseMore("exponentialDecay", arguments, 1);
    const settings = readOptions("exponentialDecay", options, {
      initial: [],
      factor: [],
      steps: [1, COUNT],
      staircase: [false, BOOLEAN],
    });
    const { initial, factor, steps, staircase } = settings;
    check("exponentialDecay", "initial", initial, POSITIVE);
    check("exponentialDecay", "factor", factor, FACTOR);
    return schedule("exponentialDecay", settings, initial, (base, step) => {
      const t = staircase ? Math.floor(step / steps) : step / steps;
      return base * power(factor, t);
    });
  }, "exponentialDecay");

export interface PolynomialDecayOptions {
  /** The rate at the start, > 0. */
  readonly initial: number;
  /** Steps of the decay, >= 1. */
  readonly steps: number;
  /** The rate after them, >= 0. Default: 0. */
  readonly final?: number;
  /** > 0; 1 is a line. Default: 1. */
  readonly power?: number;
}

/**
 * A rate that falls along a power: `final + (initial - final) (1 - t / steps)^power`, then `final`.
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = adam({ learningRate: polynomialDecay({ initial: 0.01, steps: 1000, power: 2 }) });
 */
export const polynomialDecay: Kind<(options: PolynomialDecayOptions) => Schedule> = /* @__PURE__ */ withKind(
  function polynomialDecay(options: PolynomialDecayOptions): Schedule {
    refuseMore("polynomialDecay", arguments, 1);
    const settings = readOptions("polynomialDecay", options, {
      initial: [],
      steps: [],
      final: [0, NOT_NEGATIVE],
      power: [1, POSITIVE],
    });
    const { initial, steps, final, power: exponent } = settings;
    check("polynomialDecay", "initial", initial, POSITIVE);
    check("polynomialDecay", "steps", steps, COUNT);
    return schedule("polynomialDecay", settings, initial, (base, step) =>
      step < steps ? final + (base - final) * power(1 - step / steps, exponent) : final,
    );
  },
  "polynomialDecay",
);

export interface OneCycleOptions {
  /** The largest rate, > 0. */
  readonly maximum: number;
  /** Steps of the whole cycle, >= 2. */
  readonly steps: number;
  /** The share of them in which the rate rises, in (0, 1). Default: 0.3. */
  readonly rising?: number;
  /** The rate at the start is `maximum / startDivisor`, >= 1. Default: 25. */
  readonly startDivisor?: number;
  /** The rate at the end is that at the start through this, >= 1. Default: 1e4. */
  readonly endDivisor?: number;
  /** How it goes between them. Default: `"cosine"`. */
  readonly shape?: "cosine" | "line";
}

/**
 * A rate that rises to `maximum` and falls far below its start, once: Smith and Topin 2018, https://arxiv.org/abs/1708.07120, in the
 * form of PyTorch. It is at `maximum` at step `rising steps - 1`, at its end at step `steps - 1`, and stays there.
 *
 * @throws OptionError for a setting out of range
 * @example
 * const optimizer = sgd({ learningRate: oneCycle({ maximum: 0.5, steps: 1000 }), momentum: 0.9 });
 */
export const oneCycle: Kind<(options: OneCycleOptions) => Schedule> = /* @__PURE__ */ withKind(
  function oneCycle(options: OneCycleOptions): Schedule {
    refuseMore("oneCycle", arguments, 1);
    const settings = readOptions("oneCycle", options, {
      maximum: [],
      steps: [],
      rising: [0.3, BETWEEN],
      startDivisor: [25, AT_LEAST_1],
      endDivisor: [1e4, AT_LEAST_1],
      shape: ["cosine", oneOf("cosine", "line")],
    });
    const { maximum, steps, rising, startDivisor, endDivisor, shape } = settings;
    check("oneCycle", "maximum", maximum, POSITIVE);
    check("oneCycle", "steps", steps, TWO);
    const along = shape === "cosine" ? alongCosine : alongLine;
    const top = rising * steps - 1;
    const end = steps - 1;
    return schedule("oneCycle", settings, maximum, (base, step) => {
      const start = base / startDivisor;
      if (step <= top) return along(start, base, step / top);
      if (step >= end) return start / endDivisor;
      return along(base, start / endDivisor, (step - top) / (end - top));
    });
  },
  "oneCycle",
);

const AT_LEAST_1: Rule = ["a finite number >= 1", (n: number) => n >= 1 && Number.isFinite(n)];
const TWO: Rule = ["a whole number >= 2", (n: number) => COUNT[1](n) && n >= 2];

export interface ReduceOnPlateauOptions {
  /** The rate at the start, > 0. */
  readonly initial: number;
  /** What it is multiplied by, in (0, 1). Default: 0.1. */
  readonly factor?: number;
  /** Epochs in a row without a better value that are borne; the next one reduces the rate. Default: 10. */
  readonly patience?: number;
  /** What counts as better: more than this below the best value, or above it. Default: 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a reduction that are not counted. Default: 0. */
  readonly cooldown?: number;
  /** The least rate, >= 0. Default: 0. */
  readonly minimum?: number;
  /** What is judged, as in `earlyStopping`. Default: `"validationLoss"`, or `"loss"` without validation. */
  readonly monitor?: string;
  /** Which way is better; needed for metrics of your own. */
  readonly mode?: "min" | "max";
}

/**
 * A rate that is reduced when a value has stopped getting better: after each epoch of a `fit`, as PyTorch's `ReduceLROnPlateau` with an
 * absolute threshold. What it knows belongs to the state, so a run that is resumed reduces at the same epochs. `step` never reduces.
 *
 * @throws OptionError for a setting out of range; `fit` throws one for a monitor that it has not
 * @example
 * const optimizer = adam({ learningRate: reduceOnPlateau({ initial: 0.01, factor: 0.5, patience: 3 }) });
 */
export const reduceOnPlateau: Kind<(options: ReduceOnPlateauOptions) => Schedule> = /* @__PURE__ */ withKind(
  function reduceOnPlateau(options: ReduceOnPlateauOptions): Schedule {
    refuseMore("reduceOnPlateau", arguments, 1);
    const settings = readOptions("reduceOnPlateau", options, {
      initial: [],
      factor: [0.1, BETWEEN],
      patience: [10, WHOLE],
      minDelta: [1e-4, NOT_NEGATIVE],
      cooldown: [0, WHOLE],
      minimum: [0, NOT_NEGATIVE],
      monitor: [undefined, ["a string", () => true, "string"]],
      mode: [undefined, oneOf("min", "max")],
    });
    const { initial, factor, patience, minDelta, cooldown, minimum, monitor, mode } = settings;
    check("reduceOnPlateau", "initial", initial, POSITIVE);
    const counter = (name: string, kind: "count" | "sum") => ({ name: `plateau.${name}`, kind, initial: 0 });
    return {
      kind: "reduceOnPlateau",
      settings,
      initial,
      plateau: {
        counters: [
          counter("judged", "count"),
          counter("best", "sum"),
          counter("waited", "count"),
          counter("cooldown", "count"),
        ],
        monitor,
        mode,
        judge(value, isMax, { get, set, changeRates }) {
          const judged = get("plateau.judged");
          const best = get("plateau.best");
          const isFirst = judged === 0;
          const isBetter =
            Number.isFinite(value) &&
            (isFirst || (isMax ? value > best + minDelta : value < best - minDelta));
          if (isBetter) {
            set("plateau.best", value);
            set("plateau.judged", judged + 1);
          }
          let waited = isBetter ? 0 : get("plateau.waited") + 1;
          const resting = get("plateau.cooldown");
          if (resting > 0) {
            set("plateau.cooldown", resting - 1);
            waited = 0;
          }
          if (waited > patience) {
            changeRates((rate) => Math.max(rate * factor, Math.min(minimum, rate)));
            set("plateau.cooldown", cooldown);
            waited = 0;
          }
          set("plateau.waited", waited);
        },
      },
    };
  },
  "reduceOnPlateau",
);
