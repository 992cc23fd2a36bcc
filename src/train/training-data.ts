/** What a trainer learns from: inputs and targets, read and checked together before anything changes. */
import { DataError, ShapeError } from "../errors.ts";
import type { TrainPlan } from "../plan/planned.ts";
import { countRows, entryOf, flatten32, type Result, type Rows } from "../rows/data.ts";
import { flattenIds } from "../rows/ids.ts";
import { readTargets, type Targets } from "../rows/targets.ts";
import type { Steps } from "../steps.ts";
import { checkNames } from "../suggest.ts";
import type { Loss } from "./losses.ts";
import type { Column, Dataset } from "./windows.ts";

/** Rows and what should come out of them. */
export interface Data<X = Rows, P = Result> {
  readonly x: X;
  /** Targets, or targets by output name. */
  readonly y: Targets | ByOutput<P, Targets>;
}

/** Any outputs with names. */
export type NamedOutputs = Readonly<Record<string, Result>>;

/** Something for each output that is trained, by name, where outputs have names. */
export type ByOutput<P, T> = [P] extends [Result] ? { readonly output?: T } : { readonly [K in keyof P]?: T };

/** A loss with the output it belongs to. */
export interface OutputLoss {
  readonly output: string;
  readonly loss: Loss;
  readonly rowElements: number;
}

/** What the data of one trainer must be. */
export interface DataRules {
  readonly train: TrainPlan;
  readonly losses: readonly OutputLoss[];
  readonly labels: readonly string[] | undefined;
  readonly namedInputs: boolean;
  readonly namedTargets: boolean;
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

/** @throws DataError for what is neither `{ x, y }` nor bound data */
export function checkData(who: string, data: object): void {
  if (!bound.has(data)) checkNames(`${who}: data`, data, ["x", "y"], "key");
}

/** Reads all data and keeps a copy, which later changes to the given arrays do not reach. */
export function* bindData<X>(
  who: string,
  data: Data<X, NamedOutputs>,
  rules: DataRules,
): Steps<BoundData<X>> {
  const dataset = yield* readData(who, data, rules, true);
  const handle = new Handle(dataset.rows);
  bound.set(handle, { dataset: { ...dataset, isBound: true }, train: rules.train });
  return handle;
}

export function* readData<X>(
  who: string,
  data: Data<X, NamedOutputs> | BoundData<X>,
  rules: DataRules,
  copies = false,
): Steps<Dataset> {
  const known = bound.get(data);
  if (!known) return yield* readRows(who, data as Data<X, NamedOutputs>, rules, copies);
  if (known.train !== rules.train)
    throw new DataError(`${who}: data must be bound to this trainer; got data that another one's bind gave`);
  return known.dataset;
}

function* readRows<X>(
  who: string,
  data: Data<X, NamedOutputs>,
  rules: DataRules,
  copies: boolean,
): Steps<Dataset> {
  checkData(who, data);
  const { train, losses, labels, namedInputs, namedTargets } = rules;
  const counts: (readonly [string, number])[] = [];
  const columns: Column[] = [];
  const inputs = train.tape.ports.filter(({ kind }) => kind === "input").map(({ name }) => name);
  const outputs = losses.map(({ output }) => output);
  if (namedInputs) checkNames(`${who}: x`, data.x, inputs, "input");
  if (namedTargets) checkNames(`${who}: y`, data.y, outputs, "output");
  for (const port of train.tape.ports) {
    if (port.kind !== "input") continue;
    const name = namedInputs ? `x.${port.name}` : "x";
    const what = `${who}: ${name}`;
    const given = entryOf(data.x, port.name, namedInputs);
    const rows = countRows(what, given, port.rowElements);
    counts.push([name, rows]);
    const read =
      port.dtype === "i32"
        ? yield* flattenIds(what, given, port, rows)
        : yield* flatten32(what, given, port.rowElements, rows, copies);
    columns.push({ words: port.rowElements, data: read });
  }
  const [, rows] = counts[0];
  for (let i = 0; i < losses.length; i++) {
    const { output, loss, rowElements } = losses[i];
    const name = namedTargets ? `y.${output}` : "y";
    const given = entryOf(data.y, output, namedTargets) as Targets;
    const wanted = { rows, loss, rowElements, labels, copies };
    const read = yield* readTargets(`${who}: ${name}`, given, wanted);
    counts.push([name, read.rows]);
    columns.push({
      words: read.kind === "labels" ? 1 : rowElements,
      data: read.data,
    });
  }
  return { rows: sameRows(who, counts), columns };
}

/** Checks that inputs and targets have one row count, at least one row. */
function sameRows(who: string, counts: readonly (readonly [string, number])[]): number {
  const [[first, rows], ...others] = counts;
  for (const [name, count] of others)
    if (count !== rows)
      throw new ShapeError(
        `${who}: inputs and targets must have as many rows; got ${rows} in ${first}, ${count} in ${name}`,
        "rows",
      );
  if (rows === 0) throw new DataError(`${who}: data must have at least one row; got none`, "missing");
  return rows;
}
