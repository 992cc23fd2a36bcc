/**
 * Training graphs from lists of small numbers, so that fast-check can shorten those that fail. Every list gives a valid
 * graph; values stay within a few units, so that rounding stays small too.
 */

import { ShapeError } from "../../src/errors.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { type AnyOp, BinaryFn, Cell, Fn, LossFn, ReduceFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { resolve, type Shape, sizeOf } from "../../src/graph/shape.ts";
import type { ValueId } from "../../src/graph/type.ts";
import type { TapePort } from "../../src/plan/graphs.ts";
import { sgdPlan } from "../../src/plan/optimizer.ts";
import type { PlanRequest } from "../../src/plan/request.ts";
import { TRAINING } from "../../src/plan/training.ts";
import { isOverRows } from "../../src/tape/blocks.ts";
import { gatesOf } from "../../src/tape/formats/recurrent.ts";

export type Step = readonly [kind: number, a: number, b: number, c: number];

const ROWS = -1;
const MOST_ELEMENTS = 1500;
const ZERO = { kind: "constant", value: 0 } as const;
const LINEAR = { fn: Fn.Identity, alpha: 0 };
const WIDTHS = [1, 3, 4, 5, 8, 17];
/** Bounded by their argument, more or less. */
const ACTIVATIONS = [
  Fn.Identity,
  Fn.Relu,
  Fn.LeakyRelu,
  Fn.Elu,
  Fn.Selu,
  Fn.Gelu,
  Fn.GeluTanh,
  Fn.Silu,
  Fn.Softplus,
  Fn.Sigmoid,
  Fn.Tanh,
  Fn.HardSigmoid,
  Fn.Sign,
  Fn.Negate,
  Fn.Abs,
];

class Maker {
  readonly graph = new Graph();
  readonly builder = new Builder(this.graph);
  readonly pool: ValueId[] = [];
  #streams = 0;

  constructor(readonly batch: number) {}

  shape = (id: ValueId) => this.graph.shape(id);
  elements = (shape: Shape) => resolve(sizeOf(shape), this.batch);

  emit(op: AnyOp, attrs: object, inputs: readonly ValueId[]): ValueId {
    return this.builder.emit(op, attrs, inputs)[0];
  }

  unary = (fn: Fn, x: ValueId) => this.emit(OPS.unary, { fn, alpha: 0.3 }, [x]);
  binary = (fn: BinaryFn, a: ValueId, b: ValueId) => this.emit(OPS.binary, { fn }, [a, b]);
  scaled = (x: ValueId, factor: number) =>
    this.binary(BinaryFn.Multiply, x, this.graph.addConstant([], Float32Array.of(factor)));
  shifted = (x: ValueId) =>
    this.binary(BinaryFn.Add, this.unary(Fn.Tanh, x), this.graph.addConstant([], Float32Array.of(1.5)));
  parameter = (shape: Shape) =>
    this.graph.addVariable(`parameter${this.graph.variables.length}`, shape, ZERO);
  reshape = (x: ValueId, shape: Shape) => this.emit(OPS.reshape, { shape }, [x]);
  reduce = (fn: ReduceFn, x: ValueId, from: number, to: number) => {
    const terms = this.elements(this.shape(x).slice(from, to));
    const y = this.emit(OPS.reduce, { fn, from, to }, [x]);
    return fn === ReduceFn.Sum && terms > 1 ? this.scaled(y, 1 / terms) : y;
  };

  /** A parameter of this shape: an earlier one where the choice is odd and there is one. */
  sharedParameter(shape: Shape, choice: number): ValueId {
    const found = this.graph.variables.find((p) => `${this.shape(p.value)}` === `${shape}`);
    return found && choice % 2 === 1 ? found.value : this.parameter(shape);
  }

  pick(choice: number): ValueId {
    const recent = choice % 3 === 0 ? this.pool.length : Math.min(this.pool.length, 4);
    return this.pool[this.pool.length - 1 - (Math.floor(choice / 3) % recent)];
  }

