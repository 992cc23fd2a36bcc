/** Graphs as they are when nothing is trained. */
import { describe, expect, it } from "vitest";
import { Opcode, Section } from "../../assembly/abi.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { forInference } from "../../src/graph/inference.ts";
import { type AnyOp, draft, Fn, type RecordDraft } from "../../src/graph/op.ts";
import { unary } from "../../src/graph/ops/unary.ts";
import { sizeOf } from "../../src/graph/shape.ts";
import { planProgram } from "../../src/plan/plan.ts";
import { UNARY } from "../../src/tape/formats/predict.ts";
import { addUpdated, fakeOp, meanOverRows, ROWS, smallRequest, sum } from "../plan/requests.ts";

const records = (range: { readonly lowered: { readonly records: readonly RecordDraft[] } }) =>
  range.lowered.records.map(({ format }) => Opcode[format.opcode]);

/** Negates in training; outside of it nothing is left. */
const dropped = fakeOp({
  vjp: ({ dy, emit }) => [emit(unary, { fn: Fn.Tanh, alpha: 0 }, [dy])[0]],
  lower: ({ inputs: [x], outputs: [y], type }) => [
    draft(UNARY, {
      fn: Fn.Relu,
      alpha: 0,
      y: { value: y },
      x: { value: x },
      n: sizeOf(type(x).shape),
    }),
  ],
  inference: ({ inputs }) => [inputs[0]],
});

/** Becomes another op. */
const swapped = fakeOp({
  ...dropped,
  inference: ({ inputs: [x], emit }) => emit(unary, { fn: Fn.Sigmoid, alpha: 0 }, [x], "swapped"),
});

const through = (builder: Builder, ops: readonly AnyOp[], x: number) =>
  ops.reduce((value, op, i) => builder.emit(op, {}, [value], `v${i}`)[0], x);

describe("a graph for inference", () => {
  it("has what ops become, wherever they were read, and each other value as it was", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [ROWS, 4]);
    const y = through(builder, [dropped, unary, dropped, swapped].slice(0, 1), x);
    const [t] = builder.emit(unary, { fn: Fn.Tanh, alpha: 0 }, [y], "t");
    const z = through(builder, [dropped, swapped, dropped], t);
    graph.outputs.push({ name: "y", value: y }, { name: "z", value: z });
    const before = `${graph}`;
    const { graph: inferred, standsFor } = forInference(graph);
    expect(`${graph}`).toBe(before);
    expect(`${inferred}`).toMatchInlineSnapshot(`
      "input %0 x [rows, 4]
      %2 t [rows, 4] = unary(%0) fn=10 alpha=0
      %6 swapped [rows, 4] = unary(%2) fn=9 alpha=0
      output y = %0
      output z = %6"
    `);
    expect([y, t, z].map(standsFor)).toEqual([x, t, inferred.values.length - 1]);
  });

  it("is the graph itself where no op changes, without updates", () => {
    const { train } = smallRequest({
      extend: ({ graph, builder, x }) => {
        addUpdated({ graph, builder }, "running", [2], (own) => sum(builder, own, meanOverRows(builder, x)));
      },
    });
    const { graph } = forInference((train as NonNullable<typeof train>).graph);
    expect(graph.updates).toEqual([]);
    expect(graph.nodes.every(({ phase }) => phase === "forward")).toBe(true);
  });

  it("has no updates, even of values that the forward pass makes", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [ROWS, 2]);
    const variable = graph.addVariable("running", [2], { kind: "constant", value: 0 });
    graph.updates.push({ variable, value: meanOverRows(builder, x) });
    expect(forInference(graph).graph.updates).toEqual([]);
    expect(graph.updates).toHaveLength(1);
  });

  it("is what evaluate and predict run, and the training tape does not", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [ROWS, 4]);
    const y = through(builder, [dropped, swapped], x);
    graph.outputs.push({ name: "y", value: y });
    const { train } = smallRequest();
    const training = graph.copy();
    const w = training.addVariable("w", [4], { kind: "constant", value: 1 });
    const loss = new Builder(training);
    const total = meanOverRows(loss, meanOverRows(loss, sum(loss, through(loss, [swapped], y), y)));
    const [scalar] = loss.emit(unary, { fn: Fn.Relu, alpha: 0 }, [sum(loss, total, meanOverRows(loss, w))]);
    const plan = planProgram({
      graph,
      batch: 4,
      windowRows: 4,
      base: 16384,
      train: {
        ...(train as NonNullable<typeof train>),
        graph: training,
        loss: scalar,
        predictions: [y],
        targets: [],
      },
    });
    expect(records(plan.predict)).toEqual(["Unary"]);
    const evaluate = plan.train?.evaluate as NonNullable<NonNullable<typeof plan.train>["evaluate"]>;
    expect(records(evaluate)).toEqual([
      ...["Unary", "Unary", "Accumulate", "Reduce", "Reduce", "Reduce", "Accumulate", "Unary"],
    ]);
    expect(plan.train?.sections[Section.Forward].records).toHaveLength(9);
    expect(evaluate.outputs).toHaveLength(1);
  });
});
