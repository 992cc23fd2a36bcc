/** What `trainTable` trains with where its options do not say: chosen on small sets with known results, see bench/sklearn. */

/** Settings that follow from the number of rows. */
export interface TrainSettings {
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly batchSize: number;
  readonly learningRate: number;
  /** Decays of the weights, the strongest first: a weaker one is tried where the ones before do not fit the training rows. */
  readonly decays: readonly number[];
  readonly epochs: number;
  /** Epochs without a better validation loss before training ends. */
  readonly patience: number;
}

/** Up to so many rows one hidden layer is enough, and strong decay the best guess. */
const SMALL = 5_000;
/** Updates after which more epochs of many rows change little. */
const MOST_UPDATES = 40_000;
/** Rows up to which training runs again on all of them. */
export const MOST_REFIT_ROWS = 20_000;

export const ACTIVATION = "gelu";

export function settingsFor(rows: number): TrainSettings {
  const batchSize = rows < 2_000 ? 32 : rows < MOST_REFIT_ROWS ? 64 : 256;
  const epochs = Math.min(200, Math.max(10, Math.floor((MOST_UPDATES * batchSize) / rows)));
  return {
    hidden: rows < SMALL ? [64] : [128, 64],
    batchSize,
    learningRate: 0.003,
    decays: rows < SMALL ? [1, 0.1, 0.01] : [0.1, 0.01],
    epochs,
    patience: Math.max(5, Math.min(20, Math.floor(epochs / 5))),
  };
}

/** Classes are weighted where the rarest has less than a fifth of what it would have if all were equally frequent. */
export const isRare = (counts: readonly number[]): boolean => {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  return Math.min(...counts) * counts.length < 0.2 * rows;
};
