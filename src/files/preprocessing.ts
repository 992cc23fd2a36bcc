/** Preprocessing of a file's inputs: steps and columns are checked before anything is made of them. */
import type { DeserializeContext, Preprocessed } from "../graph/deserialize.ts";
import type { Column, InputStep } from "../graph/input.ts";
import { ROWS, type Shape } from "../graph/shape.ts";
import { checkColumns } from "../model/columns.ts";
import { type FitStages, preprocessingOf } from "../preprocess/pipeline.ts";

type Fail = DeserializeContext["fail"];

/** Columns of a row, and steps: beyond what anybody trains on, and little to allocate. */
const MOST_COLUMNS = 1 << 20;
const MOST_STEPS = 1 << 10;

const isCount = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= MOST_COLUMNS;

/** The entries of each kind beside name, kind and columns. */
const SETTINGS: Readonly<Record<InputStep["kind"], readonly string[]>> = {
  standardize: [],
  minMax: [],
  impute: ["with", "indicator"],
  oneHot: ["categories", "unseen"],
};

/** What makes preprocessing of the inputs of a file. @param fitStages of pages that may train */
export const readPreprocessing =
  (who: string, fail: Fail, fitStages?: FitStages): DeserializeContext["preprocessingOf"] =>
  (what, { raw, columns, steps }, shape): Preprocessed => {
    const rawShape = raw as Shape;
    const width = rawShape[rawShape.length - 1];
    if (!(isCount(width, 1) && Array.isArray(steps) && steps.length > 0 && steps.length <= MOST_STEPS))
      return fail(`${what} must have 1 to ${MOST_STEPS} steps on at most ${MOST_COLUMNS} columns`, steps);
    let last = width;
    const checked = steps.map((step: unknown): InputStep => {
      const [read, newWidth] = readStep(what, step, last, fail);
      last = newWidth;
      return read;
    });
    if (`${[ROWS, ...rawShape.slice(0, -1), last]}` !== `${shape}`)
      fail(
        `the steps of ${what} must make [${shape}] of its rows`,
        `[${[ROWS, ...rawShape.slice(0, -1), last]}]`,
      );
    if (columns === undefined)
      return { steps: checked, preprocessing: preprocessingOf(rawShape, undefined, checked, fitStages) };
    const list = checkColumns(who, columns as readonly Column[]);
    if (rawShape.length !== 1 || list.length !== width)
      fail(`${what} must have a column for each number of a row, [${rawShape}]`, list.length);
    return {
      columns: list,
      steps: checked,
      preprocessing: preprocessingOf(rawShape, list, checked, fitStages),
    };
  };

/** @returns the step, and the columns behind it */
function readStep(what: string, given: unknown, width: number, fail: Fail): [InputStep, number] {
  const refuse = () => fail(`the steps of ${what} must be those of layers`, given);
  if (typeof given !== "object" || given === null) return refuse();
  const { name, kind, columns, ...settings } = given as Readonly<Record<string, unknown>>;
  const known = typeof kind === "string" && Object.hasOwn(SETTINGS, kind) && SETTINGS[kind as "impute"];
  if (!known || typeof name !== "string" || name === "" || name.length > 1000) return refuse();
  if (!Object.keys(settings).every((key) => known.includes(key))) return refuse();
  const isRising = (list: unknown): list is readonly number[] =>
    Array.isArray(list) &&
    list.length > 0 &&
    list.length <= width &&
    list.every((column, j) => isCount(column, j === 0 ? 0 : list[j - 1] + 1) && column < width);
  if (!(columns === "all" || isRising(columns))) return refuse();
  const count = columns === "all" ? width : columns.length;
  const { with: filler, indicator, categories, unseen } = settings;
  const isFlag = (flag: unknown) => flag === undefined || flag === true;
  if (!isFlag(indicator) || !isFlag(unseen)) return refuse();
  const isFiller = filler === "mean" || filler === "median" || Number.isFinite(filler);
  if (kind === "impute" && !isFiller) return refuse();
  if (kind !== "oneHot") return [given as InputStep, width + (indicator ? count : 0)];
  if (!(Array.isArray(categories) && categories.length === count && categories.every((n) => isCount(n, 1))))
    return refuse();
  const newWidth = categories.reduce((sum, n) => sum + n + (unseen ? 1 : 0), width - count);
  return isCount(newWidth, 1) ? [given as InputStep, newWidth] : refuse();
}
