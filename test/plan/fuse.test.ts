import { describe, expect, it } from "vitest";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { BinaryFn, Fn, LossFn, ReduceFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { resolve, sizeOf } from "../../src/graph/shape.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { differentiate } from "../../src/plan/differentiate.ts";
import { dropDead, fuse } from "../../src/plan/fuse.ts";
import { fuseGradients } from "../../src/plan/fuse-gradients.ts";
import { ALPHA, argument, classes, type Draw, FNS, LOSSES, ROWS, signed } from "../graph/op-cases.ts";
import { difference } from "../kernels/compare.ts";
import { type Feeds, noiseOf } from "../oracle/graph.ts";
import { UNARY } from "../oracle/unary.ts";
import { runGraph } from "./machine.ts";

const NN = { transposeA: false, transposeB: false };
const TN = { transposeA: true, transposeB: false };
const LINEAR = { fn: Fn.Identity, alpha: 0 };
const mse = { fn: LossFn.MeanSquaredError, parameter: 0 };
const ce = { fn: LossFn.CrossEntropy, parameter: 0 };

function randomFeeds(graph: Graph, rows: number, numbers: Draw = signed): Feeds {
  const uniform = noiseOf(7);
  return new Map(
    graph.inputs.map(({ value }) => {
      const { shape, dtype } = graph.values[value];
      const draw = dtype === "i32" ? classes(3) : numbers;
      return [value, Float32Array.from({ length: resolve(sizeOf(shape), rows) }, () => draw(uniform))];
    }),
  );
}

/** One training graph computed twice, as it is and fused. */
function bothWays(
  build: (graph: Graph, builder: Builder) => { loss: ValueId; parameters: ValueId[] },
  rows: number,
  numbers: Draw = signed,
  rewrite = (g: Graph, kept: readonly ValueId[]) => fuse(g, kept, fuseGradients),
) {
  const graph = new Graph();
  const builder = new Builder(graph);
  const { loss, parameters } = build(graph, builder);
  const gradients = differentiate(graph, loss, parameters).map((id) => id as ValueId);
  const wanted = [loss, ...gradients];
  dropDead(graph, wanted);
  const fused = graph.copy();
  rewrite(fused, wanted);
  const feeds = randomFeeds(graph, rows, numbers);
  const plain = runGraph(graph, wanted, feeds, rows);
  const other = runGraph(fused, wanted, feeds, rows);
  for (const id of wanted)
    expect(
      difference(other.get(id) as Float32Array, plain.get(id) as Float32Array),
      `%${id}`,
    ).toBeUndefined();
  return fused.nodes.map((node) => node.op);
}

/** Functions without slope. */
const FLAT = [Fn.Sign, Fn.Floor, Fn.Round];

describe("fused ops", () => {
  const layer = (builder: Builder, x: ValueId, fn: Fn, wb: readonly ValueId[]): ValueId => {
    const [z] = builder.emit(OPS.dense, LINEAR, [x, ...wb]);
    return fn === Fn.Identity ? z : builder.emit(OPS.unary, { fn, alpha: ALPHA }, [z])[0];
  };

  it.each(FNS.map((fn) => [Fn[fn], fn] as const))("change no bit of two layers with %s", (_, fn) => {
    for (const [rows, inner] of [
      [1, 3],
      [5, 9],
      [70, 70],
    ]) {
      const ops = bothWays(
        (graph, builder) => {
          const x = graph.addInput("x", [ROWS, inner]);
          const one = [graph.addInput("w1", [inner, inner]), graph.addInput("b1", [inner])];
          const two = [graph.addInput("w2", [inner, 3]), graph.addInput("b2", [3])];
          const h = layer(builder, x, fn, one);
          const y = layer(builder, h, Fn.Identity, two);
          const t = graph.addInput("t", [ROWS], "i32");
          const [loss] = builder.emit(OPS.loss, ce, [y, t]);
          // Where fn has no slope, nothing flows to the first layer.
          return { loss, parameters: FLAT.includes(fn) ? two : [...one, ...two] };
        },
        rows,
        argument(fn),
      );
      const forward = UNARY[fn].saves === "x" ? ["dense", "unary", "dense"] : ["dense", "dense"];
      const backward =
        fn === Fn.Identity
          ? ["denseGradInput", "denseGradWeights", "denseGradWeights"]
          : ["denseGradWeights", "denseGradInput", "denseGradWeights"];
      expect(ops).toEqual([
        ...forward,
        "lossAndGrad",
        ...(FLAT.includes(fn) ? ["denseGradWeights"] : backward),
      ]);
    }
  });

  it("are told apart from a fusion that loses an attribute", () => {
    const careless: typeof fuse = (graph, kept) => {
      fuse(graph, kept, fuseGradients);
      graph.nodes = graph.nodes.map((node) =>
        node.op === "denseGradInput" ? { ...node, attrs: { fn: Fn.Relu, alpha: 0 } } : node,
      );
    };
    const build = (graph: Graph, builder: Builder) => {
      const x = graph.addInput("x", [ROWS, 3]);
      const one = [graph.addInput("w1", [3, 5])];
      const [y] = builder.emit(OPS.dense, LINEAR, [
        layer(builder, x, Fn.Tanh, one),
        graph.addInput("w2", [5, 2]),
      ]);
      const [loss] = builder.emit(OPS.loss, mse, [y, graph.addInput("t", [ROWS, 2])]);
      return { loss, parameters: one };
    };
    expect(() => bothWays(build, 4, signed, fuse)).not.toThrow();
    expect(() => bothWays(build, 4, signed, careless)).toThrow();
  });

  it("keep apart what is read in between", () => {
    const ops = bothWays((graph, builder) => {
      const x = graph.addInput("x", [ROWS, 4]);
      const w = graph.addInput("w", [4, 4]);
      const [z] = builder.emit(OPS.dense, LINEAR, [x, w]);
      const [y] = builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [z]);
      const [product] = builder.emit(OPS.binary, { fn: BinaryFn.Multiply }, [y, z]);
      const [loss] = builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: 2 }, [product]);
      return { loss, parameters: [w] };
    }, 3);
    expect(ops.slice(0, 2)).toEqual(["dense", "unary"]);
  });

  it.each(LOSSES.map((l) => [LossFn[l.fn], l] as const))("change no bit of %s", (_, { fn, parameter }) => {
    const ops = bothWays((graph, builder) => {
      const p = graph.addInput("p", [ROWS, 5]);
      const t = graph.addInput("t", [ROWS, 5]);
      return { loss: builder.emit(OPS.loss, { fn, parameter }, [p, t])[0], parameters: [p] };
    }, 6);
    expect(ops).toEqual(["lossAndGrad"]);
  });

  it("leave a value alone that somebody keeps, though one node reads it", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [ROWS, 3]);
    const [z] = builder.emit(OPS.dense, LINEAR, [x, graph.addInput("w", [3, 2])]);
    const [y] = builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [z]);
    const kept = graph.copy();
    fuse(kept, [y, z]);
    expect(kept.nodes.map((node) => node.op)).toEqual(["dense", "unary"]);
    fuse(graph, [y]);
    expect(graph.nodes.map((node) => node.op)).toEqual(["dense"]);
  });

  it("leave nodes of different phases apart: variables change between them", () => {
    for (const [phase, ops] of [
      ["forward", ["dense"]],
      ["update", ["dense", "unary"]],
    ] as const) {
      const graph = new Graph();
      const builder = new Builder(graph);
      const [z] = builder.emit(OPS.dense, LINEAR, [
        graph.addInput("x", [ROWS, 3]),
        graph.addVariable("w", [3, 2], { kind: "constant", value: 0 }),
      ]);
      builder.phase = phase;
      const [y] = builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [z]);
      fuse(graph, [y]);
      expect(graph.nodes.map((node) => node.op)).toEqual(ops);
    }
  });

  it("pair each loss with the gradient of the same predictions and targets", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const [p, q, t, u] = ["p", "q", "t", "u"].map((name) => graph.addInput(name, [ROWS, 5]));
    const operands = [
      [p, t],
      [q, t],
      [p, u],
    ];
    const losses = operands.map((inputs) => builder.emit(OPS.loss, mse, inputs)[0]);
    const total = losses.reduce((sum, part) => builder.emit(OPS.accumulate, {}, [sum, part])[0]);
    const gradients = differentiate(graph, total, [p, q]) as ValueId[];
    fuse(graph, [total, ...gradients], fuseGradients);
    const fused = graph.nodes.filter((node) => node.op === "lossAndGrad");
    expect(fused.map((node) => node.outputs[0])).toEqual(losses);
    expect(fused.map((node) => node.inputs)).toEqual(operands);
  });

  it("leave a loss alone whose cotangent is not 1", () => {
    const ops = bothWays((graph, builder) => {
      const p = graph.addInput("p", [ROWS, 5]);
      const t = graph.addInput("t", [ROWS, 5]);
      const half = graph.addConstant([], Float32Array.of(0.5));
      const [full] = builder.emit(OPS.loss, mse, [p, t]);
      const [loss] = builder.emit(OPS.binary, { fn: BinaryFn.Multiply }, [full, half]);
      return { loss, parameters: [p] };
    }, 6);
    expect(ops).toContain("lossGrad");
  });
});

