/** Weights of rows: those given with the data, and those that classes have; where both are given they are multiplied. */
import { describe } from "../describe.ts";
import { DataError, OptionError } from "../errors.ts";
import { checkObject } from "../options.ts";
import type { AsyncOptions, ReadOptions } from "../program/predictor-options.ts";
import { countRows, flatten32, type NumericArray } from "../rows/data.ts";
import { inOrder, inStretches, type Jobs, type Steps } from "../steps.ts";
import { unknownName } from "../suggest.ts";
import { hasOneClass, type LossOfRows } from "./losses.ts";
import type { Column, Dataset } from "./windows.ts";

/** One weight a row, finite and >= 0, not all 0. */
export type SampleWeight = NumericArray | readonly number[];

/**
 * What a row of each class weighs: numbers by label, or by index where the trainer has no labels, 1 for classes that are not
 * named; or `"balanced"`: `rows / (classes * rows of the class)`, over the rows given and the classes that occur in them.
 */
export type ClassWeight = "balanced" | Readonly<Record<string, number>>;

/** What the rows of each class weigh. */
export interface WeightOptions {
  /** As in `fit`. Default: all rows alike. */
  readonly classWeight?: ClassWeight;
}

/** How `evaluate` reads a program. */
export interface EvaluateOptions extends ReadOptions, WeightOptions {}

/** How `evaluateAsync` does. */
export interface EvaluateAsyncOptions extends AsyncOptions, WeightOptions {}

/** What tells the classes of rows. */
export interface ClassRules {
  readonly losses: readonly (LossOfRows & { readonly unweighable?: string | undefined })[];
  readonly labels: readonly string[] | undefined;
}

/** The column of data without weights: the kernels count each row once. A constant, because a new array costs 10 % of a small update. */
export const UNWEIGHTED: Column = /* @__PURE__ */ Object.freeze({
  words: 0,
  data: /* @__PURE__ */ new Float32Array(0),
});

/** How many rows are looked at without a break. */
const STRETCH = 1 << 16;

export const isWeighted = ({ columns }: Dataset): boolean => columns[columns.length - 1].words > 0;

/** @throws OptionError where a loss gives one number for all rows */
export function checkWeighable(what: string, losses: ClassRules["losses"]): void {
  for (const { unweighable } of losses) if (unweighable) throw new OptionError(`${what} ${unweighable}`);
}

/** The weights, once the jobs are done, and how many there are. */
export function readWeights(
  who: string,
  given: SampleWeight,
  jobs: Jobs,
): { readonly rows: number; readonly column: Column } {
  const what = `${who}: sampleWeight`;
  const rows = countRows(what, given, 1);
  const data = flatten32(what, given, 1, rows, jobs);
  let sum = 0;
  inStretches(jobs, rows, 1, (from, count) => {
    for (let row = from; row < from + count; row++) {
      if (!(data[row] >= 0))
        throw new DataError(`${what}: weights must be >= 0; got ${data[row]} at row ${row}`);
      sum += data[row];
    }
  });
  inOrder(jobs, () => checkSum(what, sum, rows));
  return { rows, column: { words: 1, data } };
}

/** @throws DataError for a part in which no label or no weight counts: its loss would be 0 whatever is learnt */
export function* checkPart(
  who: string,
  part: string,
  { columns, rows }: Dataset,
  losses: readonly LossOfRows[],
): Steps<void> {
  const weights = columns.length - 1;
  // Nearly always the first rows tell.
  for (const [i, { loss }] of losses.entries()) {
    const ignored = loss.ignore?.index;
    const { data } = columns[weights - losses.length + i];
    if (ignored === undefined || !(data instanceof Int32Array)) continue;
    if (!(yield* hasSome(data, (label) => label !== ignored)))
      throw new DataError(
        `${who}: one label at least must count in the ${part} rows; got ${data.length} times ${ignored}`,
        "label",
      );
  }
  const { words, data } = columns[weights];
  if (words > 0 && !(yield* hasSome(data, (weight) => weight > 0)))
    throw new DataError(
      `${who}: one ${part} row at least must have a weight above 0; got ${rows} of weight 0`,
    );
}

function* hasSome(data: Column["data"], counts: (value: number) => boolean): Steps<boolean> {
  for (let i = 0; i < data.length; i++) {
    if (counts(data[i])) return true;
    if (i % STRETCH === STRETCH - 1) yield;
  }
  return false;
}

function checkSum(what: string, sum: number, rows: number): void {
  if (rows > 0 && sum === 0)
    throw new DataError(`${what}: one weight at least must be above 0; got ${rows} times 0`);
}

/** @throws OptionError for what is no class weight; whether its labels are known shows with the data's rules */
export function checkClassWeight(who: string, given: unknown): asserts given is ClassWeight {
  if (given === "balanced") return;
  const what = `${who}: classWeight`;
  checkObject(what, given, 'must be "balanced" or weights by label, such as { yes: 10 }');
  for (const [label, weight] of Object.entries(given))
    if (!(typeof weight === "number" && weight >= 0 && Number.isFinite(Math.fround(weight))))
      throw new OptionError(
        `${what}: weights must be finite numbers >= 0; got ${describe(weight)} for ${describe(label)}`,
      );
}

