/** The rows of a run: made, split, and what a stage needs to show them. */
import { digestOf } from "wasmgrad";
import {
  makeBlobs,
  makeCircles,
  makeMoons,
  makeSpirals,
  makeWave,
  makeXor,
  type ToyOptions,
  trainTestSplit,
} from "wasmgrad/data";
import { ConfigError } from "./config.ts";
import type { Start, Task, ToyData, ToySet } from "./types.ts";

/** Rows as `fit` takes them. */
export interface Rows {
  readonly x: { readonly data: Float64Array; readonly shape: readonly [number, number] };
  readonly y: Int32Array | Float64Array;
}

/** Rows in two parts, and how the stage shows them. */
export interface RunRows extends Pick<Start, "task" | "outputs" | "axes" | "inputs" | "notes"> {
  readonly train: Rows;
  readonly test: Rows;
  /** Columns of `x` that the stage shows. */
  readonly shown: readonly [number, number];
  /** A row of `x`, for the columns that the stage does not show; NaN is the mean. */
  readonly typical: Float64Array;
}

const MAKERS: { readonly [S in ToySet]: (options: ToyOptions) => Rows } = {
  circles: makeCircles,
  moons: makeMoons,
  xor: makeXor,
  blobs: makeBlobs,
  spirals: makeSpirals,
  wave: makeWave,
};

const CLASS_NAMES = ["A", "B", "C"];

/** Rows of one of the sets that the package makes. */
export function toyRows({ set, rows, noise, train: share, seed }: ToyData): RunRows {
  const parts = splitRows(MAKERS[set]({ rows, noise, seed }), share, seed);
  const task: Task = set === "wave" ? "numbers" : "classes";
  return {
    ...parts,
    task,
    outputs: task === "numbers" ? ["y"] : CLASS_NAMES.slice(0, set === "blobs" ? 3 : 2),
    axes: axesOf(parts, ["x1", "x2"], [0, 1]),
    inputs: ["x1", "x2"],
    notes: [],
    shown: [0, 1],
    typical: new Float64Array(2),
  };
}

/** Keeps `100 - share` percent of the rows apart. */
export function splitRows(rows: Rows, share: number, seed: number): { train: Rows; test: Rows } {
  const count = rows.y.length;
  const test = Math.floor((count * (100 - share)) / 100 + 0.5);
  if (test < 1 || test >= count)
    throw new ConfigError(
      "data.train",
      `${share} percent of ${count} rows leave none to ${test < 1 ? "test" : "train"}: choose another percentage.`,
    );
  return trainTestSplit<Rows>(rows, { test: (100 - share) / 100, seed });
}

/** Room around the points, as a part of their range. */
const MARGIN = 0.1;

/** Names and ranges of the shown columns, over all rows. */
export function axesOf(
  { train, test }: { readonly train: Rows; readonly test: Rows },
  names: readonly [string, string],
  columns: readonly [number, number],
): Start["axes"] {
  return columns.map((column, i) => {
    let min = Infinity;
    let max = -Infinity;
    for (const { x } of [train, test])
      for (let at = column; at < x.data.length; at += x.shape[1]) {
        // NaN is neither.
        if (x.data[at] < min) min = x.data[at];
        if (x.data[at] > max) max = x.data[at];
      }
    const margin = (max - min) * MARGIN || 1;
    return { name: names[i], min: min - margin, max: max + margin };
  });
}

/** Points of the shown columns with their class or number; where a value is missing, its mean. */
export function pointsOf({ x, y }: Rows, { shown, train }: RunRows): Start["train"] {
  const [rows, width] = x.shape;
  const points = new Float32Array(2 * rows);
  shown.forEach((column, k) => {
    const mean = meanOf(train, column);
    for (let row = 0; row < rows; row++) {
      const value = x.data[row * width + column];
      points[2 * row + k] = Number.isNaN(value) ? mean : value;
    }
  });
  return { points, values: Float32Array.from(y) };
}

function meanOf({ x }: Rows, column: number): number {
  let sum = 0;
  let count = 0;
  for (let at = column; at < x.data.length; at += x.shape[1])
    if (!Number.isNaN(x.data[at])) {
      sum += x.data[at];
      count++;
    }
  return sum / count;
}

/** Rows of `x` for the middles of `cells` x `cells` cells of the surface; the first row of cells is the lowest. */
export function gridRows({ axes, shown, typical }: RunRows, cells: number): Rows["x"] {
  const width = typical.length;
  const data = new Float64Array(cells * cells * width);
  const middle = (axis: number, cell: number) =>
    axes[axis].min + ((cell + 0.5) / cells) * (axes[axis].max - axes[axis].min);
  for (let cell = 0; cell < cells * cells; cell++) {
    data.set(typical, cell * width);
    // With one column for both axes it follows the first.
    data[cell * width + shown[1]] = middle(1, Math.floor(cell / cells));
    data[cell * width + shown[0]] = middle(0, cell % cells);
  }
  return { data, shape: [cells * cells, width] };
}

/** SHA-256 of the rows as they train and test. */
export const digestOfRows = ({ train, test }: { readonly train: Rows; readonly test: Rows }): string =>
  digestOf({ train: { x: train.x, y: train.y }, test: { x: test.x, y: test.y } });
