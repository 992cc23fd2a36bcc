/** From rows as they were given to those that a program trains on: preprocessing is fitted and applied, targets are standardized. */
import { Counter } from "../../assembly/abi.ts";
import { Fitted } from "../graph/input.ts";
import { checkFitted, firstUnfitted } from "../program/border.ts";
import type { Program } from "../program/program.ts";
import { inOrder, inStretches, type Jobs } from "../steps.ts";
import type { DataRules } from "./training-data.ts";
import type { Column, Dataset } from "./windows.ts";

/** Rows ready for the program, and the fitted numbers that made them; undefined where the model has none. */
export interface Prepared {
  readonly dataset: Dataset;
  readonly numbers: Float64Array | undefined;
}

/** The last rows made of bound data, with the numbers used, kept because later calls ask for them again. */
const known = new WeakMap<Dataset, Prepared>();

const isSame = (a: Float64Array, b: Float64Array) => a.every((number, i) => number === b[i]);

/**
 * Fits what is not fitted yet to these rows, and makes of them what the program trains on, once the jobs are done. The
 * program stays as it is until somebody sets its fitted numbers.
 */
export function prepareTraining(
  who: string,
  program: Program,
  rules: DataRules,
  given: Dataset,
  jobs: Jobs,
): Prepared {
  if (!rules.border) return { dataset: given, numbers: undefined };
  const numbers = program.fitted.slice();
  const before = numbers.slice();
  fitNumbers(who, rules, given.columns, numbers, Fitted.ByFit, jobs);
  if (firstUnfitted(rules.border, before) === undefined)
    return { dataset: rowsBy(who, rules, given, numbers, jobs), numbers };
  return { dataset: makeRows(who, rules, given, numbers, jobs), numbers };
}

/**
 * Makes of rows what the program evaluates, once the jobs are done.
 *
 * @param numbers what is fitted; by default in the present state
 * @throws NotFittedError
 */
export function prepareRows(
  who: string,
  program: Program,
  rules: DataRules,
  given: Dataset,
  jobs: Jobs,
  numbers?: Float64Array,
): Dataset {
  if (!rules.border) return given;
  if (numbers) return makeRows(who, rules, given, numbers, jobs);
  checkFitted(who, rules.border, program.fitted);
  return rowsBy(who, rules, given, program.fitted, jobs);
}

/** The rows by numbers that do not change any more: bound ones are kept until other numbers are asked for. */
function rowsBy(who: string, rules: DataRules, given: Dataset, numbers: Float64Array, jobs: Jobs): Dataset {
  const before = known.get(given);
  if (before?.numbers && isSame(before.numbers, numbers)) return before.dataset;
  const dataset = makeRows(who, rules, given, numbers, jobs);
  if (given.isBound) {
    const kept = { dataset, numbers: numbers.slice() };
    inOrder(jobs, () => known.set(given, kept));
  }
  return dataset;
}

function makeRows(
  who: string,
  { border, losses, train, namedInputs, namedTargets }: DataRules,
  given: Dataset,
  numbers: Float64Array,
  jobs: Jobs,
): Dataset {
  const { rows } = given;
  const inputs = train.tape.ports.filter(({ kind }) => kind === "input");
  const columns = given.columns.map(({ words, data }, i): Column => {
    if (!(data instanceof Float64Array)) return { words, data };
    const input = border?.inputs[i];
    if (input) {
      const { rowElements, name } = inputs[i];
      const into = new Float32Array(rows * rowElements);
      const own = numbers.subarray(input.from, input.to);
      const what = namedInputs ? `${who}: x.${name}` : `${who}: x`;
      inStretches(jobs, rows, Math.max(words, rowElements), (from, count) =>
        input.preprocessing.transform(
          what,
          data,
          from * words,
          from,
          count,
          own,
          into,
          from * rowElements,
          true,
        ),
      );
      return { words: rowElements, data: into };
    }
    const { output, loss } = losses[i - inputs.length] ?? {};
    const place = border?.outputs.find((one) => one && one.name === output);
    if (!place || !loss?.scaling) return { words, data };
    const own = numbers.subarray(place.from, place.to);
    const what = namedTargets ? `${who}: y.${output}` : `${who}: y`;
    return { words, data: loss.scaling.scale(what, data, words, own, jobs) };
  });
  return { ...given, columns, given };
}

/**
 * Fits steps and targets to raw columns, once the jobs are done: those that are not fitted, or by `adapt` all of them.
 *
 * @param numbers of all inputs and outputs; changed
 */
export function fitNumbers(
  who: string,
  { border, losses, train, namedInputs, namedTargets }: DataRules,
  columns: readonly Column[],
  numbers: Float64Array,
  by: Fitted,
  jobs: Jobs,
): void {
  const inputs = train.tape.ports.filter(({ kind }) => kind === "input");
  border?.inputs.forEach((input, i) => {
    if (!input) return;
    const what = namedInputs ? `${who}: x.${input.name}` : `${who}: x`;
    const own = numbers.subarray(input.from, input.to);
    input.preprocessing.fit?.(what, columns[i].data as Float64Array, own, by, jobs);
  });
  border?.outputs.forEach((place) => {
    const i = losses.findIndex(({ output }) => output === place?.name);
    const column = columns[inputs.length + i];
    if (!place || !column) return;
    const own = numbers.subarray(place.from, place.to);
    const what = namedTargets ? `${who}: y.${place.name}` : `${who}: y`;
    losses[i].loss.scaling?.fit(what, column.data as Float64Array, column.words, own, by, jobs);
  });
}

/** Keeps what is fitted; the result puts it back if no step was taken since. */
export function keepFitted(program: Program, { border }: DataRules): () => void {
  if (!border) return () => {};
  const before = program.fitted.slice();
  const step = program.counter(Counter.Step);
  return () => {
    if (!program.disposed && program.counter(Counter.Step) === step) program.fitted.set(before);
  };
}
