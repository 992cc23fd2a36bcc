/** Rows that are kept apart from training: which they are, and the two data sets that come of it. */
import { Counter } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { SEED } from "../model/model.ts";
import { check, type Rule, readOptions } from "../options.ts";
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import type { Steps } from "../steps.ts";
import type { Note } from "./notes.ts";
import { classesOf } from "./row-classes.ts";
import { type DataRules, isBoundData } from "./training-data.ts";
import type { Column, Dataset } from "./windows.ts";

/**
 * Which rows of the data are for validation:
 *
 * - `0.2` or `{ share: 0.2, seed }`: so large a share, drawn by the shuffle seed (or a seed of its own) and the number of rows,
 *   and of each class its part: the same rows whenever the same data come;
 * - `{ last: 0.2 }`: the last rows, for data in the order of time;
 * - `{ groups, share, seed }`: whole groups, by one number or string a row; about `share` of the rows (default 0.2).
 */
export type ValidationRows =
  | number
  | { readonly share: number; readonly seed?: number }
  | { readonly last: number }
  | {
      readonly groups: ArrayLike<number | string>;
      readonly share?: number;
      readonly seed?: number;
    };

/** Data in two parts, the rows of each in their order. */
export interface SplitData {
  readonly training: Dataset;
  readonly validation: Dataset;
}

const PART: Rule = ["a share of the rows, > 0 and < 1", (n: number) => n > 0 && n < 1];
const GROUPS_SHARE = 0.2;

/** Whether validation rows are taken from the data, rather than given beside them. */
export const isShare = (given: object | number): given is ValidationRows =>
  typeof given !== "object" || ["share", "last", "groups"].some((name) => name in given);

/** Checks what needs no data. */
export function checkValidation(fit: string, given: unknown): void {
  if (typeof given !== "object") {
    check(fit, "validation", given, PART);
    return;
  }
  const who = `${fit}: validation`;
  const forms = "must be a share such as 0.2, { last: 0.2 }, { groups } or { x, y }";
  if (given === null || Array.isArray(given))
    throw new OptionError(`${who} ${forms}; got ${describe(given)}`);
  if ("x" in given || "y" in given || isBoundData(given)) return;
  const { share, last, groups } = given as { share?: unknown; last?: unknown; groups?: unknown };
  const drawn = { share: [undefined, PART], seed: [undefined, SEED] } as const;
  if (last !== undefined) readOptions(who, given, { last: [undefined, PART] });
  else if (groups !== undefined) readOptions(who, given, { groups: [], ...drawn });
  else if (share !== undefined) readOptions(who, given, drawn);
  else throw new OptionError(`${who} ${forms}; got ${describe(given)}`);
}

/** How many rows are looked at without a break. */
const STRETCH = 1 << 16;
/** An epoch number that no run reaches, so that the rows held back do not follow from the order of any epoch. */
const DRAWING_EPOCH = Number.MAX_SAFE_INTEGER;

/** The last split of bound data, kept because later fits ask for it again. */
const known = new WeakMap<Dataset, { readonly by: readonly unknown[]; readonly parts: SplitData }>();

/**
 * Takes the validation rows out of the data.
 *
 * @throws ShapeError or DataError for groups that do not fit, and where a part would have no row
 */
