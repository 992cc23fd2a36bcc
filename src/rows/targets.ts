/** Targets at the border: class labels, names, one-hot rows or numbers, as each loss takes them. */
import { describe } from "../describe.ts";
import { DataError, ShapeError } from "../errors.ts";
import { inOrder, inStretches, type Jobs } from "../steps.ts";
import { unknownName } from "../suggest.ts";
import { countRows, flatData, flatten32, flatten64, isNumericArray, type Rows } from "./data.ts";

/** Class names; the label that does not count may stand among them as a number. */
type Names = Exclude<Targets, Rows>;

/** What a target may be: rows of numbers, or one class (index or name) a row, or position of a sequence. */
export type Targets = Rows | readonly (string | number)[] | readonly (readonly (string | number)[])[];

export interface ReadTargets {
  readonly rows: number;
  readonly kind: "rows" | "labels";
  /** f32 rows flat (f64 ones where so asked), or one i32 class index for each position of a row. */
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** What is known of the loss that targets are for. */
export interface TargetLoss {
  readonly kind: string;
  /** The label that does not count, and may be any number. */
  readonly ignore?: { readonly index: number };
  /** How it takes targets. Losses bring it along: pages carry what their losses need. */
  readonly targets: TargetReader;
}

export interface TargetRules {
  /** Rows of the inputs. */
  readonly rows: number;
  readonly loss: TargetLoss;
  /** Numbers in a row of the prediction: units, or classes of all positions. */
  readonly rowElements: number;
  /** Classes of a row: one, or of sequences one for each position. */
  readonly positions: number;
  readonly labels?: readonly string[];
  /** Whether numbers are kept in double precision. Default: false. */
  readonly isDouble?: boolean;
}

/** Reads targets of a family of losses, once the jobs are done. */
export type TargetReader = (what: string, given: Targets, rules: TargetRules, jobs: Jobs) => ReadTargets;

/**
 * The targets, once the jobs are done.
 *
 * @param what names the data in errors: `fit: y`
 */
export function readTargets(what: string, given: Targets, rules: TargetRules, jobs: Jobs): ReadTargets {
  if (typeof given !== "object" || given === null)
    throw new DataError(
      `${what}: targets must be rows, class indices or class names; got ${describe(given)}`,
      given === undefined ? "missing" : "type",
    );
  return rules.loss.targets(what, given, rules, jobs);
}

/** Numbers of any size. */
export const numberTargets: TargetReader = (what, given, rules, jobs) => {
  const name = firstName(given, undefined);
  if (name !== undefined) throw needsClasses(what, name, rules);
  return readRows(what, given as Rows, rules, jobs);
};

/** Numbers from 0 to 1, or for one output the names of two classes. */
export const binaryTargets: TargetReader = (what, given, rules, jobs) => {
  const { rowElements, labels } = rules;
  const name = firstName(given, undefined);
  const read = readRowsOrNames(what, given, name, rules, jobs);
  const ambiguous = name === undefined && rowElements === 1 ? ambiguousIn(labels) : undefined;
  inStretches(jobs, read.rows, rowElements, (from, count) => {
    checkProbabilities(what, read.data, rowElements, from, count);
    if (ambiguous)
      for (let row = from; row < from + count; row++)
        checkMeaning(what, read.data[row], row, rules, ambiguous);
  });
  return read;
};

/** -1 and 1, or for one output the names of two classes. */
export const signTargets: TargetReader = (what, given, rules, jobs) => {
  const { rowElements, loss } = rules;
  const name = firstName(given, undefined);
  const read = readRowsOrNames(what, given, name, rules, jobs);
  inStretches(jobs, read.rows, rowElements, (from, count) =>
    checkSigns(what, loss.kind, read.data, rowElements, from, count, name !== undefined),
  );
  return read;
};

/** One class for each position of a row, or numbers that add up to 1. */
export const classTargets: TargetReader = (what, given, rules, jobs) => {
  const { rowElements, positions } = rules;
  const labels = labelsIn(what, given, rules, jobs);
  if (labels) return labels;
  const y = given as Rows;
  if (positions > 1) checkRow(what, y, 0, positions, rowElements);
  const read = readRows(what, y, rules, jobs);
  inStretches(jobs, read.rows, rowElements, (from, count) => {
    checkProbabilities(what, read.data, rowElements, from, count);
    checkSums(what, read.data, rowElements, positions, from, count);
  });
  return read;
};

/** Of a loss function of the user's, for one sigmoid: numbers, or the names of two classes. */
export const ownTargets: TargetReader = (what, given, rules, jobs) =>
  readRowsOrNames(what, given, firstName(given, undefined), rules, jobs);

/** Of a loss function of the user's, for several outputs: numbers, or classes, which become rows of 0 and 1. */
export const oneHotTargets: TargetReader = (what, given, rules, jobs) => {
  if (rules.isDouble) return numberTargets(what, given, rules, jobs);
  const labels = labelsIn(what, given, rules, jobs);
  return labels ? oneHotRows(labels, rules.rowElements, jobs) : readRows(what, given as Rows, rules, jobs);
};

function readRows(what: string, y: Rows, { rowElements, isDouble }: TargetRules, jobs: Jobs): ReadTargets {
  const rows = countRows(what, y, rowElements);
  const flatten = isDouble ? flatten64 : flatten32;
  return { rows, kind: "rows", data: flatten(what, y, rowElements, rows, jobs) };
}

/** Names become 0 and 1. */
function readRowsOrNames(
  what: string,
  given: Targets,
  name: string | undefined,
  rules: TargetRules,
  jobs: Jobs,
): ReadTargets {
  if (name !== undefined && rules.rowElements !== 1) throw needsClasses(what, name, rules);
  const y = name === undefined ? (given as Rows) : indicesOf(what, given as Names, name, rules, jobs);
  return readRows(what, y, rules, jobs);
}

/** Indices of classes, where they come as these or as names. */
function labelsIn(what: string, given: Targets, rules: TargetRules, jobs: Jobs): ReadTargets | undefined {
  const name = firstName(given, rules.loss.ignore?.index);
  if (name !== undefined)
    return readLabels(what, indicesOf(what, given as Names, name, rules, jobs), rules, undefined, jobs);
  const y = given as Rows;
  return isLabels(y, rules) ? readLabels(what, y, rules, ambiguousIn(rules.labels), jobs) : undefined;
}

const needsClasses = (what: string, name: string, { loss }: TargetRules) =>
  new DataError(
    `${what}: class names need crossEntropy or one output; got ${describe(name)} for ${loss.kind}`,
    "label",
  );

/** The first name, where the first label that counts is one. */
function firstName(y: Targets, ignored: number | undefined): string | undefined {
  if (!Array.isArray(y)) return undefined;
  for (const row of y)
    for (const label of Array.isArray(row) ? row : [row])
      if (ignored === undefined || label !== ignored) return typeof label === "string" ? label : undefined;
  return undefined;
}

function indicesOf(
  what: string,
  y: Names,
  name: string,
  { labels, loss, positions }: TargetRules,
  jobs: Jobs,
): Float64Array {
  const ignored = loss.ignore?.index;
  if (!labels)
    throw new DataError(
      `${what}: class names need labels in compile, such as labels: [${describe(name)}, ..]; got none`,
      "label",
    );
  const index = new Map<unknown, number>(labels.map((label, i) => [label, i]));
  const indices = new Float64Array(y.length * positions);
  inStretches(jobs, y.length, positions, (from, count) => {
    for (let row = from; row < from + count; row++) {
      const names = positions === 1 ? [y[row]].flat() : y[row];
      if (!Array.isArray(names) || names.length !== positions)
        throw new DataError(
          `${what}: a row must have ${positions} class names, one for each position; got ${describe(y[row])} at row ${row}`,
          "label",
        );
      for (let j = 0; j < positions; j++) {
        const i = names[j] === ignored ? ignored : index.get(names[j]);
        if (i === undefined)
          throw new DataError(
            `${unknownName(what, "label", names[j], labels)}; it is at row ${row}${positionOf(j, positions)}`,
            "label",
          );
        indices[row * positions + j] = i;
      }
    }
  });
  return indices;
}

/** @throws ShapeError for a row of another length than labels of a sequence have, or one-hot rows where they may stand */
function checkRow(what: string, y: Rows, row: number, positions: number, rowElements = positions): void {
  const count = Array.isArray(y) ? numbersIn(y[row]) : 0;
  if (count === 0 || count === positions || count === rowElements) return;
  throw new ShapeError(
    `${what}: row ${row} must have ${positions} labels, one for each position; got ${count}`,
    "rows",
  );
}

/** Where a label of a sequence stands, for errors. */
const positionOf = (position: number, positions: number) => (positions > 1 ? `, position ${position}` : "");

/** Whether classes come as one number for each position of a row, rather than as one number per class. */
function isLabels(y: Rows, { rows, rowElements, positions }: TargetRules): boolean {
  // A flat list is what its length says; where it says neither, the error will be that of labels.
  if (isNumericArray(y)) return y.length !== rows * rowElements;
  if (Array.isArray(y)) {
    if (typeof y[0] === "number") return !(rows === 1 && y.length === rowElements);
    return numbersIn(y[0]) === positions;
  }
  const { shape } = y as { shape: readonly number[] };
  return Array.isArray(shape) && shape.slice(1).reduce((p, d) => p * d, 1) === positions;
}

/** Numbers in a row, however it is nested. */
const numbersIn = (row: unknown): number =>
  isNumericArray(row)
    ? row.length
    : Array.isArray(row)
      ? row.reduce((sum: number, part) => sum + (Array.isArray(part) ? numbersIn(part) : 1), 0)
      : 0;

/** For each list of labels the numbers that are the index of one and the text of another. */
const ambiguities = new WeakMap<readonly string[], ReadonlySet<number> | undefined>();

/** Those numbers; undefined where there are none. */
function ambiguousIn(labels: readonly string[] | undefined): ReadonlySet<number> | undefined {
  if (!labels) return undefined;
  if (!ambiguities.has(labels)) {
    const numbers = labels.flatMap((label, i) =>
      `${+label}` === label && +label !== i && (+label) in labels ? [+label] : [],
    );
    ambiguities.set(labels, numbers.length > 0 ? new Set(numbers) : undefined);
  }
  return ambiguities.get(labels);
}

/** @throws DataError for a number of which nobody can say whether it is meant as an index or as a name */
function checkMeaning(
  what: string,
  label: number,
  row: number,
  { labels = [] }: TargetRules,
  ambiguous: ReadonlySet<number>,
): void {
  if (ambiguous.has(label))
    throw new DataError(
      `${what}: a number must be the index of a class and no other class's label; got ${label} at row ${row}, the index of ` +
        `${describe(labels[label])} and the label of class ${labels.indexOf(`${label}`)}: write labels as strings, "${label}"`,
      "label",
    );
}

function readLabels(
  what: string,
  y: Rows,
  rules: TargetRules,
  ambiguous: ReadonlySet<number> | undefined,
  jobs: Jobs,
): ReadTargets {
  const { positions, loss } = rules;
  const classes = rules.rowElements / positions;
  const flat = flatData(y) ?? (y as readonly unknown[]);
  if (positions > 1 && flat.length === rules.rows && typeof flat[0] === "number")
    throw new ShapeError(
      `${what}: a row must have ${positions} labels, because the model gives classes for ${positions} positions; got one label a row: ` +
        "put flatten() before the last dense layer, or write rows as arrays of labels",
      "rows",
    );
  const rows = countRows(what, y, positions);
  if (positions > 1)
    inStretches(jobs, rows, positions, (from, count) => {
      for (let row = from; row < from + count; row++) checkRow(what, y, row, positions);
    });
  const numbers = flatten32(what, y, positions, rows, jobs);
  const data = new Int32Array(rows * positions);
  const ignored = loss.ignore?.index;
  let counted = 0;
  inStretches(jobs, rows, positions, (from, count) => {
    for (let i = from * positions; i < (from + count) * positions; i++) {
      const label = numbers[i];
      data[i] = label;
      if (label === ignored) continue;
      counted++;
      const row = Math.floor(i / positions);
      if (!(Number.isInteger(label) && label >= 0 && label < classes))
        throw new DataError(
          `${what}: class labels must be whole numbers from 0 to ${classes - 1}` +
            (ignored === undefined ? "" : `, or ${ignored} where none counts`) +
            `; got ${label} at row ${row}${positionOf(i % positions, positions)}` +
            (label === classes ? ` (they count from 0, and the model has ${classes} outputs)` : "") +
            (label < 0 && ignored === undefined
              ? ` (labels that do not count need ignoreIndex: ${label})`
              : ""),
          "label",
        );
      if (ambiguous) checkMeaning(what, label, row, rules, ambiguous);
    }
  });
  inOrder(jobs, () => {
    if (rows > 0 && counted === 0)
      throw new DataError(
        `${what}: one label at least must count; got ${numbers.length} times ${ignored}`,
        "label",
      );
  });
  return { rows, kind: "labels", data };
}

/** Class indices as rows of 0 and 1. */
function oneHotRows({ rows, data: labels }: ReadTargets, classes: number, jobs: Jobs): ReadTargets {
  const data = new Float32Array(rows * classes);
  inStretches(jobs, rows, classes, (from, count) => {
    for (let row = from; row < from + count; row++) data[row * classes + labels[row]] = 1;
  });
  return { rows, kind: "rows", data };
}

/** Class indices of names become signs. */
function checkSigns(
  what: string,
  kind: string,
  data: ReadTargets["data"],
  rowElements: number,
  from: number,
  count: number,
  hasNames: boolean,
): void {
  for (let i = from * rowElements; i < (from + count) * rowElements; i++) {
    if (hasNames) data[i] = data[i] === 0 ? -1 : 1;
    else if (data[i] !== 1 && data[i] !== -1)
      throw new DataError(
        `${what}: targets of ${kind} must be -1 or 1; ` +
          `got ${data[i]} at row ${Math.floor(i / rowElements)}, column ${i % rowElements}` +
          (data[i] === 0 ? " (write -1 for no, 1 for yes)" : ""),
        "label",
      );
  }
}

function checkProbabilities(
  what: string,
  data: ReadTargets["data"],
  rowElements: number,
  from: number,
  count: number,
): void {
  for (let i = from * rowElements; i < (from + count) * rowElements; i++)
    if (!(data[i] >= 0 && data[i] <= 1))
      throw new DataError(
        `${what}: targets of a cross-entropy must lie in [0, 1]; ` +
          `got ${data[i]} at row ${Math.floor(i / rowElements)}, column ${i % rowElements}` +
          (data[i] === -1 ? " (write 0 for no, 1 for yes)" : "") +
          (data[i] === 2 ? " (more than two classes need crossEntropy and a softmax)" : ""),
        "label",
      );
}

/** How far the sum of a row of probabilities may be from 1: rounding of a few hundred f32 entries. */
const SUM_TOLERANCE = 1e-3;

function checkSums(
  what: string,
  data: ReadTargets["data"],
  rowElements: number,
  positions: number,
  from: number,
  count: number,
): void {
  const classes = rowElements / positions;
  for (let at = from * rowElements; at < (from + count) * rowElements; at += classes) {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += data[at + j];
    if (!(Math.abs(sum - 1) <= SUM_TOLERANCE))
      throw new DataError(
        `${what}: probabilities of a row must sum to 1; got ${sum} at row ${Math.floor(at / rowElements)}` +
          positionOf((at % rowElements) / classes, positions) +
          (sum > 1 ? " (several classes at once need binaryCrossEntropy and a sigmoid)" : ""),
        "label",
      );
  }
}