describe("maxima of a relu", () => {
  const of = (stride: number, between: readonly Fn[], alsoRead = false) =>
    bothWays((graph, builder) => {
      const x = graph.addInput("x", [ROWS, 6, 5, 3]);
      const target = graph.addInput("target", [ROWS, ...(stride === 2 ? [3, 2] : [5, 4]), 3]);
      let a = x;
      for (const fn of between) [a] = builder.emit(OPS.unary, { fn, alpha: 0.1 }, [a]);
      const windows = { size: [2, 2], stride: [stride, stride], paddingBefore: [0, 0], paddingAfter: [0, 0] };
      const [y] = builder.emit(OPS.maxPool, windows, [a]);
      let [loss] = builder.emit(OPS.loss, mse, [y, target]);
      if (alsoRead) {
        const [sum] = builder.emit(OPS.reduce, { fn: ReduceFn.Mean, from: 0, to: 4 }, [a]);
        [loss] = builder.emit(OPS.binary, { fn: BinaryFn.Add }, [loss, sum]);
      }
      return { loss, parameters: [x] };
    }, 3);

  it("give the gradient of both at once, whether windows overlap or not", () => {
    for (const stride of [1, 2]) expect(of(stride, [Fn.Relu])).not.toContain("unaryGrad");
  });

  it("stay apart from other functions, and where somebody else reads what relu gave", () => {
    expect(of(2, [Fn.LeakyRelu])).toContain("unaryGrad");
    expect(of(2, [Fn.Relu, Fn.Tanh]).filter((op) => op === "unaryGrad").length).toBe(2);
    expect(of(2, [Fn.Relu], true)).toContain("unaryGrad");
  });
});

