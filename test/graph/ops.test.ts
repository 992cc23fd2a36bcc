/**
 * Every op, from the tables of `op-cases.ts`: the shapes it infers, what it refuses, its gradient rule against central
 * differences in f64, and what its records compute against the oracle.
 */
import { describe, expect, it } from "vitest";
import { ShapeError, TraceError } from "../../src/errors.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import {
  type AnyOp,
  BinaryFn,
  Fn,
  type Op,
  type OpAttrs,
  type OpName,
  ReduceFn,
} from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { formatShape, resolve, sizeOf } from "../../src/graph/shape.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { differentiate } from "../../src/plan/differentiate.ts";
import { evaluate, type Feeds, noiseOf, tolerances } from "../oracle/graph.ts";
import { slopeOf, UNARY } from "../oracle/unary.ts";
import { runGraph } from "../plan/machine.ts";
import { ALPHA, CASES, type Case, FNS, REFUSALS, type Refusal } from "./op-cases.ts";

type AnyCase = Omit<Case<OpName>, "attrs"> & { readonly attrs: OpAttrs[OpName] };

/** A graph of one node over inputs of the case, and elements for them. */
function single(op: AnyOp, { attrs, inputs }: AnyCase, rows: number, seed: number) {
  const graph = new Graph();
  const builder = new Builder(graph);
  builder.scope = "layer";
  const ids = inputs.map(({ shape, dtype }, i) => graph.addInput(`x${i}`, shape, dtype));
  const outputs = builder.emit(op, attrs, ids);
  const uniform = noiseOf(seed);
  const feeds = new Map<ValueId, ArrayLike<number>>(
    inputs.map(({ shape, draw }, i) => [
      ids[i],
      Float32Array.from({ length: resolve(sizeOf(shape), rows) }, () => draw(uniform)),
    ]),
  );
  return { graph, builder, ids, outputs, feeds };
}

/** The scalar `sum(output * weights)`, whose gradients exercise a rule with a cotangent that has no structure. */
function weighted(builder: Builder, output: ValueId, feeds: Map<ValueId, ArrayLike<number>>, rows: number) {
  const { graph } = builder;
  const shape = graph.shape(output);
  const weights = graph.addInput("weights", shape);
  const uniform = noiseOf(99);
  feeds.set(weights, Float32Array.from({ length: resolve(sizeOf(shape), rows) }, uniform));
  const product = builder.emit(OPS.binary, { fn: BinaryFn.Multiply }, [output, weights])[0];
  return builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: shape.length }, [product])[0];
}

const STEP = 1e-5;

/** (f(x + h) - f(x - h)) / 2h for each element of one input, f being a scalar of the graph. */
function centralDifferences(graph: Graph, rows: number, feeds: Feeds, loss: ValueId, of: ValueId): number[] {
  const x = Array.from(feeds.get(of) as ArrayLike<number>);
  const at = (i: number, step: number) => {
    const moved = x.slice();
    moved[i] += step;
    return (evaluate(graph, rows, new Map([...feeds, [of, moved]])).get(loss) as number[])[0];
  };
  return x.map((_, i) => (at(i, STEP) - at(i, -STEP)) / (2 * STEP));
}

/** The largest disagreement between a rule and central differences, relative to gradients of at least 1. */
function ruleError(op: AnyOp, given: AnyCase, rows: number): number {
  const { graph, builder, ids, outputs, feeds } = single(op, given, rows, 5);
  const loss = weighted(builder, outputs[0], feeds, rows);
  const forward = graph.copy();
  const wrt = ids.filter((_, i) => !given.inputs[i].constant);
  const gradients = differentiate(graph, loss, wrt);
  const values = evaluate(graph, rows, feeds);
  let worst = 0;
  wrt.forEach((id, i) => {
    const gradient = gradients[i];
    if (gradient !== undefined) expect(graph.shape(gradient)).toEqual(graph.shape(id));
    centralDifferences(forward, rows, feeds, loss, id).forEach((numeric, j) => {
      const analytic = gradient === undefined ? 0 : (values.get(gradient) as number[])[j];
      worst = Math.max(worst, Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric)));
    });
  });
  return worst;
}

const NAMES = Object.keys(CASES) as OpName[];
const casesOf = (name: OpName) => CASES[name] as readonly AnyCase[];

