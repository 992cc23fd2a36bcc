/** What columns of a table must be. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { Column } from "../graph/input.ts";
import { BOOLEAN, check, oneOf, type Rule, readOptions, STRING } from "../options.ts";

export const FILLER: Rule = [
  '"mean", "median" or a finite number',
  (filler: unknown) => filler === "mean" || filler === "median" || Number.isFinite(filler),
];

const KINDS = /* @__PURE__ */ oneOf("number", "category", "date");
const SCALES = /* @__PURE__ */ oneOf("standardize", "minMax", "none");

/**
 * Columns as they are given, checked and frozen.
 *
 * @throws OptionError for columns without a name, of one name, or with bad settings
 */
export function checkColumns(who: string, columns: readonly Column[]): readonly Column[] {
  if (!Array.isArray(columns) || columns.length === 0)
    throw new OptionError(
      `${who}: columns must be an array of { name, kind, .. }, at least one; got ${describe(columns)}`,
    );
  const names = new Set<string>();
  const copies = columns.map((column, j) => {
    const copy = checkColumn(`${who}: column ${j}`, column);
    if (names.has(copy.name))
      throw new OptionError(`${who}: names must differ; got ${describe(copy.name)} twice`);
    names.add(copy.name);
    return copy;
  });
  return copies;
}

type NumberColumn = Omit<Extract<Column, { readonly kind: "number" }>, "name">;
type CategoryColumn = Omit<Extract<Column, { readonly kind: "category" }>, "name">;

function checkColumn(who: string, column: Column): Column {
  const { name, ...given } = Object(column) as Column;
  const { kind } = given;
  check(who, "name", name, STRING);
  check(who, "kind", kind, KINDS);
  if (kind === "category") {
    const { categories } = readOptions(who, given as CategoryColumn, { kind: [], categories: [] });
    const isList = Array.isArray(categories) && categories.length > 0;
    if (!(isList && categories.every((category) => typeof category === "string")))
      throw new OptionError(
        `${who}: categories must be an array of strings, at least one; got ${describe(categories)}`,
      );
    const twice = categories.find((category, i) => categories.indexOf(category) < i);
    if (twice !== undefined)
      throw new OptionError(`${who}: categories must differ; got ${describe(twice)} twice`);
    return Object.freeze({ name, kind, categories: Object.freeze([...categories]) });
  }
  const read = readOptions(who, given as NumberColumn, {
    kind: [],
    with: [],
    indicator: [undefined, BOOLEAN],
    scale: [undefined, SCALES],
  });
  if (read.with !== undefined) check(who, "with", read.with, [FILLER[0], FILLER[1], typeof read.with]);
  return Object.freeze({ ...column });
}