export function* splitData(
  who: string,
  program: Program,
  rules: DataRules,
  dataset: Dataset,
  given: ValidationRows,
): Steps<SplitData> {
  const { last, groups, share, seed } = (typeof given === "number" ? { share: given } : given) as {
    last?: number;
    groups?: ArrayLike<number | string>;
    share?: number;
    seed?: number;
  };
  const key = seed ?? program.counter(Counter.ShuffleSeed);
  const part = last ?? share ?? GROUPS_SHARE;
  const by = [last === undefined, groups, part, key];
  const before = known.get(dataset);
  if (before && by.every((value, i) => value === before.by[i])) return before.parts;

  const { rows } = dataset;
  const wanted = Math.floor(part * rows + 0.5);
  const isWhole = groups === undefined;
  if (isWhole && !(wanted >= 1 && wanted < rows)) throw tooFew(who, part, rows);
  /** 1 where a row is for validation. */
  const isKept = new Uint8Array(rows);
  if (last !== undefined) isKept.fill(1, rows - wanted);
  else if (isWhole) yield* drawRows(program, rules, dataset, wanted, part, key, isKept);
  else yield* drawGroups(who, program, groups, wanted, key, isKept);

  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (row % STRETCH === STRETCH - 1) yield;
    count += isKept[row];
  }
  if (count === 0 || count === rows) throw tooFew(who, part, rows);
  const indices = [new Int32Array(rows - count), new Int32Array(count)];
  const ends = [0, 0];
  for (let row = 0; row < rows; row++) {
    if (row % STRETCH === STRETCH - 1) yield;
    const side = isKept[row];
    indices[side][ends[side]++] = row;
  }
  const training = yield* pickRows(dataset, indices[0]);
  const validation = yield* pickRows(dataset, indices[1]);
  const parts = { training, validation };
  if (dataset.isBound) known.set(dataset, { by, parts });
  return parts;
}

const tooFew = (who: string, part: number, rows: number) =>
  new DataError(
    `${who}: a share must leave at least one row for validation and one for training; got ${part} of ${rows} rows`,
    "missing",
  );

/** Rows of a data set as one of their own; `indices` rise. Neighbouring rows stay where they are. */
export function* pickRows(dataset: Dataset, indices: Int32Array): Steps<Dataset> {
  const count = indices.length;
  const first = indices[0];
  const isRange = indices[count - 1] - first === count - 1;
  const columns: Column[] = [];
  for (const { words, data } of dataset.columns) {
    if (isRange) {
      columns.push({ words, data: data.subarray(first * words, (first + count) * words) });
      continue;
    }
    const into = data.slice(0, 0).constructor as new (length: number) => Column["data"];
    const picked = new into(count * words);
    const stretch = Math.max(1, Math.floor(STRETCH / words));
    for (let row = 0; row < count; row++) {
      if (row % stretch === stretch - 1) yield;
      const from = indices[row] * words;
      for (let j = 0; j < words; j++) picked[row * words + j] = data[from + j];
    }
    columns.push({ words, data: picked });
  }
  return { ...dataset, rows: count, columns };
}

/** Visits `total` numbers in an order of their own. */
function* drawOrder(
  program: Program,
  total: number,
  seed: number,
  visit: (index: number) => void,
): Steps<void> {
  const { batch, train } = program.plan;
  const { index } = train as TrainPlan;
  for (let from = 0, seen = 0; from < total; from += batch) {
    const count = Math.min(batch, total - from);
    program.kernels.permute(index, from, count, total, seed, DRAWING_EPOCH);
    for (let i = 0; i < count; i++) visit(program.i32[(index >>> 2) + i]);
    seen += count;
    if (seen < STRETCH) continue;
    seen = 0;
    yield;
  }
}

/** Draws `wanted` rows, of each class its part where rows have classes. */
function* drawRows(
  program: Program,
  rules: DataRules,
  dataset: Dataset,
  wanted: number,
  share: number,
  seed: number,
  isKept: Uint8Array,
): Steps<void> {
  const classOf = classesOf(rules, dataset);
  const left = classOf ? quotas(yield* countClasses(classOf, dataset.rows), wanted, share) : [wanted];
  yield* drawOrder(program, dataset.rows, seed, (row) => {
    const label = classOf ? classOf(row) : 0;
    if (left[label] === 0) return;
    left[label]--;
    isKept[row] = 1;
  });
}

/**
 * How many rows of each class are for validation: its share rounded down, and one more for those that lose most by that, the
 * first of equals, until all that are wanted are found. A class keeps a row for training, unless no validation row would be
 * left by that.
 */
function quotas(counts: readonly number[], wanted: number, share: number): number[] {
  const taken = counts.map((count) => Math.floor(count * share));
  let missing = wanted - taken.reduce((sum, count) => sum + count, 0);
  const lost = counts.map((count, label) => ({ label, part: count * share - taken[label] }));
  lost.sort((p, q) => q.part - p.part || p.label - q.label);
  const take = (least: number) => {
    for (const { label } of lost)
      if (missing > 0 && counts[label] - taken[label] > least) {
        taken[label]++;
        missing--;
      }
  };
  take(1);
  if (missing === wanted) take(0);
  return taken;
}

