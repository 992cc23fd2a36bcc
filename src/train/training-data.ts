/** What a trainer learns from: inputs and targets, read and checked together before anything changes. */
import { DataError, ShapeError } from "../errors.ts";
import type { TrainPlan } from "../plan/planned.ts";
import type { Border } from "../program/border.ts";
import { countRows, entryOf, flatten32, type Result, type Rows } from "../rows/data.ts";
import { flattenIds } from "../rows/ids.ts";
import { readTargets, type Targets } from "../rows/targets.ts";
import { inOrder, inStretches, type Jobs } from "../steps.ts";
import { checkNames } from "../suggest.ts";
import type { LossOfRows } from "./losses.ts";
import {
  type ClassWeight,
  checkWeighable,
  readWeights,
  type SampleWeight,
  UNWEIGHTED,
  weighClasses,
} from "./weights.ts";
import type { Column, Dataset } from "./windows.ts";

/** Rows and what should come out of them. */
export interface Data<X = Rows, P = Result> {
  readonly x: X;
  /** Targets, or targets by output name. */
  readonly y: Targets | ByOutput<P, Targets>;
  /**
   * What each row counts: the loss is `sum(w_i l_i) / rows`, and with it the gradient. Numbers >= 0, not all 0. Default: 1 each.
   */
  readonly sampleWeight?: SampleWeight;
}

/** Any outputs with names. */
export type NamedOutputs = Readonly<Record<string, Result>>;

/** Something for each output that is trained, by name, where outputs have names. */
export type ByOutput<P, T> = [P] extends [Result] ? { readonly output?: T } : { readonly [K in keyof P]?: T };

/** A loss with the output it belongs to. */
export interface OutputLoss extends LossOfRows {
  readonly output: string;
  /** Why rows cannot be weighed, where they cannot. */
  readonly unweighable?: string | undefined;
}

/** What the data of one trainer must be. */
export interface DataRules {
  readonly train: TrainPlan;
  readonly losses: readonly OutputLoss[];
  readonly labels: readonly string[] | undefined;
  readonly namedInputs: boolean;
  readonly namedTargets: boolean;
  /** Preprocessing and standardized targets, where there are any. */
  readonly border?: Border | undefined;
}

/** What `bind` gives: data read and checked once, for many calls of one trainer. */
export interface BoundData<X = Rows> {
  readonly rows: number;
  /** Says which inputs it is for; never there. */
  readonly x?: X;
}

/** Of a class, so that reactive state keeps it as it is: plain objects are copied. */
class Handle {
  constructor(readonly rows: number) {
    Object.freeze(this);
  }
}

/** The numbers behind each handle, and the plan whose ports they fit. */
const bound = new WeakMap<object, { readonly dataset: Dataset; readonly train: TrainPlan }>();

export const isBoundData = (data: object): boolean => bound.has(data);

/** @throws DataError for what is neither `{ x, y }` nor bound data */
export function checkData(who: string, data: object): void {
  // The usual form first: it is in the way of every update.
  const { x, y, sampleWeight } = Object(data) as Partial<Data>;
  let entries = sampleWeight === undefined ? 0 : -1;
  for (const _ in data) entries++;
  if (x !== undefined && y !== undefined && entries === 2) return;
  if (!bound.has(data)) checkNames(`${who}: data`, data, ["x", "y"], "key", ["sampleWeight"]);
}

/** Reads all data and keeps a copy, which later changes to the given arrays do not reach. */
export function bindData<X>(
  who: string,
  data: Data<X, NamedOutputs>,
  rules: DataRules,
  classWeight: ClassWeight | undefined,
  jobs: Jobs,
): BoundData<X> {
  const read = readData(who, data, rules, jobs);
  const { rows, columns } = weighClasses(who, read, rules, classWeight, jobs);
  const handle = new Handle(rows);
  const own = columns.map(({ words, data: numbers }) => {
    const copy = new (numbers.constructor as new (length: number) => Column["data"])(numbers.length);
    // No weights: no words.
    inStretches(jobs, rows, Math.max(1, words), (from, count) =>
      copy.set(numbers.subarray(from * words, (from + count) * words) as never, from * words),
    );
    return { words, data: copy };
  });
  jobs.push(() => {
    bound.set(handle, { dataset: { rows, columns: own, isBound: true }, train: rules.train });
  });
  return handle;
}

