/** What stays in memory and for how long: buffers taken over, reshapes, pinned values. */
import { describe, expect, it } from "vitest";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { BinaryFn, draft, Fn, Form, ReduceFn, SCRATCH } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { type Keeps, lower } from "../../src/plan/lower.ts";
import { MAT_MUL } from "../../src/tape/formats/extended.ts";
import { UNARY } from "../../src/tape/formats/predict.ts";
import { sharedScratch } from "../../src/tape/operands.ts";
import { productScratchBytes } from "../../src/tape/product-scratch.ts";
import { runGraph } from "./machine.ts";
import { fakeOp } from "./requests.ts";

const ROWS = -1;
const NOTHING: Keeps = { atEnd: [], pinned: new Set() };

function start() {
  const graph = new Graph();
  const builder = new Builder(graph);
  const x = graph.addInput("x", [ROWS, 4]);
  const unary = (fn: Fn, of: ValueId) => builder.emit(OPS.unary, { fn, alpha: 0 }, [of])[0];
  const add = (p: ValueId, q: ValueId) => builder.emit(OPS.binary, { fn: BinaryFn.Add }, [p, q])[0];
  return { graph, builder, x, unary, add };
}

describe("lowering works in place", () => {
  it("along a chain, in one buffer that is not the input's", () => {
    const { graph, x, unary } = start();
    const a = unary(Fn.Exp, x);
    const b = unary(Fn.Tanh, a);
    const c = unary(Fn.Abs, b);
    const { storage, ranges, rootOf } = lower(graph, 8, { ...NOTHING, atEnd: [c] });
    expect(storage).toEqual([a]);
    expect([b, c].map(rootOf)).toEqual([a, a]);
    expect(ranges).toEqual([{ bytes: 8 * 4 * 4, from: 0, to: 3 }]);
  });

  it("only at the last use", () => {
    const { graph, x, unary, add } = start();
    const a = unary(Fn.Exp, x);
    const b = unary(Fn.Tanh, a);
    const c = add(a, b);
    const { storage, rootOf } = lower(graph, 8, { ...NOTHING, atEnd: [c] });
    expect(storage).toEqual([a, b]);
    expect(rootOf(c)).toBe(a);
  });

  it("on either operand, but not on one that is repeated", () => {
    const { graph, builder, x, unary, add } = start();
    const [row] = builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: 1 }, [x]);
    const a = unary(Fn.Exp, x);
    const b = add(row, a);
    const { rootOf } = lower(graph, 8, { ...NOTHING, atEnd: [b] });
    expect(rootOf(b)).toBe(a);
  });

  it("on a value that is both operands", () => {
    const { graph, x, unary, add } = start();
    const a = unary(Fn.Exp, x);
    const b = add(a, a);
    expect(lower(graph, 8, { ...NOTHING, atEnd: [b] }).rootOf(b)).toBe(a);
  });

  it("through a reshape", () => {
    const { graph, builder, x, unary } = start();
    const a = unary(Fn.Exp, x);
    const [flat] = builder.emit(OPS.reshape, { shape: [-4] }, [a]);
    const b = unary(Fn.Tanh, flat);
    const { storage, records } = lower(graph, 8, { ...NOTHING, atEnd: [b] });
    expect(storage).toEqual([a]);
    expect(records).toHaveLength(2);
  });

  it("never on what is kept, given, or used again under another shape", () => {
    const { graph, builder, x, unary } = start();
    const a = unary(Fn.Exp, x);
    const b = unary(Fn.Tanh, a);
    const [flat] = builder.emit(OPS.reshape, { shape: [-4] }, [b]);
    const c = unary(Fn.Abs, b);
    const d = unary(Fn.Negate, flat);
    const { rootOf } = lower(graph, 8, { ...NOTHING, atEnd: [a, c, d] });
    expect(rootOf(a)).toBe(a);
    expect(rootOf(b)).toBe(b);
    expect(rootOf(c)).toBe(c);
    expect(rootOf(d)).toBe(b);
  });

  it("never where the op does not allow it", () => {
    const { graph, builder, x, unary } = start();
    const a = unary(Fn.Exp, x);
    const [t] = builder.emit(OPS.transpose, { axes: [1, 0] }, [a]);
    expect(lower(graph, 8, { ...NOTHING, atEnd: [t] }).rootOf(t)).toBe(t);
  });

  it("never in or over a pinned buffer", () => {
    const { graph, x, unary } = start();
    const a = unary(Fn.Exp, x);
    const b = unary(Fn.Tanh, a);
    const c = unary(Fn.Abs, b);
    const { storage, rootOf } = lower(graph, 8, { ...NOTHING, atEnd: [b, c], pinned: new Set([b]) });
    expect([a, b, c].map(rootOf)).toEqual([a, b, c]);
    expect(storage).toEqual([a, c]);
  });
});