/** Draws whole groups as long as they bring the number of rows nearer to what is wanted, at least the first one. */
function* drawGroups(
  who: string,
  program: Program,
  groups: ArrayLike<number | string>,
  wanted: number,
  seed: number,
  isKept: Uint8Array,
): Steps<void> {
  const rows = isKept.length;
  if (typeof groups !== "object" || groups.length !== rows)
    throw new ShapeError(
      `${who}: groups must be an array of one number or string a row, ${rows} of them; got ${describe(groups)}`,
      "rows",
    );
  const numbers = new Map<number | string, number>();
  const groupOf = new Int32Array(rows);
  const sizes: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (row % STRETCH === STRETCH - 1) yield;
    const id = groups[row];
    if (typeof id !== "string" && !(typeof id === "number" && id - id === 0))
      throw new DataError(
        `${who}: groups must be finite numbers or strings; got ${describe(id)} at row ${row}`,
        "type",
      );
    let group = numbers.get(id);
    if (group === undefined) {
      group = sizes.length;
      numbers.set(id, group);
      sizes.push(0);
    }
    groupOf[row] = group;
    sizes[group]++;
  }
  if (sizes.length < 2)
    throw new DataError(
      `${who}: groups must be at least two, so that one is left to train on; got one`,
      "missing",
    );
  const isTaken = new Uint8Array(sizes.length);
  let count = 0;
  let takenGroups = 0;
  yield* drawOrder(program, sizes.length, seed, (group) => {
    const size = sizes[group];
    const isNearer = Math.abs(count + size - wanted) < Math.abs(count - wanted);
    if (!(isNearer || count === 0) || takenGroups === sizes.length - 1) return;
    isTaken[group] = 1;
    takenGroups++;
    count += size;
  });
  for (let row = 0; row < rows; row++) {
    if (row % STRETCH === STRETCH - 1) yield;
    isKept[row] = isTaken[groupOf[row]];
  }
}

function* countClasses(classOf: (row: number) => number, rows: number): Steps<number[]> {
  const counts: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (row % STRETCH === STRETCH - 1) yield;
    const label = classOf(row);
    while (counts.length <= label) counts.push(0);
    counts[label]++;
  }
  return counts;
}

/** Most classes that a note names. */
const MOST_NAMED = 3;

/** Notes on bound validation rows, kept because later fits ask for them again. */
const noted = new WeakMap<Dataset, { readonly training: Dataset; readonly notes: readonly Note[] }>();

/** Says which classes stand on one side alone. */
export function* noteClasses(
  rules: DataRules,
  training: Dataset,
  validation: Dataset,
): Steps<readonly Note[]> {
  const before = noted.get(validation);
  const [ofTraining, ofValidation] = [classesOf(rules, training), classesOf(rules, validation)];
  if (before?.training === training) return before.notes;
  if (!ofTraining || !ofValidation) return [];
  const counts = yield* countClasses(ofTraining, training.rows);
  const kept = yield* countClasses(ofValidation, validation.rows);
  const notes: Note[] = [];
  const name = (label: number) => describe(rules.labels?.[label] ?? label);
  const say = (where: string, here: readonly number[], there: readonly number[], what: string) => {
    const missing = there.flatMap((count, label) => (count > 0 && !here[label] ? [label] : []));
    if (missing.length === 0) return;
    const names = missing.slice(0, MOST_NAMED).map(name).join(", ");
    notes.push({
      code: "missingClass",
      message: `validation: no ${where} row is ${names}${missing.length > MOST_NAMED ? ", .." : ""}; ${what}`,
    });
  };
  say("validation", kept, counts, "take a larger share, or more rows of it: its errors are not measured");
  say("training", counts, kept, "take a smaller share, or more rows of it: it cannot be learnt");
  noted.set(validation, { training, notes });
  return notes;
}
