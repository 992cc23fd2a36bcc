/** Layers that belong to an input: they work in f64 on rows as they are given, before anything is rounded. */
import { OptionError, ShapeError, TraceError } from "../errors.ts";
import type { Column, InputStep } from "../graph/input.ts";
import { formatShape } from "../graph/shape.ts";
import type { DType } from "../graph/type.ts";
import { BOOLEAN, COUNT, check, type Rule, readOptions, refuseMore, STRING } from "../options.ts";
import { fitStages } from "../preprocess/fit.ts";
import { preprocessingOf } from "../preprocess/pipeline.ts";
import { checkColumns, FILLER } from "./columns.ts";
import { type Layer, layer, type NameOption } from "./layer.ts";
import { PREPROCESS, type PreprocessedColumns } from "./model.ts";
import type { Symbolic } from "./symbolic.ts";
import type { Tensor } from "./tensor.ts";

export interface PreprocessingOptions extends NameOption {
  /**
   * The columns it is for, by their index along the last axis, counted from 0, as they stand there: a `oneHot` before it widens
   * rows. Default: all.
   */
  readonly columns?: readonly number[];
}

const COLUMNS: Rule = [
  "an array of different whole numbers >= 0, at least one, such as [0, 2]",
  (columns: unknown) =>
    Array.isArray(columns) &&
    columns.length > 0 &&
    new Set(columns).size === columns.length &&
    columns.every((column) => Number.isSafeInteger(column) && column >= 0),
  "object",
];

/** Makes a layer that puts a step behind those that its input has already. */
function stepLayer(
  kind: InputStep["kind"],
  name: string | undefined,
  columns: readonly number[] | undefined,
  settings: (who: string, columns: number) => Omit<InputStep, "name" | "kind" | "columns">,
): Layer<"same"> {
  return layer(
    kind,
    [],
    name,
    () => [],
    (x, _, who) => {
      const sorted = columns && [...columns].sort((a, b) => a - b);
      return addStep(who, x, (width) => {
        const beyond = sorted?.find((column) => column >= width);
        if (beyond !== undefined)
          throw new ShapeError(
            `${who}: columns must be less than ${width}, the last axis of its input; got ${beyond}`,
          );
        return {
          name: who,
          kind,
          columns: sorted ?? "all",
          ...settings(who, sorted?.length ?? width),
        };
      });
    },
  );
}

function addStep(who: string, x: Tensor, make: (width: number) => InputStep): Tensor {
  const { graph } = x.builder;
  const { shape, dtype, name } = graph.values[x.id];
  const at = graph.inputs.findIndex(({ value }) => value === x.id);
  const reader = graph.nodes.find(({ inputs }) => inputs.includes(x.id));
  if (at < 0 || reader)
    throw new TraceError(
      `${who}: preprocessing must come first, on an input or on other preprocessing, and nothing else may read what it is ` +
        `given; got ${name} ${formatShape(shape)}${reader ? `, which ${reader.scope || reader.op} reads` : ""}`,
    );
  const width = shape[shape.length - 1];
  if (shape.length < 2 || !(width > 0))
    throw new ShapeError(`${who}: needs an input [.., n] of fixed n; got ${formatShape(shape)}`);
  if (dtype !== "f32") throw new TraceError(`${who}: needs an f32 input; got ${dtype} ${formatShape(shape)}`);
  const port = graph.inputs[at];
  if (graph.inputs.some(({ steps }) => steps?.some((step) => step.name === who)))
    throw new TraceError(
      `${who}: a preprocessing layer must be used once, on one input; got ${name} beside another`,
    );
  const steps = [...(port.steps ?? []), make(width)];
  const raw = port.preprocessing?.shape ?? shape.slice(1);
  const preprocessing = preprocessingOf(raw, port.columns, steps, fitStages);
  const value = graph.addValue(
    { shape: [...shape.slice(0, -1), preprocessing.widths[steps.length - 1]], dtype },
    port.name,
  );
  // Whatever else reads the old value is refused by its type.
  graph.values[x.id] = { ...graph.values[x.id], dtype: RAW };
  graph.inputs[at] = { ...port, value, steps, preprocessing };
  return x.of(value);
}

