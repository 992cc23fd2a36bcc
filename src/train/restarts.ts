/** Training from several seeds, of which the best trainer is kept. */
import { Counter } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { NonFiniteError, OptionError } from "../errors.ts";
import { SEED } from "../model/model.ts";
import { COUNT, check, FUNCTION, readOptions, refuseMore } from "../options.ts";
import type { Result, Rows } from "../rows/data.ts";
import { monitorOf } from "./epoch-watch.ts";
import { FIT_ASYNC, type FitOptions, type FitResult } from "./fit-options.ts";
import { Trainer } from "./trainer.ts";
import type { Data } from "./training-data.ts";
import { isShare } from "./validation.ts";

export interface RestartOptions<X = Rows, P = Result> extends FitOptions<X, P, Trainer<X, P>> {
  /** How many trainers are made and trained, a whole number >= 1. */
  readonly n: number;
  /** Of the first one; the others have the numbers after it. Default: 0. */
  readonly seed?: number;
}

/** The best of several trainers, and what became of all. */
export interface Restarts<X = Rows, P = Result> {
  /** The best one; the others are disposed. */
  readonly trainer: Trainer<X, P>;
  /** The one it was made with. */
  readonly seed: number;
  /** What its `fit` gave. */
  readonly result: FitResult;
  /** What each `fit` gave, in the order of the seeds; undefined where training diverged. */
  readonly results: readonly (FitResult | undefined)[];
}

/**
 * Makes `n` trainers from the seeds 0, 1, .., n - 1, trains each with the same options, and keeps the best: by the column that
 * `earlyStopping` watches, else by the loss of the validation rows, else by the mean loss of the data after training. All hold
 * back the same rows, those of the first trainer. Of equals the first is kept.
 *
 * @param make makes a fresh trainer from a seed, from 0 on
 * @param data as `fit` takes them, but not bound, because bound data are of one trainer
 * @param options those of `fit` beside `n` and `seed`
 * @throws what `fit` throws; a NonFiniteError only where every one of them diverged
 * @example
 * const make = (seed: number) =>
 *   compile(sequential({ input: [2], seed }, [dense(3, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]), {
 *     loss: binaryCrossEntropy(),
 *     optimizer: adam({ learningRate: 0.05 }),
 *   });
 * const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
 * const { trainer, seed, results } = await restarts(make, data, { n: 3, epochs: 100 });
 * console.log(seed, results.map((result) => result?.loss), trainer.classify(data.x));
 */
export async function restarts<X = Rows, P = Result>(
  make: (seed: number) => Trainer<X, P>,
  data: Data<X, P>,
  options: RestartOptions<X, P>,
): Promise<Restarts<X, P>> {
  refuseMore("restarts", arguments, 3);
  check("restarts", "make, the first argument,", make, FUNCTION);
  const table = { n: [Number.NaN], seed: [0, SEED], ...FIT_ASYNC } as const;
  const { n, seed: first, ...fitOptions } = readOptions("restarts", options, table);
  check("restarts", "n", n, COUNT);
  const results: (FitResult | undefined)[] = [];
  let best: { trainer: Trainer<X, P>; seed: number; result: FitResult; score: number } | undefined;
  const made = new Set<unknown>();
  /** One that is neither kept nor disposed yet. */
  let latest: Trainer<X, P> | undefined;
  let diverged: unknown;
  let validation: Validation<X, P> = fitOptions.validation;
  try {
    for (let seed = first; seed < first + n; seed++) {
      const trainer = make(seed);
      if (!(trainer instanceof Trainer))
        throw new OptionError(`restarts: make must return a fresh trainer; got ${describe(trainer)}`);
      if (made.has(trainer))
        throw new OptionError(
          `restarts: make must return a fresh trainer for each seed; got for seed ${seed} one that it had returned before`,
        );
      made.add(trainer);
      latest = trainer;
      if (seed === first) validation = withSeed(validation, trainer.program.counter(Counter.ShuffleSeed));
      const result = await trainer.fit(data, { ...fitOptions, validation }).catch((error: unknown) => {
        if (!(error instanceof NonFiniteError)) throw error;
        diverged = error;
      });
      results.push(result ?? undefined);
      const score = result ? scoreOf(trainer, data, result, fitOptions) : Number.NaN;
      if (result && (best === undefined || score < best.score)) {
        latest = best?.trainer;
        best = { trainer, seed, result, score };
      }
      latest?.dispose();
      latest = undefined;
    }
  } catch (error) {
    latest?.dispose();
    best?.trainer.dispose();
    throw error;
  }
  if (!best) throw diverged;
  const { trainer, seed, result } = best;
  return { trainer, seed, result, results };
}

type Validation<X, P> = FitOptions<X, P>["validation"];

/** A drawn share with a seed of its own, so that all trainers hold back the same rows. */
function withSeed<X, P>(validation: Validation<X, P>, seed: number): Validation<X, P> {
  if (typeof validation === "number") return { share: validation, seed };
  return typeof validation === "object" && isShare(validation) && !("last" in validation)
    ? { seed, ...validation }
    : validation;
}

/** What a trainer is compared by: less is better. */
function scoreOf<X, P>(
  trainer: Trainer<X, P>,
  data: Data<X, P>,
  result: FitResult,
  { validation, earlyStopping }: Pick<FitOptions<X, P>, "validation" | "earlyStopping">,
): number {
  if (!validation && !earlyStopping) return trainer.evaluate(data).loss;
  const { monitor, mode } = monitorOf(
    "restarts",
    trainer.fitHost,
    validation !== undefined,
    earlyStopping ?? { patience: 1 },
  );
  const values = { ...result.validation, validationLoss: result.validation?.loss, ...result };
  const value = values[monitor as keyof typeof values] as number;
  if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
  return mode === "max" ? -value : value;
}
