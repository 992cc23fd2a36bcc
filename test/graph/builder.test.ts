/** What nodes may be made of. */
import { describe, expect, it } from "vitest";
import { ShapeError, TraceError } from "../../src/errors.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { Fn, LossFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { fakeOp } from "../plan/requests.ts";

const ROWS = -1;
const LINEAR = { fn: Fn.Identity, alpha: 0 };

function start() {
  const graph = new Graph();
  const builder = new Builder(graph);
  const x = graph.addInput("x", [ROWS, 2]);
  const ids = graph.addInput("ids", [ROWS, 2], "i32");
  return { graph, builder, x, ids };
}

describe("a node", () => {
  it("takes numbers unless its op says otherwise, whichever input it is", () => {
    const { graph, builder, x, ids } = start();
    const w = graph.addVariable("w", [2, 3], { kind: "constant", value: 0 });
    const before = `${graph}`;
    expect(() => builder.emit(OPS.dense, LINEAR, [ids, w])).toThrow(
      new TraceError(
        "tensor: dense needs f32 as input 0; got i32 [rows, 2]: whole numbers go to an embedding",
      ),
    );
    builder.scope = "layer";
    expect(() => builder.emit(OPS.accumulate, {}, [x, ids])).toThrow(
      "layer: accumulate needs f32 as input 1; got i32 [rows, 2]: whole numbers go to an embedding",
    );
    for (const op of [OPS.softmax, OPS.unary])
      expect(() => builder.emit(op as never, LINEAR as never, [ids])).toThrow(TraceError);
    expect(`${graph}`).toBe(before);
  });

  it("takes ids where its op asks for them, and then nothing else", () => {
    const { builder, x, ids } = start();
    const lookup = fakeOp({ dtypes: ["i32", "f32"] });
    expect(() => builder.emit(lookup, {}, [ids, x])).not.toThrow();
    expect(() => builder.emit(lookup, {}, [x, x])).toThrow(
      new TraceError(
        'tensor: place needs i32 as input 0; got f32 [rows, 2]: make the input { shape, dtype: "i32" }',
      ),
    );
    // Inputs beyond those it names are numbers.
    expect(() => builder.emit(lookup, {}, [ids, x, ids])).toThrow("needs f32 as input 2");
    expect(() => builder.emit(fakeOp({ dtypes: ["any"] }), {}, [ids])).not.toThrow();
  });

  it("of a loss takes labels for the cross-entropy alone", () => {
    const { graph, builder, x, ids } = start();
    const labels = graph.addInput("labels", [ROWS], "i32");
    const loss = (fn: LossFn, t: number) => () => builder.emit(OPS.loss, { fn, parameter: 0 }, [x, t]);
    expect(loss(LossFn.CrossEntropy, labels)).not.toThrow();
    expect(loss(LossFn.CrossEntropy, ids)).toThrow(ShapeError);
    for (const fn of [
      LossFn.MeanSquaredError,
      LossFn.MeanAbsoluteError,
      LossFn.Huber,
      LossFn.BinaryCrossEntropy,
    ])
      expect(loss(fn, ids), LossFn[fn]).toThrow(/needs numbers as targets; got labels \[rows, 2\]$/);
  });

  it("gives values with at most one dimension that depends on the rows", () => {
    const { builder, x } = start();
    const twice = fakeOp({ infer: () => [{ shape: [ROWS, ROWS], dtype: "f32" }] });
    expect(() => builder.emit(twice, {}, [x])).toThrow(
      new ShapeError("tensor: place may give one dimension that depends on the rows; got [rows, rows]"),
    );
  });

  it("belongs to the layer and the phase of its builder", () => {
    const { graph, builder, x } = start();
    builder.scope = "layer";
    builder.phase = "update";
    const [y] = builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [x]);
    expect(graph.nodes[0]).toMatchObject({ scope: "layer", phase: "update", outputs: [y] });
    expect(graph.values[y].name).toBe("layer.unary");
    builder.scope = "";
    expect(graph.values[builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [x])[0]].name).toBe("unary");
  });
});