  /** The first value, from a chosen one on, of which `fits` is true. */
  find(choice: number, fits: (shape: Shape) => boolean): ValueId | undefined {
    const at = (i: number) => this.pool[(choice + i) % this.pool.length];
    for (let i = 0; i < this.pool.length; i++) if (fits(this.shape(at(i)))) return at(i);
    return undefined;
  }

  step([kind, a, b, c]: Step): ValueId | undefined {
    const x = this.pick(a);
    const shape = this.shape(x);
    const rank = shape.length;
    const last = shape[rank - 1];
    switch (kind) {
      case 0: {
        if (rank < 2 || last < 0) return undefined;
        const n = WIDTHS[c % WIDTHS.length];
        const weights = this.sharedParameter([last, n], b);
        const bias = c % 4 === 3 ? [] : [this.sharedParameter([n], b)];
        const z = this.scaled(this.emit(OPS.dense, LINEAR, [x, weights, ...bias]), 1 / last);
        return this.unary(ACTIVATIONS[b % ACTIVATIONS.length], z);
      }
      case 1: {
        // Straight into the activation, so that fusion finds it.
        if (rank < 2 || last < 0) return undefined;
        const n = WIDTHS[c % WIDTHS.length];
        const z = this.emit(OPS.dense, LINEAR, [
          this.unary(Fn.Tanh, x),
          this.parameter([last, n]),
          this.parameter([n]),
        ]);
        return this.unary([Fn.Tanh, Fn.Sigmoid, Fn.Relu, Fn.Gelu][b % 4], z);
      }
      case 2:
      case 3:
      case 4: {
        const transposeA = kind === 3;
        const transposeB = kind === 4;
        if (rank < 2) return undefined;
        const y = this.find(b, (s) => {
          if (s.length < 2 || (s.length > 2 && !transposeA)) return false;
          if (transposeA) return `${s.slice(0, -1)}` === `${shape.slice(0, -1)}`;
          return s[transposeB ? 1 : 0] === last;
        });
        if (y === undefined) return undefined;
        const k = transposeA ? sizeOf(shape.slice(0, -1)) : last;
        const product = this.emit(OPS.matMul, { transposeA, transposeB }, [x, this.unary(Fn.Tanh, y)]);
        return this.scaled(product, 1 / resolve(k, this.batch));
      }
      case 5:
        return this.unary(ACTIVATIONS[b % ACTIVATIONS.length], x);
      case 6:
        if (b % 4 === 0) return this.unary(Fn.Exp, this.unary(Fn.Tanh, x));
        if (b % 4 === 1) return this.unary(Fn.Square, this.unary(Fn.Tanh, x));
        return this.unary(b % 4 === 2 ? Fn.Log : Fn.Sqrt, this.shifted(x));
      case 7:
      case 8: {
        const y = this.find(b, (s) => this.#broadcasts(s, shape));
        if (y === undefined) return undefined;
        const [p, q] = c % 2 === 0 ? [x, y] : [y, x];
        if (c % 6 < 2) return this.scaled(this.binary(BinaryFn.Add, p, q), 0.5);
        if (c % 6 === 2) return this.scaled(this.binary(BinaryFn.Subtract, p, q), 0.5);
        if (c % 6 === 3) return this.binary(BinaryFn.Multiply, this.unary(Fn.Tanh, p), q);
        if (c % 6 === 4) return this.binary(b % 2 === 0 ? BinaryFn.Maximum : BinaryFn.Minimum, p, q);
        return this.binary(BinaryFn.Divide, p, this.shifted(q));
      }
      case 9: {
        const from = b % (rank + 1);
        return this.reduce(
          [ReduceFn.Sum, ReduceFn.Mean, ReduceFn.Max][c % 3],
          x,
          from,
          from + ((b + c) % (rank - from + 1)),
        );
      }
      case 10: {
        const axes = shape.map((_, i) => i);
        for (let i = rank - 1; i > 0; i--) {
          const j = (b + c * i) % (i + 1);
          [axes[i], axes[j]] = [axes[j], axes[i]];
        }
        return this.emit(OPS.transpose, { axes }, [x]);
      }
      case 11:
        if (c % 4 === 0) return this.reshape(x, [sizeOf(shape)]);
        if (c % 4 === 1) return this.reshape(this.reshape(x, [1, ...shape]), shape);
        if (c % 4 === 2 && last % 2 === 0) return this.reshape(x, [...shape.slice(0, -1), 2, last / 2]);
        return rank < 2 ? undefined : this.reshape(x, [...shape.slice(0, -2), sizeOf(shape.slice(-2))]);
      case 12:
        if (rank === 0 || last < 0) return undefined;
        return this.emit(c % 2 === 0 ? OPS.softmax : OPS.logSoftmax, {}, [x]);
      case 13:
        if (shape.some((d) => d < 0)) return undefined;
        return this.emit(OPS.broadcast, { shape: [ROWS, ...shape], divisor: 1 }, [x]);
      case 14: {
        const p = this.sharedParameter(rank > 0 && last > 0 ? [last] : [], b);
        return c % 2 === 0 ? p : this.reshape(this.reshape(p, [1, ...this.shape(p)]), this.shape(p));
      }
      case 15:
        return this.#ofTensors(x, b, c);
      case 16:
        return this.#stretched(x, b, c);
      case 17:
        return this.#windows(x, b, c);
      case 18:
        return this.#attended(x, b);
      case 19:
        return this.#drawn(x, b, c);
      case 20:
        // Its terms of the loss are added where the loss is.
        if (shape[0] !== ROWS) return undefined;
        return this.emit(OPS.activityPenalty, { l1: [0.05, 0][b % 2], l2: [0, 0.1, 0.02][c % 3] }, [x]);
      default: {
        // Two parameters of one shape, so that their gradients are one value.
        const s = rank > 0 && last > 0 ? [last] : [];
        return this.scaled(this.binary(BinaryFn.Add, this.parameter(s), this.parameter(s)), 0.5);
      }
    }
  }

  /** Elementwise functions of tensors, running sums, products of batches. */
  #ofTensors(x: ValueId, b: number, c: number): ValueId | undefined {
    const shape = this.shape(x);
    const rank = shape.length;
    switch (c % 8) {
      case 6:
        return this.#convolved(x, b, c);
      case 7:
        return this.#recurred(x, b, c);
      case 0:
        return this.unary([Fn.Sin, Fn.Cos, Fn.Erf][b % 3], x);
      case 1:
        return this.unary([Fn.Log1p, Fn.Reciprocal, Fn.Rsqrt][b % 3], this.shifted(x));
      case 2:
        return this.binary(BinaryFn.Power, this.shifted(x), this.unary(Fn.Tanh, this.pick(b)));
      case 3:
        // Continuous, as differences need it; for the same reason there is no stopGradient here.
        return this.binary(b % 2 === 0 ? BinaryFn.Keep : BinaryFn.Drop, this.unary(Fn.Relu, x), x);
      case 4: {
        if (rank === 0) return undefined;
        const axis = b % rank;
        const n = this.elements([shape[axis]]);
        return this.scaled(this.emit(OPS.cumulativeSum, { axis, reverse: b % 2 === 0 }, [x]), 1 / n);
      }
      default: {
        if (rank < 2) return undefined;
        const k = this.elements(shape.slice(-1));
        const attrs = { transposeA: false, transposeB: true };
        return this.scaled(this.emit(OPS.batchMatMul, attrs, [x, this.unary(Fn.Tanh, x)]), 1 / k);
      }
    }
  }

