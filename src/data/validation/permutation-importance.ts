import { describe } from "../../describe.ts";
import { DataError, OptionError } from "../../errors.ts";
import { COUNT, FUNCTION, readOptions, refuseMore } from "../../options.ts";
import { Random } from "../../random.ts";
import { isTypedArray } from "../../realm.ts";
import type { Trainer } from "../../train/trainer.ts";
import type { Data } from "../../train/training-data.ts";
import { countRows, isShaped } from "../rows.ts";
import { SEED_RULE } from "../table/split.ts";
import { type MetricFunction, measure, nameOfMetric, truthOf } from "./metrics.ts";

export interface ImportanceOptions {
  /** How often each column is put in another order; default 5. */
  readonly repeats?: number;
  /** Which orders; default 0. */
  readonly seed?: number;
  /** What gets worse, a function of (truth, prediction); by default the loss. Higher is better unless its property `better` is `"lower"`. */
  readonly metric?: MetricFunction;
  /** Names of the columns, where the data do not have them. */
  readonly names?: readonly string[];
}

export interface Importance {
  readonly column: string;
  /** By how much the metric gets worse in the mean when the column's values are given to other rows. */
  readonly importance: number;
  /** The standard deviation over the repeats. */
  readonly deviation: number;
}

/**
 * How much a model needs each column: its values are given to other rows by chance, and what that costs is measured (Breiman
 * 2001, "Random forests", https://doi.org/10.1023/A:1010933404324). Give it rows that the model was not trained on. Columns
 * that say the same share their importance.
 *
 * @param data rows and targets; rows of one input, as arrays of numbers, objects by column name, or `{ data, shape }`
 * @returns the columns, the most important first; equal ones in their order
 * @throws OptionError for a model of several inputs, DataError for rows of other forms, what `evaluate` throws
 * @example
 * const x = Array.from({ length: 40 }, (_, i) => [(i * 7) % 13, i % 5]);
 * const y = x.map(([a]) => 2 * a);
 * const trainer = compile(sequential({ input: [2], seed: 1 }, [dense(1)]), {
 *   loss: meanSquaredError(),
 *   optimizer: adam({ learningRate: 0.05 }),
 * });
 * await trainer.fit({ x, y }, { epochs: 300 });
 * const [first] = await permutationImportance(trainer, { x, y }, { names: ["a", "b"] });
 * first.column; // => "a"
 */
export async function permutationImportance<X, P>(
  trainer: Trainer<X, P>,
  data: Data<X, P>,
  options: ImportanceOptions = {},
): Promise<Importance[]> {
  refuseMore("permutationImportance", arguments, 3, "write permutationImportance(trainer, data, options)");
  const { repeats, seed, ...settings } = readOptions("permutationImportance", options, {
    repeats: [5, COUNT],
    seed: [0, SEED_RULE],
    metric: [undefined, FUNCTION],
    names: [],
  });
  const metric = settings.metric as MetricFunction | undefined;
  const names = settings.names as readonly string[] | undefined;
  const rows = countRows("permutationImportance", data);
  const columns = columnsOf(data.x, rows, names ?? namesOf(data));
  const truth = metric ? truthOf(data.y, trainer) : undefined;
  const sign = metric && metric.better !== "lower" ? -1 : 1;
  const cost = async (x: unknown) =>
    metric
      ? sign *
        (await measure(
          "permutationImportance",
          metric,
          nameOfMetric(metric, 0),
          trainer as unknown as Trainer<never>,
          x,
          truth,
        ))
      : (await trainer.evaluateAsync({ ...data, x: x as X, y: data.y })).loss;
  const base = await cost(data.x);
  const found: Importance[] = [];
  for (const [j, { name, permuted }] of columns.entries()) {
    const costs: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const order = Int32Array.from({ length: rows }, (_, row) => row);
      new Random(seed, "importance", j * repeats + repeat).shuffle(order);
      costs.push((await cost(permuted(order))) - base);
    }
    const importance = costs.reduce((sum, value) => sum + value, 0) / repeats;
    const squares = costs.reduce((sum, value) => sum + (value - importance) * (value - importance), 0);
    found.push({ column: name, importance, deviation: repeats > 1 ? Math.sqrt(squares / (repeats - 1)) : 0 });
  }
  // Stable, so equal ones stay in their order.
  return found.sort((a, b) => b.importance - a.importance);
}

const namesOf = (data: object) =>
  (data as { columns?: readonly { readonly name: string }[] }).columns?.map(({ name }) => name);

interface Permutable {
  readonly name: string;
  /** The rows with this column in another order. */
  readonly permuted: (order: Int32Array) => unknown;
}

function columnsOf(x: unknown, rows: number, names: readonly string[] | undefined): Permutable[] {
  const first: unknown = Array.isArray(x) ? x[0] : undefined;
  if (
    Array.isArray(x) &&
    typeof first === "object" &&
    first !== null &&
    !Array.isArray(first) &&
    !isTypedArray(first)
  )
    return Object.keys(first).map((name) => ({
      name,
      permuted: (order) => x.map((row: object, i) => ({ ...row, [name]: x[order[i]][name] })),
    }));
  const { data, width, shape } = flatRows(x, rows);
  if (names !== undefined && names.length !== width)
    throw new OptionError(
      `permutationImportance: names must be one for each of the ${width} columns; got ${describe(names)}`,
    );
  return Array.from({ length: width }, (_, j) => ({
    name: names?.[j] ?? `column${j + 1}`,
    permuted(order) {
      const copy = data.slice();
      for (let i = 0; i < rows; i++) copy[i * width + j] = data[order[i] * width + j];
      return { data: copy, shape };
    },
  }));
}

/** Rows as numbers, one after the other. */
function flatRows(x: unknown, rows: number): { data: Float64Array; width: number; shape: readonly number[] } {
  if (isShaped(x)) return { data: Float64Array.from(x.data), width: x.data.length / rows, shape: x.shape };
  if (isTypedArray(x))
    return { data: Float64Array.from(x), width: x.length / rows, shape: [rows, x.length / rows] };
  if (!Array.isArray(x))
    throw new OptionError(
      `permutationImportance: needs a model of one input, whose rows are columns; got ${describe(x)}`,
    );
  const numbers = x.flat(Infinity).flatMap((row) => (isTypedArray(row) ? Array.from(row) : row));
  const width = numbers.length / rows;
  if (!Number.isInteger(width) || numbers.some((number) => typeof number !== "number"))
    throw new DataError(
      `permutationImportance: rows must have numbers, the same count in each; got ${describe(x[0])} first`,
      "type",
    );
  return { data: Float64Array.from(numbers), width, shape: [rows, width] };
}
