/** `findRowMixing`: by its rules on single nodes and paths, and against what random graphs compute. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { type AnyOp, BinaryFn, Fn, LossFn, ReduceFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { findRowMixing } from "../../src/graph/row-mixing.ts";
import { resolve, type Shape, sizeOf } from "../../src/graph/shape.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { evaluate, noiseOf } from "../oracle/graph.ts";
import { randomRequest, type Step } from "../plan/random-graph.ts";

/** A graph under construction, in the words of a test. */
class Draft {
  readonly graph = new Graph();
  readonly builder = new Builder(this.graph);

  input = (shape: Shape) => this.graph.addInput(`x${this.graph.inputs.length}`, shape);
  parameter = (shape: Shape) => this.graph.addVariable("w", shape, { kind: "constant", value: 0 });
  emit = (op: AnyOp, attrs: object, ...inputs: ValueId[]) => this.builder.emit(op, attrs, inputs)[0];
  reshape = (x: ValueId, shape: Shape) => this.emit(OPS.reshape, { shape }, x);
  transpose = (x: ValueId, axes: number[]) => this.emit(OPS.transpose, { axes }, x);
  reduce = (x: ValueId, from: number, to: number) =>
    this.emit(OPS.reduce, { fn: ReduceFn.Mean, from, to }, x);
  binary = (a: ValueId, b: ValueId) => this.emit(OPS.binary, { fn: BinaryFn.Subtract }, a, b);
  relu = (x: ValueId) => this.emit(OPS.unary, { fn: Fn.Relu, alpha: 0 }, x);
  matMul = (a: ValueId, b: ValueId, transposeA = false, transposeB = false) =>
    this.emit(OPS.matMul, { transposeA, transposeB }, a, b);

  /** The op that is found, and the value it makes. */
  found(...outputs: ValueId[]): [string, ValueId] | undefined {
    const mixing = findRowMixing(this.graph, outputs);
    return mixing && [mixing.node.op, mixing.value];
  }
}

const R = -1;
type Make = (d: Draft) => ValueId;

const APART: Record<string, Make> = {
  "an input itself": (d) => d.input([R, 3]),
  "a parameter": (d) => d.parameter([3]),
  "a sum over parameters": (d) => d.reduce(d.parameter([3, 4]), 0, 1),
  "an elementwise function": (d) => d.relu(d.input([R, 3])),
  "a dense layer": (d) =>
    d.emit(OPS.dense, { fn: Fn.Identity, alpha: 0 }, d.input([R, 3]), d.parameter([3, 4]), d.parameter([4])),
  "a sum of two inputs": (d) => d.binary(d.input([R, 3]), d.input([R, 3])),
  "a sum with a column": (d) => d.binary(d.input([R, 3]), d.input([R, 1])),
  "a sum with a row of parameters": (d) => d.binary(d.input([R, 3]), d.parameter([3])),
  "a mean over columns": (d) => d.reduce(d.input([R, 3]), 1, 2),
  "a softmax over columns": (d) => d.emit(OPS.softmax, {}, d.input([R, 3])),
  "a row made flat": (d) => d.reshape(d.input([R, 2, 3]), [R, 6]),
  "rows as pieces of rows": (d) => d.reshape(d.input([R, 6]), [-2, 3]),
  "pieces of rows as rows again": (d) => d.reshape(d.relu(d.reshape(d.input([R, 6]), [-6])), [R, 2, 3]),
  "an axis of length 1 in front": (d) => d.reshape(d.input([R, 6]), [1, R, 2, 3]),
  "a transpose": (d) => d.transpose(d.input([R, 3]), [1, 0]),
  "a transpose there and back": (d) => d.transpose(d.relu(d.transpose(d.input([R, 3]), [1, 0])), [1, 0]),
  "a transpose, its axes joined behind the rows": (d) =>
    d.reshape(d.transpose(d.input([R, 2, 3]), [2, 0, 1]), [3, R, 2, 1]),
  "a sum in front of the rows": (d) => d.reduce(d.transpose(d.input([R, 3]), [1, 0]), 0, 1),
  "a product from the left": (d) => d.matMul(d.parameter([4, 3]), d.transpose(d.input([R, 3]), [1, 0])),
  "a product with rows as the left's columns": (d) =>
    d.matMul(d.transpose(d.input([R, 3]), [1, 0]), d.parameter([3, 4]), true),
  "a product with rows as the right's rows": (d) =>
    d.matMul(d.parameter([4, 3]), d.input([R, 3]), false, true),
};

