/** What a frame shows of a network: surface, tiles of units, weights, loss and score. */
import { type LayerOutputs, layerOutputs } from "wasmgrad";
import type { Network } from "./network.ts";
import { gridRows, type Rows, type RunRows } from "./rows.ts";
import type { Frame, View } from "./types.ts";

export type Picture = Pick<Frame, "loss" | "score" | "surface" | "units" | "weights">;

/** The least probability that a loss is computed of. */
const LEAST = 1e-12;

export class Frames {
  readonly #network: Network;
  readonly #rows: RunRows;
  #hidden: LayerOutputs<Rows["x"]> | undefined;
  /** Rows of the surface and of the tiles by cells on a side. */
  readonly #grids = new Map<number, Rows["x"]>();

  constructor(network: Network, rows: RunRows) {
    this.#network = network;
    this.#rows = rows;
  }

  draw({ grid, tile, weights }: View): Picture {
    const { trainer, viewer, units, weighted } = this.#network;
    const { train, test } = this.#rows;
    viewer.restore(trainer.state({ training: false }));
    const ofTrain = this.#measure(train);
    const ofTest = this.#measure(test);
    const { parameters } = trainer;
    return {
      loss: { train: ofTrain.loss, test: ofTest.loss },
      score: { train: ofTrain.score, test: ofTest.score },
      surface: viewer.predict(this.#grid(grid)).data,
      units: tile > 0 && units.length > 0 ? this.#tiles(tile) : [],
      weights: weights
        ? weighted.map((layer) => ({
            weight: parameters[`${layer}.weight`].data.slice(),
            bias: parameters[`${layer}.bias`].data.slice(),
          }))
        : [],
    };
  }

  #grid(cells: number): Rows["x"] {
    let grid = this.#grids.get(cells);
    if (!grid) {
      // The surface's and the tiles'; others were of sizes that are no more.
      if (this.#grids.size >= 4) this.#grids.clear();
      grid = gridRows(this.#rows, cells);
      this.#grids.set(cells, grid);
    }
    return grid;
  }

  #tiles(cells: number): Float32Array[] {
    const { viewer, units } = this.#network;
    if (this.#hidden) this.#hidden.update();
    else this.#hidden = layerOutputs(viewer, units);
    const given = this.#hidden.predict(this.#grid(cells));
    return units.map((layer) => {
      const { data, shape } = given[layer];
      const [points, count] = shape as readonly [number, number];
      const byUnit = new Float32Array(data.length);
      for (let unit = 0; unit < count; unit++)
        for (let point = 0; point < points; point++)
          byUnit[unit * points + point] = data[point * count + unit];
      return byUnit;
    });
  }

  #measure({ x, y }: Rows): { readonly loss: number; readonly score: number } {
    const { task, outputs } = this.#rows;
    const { data } = this.#network.viewer.predict(x);
    if (task === "numbers") return ofNumbers(data, y, this.#spread);
    return outputs.length === 2 ? ofTwoClasses(data, y) : ofClasses(data, y, outputs.length);
  }

  /** Of the standardized target: the loss is of these. */
  get #spread(): number {
    const found = Object.entries(this.#network.viewer.preprocessing).find(([name]) =>
      name.startsWith("targets."),
    );
    return found?.[1].spread[0] || 1;
  }

  dispose(): void {
    this.#hidden?.dispose();
  }
}

function ofTwoClasses(predicted: Float32Array, y: Rows["y"]) {
  let loss = 0;
  let right = 0;
  for (let row = 0; row < y.length; row++) {
    const p = predicted[row];
    loss -= Math.log(Math.max(y[row] === 1 ? p : 1 - p, LEAST));
    if (p > 0.5 === (y[row] === 1)) right++;
  }
  return { loss: loss / y.length, score: right / y.length };
}

function ofClasses(predicted: Float32Array, y: Rows["y"], classes: number) {
  let loss = 0;
  let right = 0;
  for (let row = 0; row < y.length; row++) {
    const at = row * classes;
    let best = 0;
    for (let k = 1; k < classes; k++) if (predicted[at + k] > predicted[at + best]) best = k;
    loss -= Math.log(Math.max(predicted[at + y[row]], LEAST));
    if (best === y[row]) right++;
  }
  return { loss: loss / y.length, score: right / y.length };
}

/** Mean squared error of the standardized target, and R2, which is 1 where all is explained. */
function ofNumbers(predicted: Float32Array, y: Rows["y"], spread: number) {
  let mean = 0;
  for (const value of y) mean += value / y.length;
  let errors = 0;
  let total = 0;
  for (let row = 0; row < y.length; row++) {
    errors += (predicted[row] - y[row]) ** 2;
    total += (y[row] - mean) ** 2;
  }
  return {
    loss: errors / y.length / spread ** 2,
    score: total > 0 ? 1 - errors / total : errors > 0 ? 0 : 1,
  };
}
