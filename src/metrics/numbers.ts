/** Metrics of numbers: of regressions. */
import { ShapeError } from "../errors.ts";
import { meanAbsoluteErrorOf, r2Of, rootMeanSquaredErrorOf } from "../math/scores.ts";
import { readOptions } from "../options.ts";
import { checkRowCounts, formOf, type NumberForm, swapped } from "./forms.ts";
import { type Metric, makeMetric, type Prediction, type Truth } from "./metric.ts";

/** Options of metrics that have none. */
export type NoOptions = Readonly<Record<never, never>>;

/** Whether a value is what `predict` gives itself, rather than a copy of its numbers. */
const isResult = (value: unknown): boolean =>
  typeof (value as { toArray?: unknown } | null)?.toArray === "function";

const makeNumberMetric = (
  name: string,
  better: "higher" | "lower",
  measure: (truth: Float64Array, predicted: Float64Array, columns: number) => number,
): Metric<NoOptions> =>
  makeMetric(name, better, "numbers", (given: Truth, predicted: Prediction, options: object) => {
    readOptions(name, options, {});
    const truth = formOf(`${name}: truth`, given);
    const prediction = formOf(`${name}: prediction`, predicted);
    if (truth.form === "classified") throw swapped(name, "what classify gives");
    if (isResult(given) && !isResult(predicted)) throw swapped(name, "what predict gives");
    for (const [what, { form }] of Object.entries({ truth, prediction }))
      if (form !== "numbers") throw new ShapeError(`${name}: ${what} must be numbers; got classes`, "rows");
    checkRowCounts(name, truth, prediction);
    const [t, p] = [truth as NumberForm, prediction as NumberForm];
    if (t.columns !== p.columns)
      throw new ShapeError(
        `${name}: truth and prediction must have as many numbers a row; got ${t.columns} and ${p.columns}`,
        "rows",
      );
    return measure(t.data, p.data, t.columns);
  });

/**
 * The mean of `|truth - prediction|` over all numbers, in their unit.
 *
 * @example
 * mae([1, 2, 3], [1, 2, 6]); // => 1
 */
export const mae: Metric<NoOptions> = /* @__PURE__ */ makeNumberMetric("mae", "lower", meanAbsoluteErrorOf);

/**
 * The root of the mean of `(truth - prediction)^2`, in their unit; of several numbers a row the mean over columns.
 *
 * @example
 * rmse([1, 2, 3, 4], [1, 2, 3, 8]); // => 2
 */
export const rmse: Metric<NoOptions> = /* @__PURE__ */ makeNumberMetric(
  "rmse",
  "lower",
  rootMeanSquaredErrorOf,
);

/**
 * The share of the truth's variance that the prediction explains: 1 for a perfect one, 0 for the mean, below 0 for worse; of
 * several numbers a row the mean over columns. Of a column that is the same in all rows it is 1 if all are right, else 0; of one
 * row NaN.
 *
 * @example
 * r2([1, 2, 3], [1, 2, 3]); // => 1
 */
export const r2: Metric<NoOptions> = /* @__PURE__ */ makeNumberMetric("r2", "higher", r2Of);