const MIXED: Record<string, [Make, string]> = {
  "a mean over rows": [(d) => d.reduce(d.input([R, 3]), 0, 1), "reduce"],
  "a mean over everything": [(d) => d.reduce(d.input([R, 3]), 0, 2), "reduce"],
  "a mean over pieces of rows": [(d) => d.reduce(d.reshape(d.input([R, 6]), [-2, 3]), 0, 1), "reduce"],
  "a mean over transposed rows": [(d) => d.reduce(d.transpose(d.input([R, 3]), [1, 0]), 1, 2), "reduce"],
  "rows without their mean": [
    (d) => {
      const x = d.input([R, 3]);
      return d.binary(x, d.reduce(x, 0, 1));
    },
    "reduce",
  ],
  "a product over rows": [
    (d) => {
      const x = d.input([R, 3]);
      return d.matMul(x, d.matMul(x, x, true));
    },
    "matMul",
  ],
  "a product of transposed rows": [
    (d) => {
      const x = d.input([R, 3]);
      return d.matMul(d.transpose(x, [1, 0]), x);
    },
    "matMul",
  ],
  "a loss": [
    (d) => d.emit(OPS.loss, { fn: LossFn.MeanSquaredError, parameter: 0 }, d.input([R, 3]), d.input([R, 3])),
    "loss",
  ],
  "rows read as columns": [(d) => d.reshape(d.input([R, 3]), [3, R]), "reshape"],
  "a transpose, then a reshape to rows": [
    (d) => d.reshape(d.transpose(d.input([R, 3]), [1, 0]), [R, 3]),
    "reshape",
  ],
  "a transpose made flat": [(d) => d.reshape(d.transpose(d.input([R, 3]), [1, 0]), [-3]), "reshape"],
  "axes in front of the rows joined with them": [
    (d) => d.reshape(d.transpose(d.input([R, 2, 3]), [1, 0, 2]), [-2, 3]),
    "reshape",
  ],
};

const ROWS_OF_A_PASS = 3;

/** Whether row 0 of a value [rows, ..] changes when the other rows of the inputs do, as the f64 oracle has it. */
function companyOf(graph: Graph): (value: ValueId) => boolean {
  const valuesFor = (seed: number) => {
    const fixed = noiseOf(1);
    const others = noiseOf(seed);
    const feeds = new Map<ValueId, ArrayLike<number>>();
    for (const { value } of [...graph.inputs, ...graph.variables]) {
      const elements = resolve(sizeOf(graph.shape(value)), ROWS_OF_A_PASS);
      const row = graph.shape(value)[0] < 0 ? elements / ROWS_OF_A_PASS : elements;
      feeds.set(
        value,
        Float32Array.from({ length: elements }, (_, i) => (i < row ? fixed() : others())),
      );
    }
    return evaluate(graph, ROWS_OF_A_PASS, feeds);
  };
  const [a, b] = [valuesFor(2), valuesFor(3)];
  return (value) => {
    const row = (values: Map<ValueId, number[]>) => {
      const all = values.get(value) as number[];
      return all.slice(0, all.length / ROWS_OF_A_PASS);
    };
    return `${row(a)}` !== `${row(b)}`;
  };
}

describe("rows stay apart in", () => {
  it.each(Object.entries(APART))("%s", (_, make) => {
    const d = new Draft();
    const output = make(d);
    expect(d.found(output)).toBeUndefined();
    if (d.graph.shape(output)[0] < 0) expect(companyOf(d.graph)(output)).toBe(false);
  });
});

describe("rows mix in", () => {
  it.each(Object.entries(MIXED))("%s", (_, [make, op]) => {
    const d = new Draft();
    const output = make(d);
    const [found, value] = d.found(output) as [string, ValueId];
    expect(found).toBe(op);
    expect(d.graph.nodes.find((node) => node.outputs.includes(value))?.op).toBe(op);
    // Also on the way to an output that has its rows again.
    const x = d.input([R, 3]);
    const shape = d.graph.shape(value);
    if (shape.every((dim) => dim > 0)) {
      const later = d.binary(x, d.reduce(value, 0, shape.length));
      expect(d.found(later)).toEqual([op, value]);
      expect(companyOf(d.graph)(later)).toBe(true);
    }
  });
});

describe("findRowMixing", () => {
  it("finds every mixing of rows that there is in random graphs", () => {
    const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(15), fc.nat(999), fc.nat(999), fc.nat(999));
    const counts = { apart: 0, mixed: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25, size: "max" }), (steps) => {
        const { graph } = randomRequest(steps, ROWS_OF_A_PASS);
        const changes = companyOf(graph);
        for (const { outputs } of graph.nodes)
          for (const id of outputs) {
            if (graph.shape(id)[0] !== R) continue;
            const mixing = findRowMixing(graph, [id]);
            counts[mixing ? "mixed" : "apart"]++;
            if (!mixing) expect(changes(id), `%${id} of ${graph}`).toBe(false);
          }
      }),
      { seed: 20260102, numRuns: 300 },
    );
    expect(counts.apart).toBeGreaterThan(1000);
    expect(counts.mixed).toBeGreaterThan(100);
  });

  it("finds the first node of several", () => {
    const d = new Draft();
    const first = d.reduce(d.input([R, 3]), 0, 1);
    const second = d.reduce(d.input([R, 3]), 0, 1);
    expect(d.found(d.binary(second, first))).toEqual(["reduce", first]);
  });

  it("looks at what the outputs depend on, and at nothing else", () => {
    const d = new Draft();
    const x = d.input([R, 3]);
    const mean = d.reduce(x, 0, 1);
    const y = d.relu(x);
    expect(d.found(y)).toBeUndefined();
    expect(d.found(y, d.binary(x, mean))).toEqual(["reduce", mean]);
    expect(d.found()).toBeUndefined();
  });
});