/** What a preprocessing layer was given is no value of the graph any more. */
const RAW = "rows before preprocessing, of" as DType;

/**
 * Scales columns to mean 0 and spread 1: `y = (x - mean) / spread`, in f64, so that columns such as times in milliseconds keep
 * what distinguishes them. The spread is `sqrt(sum (x - mean)^2 / n)`; a column that never changes is divided by 1.
 *
 * X [.., n] -> Y [.., n], one mean and one spread for each place of the last axis. They are fitted by the first `fit`, on its
 * training rows, or by `adapt`, and then fixed; they belong to the state. Missing values (NaN, which an `impute` allows) do not
 * count.
 *
 * @throws OptionError for a bad option, TraceError where it does not come first
 * @example
 * const model = sequential({ input: [4] }, [standardize(), dense(8, { activation: "relu" }), dense(1)]);
 */
export function standardize(options: PreprocessingOptions = {}): Layer<"same"> {
  refuseMore("standardize", arguments, 1);
  const { columns, name } = readOptions("standardize", options, SHARED);
  return stepLayer("standardize", name, columns, () => ({}));
}

/**
 * Scales columns to [0, 1]: `y = (x - low) / (high - low)`, by the least and the largest value of the rows it was fitted to; other
 * rows may lie beyond. A column that never changes is divided by 1. Otherwise as `standardize`.
 *
 * @example
 * const model = sequential({ input: [4] }, [minMax({ columns: [1, 2] }), dense(1)]);
 */
export function minMax(options: PreprocessingOptions = {}): Layer<"same"> {
  refuseMore("minMax", arguments, 1);
  const { columns, name } = readOptions("minMax", options, SHARED);
  return stepLayer("minMax", name, columns, () => ({}));
}

export interface ImputeOptions extends PreprocessingOptions {
  /** What takes the place of NaN: a statistic of the column over the rows it is fitted to, or this number. Default: `"mean"`. */
  readonly with?: "mean" | "median" | number;
  /** Whether a column is added for each of them, behind all others: 1 where a value was missing, else 0. Default: false. */
  readonly indicator?: boolean;
}

/**
 * Fills in missing values, written as NaN: only columns with an `impute` may have them.
 *
 * X [.., n] -> Y [.., n], or [.., n + columns] with `indicator`. The median of an even number of values is the mean of the two in the
 * middle. Fitted as `standardize` is; a column without any value is refused with a DataError.
 *
 * @throws OptionError for a bad option, TraceError where it does not come first
 * @example
 * const model = sequential({ input: [3] }, [impute({ with: "median", indicator: true }), standardize(), dense(1)]);
 */
export function impute(options: ImputeOptions = {}): Layer<"same"> {
  refuseMore("impute", arguments, 1);
  const {
    columns,
    name,
    with: filler,
    indicator,
  } = readOptions("impute", options, { ...SHARED, with: ["mean"], indicator: [false, BOOLEAN] });
  check(name ?? "impute", "with", filler, [FILLER[0], FILLER[1], typeof filler]);
  return stepLayer("impute", name, columns, () => ({ with: filler, ...(indicator && { indicator }) }));
}

export interface OneHotOptions extends PreprocessingOptions {
  /** How many categories the columns have, or each of them in order: their numbers are 0 to `categories - 1`. */
  readonly categories: number | readonly number[];
  /** Whether NaN and numbers that are no category have a place of their own, the last. Default: false, which refuses them. */
  readonly unseen?: boolean;
}

/**
 * Puts a column for each category in the place of a column of whole numbers: 1 for its category, 0 elsewhere. It learns nothing.
 *
 * X [.., n] -> Y [.., n - columns + sum of places]
 *
 * @throws OptionError for a bad option, TraceError where it does not come first; data with other numbers are a DataError
 * @example
 * const model = sequential({ input: [2] }, [oneHot({ columns: [1], categories: 7 }), dense(1)]);
 * compile(model).predict([[0.5, 6]]).shape; // => [1, 1]
 */
