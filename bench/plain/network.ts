/** A network of dense layers trained with Adam, in plain loops: what one would write without a library. */
import type { Network } from "../shapes.ts";
import { adamUpdate } from "./optimizers.ts";
import { productNN, productNT, productTN } from "./products.ts";

/** Rows of inputs, and a class index or a probability for each. */
export interface Rows {
  readonly x: Float32Array;
  readonly y: Int32Array | Float32Array;
}

interface DenseLayer {
  readonly inputs: number;
  readonly units: number;
  /** W [inputs, units], then b [units]; gradients and moments are laid out the same way. */
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** [batch, units]: the activations, and their cotangent */
  readonly y: Float32Array;
  readonly dy: Float32Array;
}

export class PlainNetwork {
  readonly layers: readonly DenseLayer[];
  #step = 0;

  constructor(readonly network: Network) {
    const { layers, batch } = network;
    this.layers = layers.slice(1).map((units, l) => {
      const inputs = layers[l];
      const make = () => new Float32Array((inputs + 1) * units);
      return {
        inputs,
        units,
        parameters: make(),
        gradients: make(),
        firstMoment: make(),
        secondMoment: make(),
        y: new Float32Array(batch * units),
        dy: new Float32Array(batch * units),
      };
    });
  }

  /** Starts over from given parameters: for each layer W, then b. */
  load(parameters: readonly Float32Array[]): void {
    this.#step = 0;
    this.layers.forEach((layer, l) => {
      layer.parameters.set(parameters[2 * l]);
      layer.parameters.set(parameters[2 * l + 1], layer.inputs * layer.units);
      layer.firstMoment.fill(0);
      layer.secondMoment.fill(0);
    });
  }

  /** Everything training changes, as one array. */
  state(): Float32Array {
    const blocks = this.layers.flatMap((l) => [l.parameters, l.firstMoment, l.secondMoment]);
    const saved = new Float32Array(1 + blocks.reduce((sum, b) => sum + b.length, 0));
    saved[0] = this.#step;
    let at = 1;
    for (const block of blocks) {
      saved.set(block, at);
      at += block.length;
    }
    return saved;
  }

  restore(saved: Float32Array): void {
    this.#step = saved[0];
    let at = 1;
    for (const { parameters, firstMoment, secondMoment } of this.layers)
      for (const block of [parameters, firstMoment, secondMoment]) {
        block.set(saved.subarray(at, at + block.length));
        at += block.length;
      }
  }

  /** Outputs for `rows` rows of x, from row `from` on: probabilities [rows, units] in the last layer's `y`. */
  predict(x: Float32Array, from: number, rows: number): Float32Array {
    const { hidden, loss } = this.network;
    let input = x;
    let start = from * this.layers[0].inputs;
    this.layers.forEach(({ inputs, units, parameters, y }, l) => {
      productNN(y, input, parameters, rows, units, inputs, start);
      const bias = inputs * units;
      const last = l === this.layers.length - 1;
      for (let i = 0; i < rows * units; i += units)
        for (let j = 0; j < units; j++) {
          const z = y[i + j] + parameters[bias + j];
          y[i + j] = last ? z : hidden === "relu" ? Math.max(z, 0) : Math.tanh(z);
        }
      input = y;
      start = 0;
    });
    const { y, units } = this.layers[this.layers.length - 1];
    if (loss === "binaryCrossEntropy")
      for (let i = 0; i < rows * units; i++) y[i] = 1 / (1 + Math.exp(-y[i]));
    else for (let i = 0; i < rows; i++) softmaxRow(y, i * units, units);
    return y;
  }

  /** The mean loss of some rows; leaves its gradient in `gradients`. */
  backward({ x, y: targets }: Rows, from: number, rows: number): number {
    const p = this.predict(x, from, rows);
    const last = this.layers[this.layers.length - 1];
    let loss = 0;
    if (this.network.loss === "binaryCrossEntropy") {
      const count = rows * last.units;
      for (let i = 0; i < count; i++) {
        const t = targets[from * last.units + i];
        loss -= t * Math.log(p[i]) + (1 - t) * Math.log(1 - p[i]);
        last.dy[i] = (p[i] - t) / count;
      }
      loss /= count;
    } else {
      for (let i = 0; i < rows; i++) {
        const label = targets[from + i];
        loss -= Math.log(p[i * last.units + label]) / rows;
        for (let j = 0; j < last.units; j++) {
          const at = i * last.units + j;
          last.dy[at] = (p[at] - (j === label ? 1 : 0)) / rows;
        }
      }
    }
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { inputs, units, parameters, gradients, dy } = this.layers[l];
      const input = l > 0 ? this.layers[l - 1].y : x;
      productTN(gradients, input, dy, inputs, units, rows, l > 0 ? 0 : from * inputs);
      const bias = inputs * units;
      gradients.fill(0, bias);
      for (let i = 0; i < rows * units; i += units)
        for (let j = 0; j < units; j++) gradients[bias + j] += dy[i + j];
      if (l === 0) break;
      const below = this.layers[l - 1];
      productNT(below.dy, dy, parameters, rows, inputs, units);
      const relu = this.network.hidden === "relu";
      for (let i = 0; i < rows * inputs; i++) {
        const h = below.y[i];
        if (relu) {
          if (h <= 0) below.dy[i] = 0;
        } else below.dy[i] *= 1 - h * h;
      }
    }
    return loss;
  }

  /** One step of training; returns the loss before the update. */
  step(data: Rows, from: number, rows: number): number {
    const loss = this.backward(data, from, rows);
    this.update();
    return loss;
  }

  /** Adam, with the gradients that `backward` left. */
  update(): void {
    const { learningRate } = this.network;
    this.#step++;
    for (const { parameters, gradients, firstMoment, secondMoment } of this.layers)
      adamUpdate(parameters, gradients, firstMoment, secondMoment, this.#step, learningRate);
  }
}

function softmaxRow(y: Float32Array, at: number, n: number): void {
  let top = y[at];
  for (let j = 1; j < n; j++) top = Math.max(top, y[at + j]);
  let sum = 0;
  for (let j = 0; j < n; j++) sum += y[at + j] = Math.exp(y[at + j] - top);
  for (let j = 0; j < n; j++) y[at + j] /= sum;
}
