import { describe, expect, it } from "vitest";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { BinaryFn, Fn, LossFn, ReduceFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { differentiate } from "../../src/plan/differentiate.ts";
import { fakeOp } from "./requests.ts";

const ROWS = -1;
const ZERO = { kind: "constant", value: 0 } as const;

function start() {
  const graph = new Graph();
  const builder = new Builder(graph);
  const multiply = (p: ValueId, q: ValueId) => builder.emit(OPS.binary, { fn: BinaryFn.Multiply }, [p, q])[0];
  const total = (p: ValueId) =>
    builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: graph.shape(p).length }, [p])[0];
  return { graph, builder, multiply, total };
}

describe("differentiation", () => {
  it("extends the graph by rules, from the last node to the first", () => {
    const { graph, builder } = start();
    const x = graph.addInput("x", [ROWS, 2]);
    const w = graph.addVariable("w", [2, 3], ZERO);
    const b = graph.addVariable("b", [3], ZERO);
    const t = graph.addInput("t", [ROWS], "i32");
    builder.scope = "layer";
    const [z] = builder.emit(OPS.dense, { fn: Fn.Identity, alpha: 0 }, [x, w, b], "z");
    const [y] = builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [z], "y");
    builder.scope = "loss";
    const [loss] = builder.emit(OPS.loss, { fn: LossFn.CrossEntropy, parameter: 0 }, [y, t], "loss");
    const gradients = differentiate(graph, loss, [w, b]);
    expect(`${graph}`).toMatchInlineSnapshot(`
      "input %0 x [rows, 2]
      input %3 t [rows]
      variable %1 w [2, 3]
      variable %2 b [3]
      constant %7 constant0 []
      %4 z [rows, 3] = dense(%0, %1, %2) fn=0 alpha=0
      %5 y [rows, 3] = unary(%4) fn=10 alpha=0
      %6 loss [] = loss(%5, %3) fn=4 parameter=0
      %8 loss.lossGrad [rows, 3] = lossGrad(%5, %3, %7) fn=4 parameter=0
      %9 layer.unaryGrad [rows, 3] = unaryGrad(%8, %5) fn=10 alpha=0
      %10 layer.denseGradWeights [2, 3], %11 layer.denseGradWeights [3] = denseGradWeights(%0, %9) bias=true"
    `);
    expect(gradients.map((id) => graph.shape(id as ValueId))).toEqual([[2, 3], [3]]);
    expect(graph.nodes.map((node) => node.phase)).toEqual([
      ...["forward", "forward", "forward"],
      ...["backward", "backward", "backward"],
    ]);
    expect(graph.nodes.map((node) => node.scope)).toEqual([
      ...["layer", "layer", "loss"],
      ...["loss", "layer", "layer"],
    ]);
  });

  it("gives nothing for values that the loss does not depend on", () => {
    const { graph, multiply, total } = start();
    const a = graph.addVariable("a", [2], ZERO);
    const b = graph.addVariable("b", [2], ZERO);
    const loss = total(multiply(a, a));
    multiply(b, b);
    const [da, db] = differentiate(graph, loss, [a, b]);
    expect(da).toBeDefined();
    expect(db).toBeUndefined();
  });

  it("adds nothing where the loss depends on no parameter", () => {
    const { graph, multiply, total } = start();
    const a = graph.addVariable("a", [2], ZERO);
    const x = graph.addInput("x", [2]);
    const loss = total(multiply(x, x));
    const before = graph.nodes.length;
    expect(differentiate(graph, loss, [a])).toEqual([undefined]);
    expect(graph.nodes).toHaveLength(before);
  });

  it("makes no cotangents for inputs that nobody asked about", () => {
    const { graph, builder, total } = start();
    const x = graph.addInput("x", [ROWS, 2]);
    const w = graph.addVariable("w", [2, 3], ZERO);
    const [y] = builder.emit(OPS.matMul, { transposeA: false, transposeB: false }, [x, w]);
    const before = graph.nodes.length;
    differentiate(graph, total(y), [w]);
    const products = graph.nodes.slice(before).filter((node) => node.op === "matMul");
    expect(products.map((node) => node.attrs)).toEqual([{ transposeA: true, transposeB: false }]);
  });

  it("gives 1 for the loss itself", () => {
    const { graph } = start();
    const a = graph.addVariable("a", [], ZERO);
    const [da] = differentiate(graph, a, [a]);
    expect(graph.constants.find((c) => c.value === da)?.data).toEqual(Float32Array.of(1));
  });

  it("gives one value for two parameters whose gradients are the same", () => {
    const { graph, builder, total } = start();
    const a = graph.addVariable("a", [2], ZERO);
    const b = graph.addVariable("b", [2], ZERO);
    const [sum] = builder.emit(OPS.binary, { fn: BinaryFn.Add }, [a, b]);
    const [da, db] = differentiate(graph, total(sum), [a, b]);
    expect(da).toBe(db);
  });

  it("stops at functions without slope", () => {
    const { graph, builder, total } = start();
    const a = graph.addVariable("a", [2], ZERO);
    const [sign] = builder.emit(OPS.unary, { fn: Fn.Sign, alpha: 0 }, [a]);
    expect(differentiate(graph, total(sign), [a])).toEqual([undefined]);
  });

  it("hands a rule the cotangents of all outputs, and takes as many for its inputs", () => {
    const { graph, builder, multiply, total } = start();
    const heard: unknown[] = [];
    const split = fakeOp({
      infer: (_, [x]) => [x, x],
      vjp: ({ dys, output, outputs }) => {
        heard.push([dys.map((dy) => dy !== undefined), outputs.indexOf(output)]);
        return [dys[0] ?? null, dys[1] ?? null];
      },
    });
    const [a, b] = ["a", "b"].map((name) => graph.addVariable(name, [2], ZERO));
    const [, second] = builder.emit(split, {}, [a, b]);
    const loss = total(multiply(second, second));
    expect(differentiate(graph.copy(), loss, [a, b]).map((id) => id !== undefined)).toEqual([false, true]);
    const [first, other] = builder.emit(split, {}, [a, b]);
    differentiate(graph, total(multiply(first, other)), [a, b]);
    expect(heard).toEqual([
      [[false, true], 0],
      [[true, true], 0],
    ]);
  });

  it("goes through forward nodes alone: what updates make has no gradient", () => {
    const { graph, builder, multiply, total } = start();
    const a = graph.addVariable("a", [2], ZERO);
    const loss = total(multiply(a, a));
    builder.phase = "update";
    multiply(a, a);
    const before = graph.nodes.length;
    differentiate(graph, loss, [a]);
    const reads = graph.nodes.slice(before).flatMap((node) => node.inputs);
    expect(reads).not.toContain(graph.nodes[before - 1].outputs[0]);
    expect(graph.nodes.slice(before).every((node) => node.phase === "backward")).toBe(true);
  });
});
