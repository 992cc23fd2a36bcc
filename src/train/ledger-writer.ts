/** What writes ledgers, where it was brought along: pages that write none do without. */
import { OptionError } from "../errors.ts";
import type { Steps } from "../steps.ts";
import type { EpochWatch } from "./epoch-watch.ts";
import type { FitRun } from "./fit.ts";
import type { AnyFitOptions } from "./fit-options.ts";
import type { Measuring } from "./metrics.ts";
import type { Dataset } from "./windows.ts";

/** The fit that a ledger is of. */
export interface LedgerHost extends Measuring {
  readonly trainer: {
    readonly epochs: number;
    readonly steps: number;
    manifest(): Record<string, unknown>;
  };
}

/** What a fit does between its epochs, with a ledger beside; the fit is sure to run. */
export type KeepLedger = (watch: EpochWatch, run: FitRun) => EpochWatch;

/**
 * Checks the option and what it continues, and takes the state in which the fit begins; until the result is called a ledger
 * that was given stays as it was.
 *
 * @param dataset all rows as they were read
 * @param validation those that are measured
 */
export type BeginLedger = (
  who: string,
  host: LedgerHost,
  dataset: Dataset,
  validation: Dataset | undefined,
  options: AnyFitOptions,
) => Steps<KeepLedger>;

export let beginLedger: BeginLedger = (who) => {
  throw new OptionError(`${who}: ledger needs startLedger in bundled pages; got options`);
};

/** From now on every fit can write a ledger. */
export const bringWriter = (begin: BeginLedger): void => {
  beginLedger = begin;
};