  /** A recurrent layer of any cell, from states and with a mask or without; what is no sequence is one of a single feature. */
  #recurred(x: ValueId, b: number, c: number): ValueId | undefined {
    const own = this.shape(x);
    if (own.length < 2 || own.length > 3 || own.slice(1).some((d) => d < 0)) return undefined;
    const input = own.length === 2 ? this.reshape(x, [...own, 1]) : x;
    const [m, steps, features] = this.shape(input);
    const cell = [Cell.Lstm, Cell.Gru, Cell.GruBefore, Cell.RnnTanh][b % 4];
    const units = [1, 3, 5][c % 3];
    const columns = gatesOf(cell) * units;
    const masked = b % 3 === 0;
    const initial = b % 5 > 2;
    const z = this.emit(OPS.dense, LINEAR, [this.unary(Fn.Tanh, input), this.parameter([features, columns])]);
    const first = { axis: 1, start: 0, step: 1, length: units };
    const state = initial ? [this.emit(OPS.slice, first, [this.reduce(ReduceFn.Mean, z, 1, 2)])] : [];
    const some = this.graph.addConstant(
      [steps],
      Float32Array.from({ length: steps }, (_, t) => (t + b) & 1),
    );
    const inputs = [
      z,
      this.scaled(this.parameter([units, columns]), 1 / units),
      ...(cell === Cell.Gru ? [this.sharedParameter([units], b)] : []),
      ...(masked ? [this.emit(OPS.broadcast, { shape: [m, steps], divisor: 1 }, [some])] : []),
      ...state,
      ...(cell === Cell.Lstm ? state : []),
    ];
    const attrs = { cell, reverse: c % 2 === 0, masked, initial };
    const outputs = this.builder.emit(OPS.recurrent, attrs, inputs);
    return outputs[[0, 1, cell === Cell.Lstm ? 3 : 1][b % 3]];
  }

  /** A convolution or a transposed one; what is no image or sequence is a sequence of one channel. */
  #convolved(x: ValueId, b: number, c: number): ValueId | undefined {
    const own = this.shape(x);
    if (own.length < 2 || own.length > 4 || own.slice(1).some((d) => d < 0)) return undefined;
    const input = own.length === 2 ? this.reshape(x, [...own, 1]) : x;
    const shape = this.shape(input);
    const inner = shape.slice(1, -1);
    const channels = shape[shape.length - 1];
    const size = inner.map((n, i) => Math.min(n, 1 + ((b >> i) % 3)));
    const all = (n: number) => inner.map(() => n);
    const windows = { size, stride: all(1 + (b % 2)), dilation: all(1), groups: 1 };
    const filters = [3, 9][c % 2];
    const products = sizeOf(size) * channels;
    if (b % 3 === 0) {
      const lengths = inner.map((n, i) => (n - 1) * windows.stride[i] + size[i]);
      const attrs = { ...windows, paddingBefore: all(0), paddingAfter: all(0), lengths };
      const w = this.parameter([...size, filters, channels]);
      return this.scaled(this.emit(OPS.convTranspose, attrs, [input, w]), 1 / products);
    }
    const attrs = { ...windows, paddingBefore: all(1), paddingAfter: all(0), ...LINEAR };
    const weights = [this.parameter([...size, channels, filters]), this.parameter([filters])];
    const z = this.emit(OPS.conv, attrs, [input, ...weights.slice(0, 1 + (c % 3 ? 1 : 0))]);
    return c % 2 === 0 ? this.scaled(z, 1 / products) : this.unary(Fn.Tanh, z);
  }

  /** Attention of a sequence to itself, of keys and values that are bounded. */
  #attended(x: ValueId, b: number): ValueId | undefined {
    const shape = this.shape(x);
    if (shape.length < 2 || shape.slice(-2).some((d) => d < 0)) return undefined;
    const features = shape[shape.length - 1];
    const heads = [4, 2, 1].find((n) => features % n === 0) as number;
    const attrs = { heads, causal: b % 2 === 0, rate: 0, stream: 0 };
    return this.emit(OPS.attention, attrs, [this.unary(Fn.Tanh, x), this.unary(Fn.Sin, x), x]);
  }

  /** Noise and dropout, which are nothing outside training. */
  #drawn(x: ValueId, b: number, c: number): ValueId {
    const stream = this.#streams++;
    if (c % 3 === 0) return this.emit(OPS.dropout, { rate: [0.25, 0.5][b % 2], stream }, [x]);
    return this.emit(OPS.noise, { uniform: c % 3 === 1, spread: 0.1 * (1 + (b % 3)), stream }, [x]);
  }

  /** Slices, padding and joining. */
  #stretched(x: ValueId, b: number, c: number): ValueId | undefined {
    const shape = this.shape(x);
    const axis = shape.findIndex((d, i) => i >= b % Math.max(1, shape.length) && d > 0);
    if (axis < 0) return undefined;
    const n = shape[axis];
    if (c % 3 === 0) {
      const step = 1 + (b % 2);
      return this.emit(OPS.slice, { axis, start: 0, step, length: Math.ceil(n / step) }, [x]);
    }
    if (c % 3 === 1)
      return this.emit(OPS.pad, { axis, before: b % 3, after: 1, step: 1 + (b % 2), value: 0.5 }, [x]);
    return this.emit(OPS.concat, { axis }, b % 2 === 0 ? [x, x] : [x, this.unary(Fn.Tanh, x)]);
  }

  /** Pooling, images made larger, depthwise convolutions: of sequences, or of images where there is an axis more. */
  #windows(x: ValueId, b: number, c: number): ValueId | undefined {
    const shape = this.shape(x);
    const axes = shape.length - 2;
    if (axes < 1 || axes > 2 || shape.slice(1).some((d) => d < 0)) return undefined;
    const each = (n: number) => new Array<number>(axes).fill(n);
    const size = shape.slice(1, -1).map((d) => Math.min(d, 1 + (b % 3)));
    const windows = {
      size,
      stride: each(1 + (c % 2)),
      paddingBefore: size.map((k) => (b % 2) * (k - 1)),
      paddingAfter: each(0),
    };
    switch (c % 5) {
      case 0:
        return this.emit(OPS.maxPool, windows, [x]);
      case 1:
        return this.emit(OPS.averagePool, { ...windows, divisor: b % 2 }, [x]);
      case 2:
        return this.emit(OPS.upsample, { factor: each(1 + (b % 3)), bilinear: b % 2 === 0 }, [x]);
      default: {
        const f = this.parameter([...size, shape[axes + 1]]);
        const attrs = { ...windows, dilation: each(1) };
        return this.scaled(this.emit(OPS.depthwise, attrs, [x, this.unary(Fn.Tanh, f)]), 1 / sizeOf(size));
      }
    }
  }

  #broadcasts(p: Shape, q: Shape): boolean {
    const rank = Math.max(p.length, q.length);
    const out: number[] = [];
    for (let i = 0; i < rank; i++) {
      const d = p[p.length - rank + i] ?? 1;
      const e = q[q.length - rank + i] ?? 1;
      if (d !== e && d !== 1 && e !== 1) return false;
      out.push(d === 1 ? e : d);
    }
    return out.filter((d) => d < 0).length <= 1 && this.elements(out) <= MOST_ELEMENTS;
  }

  add(step: Step): void {
    const { nodes, values, variables, constants } = this.graph;
    const before = [nodes.length, values.length, variables.length, constants.length];
    let made: ValueId | undefined;
    try {
      made = this.step(step);
    } catch (error) {
      // What a tape cannot hold is refused, and the graph goes on without.
      if (!(error instanceof ShapeError)) throw error;
    }
    if (made !== undefined && this.elements(this.shape(made)) <= MOST_ELEMENTS) {
      this.pool.push(made);
      return;
    }
    [nodes.length, values.length, variables.length, constants.length] = before;
  }
}

