import { DataError, ShapeError } from "../errors.ts";

/** A class label. */
export type Label = number | string | boolean;

/** One label per point: an array, a typed array, or `{ data, shape }` with one value per point. */
export type LabelsLike =
  | ArrayLike<Label>
  | { readonly data: ArrayLike<Label>; readonly shape: readonly number[] };

/** Two classes: `positive` is the greater label by `>`. */
export interface Classes {
  readonly negative: Label;
  readonly positive: Label;
  /** [count] */
  readonly isPositive: readonly boolean[];
}

const KINDS = ["number", "string", "boolean"];

function print(label: unknown): string {
  return typeof label === "string" ? JSON.stringify(label) : String(label);
}

/** Reads `count` labels of exactly two distinct values of one type. */
export function readClasses(who: string, labels: LabelsLike, count: number): Classes {
  const list: ArrayLike<unknown> | undefined =
    typeof labels === "object" && labels !== null && "data" in labels ? labels.data : labels;
  if (typeof list !== "object" || list === null || list.length !== count) {
    const got = typeof list === "object" && list !== null ? `${list.length}` : print(list);
    throw new ShapeError(`${who}: labels must have one value per point, ${count}; got ${got}`);
  }
  const values = Array.from(list, (label, i): Label => {
    if (!KINDS.includes(typeof label) || (typeof label === "number" && !Number.isFinite(label))) {
      throw new DataError(
        `${who}: labels must be finite numbers, strings or booleans; got ${print(label)} at [${i}]`,
      );
    }
    return label as Label;
  });
  // A Set takes -0 and 0 for one value.
  const distinct = [...new Set(values)];
  const [a, b] = distinct;
  if (a === undefined || b === undefined || distinct.length > 2) {
    const shown = distinct.slice(0, 4).map(print).join(", ") + (distinct.length > 4 ? ", .." : "");
    throw new DataError(`${who}: labels must hold two classes; got ${distinct.length} (${shown})`);
  }
  if (typeof a !== typeof b) {
    throw new DataError(`${who}: labels must be of one type; got ${print(a)} and ${print(b)}`);
  }
  const [negative, positive] = a < b ? [a, b] : [b, a];
  return { negative, positive, isPositive: values.map((label) => label === positive) };
}
