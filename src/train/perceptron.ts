import { DataError, ShapeError } from "../errors.ts";
import { dense } from "../model/layers/core.ts";
import { type Model, sequential } from "../model/model.ts";
import { COUNT, check, readOptions, refuseMore } from "../options.ts";
import { countRows, flatten32, makeResult, type Result, type Rows } from "../rows/data.ts";
import { atOnce } from "../steps.ts";
import { checkNames } from "../suggest.ts";

export interface PerceptronOptions {
  /** Numbers in a row, a whole number >= 1. */
  readonly inputs: number;
}

export interface PerceptronData {
  readonly x: Rows;
  /** One label a row: -1 or 1. */
  readonly y: Rows;
}

export interface PerceptronFitOptions {
  /** Most passes over the rows, a whole number >= 1. Default: 1000. */
  readonly epochs?: number;
}

export interface PerceptronResult {
  /** `"separated"`: every row is on its side; `"epochs"`: some are not after as many passes as were allowed. */
  readonly reason: "separated" | "epochs";
  /** Passes over the rows; the last of a separated set changed nothing. */
  readonly epochs: number;
  /** Corrections of the weights. */
  readonly updates: number;
  /** Rows on the wrong side, or on the line, in the end. */
  readonly mistakes: number;
}

/** A `sign` unit that learns by the perceptron rule. */
export interface Perceptron {
  /** [inputs]; 0 to start with. */
  readonly weights: Float32Array;
  readonly bias: number;
  /** Learns; continues from the present weights. */
  fit(data: PerceptronData, options?: PerceptronFitOptions): PerceptronResult;
  /** The label of each row, [rows, 1]: -1 or 1, or 0 on the line itself; the bits that the compiled model gives. */
  predict(x: Rows): Result<number[][]>;
  /** The unit as a model with the present weights: `dense(1, { activation: "sign" })`. */
  toModel(): Model<Rows, Result<number[][]>>;
}

/**
 * One `sign` unit with the perceptron learning rule: it visits the rows in their order, and a row that is not on its side,
 * `y (w . x + b) <= 0`, is added to the weights, `w += y x`, `b += y`. Where a hyperplane separates the labels it ends
 * after a bounded number of corrections; where none does, `epochs` ends it.
 *
 * Weights are f32 and sums run as in the engine's dense layer, so that "separated" holds for the compiled model bit for
 * bit. Rosenblatt 1958, https://doi.org/10.1037/h0042519; the bound: Novikoff 1962.
 *
 * @throws OptionError for another number of inputs; `fit` throws ShapeError or DataError for rows or labels that do
 *   not fit, before it changes anything
 * @example
 * const unit = perceptron({ inputs: 2 });
 * const { reason } = unit.fit({ x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [-1, -1, -1, 1] });
 * reason; // => "separated"
 * unit.predict([[1, 1], [1, 0]]).data; // => Float32Array.of(1, -1)
 */
export function perceptron(options: PerceptronOptions): Perceptron {
  refuseMore("perceptron", arguments, 1);
  const { inputs } = readOptions("perceptron", options, { inputs: [] });
  check("perceptron", "inputs", inputs, COUNT);
  const weights = new Float32Array(inputs);
  let bias = 0;

  /** `w . x + b`: in f32 from +0, k ascending, then the bias, whose rounding cannot change the sign. */
  const weigh = (x: Float32Array, at: number): number => {
    let sum = 0;
    for (let k = 0; k < inputs; k++) sum = Math.fround(sum + Math.fround(x[at + k] * weights[k]));
    return sum + bias;
  };

  return {
    weights,
    get bias() {
      return bias;
    },

    fit(data, fitOptions = {}) {
      refuseMore("perceptron: fit", arguments, 2);
      const { x, y, rows } = readData(data, inputs);
      const { epochs } = readOptions("perceptron: fit", fitOptions, { epochs: [1000, COUNT] });
      const isMistaken = (i: number) => !(y[i] * weigh(x, i * inputs) > 0);
      let updates = 0;
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const before = updates;
        for (let i = 0; i < rows; i++) {
          if (!isMistaken(i)) continue;
          for (let k = 0; k < inputs; k++) weights[k] += y[i] * x[i * inputs + k];
          bias = Math.fround(bias + y[i]);
          updates++;
        }
        if (updates === before) return { reason: "separated", epochs: epoch, updates, mistakes: 0 };
      }
      const mistakes = Array.from({ length: rows }, (_, i) => i).filter(isMistaken).length;
      return { reason: mistakes === 0 ? "separated" : "epochs", epochs, updates, mistakes };
    },

    predict(given) {
      refuseMore("perceptron: predict", arguments, 1);
      const what = "perceptron: x";
      const rows = countRows(what, given, inputs);
      const x = atOnce((jobs) => flatten32(what, given, inputs, rows, jobs));
      const sign = (z: number) => (z > 0 ? 1 : z < 0 ? -1 : z);
      return makeResult(
        Float32Array.from({ length: rows }, (_, i) => sign(weigh(x, i * inputs))),
        [rows, 1],
      );
    },

    toModel: () =>
      sequential({ input: [inputs] }, [
        dense(1, {
          activation: "sign",
          weightInitializer: { kind: "values", data: weights.slice() },
          biasInitializer: { kind: "values", data: Float32Array.of(bias) },
        }),
      ]),
  };
}

function readData(data: PerceptronData, inputs: number) {
  checkNames("perceptron: fit: data", data, ["x", "y"], "key");
  const rows = countRows("perceptron: x", data.x, inputs);
  const x = atOnce((jobs) => flatten32("perceptron: x", data.x, inputs, rows, jobs));
  const labels = countRows("perceptron: y", data.y, 1);
  const y = atOnce((jobs) => flatten32("perceptron: y", data.y, 1, labels, jobs));
  if (labels !== rows || rows === 0)
    throw new ShapeError(
      `perceptron: x and y must have as many rows, at least one; got ${rows} and ${labels}`,
      "rows",
    );
  const bad = y.findIndex((label) => label !== 1 && label !== -1);
  if (bad >= 0)
    throw new DataError(
      `perceptron: labels must be -1 or 1; got ${y[bad]} at row ${bad}${y[bad] === 0 ? " (write -1 for it)" : ""}`,
      "label",
    );
  return { x, y, rows };
}