/**
 * The data with each row's weight multiplied by that of its class, once the jobs are done; what is not weighed is shared.
 *
 * @throws OptionError where the loss knows no classes or a label is unknown, DataError for rows of several classes
 */
export function weighClasses(
  who: string,
  dataset: Dataset,
  rules: ClassRules,
  classWeight: ClassWeight | undefined,
  jobs: Jobs,
): Dataset {
  if (classWeight === undefined) return dataset;
  return weighRows(who, dataset, rules, weightsOfClasses(who, dataset, rules, classWeight, jobs), jobs);
}

/** The weight of each class, once the jobs are done. */
export function weightsOfClasses(
  who: string,
  dataset: Dataset,
  rules: ClassRules,
  classWeight: ClassWeight,
  jobs: Jobs,
): readonly number[] {
  checkClassWeight(who, classWeight);
  const classes = namesOfClasses(who, rules);
  const weights = Array<number>(classes.length).fill(1);
  if (classWeight !== "balanced") {
    for (const [label, weight] of Object.entries(classWeight)) {
      const index = classes.indexOf(label);
      if (index < 0)
        throw new OptionError(unknownName(`${who}: classWeight`, "label", label, classes), "unknown");
      weights[index] = weight;
    }
    return weights;
  }
  const { rows } = dataset;
  const target = targetOf(dataset);
  const classOfRow = readerOf(who, target, rules);
  const counts = weights.map(() => 0);
  inStretches(jobs, rows, target.words, (from, count) => {
    for (let row = from; row < from + count; row++) counts[classOfRow(row)]++;
  });
  inOrder(jobs, () => {
    const present = counts.filter((count) => count > 0).length;
    for (let i = 0; i < counts.length; i++) if (counts[i] > 0) weights[i] = rows / (present * counts[i]);
  });
  return weights;
}

/** The data with each row's weight multiplied by that of its class, once the jobs are done. */
export function weighRows(
  who: string,
  dataset: Dataset,
  rules: ClassRules,
  weights: readonly number[],
  jobs: Jobs,
): Dataset {
  namesOfClasses(who, rules);
  const { rows, columns, isBound } = dataset;
  const given = isWeighted(dataset) ? columns[columns.length - 1].data : undefined;
  const target = targetOf(dataset);
  const classOfRow = readerOf(who, target, rules);
  const data = new Float32Array(rows);
  let sum = 0;
  inStretches(jobs, rows, target.words, (from, count) => {
    for (let row = from; row < from + count; row++) {
      const weight = weights[classOfRow(row)] * (given ? given[row] : 1);
      data[row] = weight;
      if (data[row] - data[row] !== 0)
        throw new DataError(
          `${who}: weights of rows and classes multiplied must be finite in single precision; got ${weight} at row ${row}`,
        );
      sum += data[row];
    }
  });
  inOrder(jobs, () => checkSum(`${who}: classWeight`, sum, rows));
  return { rows, columns: [...columns.slice(0, -1), { words: 1, data }], isBound };
}

/** The targets of the only loss: the last column but the weights. */
const targetOf = ({ columns }: Dataset): Column => columns[columns.length - 2];

/** The names of the classes: labels, or indices as text. */
function namesOfClasses(who: string, { losses, labels }: ClassRules): readonly string[] {
  checkWeighable(`${who}: classWeight`, losses);
  const [first] = losses;
  const { loss, rowElements, positions } = first;
  if (!(losses.length === 1 && hasOneClass(first)))
    throw new OptionError(
      `${who}: classWeight needs one loss of classes: crossEntropy, or binaryCrossEntropy of one output; got ` +
        `${losses.length > 1 ? `${losses.length} losses` : loss.kind}${positions > 1 ? ` of ${positions} positions a row` : loss.ignore ? " with ignoreIndex" : ""}: ` +
        "give sampleWeight, a weight for each row",
    );
  return labels ?? Array.from({ length: Math.max(2, rowElements) }, (_, i) => `${i}`);
}

/** What tells the class of a row: of class indices, one-hot rows, or one number that is 0 or 1 (-1 or 1 for hinges). */
function readerOf(who: string, { data, words }: Column, { losses }: ClassRules): (row: number) => number {
  const refuse = (row: number) => {
    throw new DataError(
      `${who}: classWeight needs rows of one class each; got a row of probabilities at row ${row}`,
      "label",
    );
  };
  if (data instanceof Int32Array) return (row) => data[row];
  if (losses[0].loss.family === "signs") return (row) => (data[row] > 0 ? 1 : 0);
  if (words === 1) return (row) => (data[row] === 0 || data[row] === 1 ? data[row] : refuse(row));
  return (row) => {
    let found = -1;
    for (let j = 0; j < words; j++) {
      const share = data[row * words + j];
      if (share === 1) found = j;
      else if (share !== 0) refuse(row);
    }
    return found;
  };
}
