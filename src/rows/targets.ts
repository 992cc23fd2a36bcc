/** Targets at the border: class labels, names, one-hot rows or numbers, as each loss takes them. */
import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import type { Steps } from "../steps.ts";
import { unknownName } from "../suggest.ts";
import { countRows, flatten32, inStretches, isNumericArray, type Rows } from "./data.ts";

/** What a target may be: rows of numbers, or one class (index or name) a row. */
export type Targets = Rows | readonly string[];

export interface ReadTargets {
  readonly rows: number;
  readonly kind: "rows" | "labels";
  /** f32 rows flat, or one i32 class index a row. */
  readonly data: Float32Array | Int32Array;
}

export interface TargetRules {
  /** Rows of the inputs. */
  readonly rows: number;
  /** The loss the targets are for. */
  readonly loss: { readonly kind: string };
  /** Numbers in a row of the prediction: units, or classes. */
  readonly rowElements: number;
  readonly labels?: readonly string[];
  /** Whether what is read must be a copy. */
  readonly copies?: boolean;
}

/** @param what names the data in errors: `fit: y` */
export function* readTargets(what: string, given: Targets, rules: TargetRules): Steps<ReadTargets> {
  const { loss, rowElements, copies } = rules;
  if (typeof given !== "object" || given === null)
    throw new DataError(
      `${what}: targets must be rows, class indices or class names; got ${describe(given)}`,
      given === undefined ? "missing" : "type",
    );
  const y = isStrings(given) ? yield* indicesOf(what, given, rules) : (given as Rows);
  if (loss.kind === "crossEntropy" && isLabels(y, rules)) return yield* readLabels(what, y, rowElements);
  const rows = countRows(what, y, rowElements);
  const data = yield* flatten32(what, y, rowElements, rows, copies);
  const check =
    loss.kind === "crossEntropy"
      ? checkDistributions
      : loss.kind === "binaryCrossEntropy" && checkProbabilities;
  if (check) yield* inStretches(rows, rowElements, (from, end) => check(what, data, rowElements, from, end));
  return { rows, kind: "rows", data };
}

const isStrings = (y: Targets): y is readonly string[] => Array.isArray(y) && typeof y[0] === "string";

function* indicesOf(
  what: string,
  y: readonly string[],
  { labels, loss, rowElements }: TargetRules,
): Steps<readonly number[]> {
  if (loss.kind !== "crossEntropy" && rowElements !== 1)
    throw new DataError(
      `${what}: class names need crossEntropy or one output; got ${describe(y[0])} for ${loss.kind}`,
      "label",
    );
  if (!labels)
    throw new DataError(
      `${what}: class names need labels in compile, such as labels: [${describe(y[0])}, ..]; got none`,
      "label",
    );
  const index = new Map(labels.map((label, i) => [label, i]));
  const indices: number[] = [];
  yield* inStretches(y.length, 1, (from, end) => {
    for (let row = from; row < end; row++) {
      const i = index.get(y[row]);
      if (i === undefined)
        throw new DataError(`${unknownName(what, "label", y[row], labels)}; it is at row ${row}`, "label");
      indices.push(i);
    }
  });
  return indices;
}

/** Whether classes come as one number a row, rather than as rows of one number per class. */
function isLabels(y: Rows, { rows, rowElements: classes }: TargetRules): boolean {
  // A flat list is what its length says; where it says neither, the error will be that of labels.
  if (isNumericArray(y)) return y.length !== rows * classes;
  if (Array.isArray(y)) {
    if (typeof y[0] === "number") return !(rows === 1 && y.length === classes);
    return length(y[0]) === 1;
  }
  const { shape } = y as { shape: readonly number[] };
  return Array.isArray(shape) && (shape.length === 1 || shape[shape.length - 1] === 1);
}

const length = (row: unknown) => (Array.isArray(row) || isNumericArray(row) ? row.length : 0);

function* readLabels(what: string, y: Rows, classes: number): Steps<ReadTargets> {
  const rows = countRows(what, y, 1);
  const numbers = yield* flatten32(what, y, 1, rows);
  const data = new Int32Array(rows);
  yield* inStretches(rows, 1, (from, end) => {
    for (let row = from; row < end; row++) {
      const label = numbers[row];
      if (!(Number.isInteger(label) && label >= 0 && label < classes))
        throw new DataError(
          `${what}: class labels must be whole numbers from 0 to ${classes - 1}; got ${label} at row ${row}` +
            (label === classes ? ` (they count from 0, and the model has ${classes} outputs)` : ""),
          "label",
        );
      data[row] = label;
    }
  });
  return { rows, kind: "labels", data };
}

type Check = (what: string, data: Float32Array, rowElements: number, from: number, end: number) => void;

const checkProbabilities: Check = (what, data, rowElements, from, end) => {
  for (let i = from * rowElements; i < end * rowElements; i++)
    if (!(data[i] >= 0 && data[i] <= 1))
      throw new DataError(
        `${what}: targets of a cross-entropy must lie in [0, 1]; ` +
          `got ${data[i]} at row ${Math.floor(i / rowElements)}, column ${i % rowElements}` +
          (data[i] === -1 ? " (write 0 for no, 1 for yes)" : "") +
          (data[i] === 2 ? " (more than two classes need crossEntropy and a softmax)" : ""),
        "label",
      );
};

/** How far the sum of a row of probabilities may be from 1: rounding of a few hundred f32 entries. */
const SUM_TOLERANCE = 1e-3;

const checkDistributions: Check = (what, data, classes, from, end) => {
  checkProbabilities(what, data, classes, from, end);
  for (let row = from; row < end; row++) {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += data[row * classes + j];
    if (!(Math.abs(sum - 1) <= SUM_TOLERANCE))
      throw new DataError(
        `${what}: probabilities of a row must sum to 1; got ${sum} at row ${row}` +
          (sum > 1 ? " (several classes at once need binaryCrossEntropy and a sigmoid)" : ""),
        "label",
      );
  }
};