describe.each(NAMES)("%s", (name) => {
  const op: AnyOp = OPS[name];

  it("stands in the table under its name", () => {
    expect(op.name).toBe(name);
  });

  it.each(casesOf(name))("infers its shape: $name", (given) => {
    const { graph, outputs } = single(op, given, 1, 1);
    expect(outputs.map((id) => graph.shape(id))).toEqual(given.outputs);
    expect(outputs.map((id) => graph.values[id].dtype)).toEqual(given.outputs.map(() => "f32"));
  });

  it.each(REFUSALS[name] as readonly (Omit<Refusal<OpName>, "attrs"> & { attrs: OpAttrs[OpName] })[])(
    "refuses: $message",
    ({ attrs, inputs, message }) => {
      const graph = new Graph();
      const builder = new Builder(graph);
      builder.scope = "layer";
      const ids = inputs.map((shape, i) => graph.addInput(`x${i}`, shape));
      const emit = () => builder.emit(op, attrs, ids);
      expect(emit).toThrow(ShapeError);
      expect(emit).toThrow(new ShapeError(message));
      expect(graph.nodes).toEqual([]);
    },
  );

  if (typeof op.vjp === "function" || op.vjp === "brought")
    it.each(casesOf(name).filter((c) => !c.fused && c.name !== "the packed path"))(
      "has the gradient of central differences: $name",
      (given) => {
        expect(ruleError(op, given, 3)).toBeLessThan(1e-7);
        expect(ruleError(op, given, 1)).toBeLessThan(1e-7);
      },
    );
  else
    it("says why it has no gradient", () => {
      const [given] = casesOf(name);
      const { graph, builder, ids, outputs, feeds } = single(op, given, 2, 1);
      const loss = weighted(builder, outputs[0], feeds, 2);
      expect(() => differentiate(graph, loss, ids)).toThrow(
        new TraceError(
          `${name}: has no gradient rule; got a request for one (${(op.vjp as { reason: string }).reason})`,
        ),
      );
    });

  it.each(casesOf(name))("computes what the oracle does: $name", (given) => {
    for (const [rows, batch] of [
      [4, 4],
      [3, 4],
      [1, 4],
    ]) {
      const { graph, outputs, feeds } = single(op, given, rows, rows);
      const { values, tolerance } = tolerances(graph, rows, feeds, outputs);
      const got = runGraph(graph, outputs, feeds, rows, batch);
      for (const id of outputs)
        (values.get(id) as number[]).forEach((expected, i) => {
          const value = (got.get(id) as Float32Array)[i];
          expect(
            Math.abs(value - expected),
            `element ${i} of ${formatShape(graph.shape(id))} with ${rows} rows: ${value}, expected ${expected}`,
          ).toBeLessThanOrEqual(tolerance.get(id) as number);
        });
    }
  });
});

describe("the slope that the oracle takes from a saved value", () => {
  it.each(FNS.map((fn) => [Fn[fn], fn] as const))("is the derivative: %s", (_, fn) => {
    const { value, derivative, saves } = UNARY[fn];
    for (const x of [-4.5, -2.9, -1, -0.1, 0.1, 1, 2.9, 4.5]) {
      if (x < 0 && UNARY[fn].positive) continue;
      const slope = slopeOf(fn, saves === "y" ? value(x, ALPHA) : x, ALPHA);
      expect(Math.abs(slope - derivative(x, ALPHA)), `at ${x}`).toBeLessThan(1e-14 + 1e-12 * Math.abs(slope));
    }
  });
});

describe("tolerances", () => {
  it("are within a few hundred roundings of the values, so that a wrong formula cannot hide", () => {
    for (const name of NAMES)
      for (const given of casesOf(name)) {
        const { graph, outputs, feeds } = single(OPS[name], given, 3, 3);
        const { values, tolerance } = tolerances(graph, 3, feeds, outputs);
        for (const id of outputs) {
          const largest = Math.max(0.05, ...(values.get(id) as number[]).map(Math.abs));
          expect((tolerance.get(id) as number) / largest, `${name} ${given.name}`).toBeLessThan(5e-4);
        }
      }
  });
});

describe("gradients of cotangents that are shared or partly needed", () => {
  it("are those of each input alone", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const a = graph.addInput("a", [2, 3]);
    const b = graph.addInput("b", [2, 3]);
    const y = builder.emit(OPS.binary, { fn: BinaryFn.Divide }, [a, b])[0];
    const loss = builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: 2 }, [y])[0];
    const forward = graph.copy();
    const feeds: Feeds = new Map([
      [a, [1, -2, 3, -4, 5, -6]],
      [b, [2, 3, -1, 0.5, 4, 1]],
    ]);
    for (const id of [a, b]) {
      const alone = forward.copy();
      const [gradient] = differentiate(alone, loss, [id]);
      const numeric = centralDifferences(forward, 1, feeds, loss, id);
      (evaluate(alone, 1, feeds).get(gradient as ValueId) as number[]).forEach((v, i) => {
        expect(v).toBeCloseTo(numeric[i], 7);
      });
    }
  });

  it("add up where a value is used more than once", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [4]);
    const squared = builder.emit(OPS.binary, { fn: BinaryFn.Multiply }, [x, x])[0];
    const cubed = builder.emit(OPS.binary, { fn: BinaryFn.Multiply }, [squared, x])[0];
    const loss = builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: 1 }, [cubed])[0];
    const [gradient] = differentiate(graph, loss, [x]);
    const values = evaluate(graph, 1, new Map([[x, [1, -2, 3, 0.5]]]));
    expect(values.get(gradient as ValueId)).toEqual([3, 12, 27, 0.75]);
  });
});

describe("a broken gradient rule", () => {
  const ruleOf = <K extends OpName>({ vjp }: Op<K>) =>
    vjp as Extract<Op<K>["vjp"], (...args: never[]) => unknown>;

  it("is caught: a difference that forgets the sign", () => {
    const broken: Op<"binary"> = {
      ...OPS.binary,
      vjp: (context) => ruleOf(OPS.binary)({ ...context, attrs: { fn: BinaryFn.Add } }),
    };
    const subtract = CASES.binary.find((c) => c.attrs.fn === BinaryFn.Subtract) as AnyCase;
    expect(ruleError(OPS.binary, subtract, 3)).toBeLessThan(1e-7);
    expect(ruleError(broken, subtract, 3)).toBeGreaterThan(1e-3);
  });

  it("is caught: a mean that divides by one row too many", () => {
    const broken: Op<"reduce"> = {
      ...OPS.reduce,
      vjp: ({ inputs: [x], dy, emit, shape }) => emit(OPS.broadcast, { shape: shape(x), divisor: 4 }, [dy]),
    };
    const mean = CASES.reduce.find((c) => c.name === "Mean over the rows") as AnyCase;
    expect(ruleError(OPS.reduce, mean, 3)).toBeLessThan(1e-7);
    expect(ruleError(broken, mean, 3)).toBeGreaterThan(1e-3);
  });
});