/** The data, once the jobs are done. */
export function readData<X>(
  who: string,
  data: Data<X, NamedOutputs> | BoundData<X>,
  rules: DataRules,
  jobs: Jobs,
): Dataset {
  const known = bound.get(data);
  if (!known) return readRows(who, data as Data<X, NamedOutputs>, rules, jobs);
  if (known.train !== rules.train)
    throw new DataError(`${who}: data must be bound to this trainer; got data that another one's bind gave`);
  return known.dataset;
}

function readRows<X>(who: string, data: Data<X, NamedOutputs>, rules: DataRules, jobs: Jobs): Dataset {
  checkData(who, data);
  const counts: (readonly [string, number])[] = [];
  const columns: Column[] = [];
  readInputs(who, data.x, rules, counts, columns, jobs);
  readTargetColumns(who, data.y, rules, counts, columns, jobs);
  if (data.sampleWeight === undefined) columns.push(UNWEIGHTED);
  else {
    checkWeighable(`${who}: sampleWeight`, rules.losses);
    const weights = readWeights(who, data.sampleWeight, jobs);
    counts.push(["sampleWeight", weights.rows]);
    columns.push(weights.column);
  }
  inOrder(jobs, () => checkRows(who, counts));
  return { rows: counts[0][1], columns };
}

/**
 * Reads all inputs, once the jobs are done, those with preprocessing as they are given.
 *
 * @param counts  gets the name and the rows of each
 * @param columns gets their numbers, in the order of the ports
 */
export function readInputs(
  who: string,
  x: unknown,
  { train, namedInputs, border }: DataRules,
  counts: (readonly [string, number])[],
  columns: Column[],
  jobs: Jobs,
): void {
  const { ports } = train.tape;
  if (namedInputs) {
    const inputs = ports.filter(({ kind }) => kind === "input").map(({ name }) => name);
    checkNames(`${who}: x`, x, inputs, "input");
  }
  // Inputs come first.
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i];
    if (port.kind !== "input") break;
    const name = namedInputs ? `x.${port.name}` : "x";
    const what = `${who}: ${name}`;
    const given = entryOf(x, port.name, namedInputs);
    const preprocessing = border?.inputs[i]?.preprocessing;
    if (preprocessing) {
      const rows = preprocessing.countRows(what, given);
      const words = preprocessing.rowElements;
      const raw = new Float64Array(rows * words);
      counts.push([name, rows]);
      inStretches(jobs, rows, words, (from, count) =>
        preprocessing.read(what, given, from, count, raw, from * words),
      );
      columns.push({ words, data: raw });
      continue;
    }
    const rows = countRows(what, given, port.rowElements);
    counts.push([name, rows]);
    const read =
      port.dtype === "i32"
        ? flattenIds(what, given, port, rows, jobs)
        : flatten32(what, given, port.rowElements, rows, jobs);
    columns.push({ words: port.rowElements, data: read });
  }
}

/** Reads the targets of all losses, as `readInputs` does inputs, once the jobs are done. */
export function readTargetColumns(
  who: string,
  y: unknown,
  { losses, labels, namedTargets, border }: DataRules,
  counts: (readonly [string, number])[],
  columns: Column[],
  jobs: Jobs,
): void {
  if (namedTargets) {
    const outputs = losses.map(({ output }) => output);
    checkNames(`${who}: y`, y, outputs, "output");
  }
  const [, rows] = counts[0];
  for (let i = 0; i < losses.length; i++) {
    const { output, loss, rowElements, positions } = losses[i];
    const name = namedTargets ? `y.${output}` : "y";
    const given = entryOf(y, output, namedTargets) as Targets;
    const isDouble = border?.outputs.some((place) => place?.name === output);
    const rules = { rows, loss, rowElements, positions, labels, isDouble };
    const read = readTargets(`${who}: ${name}`, given, rules, jobs);
    counts.push([name, read.rows]);
    columns.push({
      words: read.kind === "labels" ? positions : rowElements,
      data: read.data,
    });
  }
}

/** Checks that inputs and targets have one row count, at least one row. */
export function checkRows(who: string, counts: readonly (readonly [string, number])[]): void {
  const [[first, rows], ...others] = counts;
  for (const [name, count] of others) {
    if (count === rows) continue;
    if (name === "sampleWeight")
      throw new ShapeError(
        `${who}: sampleWeight must have a weight for each row; got ${count} for ${rows} rows`,
        "rows",
      );
    throw new ShapeError(
      `${who}: inputs and targets must have as many rows; got ${rows} in ${first}, ${count} in ${name}`,
      "rows",
    );
  }
  if (rows === 0) throw new DataError(`${who}: data must have at least one row; got none`, "missing");
}
