/** Where the metrics of `compile` are called: truth and predictions of all rows, and the numbers that come of them. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { largestOf } from "../math/scores.ts";
import { inUnitsOfY, numbersOf } from "../program/border.ts";
import type { Program } from "../program/program.ts";
import { copyWords } from "../rows/copy.ts";
import { makeResult, type Result } from "../rows/data.ts";
import type { Steps } from "../steps.ts";
import { countsUnit } from "./accuracy.ts";
import { type Evaluation, evaluateRows } from "./evaluate.ts";
import { classesOf, targetOf } from "./row-classes.ts";
import type { DataRules } from "./training-data.ts";
import { type Dataset, fillPorts } from "./windows.ts";

/** What a metric compares with: class indices, or numbers in units of y with their shape. */
export type MetricTruth =
  | Int32Array
  | { readonly data: Float32Array | Float64Array; readonly shape: readonly number[] };

/** A metric of `compile`, ready to be called. */
export interface NamedMetric {
  readonly name: string;
  readonly fn: (truth: MetricTruth, prediction: Result) => number;
  /** Undefined for functions of the user's own. */
  readonly better: "higher" | "lower" | undefined;
}

/** What measures rows: the program, what its data are, and the metrics beside the loss. */
export interface Measuring {
  readonly program: Program;
  readonly rules: DataRules;
  readonly metrics: readonly NamedMetric[];
  /** Probabilities of what `predict` gives where it gives logits. */
  readonly probabilities: ((logits: Result) => Result) | undefined;
}

/** Loss, accuracy and metrics over any number of rows. */
export function* measureRows(who: string, measuring: Measuring, dataset: Dataset): Steps<Evaluation> {
  const { program, rules, metrics } = measuring;
  const tape = rules.train.evaluate as NonNullable<typeof rules.train.evaluate>;
  const evaluation = yield* evaluateRows(program, tape, rules.losses, dataset);
  if (metrics.length === 0) return evaluation;
  yield;
  const prediction = yield* predictRows(measuring, dataset);
  const [truth, predicted] = unitsOf(rules, dataset.given ?? dataset, prediction);
  const values: Record<string, number> = {};
  for (const { name, fn } of metrics) {
    yield;
    const value: unknown = fn(truth, predicted);
    if (typeof value !== "number")
      throw new OptionError(`${who}: metric ${name} must give a number; got ${describe(value)}`);
    values[name] = value;
  }
  return { ...evaluation, ...values };
}

function* predictRows({ program, rules, probabilities }: Measuring, dataset: Dataset): Steps<Result> {
  const { batch, predict, model } = program.plan;
  const { output } = rules.losses[0];
  const index = predict.outputs.findIndex(({ name }) => name === output);
  const { offset, rowElements } = predict.outputs[index];
  const place = rules.border?.outputs[index];
  const data = new Float32Array(dataset.rows * rowElements);
  const { ports } = rules.train.tape;
  const columns = predict.ports.map(
    ({ name }) => dataset.columns[ports.findIndex((port) => port.kind === "input" && port.name === name)],
  );
  for (let from = 0; from < dataset.rows; from += batch) {
    if (from > 0) yield;
    const count = Math.min(batch, dataset.rows - from);
    fillPorts(program, predict.ports, { rows: dataset.rows, columns }, from, count);
    program.execute(predict, count);
    if (place)
      inUnitsOfY(
        numbersOf(program, place),
        program.f32,
        offset >>> 2,
        data,
        from * rowElements,
        count,
        rowElements,
      );
    else copyWords(data, from * rowElements, program.f32, offset >>> 2, count * rowElements);
  }
  const { value } = model.outputs[index];
  const result = makeResult(data, [dataset.rows, ...model.shape(value).slice(1)]);
  return probabilities ? probabilities(result) : result;
}

/** Truth and prediction by the units that count: rows, or positions of sequences whose label is not ignored. */
function unitsOf(
  rules: DataRules,
  dataset: Dataset,
  prediction: Result,
): readonly [truth: MetricTruth, prediction: Result] {
  const [first] = rules.losses;
  const { positions, loss } = first;
  const target = targetOf(rules, dataset);
  if (positions === 1 && !loss.ignore) return [truthOf(rules, dataset, prediction.shape), prediction];
  const { data, words } = target;
  const classes = first.rowElements / positions;
  const units: number[] = [];
  for (let unit = 0; unit < dataset.rows * positions; unit++)
    if (countsUnit(first, target, unit)) units.push(unit);
  const labels = Int32Array.from(units, (unit) =>
    words === positions
      ? data[unit]
      : largestOf(data.subarray(unit * classes, (unit + 1) * classes), classes)[0],
  );
  const scores = new Float32Array(units.length * classes);
  units.forEach((unit, i) => {
    copyWords(scores, i * classes, prediction.data, unit * classes, classes);
  });
  return [labels, makeResult(scores, [units.length, classes])];
}

/** Classes where the loss has them, one a row; else the targets as they are. */
function truthOf(rules: DataRules, dataset: Dataset, shape: readonly number[]): MetricTruth {
  const classOf = classesOf(rules, dataset);
  const { data } = targetOf(rules, dataset);
  if (!classOf) return { data: data as Float32Array | Float64Array, shape };
  if (data instanceof Int32Array) return data;
  return Int32Array.from({ length: dataset.rows }, (_, row) => classOf(row));
}
