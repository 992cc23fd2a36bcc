/** Fitting preprocessing to rows without training. */
import { OptionError } from "../errors.ts";
import { Fitted } from "../graph/input.ts";
import type { Program } from "../program/program.ts";
import { eachJob, inOrder, type Steps } from "../steps.ts";
import { fitNumbers } from "./prepare.ts";
import { checkRows, type DataRules, readInputs, readTargetColumns } from "./training-data.ts";
import type { Column } from "./windows.ts";

/** What every preprocessing layer learns from these rows, which may be nothing, and with targets what standardizes them. */
export function* adaptSteps(
  who: string,
  program: Program,
  rules: DataRules,
  x: unknown,
  y: unknown,
): Steps<void> {
  const { border } = rules;
  const hasSteps = border?.inputs.some((place) => place);
  const scalesTargets = border?.outputs.some((place) => place);
  if (!border || !(hasSteps || scalesTargets))
    throw new OptionError(
      `${who}: the model must have preprocessing, such as standardize(), or targets: "standardize"; got none`,
    );
  if (!hasSteps && y === undefined)
    throw new OptionError(
      `${who}: the model has nothing to fit but standardized targets: write ${who}(x, y); got no y`,
    );
  if (y !== undefined && !scalesTargets)
    throw new OptionError(
      `${who}: targets are fitted with targets: "standardize" in compile only; got y without it`,
    );
  const numbers = program.fitted.slice();
  const columns: Column[] = [];
  yield* eachJob((jobs) => {
    const counts: (readonly [string, number])[] = [];
    readInputs(who, x, rules, counts, columns, jobs);
    if (y !== undefined) readTargetColumns(who, y, rules, counts, columns, jobs);
    inOrder(jobs, () => checkRows(who, counts));
  });
  yield* eachJob((jobs) => fitNumbers(who, rules, columns, numbers, Fitted.ByAdapt, jobs));
  program.fitted.set(numbers);
}
