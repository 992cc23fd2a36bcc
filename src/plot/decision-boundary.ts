import { describe } from "../describe.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { refuseMore } from "../options.ts";
import { isTypedArray } from "../realm.ts";
import { type Areas, boundaryChart, boundaryText } from "./areas.ts";
import { draw, type PlotOptions, type PlotTarget, type Plotted, readPlotOptions } from "./output.ts";
import {
  type Classifier,
  checkClassifier,
  checkPlotData,
  classesOf,
  countClasses,
  flatten,
  labelsOf,
  type PlotData,
} from "./trainers.ts";

export interface DecisionBoundaryOptions<T extends PlotTarget = PlotTarget> extends PlotOptions<T> {
  /** Which two columns of x are drawn, where there are more; the others stay at their mean. Default: the two there are. */
  readonly axes?: readonly [number, number];
  /** Cells from left to right, each with a prediction of its own. Default: 96, in text the columns. */
  readonly resolution?: number;
}

const AXES = [
  "two different columns, such as [0, 1]",
  (axes: readonly unknown[]) =>
    Array.isArray(axes) &&
    axes.length === 2 &&
    axes[0] !== axes[1] &&
    axes.every((axis) => Number.isSafeInteger(axis) && (axis as number) >= 0),
  "object",
] as const;
const RESOLUTION = [
  "a whole number from 8 to 512",
  (n: number) => Number.isSafeInteger(n) && n >= 8 && n <= 512,
] as const;

/** Around the rows, as a share of what they span. */
const MARGIN = 0.08;

/**
 * Which class a model gives to each point of a plane, the surer the darker, and the rows of the data on it; for a
 * regression with one output, the value it gives to each point.
 *
 * @param trainer a trainer or predictor with one output, and numbers as inputs
 * @param data `{ x, y }` as `fit` takes them; x has two columns, or `axes` says which two
 * @returns a text or the text of an SVG, or the canvas it was drawn on
 * @throws ShapeError for another number of columns, OptionError for `axes` that are none, what `predict` throws
 * @example
 * ```ts
 * import { decisionBoundary } from "wasmgrad/plot";
 *
 * const model = sequential({ input: [2] }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
 * const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
 * const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
 * trainer.fitSync(data, { epochs: 200 });
 * console.log(decisionBoundary(trainer, data));
 * ```
 */
export function decisionBoundary<T extends PlotTarget = "text">(
  trainer: Classifier,
  data: PlotData,
  options: DecisionBoundaryOptions<T> = {},
): Plotted<T> {
  refuseMore("decisionBoundary", arguments, 3);
  checkClassifier("decisionBoundary", trainer);
  checkPlotData("decisionBoundary", data);
  const read = readPlotOptions("decisionBoundary", options, {
    axes: [undefined, AXES],
    resolution: [undefined, RESOLUTION],
  }) as DecisionBoundaryOptions<T>;
  const rows = readPoints(data, read.axes);
  const areasOf = (across: number, down: number) => computeAreas(trainer, data, rows, across, down);
  return draw(
    {
      title: "decision boundary",
      text: (canvas) => boundaryText(areasOf, canvas),
      chart: (size) => boundaryChart(areasOf, read.resolution ?? 96, size),
    },
    read,
  );
}

/** The rows of x, and where the plane cuts through the space of inputs. */
interface Points {
  readonly rows: number;
  readonly columns: number;
  readonly values: ArrayLike<number>;
  readonly axes: readonly [number, number];
  readonly names: readonly [string, string];
  /** Of each axis. */
  readonly extents: readonly [Extent, Extent];
  /** Of each column: what it is outside the plane's axes. */
  readonly means: Float64Array;
}

type Extent = readonly [low: number, high: number];

function columnsOf(x: unknown): number {
  const { shape } = x as { shape?: readonly number[] };
  if (Array.isArray(shape)) return shape.slice(1).reduce((product, size) => product * size, 1);
  const first = Array.isArray(x) ? x[0] : undefined;
  return Array.isArray(first) || isTypedArray(first) ? first.length : 2;
}