/** Losses that the graph may end in; the first shape they take is [rows, ..]. */
const LOSSES = [
  { fn: LossFn.MeanSquaredError, parameter: 0 },
  { fn: LossFn.MeanAbsoluteError, parameter: 0 },
  { fn: LossFn.Huber, parameter: 0.5 },
  { fn: LossFn.BinaryCrossEntropy, parameter: 0 },
  { fn: LossFn.CrossEntropy, parameter: 0 },
  { fn: LossFn.LogCosh, parameter: 0 },
  { fn: LossFn.Value, parameter: 0 },
];

/** A planning request like the ones `compile` makes. */
export function randomRequest(steps: readonly Step[], batch: number): PlanRequest {
  const maker = new Maker(batch);
  const { graph } = maker;
  const x = graph.addInput("x", [ROWS, 4]);
  const unused = graph.addInput("unused", [ROWS, 2, 3]);
  maker.pool.push(maker.parameter([4, 4]), x, unused);
  maker.parameter([3]);
  for (const step of steps) maker.add(step);
  const rowed = maker.pool.filter((id) => maker.shape(id)[0] === ROWS);
  const outputs = [rowed[rowed.length - 1], rowed[Math.floor(rowed.length / 2)], x];
  outputs.forEach((value, i) => {
    graph.outputs.push({ name: `output${i}`, value });
  });

  const train = graph.copy();
  const builder = new Builder(train);
  const emit = (op: AnyOp, attrs: object, inputs: readonly ValueId[]) => builder.emit(op, attrs, inputs)[0];
  // Whatever was made last reaches the loss, unless a loss below does.
  let end = maker.pool[maker.pool.length - 1];
  if (train.shape(end).length > 0)
    end = emit(OPS.reduce, { fn: ReduceFn.Mean, from: 0, to: train.shape(end).length }, [end]);
  let total = end;
  const targets: TapePort[] = [];
  const predictions: ValueId[] = [];
  rowed.slice(-3).forEach((prediction, i) => {
    const shape = train.shape(prediction);
    const attrs = LOSSES[(steps.length + i) % LOSSES.length];
    const labels = attrs.fn === LossFn.CrossEntropy && shape.length === 2 && i % 2 === 0;
    if (isOverRows(attrs.fn) && shape.length < 2) return;
    const value = train.addValue(
      { shape: labels ? [ROWS] : shape, dtype: labels ? "i32" : "f32" },
      `target${i}`,
    );
    // Some labels do not count.
    const weights =
      labels && steps.length % 3 > 0 ? [emit(OPS.lossWeights, { ignore: steps.length % 3 }, [value])] : [];
    total = emit(OPS.accumulate, {}, [total, emit(OPS.loss, attrs, [prediction, value, ...weights])]);
    targets.push({
      name: `target${i}`,
      kind: "target",
      value,
      dtype: labels ? "i32" : "f32",
      rowElements: -sizeOf(shape),
      below: 0,
    });
    predictions.push(prediction);
  });
  // Half of them let the losses have cotangents other than 1.
  if (steps.length % 2 === 0) {
    const half = train.addConstant([], Float32Array.of(0.5));
    total = emit(OPS.binary, { fn: BinaryFn.Multiply }, [total, half]);
  }
  // A value of its own, as valueAndGrad makes it: the last one may be a parameter.
  const measured = emit(OPS.broadcast, { shape: [], divisor: 1 }, [total]);
  let loss = measured;
  for (const { rule, attrs, inputs } of [...train.nodes]) {
    const constant = (value: number) => train.addConstant([], Float32Array.of(value));
    const shape = (id: ValueId) => train.shape(id);
    const term = rule.penalty?.({ op: rule, attrs, inputs, emit: builder.emit, shape, constant } as never);
    if (term !== undefined) loss = emit(OPS.accumulate, {}, [loss, term]);
  }
  const optimizer = sgdPlan([{ learningRate: 0.1, momentum: 0, nesterov: false }]);
  return {
    graph,
    batch,
    windowRows: batch,
    base: 4096,
    train: {
      graph: train,
      loss,
      measured,
      targets,
      predictions,
      optimizer,
      accumulate: 1,
      planner: TRAINING,
    },
  };
}