describe("a dense layer", () => {
  it.each([
    [1, 3, 1],
    [5, 9, 17],
    [70, 66, 70],
  ])("has the bits of a product and a sum: %i rows, %i to %i", (rows, k, n) => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [ROWS, k]);
    const w = graph.addInput("w", [k, n]);
    const b = graph.addInput("b", [n]);
    const [whole] = builder.emit(OPS.dense, LINEAR, [x, w, b]);
    const [xw] = builder.emit(OPS.matMul, NN, [x, w]);
    const [parts] = builder.emit(OPS.binary, { fn: BinaryFn.Add }, [xw, b]);
    const got = runGraph(graph, [whole, parts], randomFeeds(graph, rows), rows);
    expect(difference(got.get(whole) as Float32Array, got.get(parts) as Float32Array)).toBeUndefined();
  });

  it("has weight gradients with the bits of a product, and column sums up to their order", () => {
    for (const rows of [1, 5, 130]) {
      const graph = new Graph();
      const builder = new Builder(graph);
      const x = graph.addInput("x", [ROWS, 33]);
      const dy = graph.addInput("dy", [ROWS, 70]);
      const [dw, db] = builder.emit(OPS.denseGradWeights, { bias: true }, [x, dy]);
      const [product] = builder.emit(OPS.matMul, TN, [x, dy]);
      const [sums] = builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: 1 }, [dy]);
      const feeds = randomFeeds(graph, rows);
      const got = runGraph(graph, [dw, db, product, sums], feeds, rows);
      expect(difference(got.get(dw) as Float32Array, got.get(product) as Float32Array)).toBeUndefined();
      // Reductions add blocks of rows, products one row after another.
      const terms = Array.from(feeds.get(dy) as ArrayLike<number>, Math.abs);
      got.get(db)?.forEach((v, j) => {
        const magnitude = terms.filter((_, i) => i % 70 === j).reduce((p, q) => p + q, 0);
        const expected = (got.get(sums) as Float32Array)[j];
        expect(Math.abs(v - expected)).toBeLessThanOrEqual(2 * rows * 2 ** -24 * magnitude);
      });
    }
  });
});

describe("dropDead", () => {
  it("keeps what the wanted values depend on, in order", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [ROWS, 2]);
    const [a] = builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [x]);
    const [dead] = builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [a]);
    builder.emit(OPS.unary, { fn: Fn.Sqrt, alpha: 0 }, [dead]);
    const [c] = builder.emit(OPS.unary, { fn: Fn.Abs, alpha: 0 }, [a]);
    dropDead(graph, [c]);
    expect(graph.nodes.map((node) => node.outputs[0])).toEqual([a, c]);
  });

  it("keeps a node of which one output is wanted", () => {
    const graph = new Graph();
    const builder = new Builder(graph);
    const x = graph.addInput("x", [ROWS, 2]);
    const dy = graph.addInput("dy", [ROWS, 3]);
    const [, db] = builder.emit(OPS.denseGradWeights, { bias: true }, [x, dy]);
    dropDead(graph, [db]);
    expect(graph.nodes).toHaveLength(1);
  });

  it("keeps nothing for nobody", () => {
    const graph = new Graph();
    const x = graph.addInput("x", [ROWS, 2]);
    new Builder(graph).emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [x]);
    dropDead(graph, [x]);
    expect(graph.nodes).toEqual([]);
  });
});