function readPoints(data: PlotData, given: readonly [number, number] | undefined): Points {
  const values = flatten(data.x) as ArrayLike<number>;
  const columns = columnsOf(data.x);
  const rows = values.length / columns;
  if (!(rows >= 1 && Number.isInteger(rows)))
    throw new ShapeError(`decisionBoundary: x must be rows of numbers; got ${describe(data.x)}`, "rows");
  if (columns !== 2 && !given)
    throw new ShapeError(
      `decisionBoundary: x must have two columns; got ${columns}: say which two, such as { axes: [0, 1] }`,
      "rows",
    );
  const axes = given ?? [0, 1];
  for (const axis of axes)
    if (axis >= columns)
      throw new OptionError(`decisionBoundary: axes must be columns from 0 to ${columns - 1}; got ${axis}`);
  const named = (data as { columns?: readonly { readonly name: string }[] }).columns;
  const nameOf = (axis: number) => named?.[axis]?.name ?? `x${axis}`;
  const means = new Float64Array(columns);
  const extents = [];
  for (let column = 0; column < columns; column++) {
    const [mean, extent] = measure(values, columns, column);
    means[column] = mean;
    extents.push(extent);
  }
  return {
    rows,
    columns,
    values,
    axes,
    names: [nameOf(axes[0]), nameOf(axes[1])],
    extents: [extents[axes[0]], extents[axes[1]]],
    means,
  };
}

/** Mean and extent of a column, with a margin; holes do not count. */
function measure(values: ArrayLike<number>, columns: number, column: number): [number, Extent] {
  let [low, high, sum, count] = [Infinity, -Infinity, 0, 0];
  for (let at = column; at < values.length; at += columns) {
    const value = values[at];
    if (typeof value !== "number" || value === Infinity || value === -Infinity)
      throw new DataError(
        `decisionBoundary: x must hold numbers; got ${describe(value)} ` +
          `at row ${Math.floor(at / columns)}, column ${column}`,
      );
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
    count++;
  }
  if (count === 0)
    throw new DataError(`decisionBoundary: x must hold numbers; got none in column ${column}`, "missing");
  const margin = (high - low) * MARGIN || Math.abs(low) * MARGIN || 1;
  return [sum / count, [low - margin, high + margin]];
}

/** The model's answer for the middle of each cell, rows of cells from the top; and the points with theirs. */
function computeAreas(
  trainer: Classifier,
  data: PlotData,
  points: Points,
  across: number,
  down: number,
): Areas {
  const { columns, axes, extents, means, rows, values, names } = points;
  const grid = new Float64Array(across * down * columns);
  const [[left, right], [bottom, top]] = extents;
  for (let i = 0; i < across * down; i++) {
    grid.set(means, i * columns);
    grid[i * columns + axes[0]] = left + ((right - left) * ((i % across) + 0.5)) / across;
    grid[i * columns + axes[1]] = top - ((top - bottom) * (Math.floor(i / across) + 0.5)) / down;
  }
  const x = { data: grid, shape: [across * down, columns] };
  const predicted = trainer.predict(x as never) as {
    readonly data: Float32Array;
    readonly shape: readonly number[];
  };
  const at = Array.from({ length: rows }, (_, row): [number, number] => [
    values[row * columns + axes[0]],
    values[row * columns + axes[1]],
  ]);
  const shared = { across, down, extents, names, points: at };
  const found = classify(trainer, x);
  if (!found) {
    if (predicted.data.length !== across * down)
      throw new ShapeError(
        `decisionBoundary: needs a classifier or a model with one number a row; ` +
          `got predictions of the shape [${predicted.shape.join(", ")}]`,
      );
    const truth = Float64Array.from(flatten(data.y) as ArrayLike<number>);
    return { ...shared, kind: "values", values: predicted.data, truth };
  }
  const labels = labelsOf(trainer, countClasses(predicted));
  return {
    ...shared,
    kind: "classes",
    labels,
    classes: Int32Array.from(found, ({ index }) => index),
    probabilities: Float64Array.from(found, ({ probability }) => probability),
    truth: classesOf("decisionBoundary", data.y, rows, labels),
  };
}

type Answer = { readonly index: number; readonly probability: number };

/** What `classify` says; undefined for a model that is no classifier. */
function classify(trainer: Classifier, x: unknown): readonly Answer[] | undefined {
  try {
    return trainer.classify(x as never) as unknown as readonly Answer[];
  } catch (error) {
    if (error instanceof OptionError) return undefined;
    throw error;
  }
}