describe("live ranges", () => {
  it("reach from the first record that writes to the last that reads", () => {
    const { graph, builder, x, unary, add } = start();
    const a = unary(Fn.Exp, x);
    const b = unary(Fn.Tanh, x);
    const [sums] = builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: 2 }, [b]);
    const c = add(a, sums);
    const { storage, ranges } = lower(graph, 2, { ...NOTHING, atEnd: [c] });
    expect(storage).toEqual([a, b, sums]);
    expect(ranges.map(({ from, to }) => [from, to])).toEqual([
      [0, 4],
      [1, 2],
      [2, 3],
    ]);
  });

  it("of values that update nodes read reach beyond the backward nodes", () => {
    const { graph, builder, x, unary, add } = start();
    const statistic = unary(Fn.Exp, x);
    builder.phase = "update";
    const next = add(statistic, x);
    builder.phase = "backward";
    const dx = unary(Fn.Tanh, x);
    const { storage, ranges, records } = lower(graph, 2, { ...NOTHING, atEnd: [dx, next] });
    expect(records.map(({ node }) => node.phase)).toEqual(["forward", "backward", "update"]);
    expect(ranges[storage.indexOf(statistic)]).toEqual({ bytes: 32, from: 0, to: 3 });
  });

  it("of a pinned value there are none, nor of what it is a reshape of", () => {
    const { graph, builder, x, unary } = start();
    const a = unary(Fn.Exp, x);
    const [once] = builder.emit(OPS.reshape, { shape: [-4] }, [a]);
    const [twice] = builder.emit(OPS.reshape, { shape: [-2, 2] }, [once]);
    const { storage, rootOf } = lower(graph, 2, { ...NOTHING, atEnd: [twice], pinned: new Set([twice]) });
    expect(storage).toEqual([]);
    expect(rootOf(twice)).toBe(a);
  });
});

describe("scratch", () => {
  it("is that of the largest product, and none without products", () => {
    const { graph, builder, x, unary } = start();
    unary(Fn.Exp, x);
    expect(lower(graph, 2, NOTHING).scratch.private).toBe(0);
    const w = graph.addVariable("w", [4, 3], { kind: "constant", value: 0 });
    builder.emit(OPS.dense, { fn: Fn.Identity, alpha: 0 }, [x, w]);
    const small = lower(graph, 2, NOTHING).scratch.private;
    expect(small).toBeGreaterThan(0);
    const wide = graph.addVariable("wide", [4, 300], { kind: "constant", value: 0 });
    builder.emit(OPS.dense, { fn: Fn.Identity, alpha: 0 }, [x, wide]);
    expect(lower(graph, 256, NOTHING).scratch.private).toBeGreaterThan(small);
  });
});

