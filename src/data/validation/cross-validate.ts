import { describe } from "../../describe.ts";
import { DataError, OptionError } from "../../errors.ts";
import { BOOLEAN, type Rule, readOptions, refuseMore } from "../../options.ts";
import { isTypedArray } from "../../realm.ts";
import type { FitOptions } from "../../train/fit-options.ts";
import type { Trainer } from "../../train/trainer.ts";
import type { Data } from "../../train/training-data.ts";
import { type AnyData, classRows, countRows, pickData } from "../rows.ts";
import { foldsOf, SEED_RULE } from "../table/split.ts";
import { checkMetrics, type MetricFunction, measure, nameOfMetric, truthOf } from "./metrics.ts";

export interface CrossValidateOptions {
  /** Default 5. */
  readonly folds?: number;
  /** Which row is in which fold; default 0. */
  readonly seed?: number;
  /** Whether each fold gets the classes in the same shares, where targets are names or whole numbers of at most 20 values. Default true. */
  readonly stratify?: boolean;
  /** One value a row: rows of equal value go to the same fold. */
  readonly groups?: ArrayLike<unknown>;
  /** Beside what `evaluate` gives: functions of (truth, prediction), such as those of `wasmgrad/metrics`. */
  readonly metrics?: readonly MetricFunction[];
  /** Options of each `fit`. */
  readonly fit?: FitOptions;
}

/** Numbers by name: `loss`, `accuracy`, and those of the metrics. */
export interface Scores {
  readonly loss: number;
  readonly [metric: string]: number;
}

export interface CrossValidation {
  /** What each fold scored with the model that had not seen it. */
  readonly folds: readonly Scores[];
  /** The mean over the folds. */
  readonly mean: Scores;
  /** The standard deviation over the folds, with folds - 1 below. */
  readonly deviation: Scores;
}

const FOLDS: Rule = ["a whole number >= 2", (n: number) => Number.isSafeInteger(n) && n >= 2];

/**
 * How well models like this one do on rows that they were not trained on: the rows are dealt into folds, and for each fold a
 * fresh trainer learns from the others. Whatever a trainer fits beside its weights, scaling for one, it fits anew each time.
 *
 * @param make called for each fold with its number from 0 on; it must make a trainer, which is disposed of at the end
 * @param data as `fit` takes them
 * @throws OptionError for fewer rows or groups than folds, or a `make` that gives no fresh trainer; what `fit` and `evaluate` throw
 * @example
 * const { x, y } = makeMoons({ rows: 100, noise: 0.1, seed: 1 });
 * const make = () =>
 *   compile(sequential({ input: [2], seed: 1 }, [dense(8, { activation: "tanh" }), dense(2, { activation: "softmax" })]), {
 *     loss: crossEntropy(),
 *     optimizer: adam({ learningRate: 0.05 }),
 *   });
 * const { mean } = await crossValidate(make, { x, y }, { folds: 4, fit: { epochs: 200 } });
 * mean.accuracy > 0.9; // => true
 */
export async function crossValidate<X, P>(
  make: (fold: number) => Trainer<X, P>,
  data: Data<X, P>,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> {
  refuseMore("crossValidate", arguments, 3, "write crossValidate(make, data, options)");
  const settings = readOptions("crossValidate", options, {
    folds: [5, FOLDS],
    seed: [0, SEED_RULE],
    stratify: [true, BOOLEAN],
    groups: [],
    metrics: [[] as readonly MetricFunction[]],
    fit: [{} as FitOptions],
  });
  const metrics = checkMetrics("crossValidate", settings.metrics);
  if (typeof make !== "function")
    throw new OptionError(
      `crossValidate: make must be a function that gives a trainer; got ${describe(make)}`,
    );
  if (typeof data !== "object" || data === null)
    throw new DataError(`crossValidate: data must be { x, y }; got ${describe(data)}`, "missing");
  const rows = countRows("crossValidate", data);
  const fold = foldOfRows(data, rows, settings);
  const trainers = new Set<unknown>();
  const scores: Scores[] = [];
  for (let k = 0; k < settings.folds; k++) {
    const trainer = make(k);
    if (typeof trainer?.fit !== "function" || trainers.has(trainer) || trainer.steps > 0)
      throw new OptionError(
        `crossValidate: make must give a fresh trainer each time; got ${
          typeof trainer?.fit === "function" ? "one that has been trained" : describe(trainer)
        }`,
      );
    trainers.add(trainer);
    const train: number[] = [];
    const test: number[] = [];
    for (let row = 0; row < rows; row++) (fold[row] === k ? test : train).push(row);
    await trainer.fit(pickData("crossValidate", data, rows, train), settings.fit as FitOptions<X, P>);
    scores.push(await scoresOf(trainer, pickData("crossValidate", data, rows, test), metrics));
    trainer.dispose();
  }
  return { folds: scores, ...summary(scores) };
}

function foldOfRows(
  data: AnyData,
  rows: number,
  {
    folds,
    seed,
    stratify,
    groups,
  }: { readonly folds: number; readonly seed: number; readonly stratify: boolean; readonly groups: unknown },
): Int32Array {
  const everyRow = Array.from({ length: rows }, (_, row) => row);
  if (groups === undefined) {
    if (rows < folds)
      throw new OptionError(`crossValidate: each fold must get a row; got ${rows} rows for ${folds} folds`);
    return foldsOf((stratify ? classRows(data.y) : undefined) ?? [everyRow], rows, folds, seed);
  }
  if ((!Array.isArray(groups) && !isTypedArray(groups)) || groups.length !== rows)
    throw new OptionError(
      `crossValidate: groups must have a value for each of the ${rows} rows; got ${describe(groups)}`,
    );
  const numbers = new Map<unknown, number>();
  for (const row of everyRow) if (!numbers.has(groups[row])) numbers.set(groups[row], numbers.size);
  if (numbers.size < folds)
    throw new OptionError(
      `crossValidate: each fold must get a group; got ${numbers.size} groups for ${folds} folds`,
    );
  const members = Array.from({ length: numbers.size }, (_, group) => group);
  const foldOfGroup = foldsOf([members], numbers.size, folds, seed);
  return Int32Array.from(everyRow, (row) => foldOfGroup[numbers.get(groups[row]) as number]);
}

async function scoresOf<X, P>(
  trainer: Trainer<X, P>,
  data: Data<X, P>,
  metrics: readonly MetricFunction[],
): Promise<Scores> {
  const scores: Record<string, number> = { ...((await trainer.evaluateAsync(data)) as unknown as Scores) };
  const truth = metrics.length > 0 ? truthOf(data.y, trainer) : undefined;
  for (const [i, metric] of metrics.entries()) {
    const name = nameOfMetric(metric, i);
    scores[name] = await measure(
      "crossValidate",
      metric,
      name,
      trainer as unknown as Trainer<never>,
      data.x,
      truth,
    );
  }
  return scores as unknown as Scores;
}

function summary(scores: readonly Scores[]): { mean: Scores; deviation: Scores } {
  const mean: Record<string, number> = {};
  const deviation: Record<string, number> = {};
  for (const name of Object.keys(scores[0])) {
    const values = scores.map((score) => score[name]);
    mean[name] = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean[name]) * (value - mean[name]), 0);
    deviation[name] = Math.sqrt(squares / (values.length - 1));
  }
  return { mean: mean as unknown as Scores, deviation: deviation as unknown as Scores };
}