export function oneHot(options: OneHotOptions): Layer<"same"> {
  refuseMore("oneHot", arguments, 1);
  const { columns, name, categories, unseen } = readOptions("oneHot", options, {
    ...SHARED,
    categories: [],
    unseen: [false, BOOLEAN],
  });
  const who = name ?? "oneHot";
  for (const count of Array.isArray(categories) ? categories : [categories])
    check(who, "categories", count, COUNT);
  return stepLayer("oneHot", name, columns, (layerName, width) => {
    const counts = Array.isArray(categories) ? categories : Array<number>(width).fill(categories as number);
    if (counts.length !== width)
      throw new OptionError(
        `${layerName}: categories must be one number for each of ${width} columns; got ${counts.length}`,
      );
    // In the order of the columns, which need not be that of the option.
    const order = columns
      ? counts.map((count, j) => [columns[j], count]).sort(([a], [b]) => a - b)
      : undefined;
    return { categories: order?.map(([, count]) => count) ?? counts, ...(unseen && { unseen }) };
  });
}

const SHARED = {
  columns: [undefined as readonly number[] | undefined, COLUMNS],
  name: [undefined as string | undefined, STRING],
} as const;

/**
 * Checks columns of a table and makes them the input of a model: `sequential({ columns }, layers)`, or an input
 * `{ columns }` of `model`. Numbers and dates are imputed and scaled as they say, categories one-hot with a last place for what is
 * unseen or missing, by the layers `impute`, `standardize`, `minMax` and `oneHot`.
 *
 * @returns the columns, frozen; `JSON.stringify` writes them as they were given
 * @throws OptionError for columns without a name, of one name, or with bad settings
 * @example
 * const columns = inputColumns([
 *   { name: "bill", kind: "number" },
 *   { name: "island", kind: "category", categories: ["Biscoe", "Dream"] },
 * ]);
 * const trainer = compile(sequential({ columns }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 * const x = [{ bill: 39.1, island: "Biscoe" }, { bill: null, island: "Dream" }, { bill: 42, island: "Dream" }];
 * await trainer.fit({ x, y: [1, 2, 3] });
 */
export function inputColumns(columns: readonly Column[]): readonly Column[] {
  refuseMore("inputColumns", arguments, 1);
  const copies = checkColumns("inputColumns", columns);
  return Object.freeze(
    Object.defineProperty(copies, PREPROCESS, {
      value: (x: Symbolic) => preprocessColumns(x as Tensor, copies),
    }),
  ) as PreprocessedColumns;
}

/** The layers of columns, behind the raw input `x`. */
function preprocessColumns(x: Tensor, columns: readonly Column[]): Tensor {
  const { graph } = x.builder;
  const at = graph.inputs.findIndex(({ value }) => value === x.id);
  graph.inputs[at] = { ...graph.inputs[at], columns };
  const indicesOf = (holds: (column: Column, j: number) => boolean) =>
    columns.flatMap((column, j) => (holds(column, j) ? [j] : []));
  const fillers = new Map<
    string,
    { readonly filler: "mean" | "median" | number; readonly indicator: boolean }
  >();
  const keyOf = (column: Column) => {
    if (column.kind === "category") return "";
    const { with: filler = "mean", indicator = false } = column;
    const key = `${filler} ${indicator}`;
    fillers.set(key, { filler, indicator });
    return key;
  };
  const keys = columns.map(keyOf);
  let y = x;
  for (const [key, { filler, indicator }] of fillers)
    y = impute({ with: filler, indicator, columns: indicesOf((_, j) => keys[j] === key) })(y);
  for (const scale of ["standardize", "minMax"] as const) {
    const scaled = indicesOf(
      (column) => column.kind !== "category" && (column.scale ?? "standardize") === scale,
    );
    if (scaled.length > 0) y = (scale === "standardize" ? standardize : minMax)({ columns: scaled })(y);
  }
  const named = indicesOf(({ kind }) => kind === "category");
  if (named.length === 0) return y;
  const categories = named.map((j) => (columns[j] as { categories: readonly string[] }).categories.length);
  return oneHot({ columns: named, categories, unseen: true })(y);
}