describe("scratch of records that are no product of the graph", () => {
  /** A x transposed times A, for whatever reason. */
  const gram = fakeOp({
    infer: (_, [x]) => [{ shape: [x.shape[1], x.shape[1]], dtype: "f32" }],
    lower: ({ inputs: [x], outputs: [y], type }) => [
      draft(MAT_MUL, {
        ...{ form: Form.TN, c: { value: y }, a: { value: x }, b: { value: x } },
        ...{ m: type(x).shape[1], n: type(x).shape[1], k: type(x).shape[0], scratch: SCRATCH },
      }),
    ],
  });

  const scratchOf = (batch: number) => {
    const { graph, builder, x } = start();
    const [y] = builder.emit(gram, {}, [x]);
    return lower(graph, batch, { ...NOTHING, atEnd: [y] }).scratch;
  };

  it("is asked for by the record's format, for a full batch", () => {
    for (const batch of [2, 100, 5000])
      expect(scratchOf(batch)).toEqual({ shared: 0, private: productScratchBytes(Form.TN, 4, 4, batch) });
    expect(scratchOf(100).private).toBeGreaterThan(scratchOf(2).private);
  });

  it("is one for all parts where the format says so", () => {
    const operands = MAT_MUL.operands as { scratch: unknown };
    const { scratch } = operands;
    try {
      operands.scratch = sharedScratch((r) => r.k * r.m);
      expect(scratchOf(100)).toEqual({ shared: 400, private: 0 });
    } finally {
      operands.scratch = scratch;
    }
  });
});

describe("ops with several outputs", () => {
  /** The halves of x [8], negated. */
  const halves = fakeOp({
    infer: () => [
      { shape: [4], dtype: "f32" },
      { shape: [4], dtype: "f32" },
    ],
    lower: ({ inputs: [x], outputs, isRead }) =>
      outputs.flatMap((y, i) =>
        isRead(y)
          ? [
              draft(UNARY, {
                ...{ fn: Fn.Negate, alpha: 0, y: { value: y }, x: { value: x, from: 4 * i }, n: 4 },
              }),
            ]
          : [],
      ),
  });
  const build = () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [8]);
    const [a, b] = builder.emit(halves, {}, [x]);
    const reshape = (of: ValueId, shape: number[]) => builder.emit(OPS.reshape, { shape }, [of])[0];
    return { graph, builder, x, a, b, reshape };
  };
  const feeds = (x: ValueId) => new Map([[x, [1, 2, 3, 4, 5, 6, 7, 8]]]);

  it("read and write parts of values, from an element on", () => {
    const { graph, x, a, b } = build();
    const got = runGraph(graph, [a, b], feeds(x), 1);
    expect([...(got.get(a) ?? [])]).toEqual([-1, -2, -3, -4]);
    expect([...(got.get(b) ?? [])]).toEqual([-5, -6, -7, -8]);
  });

  it("have no buffer for one that nobody reads", () => {
    for (const unread of [0, 1]) {
      const { graph, builder, a, b } = build();
      const read = unread === 0 ? b : a;
      const [y] = builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [read]);
      const { storage, records } = lower(graph, 1, { ...NOTHING, atEnd: [y] });
      expect(storage).toEqual([read]);
      expect(records).toHaveLength(2);
    }
  });

  it("have one where it is read under another shape, and that under another one", () => {
    const { graph, builder, x, b, reshape } = build();
    const square = reshape(reshape(b, [4, 1]), [2, 2]);
    const [y] = builder.emit(OPS.transpose, { axes: [1, 0] }, [square]);
    const { storage } = lower(graph, 1, { ...NOTHING, atEnd: [y] });
    expect(storage).toEqual([b, y]);
    expect([...(runGraph(graph, [y], feeds(x), 1).get(y) ?? [])]).toEqual([-5, -7, -6, -8]);
    // Kept under another shape counts as read.
    const kept = build();
    const column = kept.reshape(kept.a, [4, 1]);
    expect(lower(kept.graph, 1, { ...NOTHING, atEnd: [column] }).storage).toEqual([kept.a]);
  });

  it("have one where an update takes it", () => {
    const { graph, builder, a } = build();
    const variable = graph.addVariable("v", [4], { kind: "constant", value: 0 });
    builder.phase = "update";
    const [x] = builder.emit(halves, {}, [graph.inputs[0].value]).slice(1);
    graph.updates.push({ variable, value: x });
    const { records, rootOf } = lower(graph, 1, { ...NOTHING, atEnd: [a] });
    expect(records.map(({ node, fields }) => [node.phase, fields.y])).toEqual([
      ["forward", { value: a }],
      ["update", { value: x }],
    ]);
    expect(rootOf(x)).toBe(variable);
  });
});
